"""Pages of lists: the range, the order and the number of the returned entries.

A list resource implements `Listing` for its entries. All lists share the parameters,
the iteration, the ``Link`` to the next page, the total, and waiting
(`mocksmtp.http.waiting`)::

    @attrs.frozen
    class QueryList:
        filter: QueryFilters = group(QueryFilters)
        page: Page = group(Page)
        waiting: Waiting = group(Waiting)


    async def list_queries(call: Call[QueryList]) -> Answer:
        wanted = call.parameters
        listing = QueryListing(call.api.mock, wanted.filter.query)
        found = await call.api.watches.find(listing, wanted.page, wanted.waiting)
        return await send_page(call, found, pieces_of_query)
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Hashable, Iterable, Iterator, Sequence
from enum import Enum
from itertools import islice
from typing import Any, Generic, TypeAlias, TypeVar
from urllib.parse import parse_qsl, quote, urlencode

import attrs
from twisted.internet.interfaces import IReactorTime
from twisted.web.server import Request

from mocksmtp.documents.schema import TEXT
from mocksmtp.http.parameters import flag, one_of, parameter, reads, whole_number
from mocksmtp.http.problems import HttpProblem, not_found
from mocksmtp.http.responses import Slices, array_pieces, send_pieces
from mocksmtp.mock import Mock

T = TypeVar("T")
C = TypeVar("C")

WaitingKey: TypeAlias = tuple[Hashable, ...] | None
"""The value by which waiting requests are indexed, for example the recipient."""

AFTER_ALL = 10**18
"""More than the number of any entry."""

_ID = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)
_NOT_REPEATED = ("count", "wait", "settle")
"""Parameters that the link to the next page does not have."""


def number_of_id(text: str) -> int | None:
    """Return the number of the entry with an id; None if no entry can have the id."""
    return int(text) if _ID.fullmatch(text) else None


@reads({**TEXT, "pattern": f"^{_ID.pattern}$"})
def entry_id(text: str) -> int:
    """The number of an entry, from its id."""
    number = number_of_id(text)
    if number is None:
        raise ValueError(f"must be an id, got {text!r}"[:100])
    return number


class Order(Enum):
    """In which order a list has its entries."""

    ASC = "asc"
    DESC = "desc"


@attrs.frozen
class Span:
    """
    A range of entries, by number.

    :ivar after: only entries above it
    :ivar before: only entries below it
    """

    after: int = 0
    before: int = AFTER_ALL

    def has(self, number: int) -> bool:
        """Whether the entry with this number is within the range."""
        return self.after < number < self.before


@attrs.frozen
class Page:
    """
    The requested part of a list.

    :ivar order: whether the oldest or the newest entries come first
    :ivar after: only entries with higher numbers
    :ivar before: only entries with lower numbers
    :ivar limit: the maximum number of entries
    :ivar total: whether to return the number of all matches
    """

    limit: int | None = parameter("limit", whole_number)
    order: Order = parameter("order", one_of(Order), default=Order.ASC)
    after: int | None = parameter("after", entry_id)
    before: int | None = parameter("before", entry_id)
    total: bool = parameter("total", flag, default=False)

    @property
    def newest_first(self) -> bool:
        """Whether the newest entries come first."""
        return self.order is Order.DESC

    @property
    def span(self) -> Span:
        """The range of entries."""
        return Span(self.after or 0, self.before or AFTER_ALL)


NEWEST = Page(limit=1, order=Order.DESC)
"""The newest entry."""


class Listing(ABC, Generic[T, C]):
    """
    The entries of a list that match a filter.

    The numbers of entries grow in their order of arrival. A change is what the list
    reports of itself: an entry is new, or something about it is settled.

    :ivar host: the only host of which it has entries, or None for all hosts
    :ivar key: one of the `keys` of every change that can make an entry match
    :ivar is_everything: whether all entries match
    """

    host: str | None = None
    key: WaitingKey = None
    is_everything: bool = False

    @abstractmethod
    def __len__(self) -> int:
        """How many entries there are, whether or not they match."""

    @abstractmethod
    def entries(self, span: Span, newest_first: bool) -> Iterator[T]:
        """The entries of a range, whether or not they match; the list may change."""

    @abstractmethod
    def number(self, entry: T) -> int:
        """The number of an entry."""

    @abstractmethod
    def look(self, entry: T) -> Iterator[bool | Awaitable[bool]]:
        """Whether an entry matches: true at any of several steps, each short, or long
        and in a thread.
        """

    def search(
        self, span: Span, newest_first: bool, limit: int | None
    ) -> Awaitable[list[T]] | None:
        """
        Find the first `limit` matches of a range where the entries are stored.

        :return: None if they are in memory, where `entries` and `look` find them
        """
        return None

    @abstractmethod
    def kept(self, numbers: Sequence[int]) -> list[T] | Awaitable[list[T]]:
        """
        Return the entries that match now.

        :param numbers: the numbers of entries, ascending
        """

    @abstractmethod
    def has(self, number: int) -> bool | Awaitable[bool]:
        """Whether the entry with this number is kept."""

    @property
    @abstractmethod
    def evicted(self) -> int:
        """The highest number of an entry that was evicted, 0 for none."""

    @property
    @abstractmethod
    def last(self) -> int:
        """The highest number that an entry of any host has had, 0 for none."""

    @abstractmethod
    def matched_by(self, change: C) -> int | Awaitable[int | None] | None:
        """
        The number of the entry that matches by this change, None for none.

        Where that is long work, it is returned later.
        """

    @staticmethod
    @abstractmethod
    def keys(change: C) -> Iterable[WaitingKey]:
        """Different values by which requests are found that the change may concern."""

    @staticmethod
    @abstractmethod
    def listen(mock: Mock, note: Callable[[C], None]) -> Callable[[], None]:
        """Call `note` with each change on any host; the returned function ends that."""

    def derive(self, now: float) -> None:
        """
        Update the list, if its entries are derived from the journal.

        :param now: seconds since the epoch
        """

    async def check(self, span: Span) -> None:
        """
        Refuse a range that begins or ends at an evicted entry.

        An id that the user deleted is no error: the list continues behind it.

        :raises HttpProblem: 410, also for an id that no entry has had
        """
        for number in {span.after, span.before} - {0, AFTER_ALL}:
            if self.evicted < number <= self.last:
                continue
            has = self.has(number)
            if has if isinstance(has, bool) else await has:
                continue
            raise HttpProblem(410, f"the entry with the id '{number}' is not kept")


async def matches(
    listing: Listing[T, Any],
    span: Span,
    clock: IReactorTime,
    newest_first: bool = False,
    limit: int | None = None,
) -> list[T]:
    """The first `limit` matches of a range; the reactor turns between slices."""
    searched = listing.search(span, newest_first, limit)
    if searched is not None:
        return await searched
    entries = listing.entries(span, newest_first)
    if listing.is_everything:
        return list(islice(entries, limit))
    found: list[T] = []
    slices = Slices(clock)
    for entry in entries:
        for step in listing.look(entry):
            matched = step if isinstance(step, bool) else await step
            if matched:
                found.append(entry)
            if slices.over:
                await slices.next()
            if matched:
                break
        if len(found) == limit:
            break
    return found


@attrs.define
class Found(Generic[T]):
    """
    A page of a list.

    :ivar entries: the entries, in the requested order
    :ivar next: the number from which the next page continues; None for the last page
    :ivar total: the number of all matches; None if it was not requested
    """

    page: Page
    entries: list[T]
    next: int | None = None
    total: int | None = None


def cut(listing: Listing[T, Any], page: Page, ordered: list[T]) -> Found[T]:
    """
    Return the page that begins with these matches.

    :param ordered: the matches; one more than the page can have, if there are more
    """
    if page.limit is None or len(ordered) <= page.limit:
        return Found(page, ordered)
    entries = ordered[: page.limit]
    return Found(page, entries, next=listing.number(entries[-1]))


async def find_page(
    listing: Listing[T, Any], page: Page, clock: IReactorTime
) -> Found[T]:
    """
    The matches that a page has now.

    :raises HttpProblem: 410
    """
    await listing.check(page.span)
    limit = None if page.limit is None else page.limit + 1
    found = await matches(listing, page.span, clock, page.newest_first, limit)
    return await add_total(listing, cut(listing, page, found), clock)


async def add_total(
    listing: Listing[T, Any], found: Found[T], clock: IReactorTime
) -> Found[T]:
    """Return the page with the number of all matches, if it is requested."""
    if found.page.total:
        found.total = await count(listing, clock)
    return found


async def count(listing: Listing[Any, Any], clock: IReactorTime) -> int:
    """How many entries match."""
    if listing.is_everything:
        return len(listing)
    return len(await matches(listing, Span(), clock))


def only(found: Found[T], noun: str) -> T:
    """
    The one entry that was found.

    :raises HttpProblem: 404
    """
    if not found.entries:
        raise not_found(f"no {noun} matches")
    return found.entries[0]


async def send_page(
    request: Request,
    clock: IReactorTime,
    found: Found[T],
    pieces: Callable[[T], Iterable[bytes]],
    body: Callable[[Iterator[bytes]], Iterator[bytes]] = lambda array: array,
) -> bytes | None:
    """
    Send a page as a JSON array.

    :param pieces: returns the document of an entry
    :param body: the octets before and after the array
    """
    describe(request, found)
    entries = found.entries
    entries.reverse()
    # Releasing each entry once it is sent avoids a long pause at the end.
    each = iter(lambda: entries.pop() if entries else None, None)
    array = array_pieces(pieces(entry) for entry in each)
    return await send_pieces(request, body(array), clock)


def describe(request: Request, found: Found[Any]) -> None:
    """Set the fields of the header that describe a page."""
    if found.next is not None:
        request.setHeader("Link", _link(request.uri, found.page, found.next))
    if found.total is not None:
        request.setHeader("X-Total-Count", str(found.total))


def _link(uri: bytes, page: Page, number: int) -> str:
    """The link to the next page (RFC 8288)."""
    path, _, query = uri.decode("latin-1").partition("?")
    bound = "before" if page.newest_first else "after"
    pairs = [
        (name, value)
        for name, value in parse_qsl(query, keep_blank_values=True)
        if name not in (bound, *_NOT_REPEATED)
    ]
    target = quote(path, safe="/%:@!$&'()*+,;=~")
    return f'<{target}?{urlencode([*pairs, (bound, str(number))])}>; rel="next"'
