"""The mails of a host: a bounded store in order of arrival.

Rules:

- Numbers grow and are never used again, so that a reader can go on after the
  last mail that it saw.
- What is kept, and content that is still arriving, stays within a quota, which
  mailboxes may share; the oldest mails go first, and how many went is counted.
- Reading and removing are each one step.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterator, Sequence
from operator import attrgetter

from mocksmtp.mail.mail import Envelope, Mail, Origin
from mocksmtp.mail.quota import Quota

_number = attrgetter("number")

FEW = 100
"""Mails up to which each is taken out on its own, and not by a walk over all."""

Listener = Callable[[Mail], None]

RemovalListener = Callable[[list[Mail]], None]


class Mailbox:
    """
    A bounded store of mails.

    :param max_mails: how many mails are kept at the most
    :param max_bytes: how many bytes of memory are used at the most, about
    :param numbers: where the mails' numbers come from
    :param quota: has these three, for it and for others together

    :ivar dropped: how many mails had to go
    :ivar evicted: the number of the last of those, 0 for none
    :ivar taken: how many mails were kept in all
    :ivar taken_octets: how much content they had
    :ivar arriving: octets of content that is still arriving
    :ivar listeners: called with each mail that is kept
    :ivar removal_listeners: called with the mails that a user has removed
    """

    def __init__(
        self,
        max_mails: int = 100_000,
        max_bytes: int = 2**30,
        numbers: Iterator[int] | None = None,
        quota: Quota | None = None,
    ) -> None:
        self.quota = Quota(max_mails, max_bytes, numbers) if quota is None else quota
        self.dropped = self.evicted = 0
        self.taken = self.taken_octets = 0
        self.arriving = 0
        self.queued = False
        self._numbers = self.quota.numbers
        # Kept mails stand from _head on; before it are empty places, which are
        # cut off once they are the larger part. A deque would make every look
        # at its middle slow, a dictionary every removal of its oldest.
        self._mails: list[Mail | None] = []
        self._head = 0
        self._kept = 0
        self.listeners: list[Listener] = []
        self.removal_listeners: list[RemovalListener] = []

    def __len__(self) -> int:
        return len(self._mails) - self._head

    @property
    def octets(self) -> int:
        """About how many bytes of memory the kept mails take."""
        return self._kept

    @property
    def max_mails(self) -> int:
        """How many mails are kept at the most."""
        return self.quota.max_mails

    @property
    def max_bytes(self) -> int:
        """How many bytes of memory are used at the most, about."""
        return self.quota.max_bytes

    def take(
        self, envelope: Envelope, content: bytes, received_at: float, origin: Origin
    ) -> Mail | None:
        """Keep a message, or answer None where it alone is too large to keep."""
        weight = len(content) + envelope.weight
        quota = self.quota
        used = quota.used + weight
        if used > quota.max_bytes and weight + quota.arriving > quota.max_bytes:
            return None
        quota.last = number = next(self._numbers)
        mail = Mail(number, envelope, content, received_at, origin, weight, self)
        self._mails.append(mail)
        self._kept += weight
        self.taken += 1
        self.taken_octets += len(content)
        quota.used = used
        quota.mails = mails = quota.mails + 1
        if not self.queued:
            quota.enqueue(self, number)
        if used > quota.max_bytes or mails > quota.max_mails:
            quota.make_room()
        if self.listeners:
            self._tell(mail)
        return mail

    def reserve(self, octets: int) -> bool:
        """
        Count `octets` of content that is still arriving.

        :return: False, with nothing counted, where no room can be made for it
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
        """Content that was counted by `reserve` is kept now, or was thrown away."""
        self.arriving -= octets
        self.quota.arriving -= octets
        self.quota.used -= octets

    def count(self, mail: Mail, octets: int) -> bool:
        """
        Count `octets` more for `mail`, without evicting any.

        :return: False, with nothing counted, if it is not kept or there is no room
        """
        quota = self.quota
        if quota.used + octets > quota.max_bytes:
            return False
        try:
            self._position(mail.number)
        except KeyError:
            return False
        self._kept += octets
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
        """All that are kept, in order of arrival."""
        return self._mails[self._head :]  # type: ignore[return-value]

    def newer(self, number: int, limit: int | None = None) -> list[Mail]:
        """The oldest `limit` mails above `number`, the oldest first."""
        start = bisect_right(self._mails, number, lo=self._head, key=_number)
        end = None if limit is None else start + limit
        return self._mails[start:end]  # type: ignore[return-value]

    def older(self, number: int | None, limit: int | None = None) -> list[Mail]:
        """
        The newest `limit` mails below `number`, the newest first.

        :param number: whether or not it is kept; None for the end of the list
        """
        end = len(self._mails)
        if number is not None:
            end = bisect_left(self._mails, number, lo=self._head, key=_number)
        start = self._head if limit is None else max(self._head, end - limit)
        return self._mails[start:end][::-1]  # type: ignore[return-value]

    def of(self, numbers: Sequence[int]) -> list[Mail]:
        """The mails with these numbers, which ascend, as far as they are kept."""
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
        """Take these out; answer those that were still kept, in order of arrival."""
        numbers = {mail.number for mail in mails}
        if len(numbers) <= FEW:
            removed = self._remove_each(sorted(numbers))
        else:
            removed = [mail for mail in self.mails() if mail.number in numbers]
            self._mails = [m for m in self.mails() if m.number not in numbers]
            self._head = 0
        self._let_go(len(removed), sum(mail.weight for mail in removed))
        self._tell_removed(removed)
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

    def clear(self) -> list[Mail]:
        """Take all out, and answer them."""
        removed = self.mails()
        self._mails.clear()
        self._head = 0
        self._let_go(len(removed), self._kept)
        self._tell_removed(removed)
        return removed

    def close(self) -> None:
        """Take all out for good: nothing is to be kept here again."""
        self.clear()
        self.quota.forget(self)

    def _tell(self, mail: Mail) -> None:
        for listener in tuple(self.listeners):
            listener(mail)

    def _tell_removed(self, mails: list[Mail]) -> None:
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

    def drop_below(self, number: int) -> int | None:
        """
        Drop the mails below `number`, the oldest first, while there are too many.

        :return: the number of the oldest that is kept then, None for none
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

    def drop_older(self, time: float) -> float | None:
        """
        Drop the mails at the head of the list that arrived before `time`.

        :param time: in seconds since the epoch
        :return: when the oldest that is kept then arrived, None for none
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
        Count the mails before `head` as dropped; their places are empty.

        :return: the number of the oldest that is kept, None for none
        """
        mails = self._mails
        dropped = head - self._head
        self.dropped += dropped
        self.quota.dropped += dropped
        self._let_go(dropped, octets)
        if head * 2 > len(mails):
            del mails[:head]
            head = 0
        self._head = head
        return None if head == len(mails) else mails[head].number  # type: ignore[union-attr]

    def _let_go(self, mails: int, octets: int) -> None:
        """So much is not kept any longer."""
        self._kept -= octets
        self.quota.mails -= mails
        self.quota.used -= octets
