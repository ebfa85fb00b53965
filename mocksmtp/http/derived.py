"""Lists of attempts and deliveries, which are derived from the journals.

Each entry of such a list is its own change: the list reports an attempt when it is
decided, and a delivery with each of its attempts.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

from mocksmtp.http.paging import Listing, Span, WaitingKey, only
from mocksmtp.http.responses import send_body
from mocksmtp.http.routing import Call, ResponseBody
from mocksmtp.mock import Mock
from mocksmtp.sessions.deliveries import Deliveries


class Numbered(Protocol):
    """An attempt or a delivery."""

    @property
    def number(self) -> int:
        """Its number in the order of all of its kind."""


N = TypeVar("N", bound=Numbered)


class DerivedListing(Listing[N, N]):
    """The attempts or deliveries that match a query."""

    def __init__(self, deliveries: Deliveries) -> None:
        self._deliveries = deliveries

    def derive(self, now: float) -> None:
        """Derive the entries from what was recorded until now."""
        self._deliveries.update(now)

    @abstractmethod
    def above(self, number: int) -> list[N]:
        """Return the kept entries whose number is above `number`, in order."""

    @abstractmethod
    def find(self, number: int) -> N | None:
        """Return the kept entry with this number, or None."""

    @abstractmethod
    def matches(self, entry: N) -> bool:
        """Return whether an entry matches."""

    @staticmethod
    @abstractmethod
    def listeners(deliveries: Deliveries) -> list[Callable[[N], None]]:
        """Return the listeners that are called with each change."""

    def __len__(self) -> int:
        return len(self.above(0))

    def entries(self, span: Span, newest_first: bool) -> Iterator[N]:
        """Yield the entries of a range, whether or not they match."""
        found = self.above(span.after)
        for entry in reversed(found) if newest_first else found:
            if span.has(entry.number):
                yield entry

    def number(self, entry: N) -> int:
        """Return the number of an entry."""
        return entry.number

    def look(self, entry: N) -> Iterator[bool]:
        """Yield whether an entry matches, in one step."""
        yield self.matches(entry)

    def kept(self, numbers: Sequence[int]) -> list[N]:
        """Return the kept entries with these numbers that match."""
        found = map(self.find, numbers)
        return [one for one in found if one is not None and self.matches(one)]

    def has(self, number: int) -> bool:
        """Return whether the entry with this number is kept."""
        return self.find(number) is not None

    def matched_by(self, change: N) -> int | None:
        """Return the number of a changed entry if it matches, or None."""
        return change.number if self.matches(change) else None

    @staticmethod
    def keys(change: N) -> Iterable[WaitingKey]:
        """Return one key for all: every waiting request sees every change."""
        return (None,)

    @classmethod
    def listen(cls, mock: Mock, note: Callable[[N], None]) -> Callable[[], None]:
        """Call `note` with each change; the returned function ends that."""
        listeners = cls.listeners(mock.deliveries)
        listeners.append(note)
        return lambda: listeners.remove(note)


async def send_newest(
    call: Call[Any], noun: str, pieces: Callable[[Any], Iterable[bytes]]
) -> ResponseBody:
    """
    Send the newest entry that matches; with ``wait``, wait for one.

    :param call: its parameters have `filters` and `waiting`
    :param noun: what an entry is called in the error
    :param pieces: returns the JSON document of an entry
    :raises HttpProblem: 404 if no entry matches
    """
    wanted, api = call.parameters, call.api
    await api.delivery_updates.catch_up()
    with api.delivery_updates:
        found = await api.watches.newest(wanted.filters.listing(call), wanted.waiting)
    return send_body(call.request, b"".join(pieces(only(found, noun))))
