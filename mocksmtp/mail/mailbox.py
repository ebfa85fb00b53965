"""The mailbox of a host: a bounded store of mails in order of arrival.

- Numbers ascend and are never reused, so that a reader can continue after the last mail
  that it received.
- Kept mails and arriving content stay within a quota, which mailboxes may share. The
  oldest mails are evicted first.
- Reading and removing are atomic.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from operator import attrgetter
from typing import Protocol

import attrs

from mocksmtp.mail.mail import Envelope, Mail, Origin
from mocksmtp.mail.quota import Quota

_number = attrgetter("number")

FEW = 100
"""Maximum mails to remove one by one; for more, all mails are scanned."""

_Listener = Callable[[Mail], None]

_RemovalListener = Callable[[list[Mail]], None]


class NoSpace(Exception):
    """There is no space left where the mails are stored."""


class Inbox(Protocol):
    """
    The mailbox of a host, as those use it who receive mails.

    Its instance variables are those of `Mailbox`, which keeps mails in memory; a
    mailbox of a store keeps them elsewhere.
    """

    quota: Quota
    arriving: int
    listeners: list[_Listener]
    removal_listeners: list[_RemovalListener]

    def __len__(self) -> int: ...

    @property
    def evictions(self) -> int:
        """The number of evicted mails."""

    @property
    def evicted(self) -> int:
        """The number of the mail evicted last, 0 for none."""

    @property
    def total(self) -> int:
        """The number of mails received."""

    @property
    def total_octets(self) -> int:
        """The octets of their content."""

    @property
    def octets(self) -> int:
        """What the kept mails use, approximately, in bytes."""

    @property
    def max_mails(self) -> int:
        """The maximum number of mails."""

    @property
    def max_bytes(self) -> int:
        """The maximum of what all mails use, approximately, in bytes."""

    def keep(
        self, envelope: Envelope, content: bytes, received_at: float, origin: Origin
    ) -> Mail | Awaitable[Mail | None] | None:
        """
        Keep a message; return its mail, or None if there is no room.

        A store returns it later, once the mail is stored. It may also fail, with
        `NoSpace` or another reason.
        """

    def reserve(self, octets: int) -> bool:
        """Count `octets` of arriving content; return False if there is no room."""

    def release(self, octets: int) -> None:
        """Stop counting `octets` that `reserve` has counted."""

    def clear(self) -> object:
        """Remove all mails."""

    def close(self) -> None:
        """Remove all mails, and leave the quota; the mailbox is not used again."""

    def evict_older(self, time: float) -> float | Awaitable[float | None] | None:
        """
        Evict the oldest mails, as long as they arrived before `time`.

        :return: the arrival of the oldest mail that is left, None for none
        """


@attrs.frozen
class Taken:
    """
    Mails that were removed for a request, which may leave before it receives them.

    :ivar clears: how often the mailbox had been cleared
    """

    box: Mailbox
    mails: list[Mail]
    clears: int


class Mailbox:
    """
    A bounded store of mails.

    :param max_mails: the maximum number of mails
    :param max_bytes: the maximum memory of the mails, approximately, in bytes
    :param numbers: numbers the mails
    :param quota: a quota shared with other mailboxes, which replaces the other
        parameters

    :ivar evictions: the number of evicted mails
    :ivar evicted: the number of the mail evicted last, 0 for none
    :ivar total: the number of mails received
    :ivar total_octets: the octets of their content
    :ivar arriving: octets of arriving content
    :ivar listeners: called with each mail that is kept
    :ivar removal_listeners: called with the mails that a user removes
    """

    def __init__(
        self,
        max_mails: int = 100_000,
        max_bytes: int = 2**30,
        numbers: Iterator[int] | None = None,
        quota: Quota | None = None,
    ) -> None:
        self.quota = Quota(max_mails, max_bytes, numbers) if quota is None else quota
        self.evictions = self.evicted = 0
        self.total = self.total_octets = 0
        self.arriving = 0
        self.queued = False
        self._numbers = self.quota.numbers
        # The mails begin at index _head. The empty places before it are deleted when
        # they are the larger part. A deque has slow access to its middle, and a
        # dictionary slow removal of its oldest entry.
        self._mails: list[Mail | None] = []
        self._head = 0
        self._weight = 0
        self._clears = 0
        self.listeners: list[_Listener] = []
        self.removal_listeners: list[_RemovalListener] = []

    def __len__(self) -> int:
        return len(self._mails) - self._head

    @property
    def octets(self) -> int:
        """The memory of the kept mails, approximately, in bytes."""
        return self._weight

    @property
    def max_mails(self) -> int:
        """The maximum number of mails."""
        return self.quota.max_mails

    @property
    def max_bytes(self) -> int:
        """The maximum memory of the mails, approximately, in bytes."""
        return self.quota.max_bytes

    def keep(
        self, envelope: Envelope, content: bytes, received_at: float, origin: Origin
    ) -> Mail | None:
        """Keep a message; return its mail, or None if it alone exceeds the quota."""
        weight = len(content) + envelope.weight
        quota = self.quota
        used = quota.used + weight
        if used > quota.max_bytes and weight + quota.arriving > quota.max_bytes:
            return None
        quota.last = number = next(self._numbers)
        mail = Mail(number, envelope, content, received_at, origin, weight, self)
        self._mails.append(mail)
        self._weight += weight
        self.total += 1
        self.total_octets += len(content)
        quota.used = used
        quota.mails = mails = quota.mails + 1
        if not self.queued:
            quota.enqueue(self, number)
        if used > quota.max_bytes or mails > quota.max_mails:
            quota.make_room()
        if self.listeners:
            self._report(mail)
        return mail

    def reserve(self, octets: int) -> bool:
        """
        Count `octets` of arriving content, and evict mails to make room.

        :return: False if it exceeds the quota; it is then not counted
        """
        quota = self.quota
        if quota.arriving + octets > quota.max_bytes:
            return False
        self.arriving += octets
        quota.arriving += octets
        quota.used += octets
        if quota.used > quota.max_bytes:
            quota.make_room()
        return True

    def release(self, octets: int) -> None:
        """Stop counting `octets` that `reserve` has counted."""
        self.arriving -= octets
        self.quota.arriving -= octets
        self.quota.used -= octets

    def count(self, mail: Mail, octets: int) -> bool:
        """
        Count `octets` more for `mail`, without evicting other mails.

        :return: False if the mail is not kept or the quota is exceeded; they are then
            not counted
        """
        quota = self.quota
        if quota.used + octets > quota.max_bytes:
            return False
        try:
            self._position(mail.number)
        except KeyError:
            return False
        self._weight += octets
        quota.used += octets
        return True

    def get(self, number: int) -> Mail:
        """
        The mail with this number.

        :raises KeyError: it is not kept
        """
        mail = self._mails[self._position(number)]
        assert mail is not None
        return mail

    def mails(self) -> list[Mail]:
        """All mails, in order of arrival."""
        return self._mails[self._head :]  # type: ignore[return-value]

    def newer(self, number: int, limit: int | None = None) -> list[Mail]:
        """The oldest `limit` mails with numbers above `number`, oldest first."""
        start = bisect_right(self._mails, number, lo=self._head, key=_number)
        end = None if limit is None else start + limit
        return self._mails[start:end]  # type: ignore[return-value]

    def older(self, number: int | None, limit: int | None = None) -> list[Mail]:
        """
        The newest `limit` mails with numbers below `number`, newest first.

        :param number: need not be the number of a kept mail; None means no bound
        """
        end = len(self._mails)
        if number is not None:
            end = bisect_left(self._mails, number, lo=self._head, key=_number)
        start = self._head if limit is None else max(self._head, end - limit)
        return self._mails[start:end][::-1]  # type: ignore[return-value]

    def of(self, numbers: Sequence[int]) -> list[Mail]:
        """The mails with these ascending numbers that are kept."""
        if len(numbers) <= FEW:
            return [mail for number in numbers if (mail := self._find(number))]
        wanted = set(numbers)
        return [m for m in self.newer(numbers[0] - 1) if m.number in wanted]

    def _find(self, number: int) -> Mail | None:
        try:
            return self.get(number)
        except KeyError:
            return None

    def remove(self, mails: Collection[Mail]) -> list[Mail]:
        """Remove `mails`; return those that were still kept, in order of arrival."""
        numbers = {mail.number for mail in mails}
        if len(numbers) <= FEW:
            removed = self._remove_each(sorted(numbers))
        else:
            removed = [mail for mail in self.mails() if mail.number in numbers]
            self._mails = [m for m in self.mails() if m.number not in numbers]
            self._head = 0
        self._discount(len(removed), sum(mail.weight for mail in removed))
        self._report_removed(removed)
        return removed

    def _remove_each(self, numbers: list[int]) -> list[Mail]:
        removed = []
        for number in numbers:
            try:
                mail = self._mails.pop(self._position(number))
            except KeyError:
                continue
            assert mail is not None
            removed.append(mail)
        return removed

    def take(self, mails: Collection[Mail]) -> Taken:
        """Remove `mails`, which `put_back` keeps again."""
        return Taken(self, self.remove(mails), self._clears)

    def put_back(self, taken: Taken) -> list[Mail]:
        """
        Keep taken mails again, unless all mails were removed since.

        :return: the mails that are kept again
        """
        if not taken.mails or taken.clears != self._clears:
            return []
        quota = self.quota
        self._mails = sorted([*self.mails(), *taken.mails], key=_number)
        self._head = 0
        self._discount(-len(taken.mails), -sum(mail.weight for mail in taken.mails))
        # Its place in the queue may be behind that of these older mails.
        quota.forget(self)
        quota.enqueue(self, self._mails[0].number)  # type: ignore[union-attr]
        quota.make_room()
        return self.of([mail.number for mail in taken.mails])

    def clear(self) -> list[Mail]:
        """Remove all mails, and return them."""
        self._clears += 1
        removed = self.mails()
        self._mails.clear()
        self._head = 0
        self._discount(len(removed), self._weight)
        self._report_removed(removed)
        return removed

    def close(self) -> None:
        """Remove all mails, and leave the quota; the mailbox is not used again."""
        self.clear()
        self.quota.forget(self)

    def _report(self, mail: Mail) -> None:
        for listener in tuple(self.listeners):
            listener(mail)

    def _report_removed(self, mails: list[Mail]) -> None:
        if mails:
            for listener in self.removal_listeners:
                listener(mails)

    def _position(self, number: int) -> int:
        position = bisect_left(self._mails, number, lo=self._head, key=_number)
        if position == len(self._mails):
            raise KeyError(number)
        mail = self._mails[position]
        if mail is None or mail.number != number:
            raise KeyError(number)
        return position

    def evict_below(self, number: int) -> int | None:
        """
        Evict mails below `number`, the oldest first, while the quota is exceeded.

        :return: the number of the oldest mail that is left, None for none
        """
        mails, head, quota = self._mails, self._head, self.quota
        used, kept = quota.used, quota.mails
        max_bytes, max_mails = quota.max_bytes, quota.max_mails
        while head < len(mails) and (used > max_bytes or kept > max_mails):
            mail = mails[head]
            assert mail is not None
            if mail.number >= number:
                break
            mails[head] = None
            head += 1
            used -= mail.weight
            kept -= 1
            self.evicted = mail.number
        return self._evict(head, quota.used - used)

    def evict_older(self, time: float) -> float | None:
        """
        Evict the mails at the head of the list that arrived before `time`.

        :param time: in seconds since the epoch
        :return: the arrival of the oldest mail that is left, None for none
        """
        mails, head, octets = self._mails, self._head, 0
        while head < len(mails):
            mail = mails[head]
            assert mail is not None
            if mail.received_at >= time:
                break
            mails[head] = None
            head += 1
            octets += mail.weight
            self.evicted = mail.number
        self._evict(head, octets)
        oldest = None if self._head == len(mails) else mails[self._head]
        return None if oldest is None else oldest.received_at

    def _evict(self, head: int, octets: int) -> int | None:
        """
        Count the mails before `head` as evicted; their places are empty.

        :return: the number of the oldest mail that is left, None for none
        """
        mails = self._mails
        evicted = head - self._head
        self.evictions += evicted
        self.quota.evictions += evicted
        self._discount(evicted, octets)
        if head * 2 > len(mails):
            del mails[:head]
            head = 0
        self._head = head
        return None if head == len(mails) else mails[head].number  # type: ignore[union-attr]

    def _discount(self, mails: int, octets: int) -> None:
        """Subtract mails and octets from the counts."""
        self._weight -= octets
        self.quota.mails -= mails
        self.quota.used -= octets
