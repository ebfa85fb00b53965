"""What all mailboxes together may keep.

Rules:

- There are never more than `max_mails` in all of them, and never more than
  `max_bytes` of memory for kept mails and for content that is still arriving.
- The oldest go first, whichever mailbox they are in; mails have their numbers from
  here, so that the oldest is the one with the lowest.
- A mailbox that has mails stands in the queue once, with a number that is not above
  that of its oldest mail. It may be below, for mails are also removed otherwise:
  that is put right when it comes to the front. So a mail costs no work here but
  counting, and dropping one takes no longer for how many mails there are.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from heapq import heapify, heappop, heappush, heapreplace
from typing import Protocol

ENDLESS = 2**63
"""More than any mail's number."""


class Box(Protocol):
    """What mails are dropped from.

    :ivar queued: whether it stands in the queue of its quota
    """

    queued: bool

    def drop_below(self, number: int) -> int | None:
        """
        Drop its mails below `number`, the oldest first, while there are too many.

        :return: the number of the oldest that it has then, None for none
        """


class Quota:
    """
    Bounds for all mailboxes that share it.

    :param max_mails: how many mails are kept at the most
    :param max_bytes: how many bytes of memory are used at the most, about
    :param numbers: where the mails' numbers come from

    :ivar last: the number of the last mail, 0 before the first
    :ivar mails: how many are kept
    :ivar used: about how many bytes of memory they take, and what is arriving
    :ivar arriving: how many of those are content that is still arriving
    :ivar dropped: how many mails had to go
    """

    __slots__ = (
        "_queue",
        "arriving",
        "dropped",
        "last",
        "mails",
        "max_bytes",
        "max_mails",
        "numbers",
        "used",
    )

    def __init__(
        self,
        max_mails: int = 100_000,
        max_bytes: int = 2**30,
        numbers: Iterator[int] | None = None,
    ) -> None:
        self.max_mails = max_mails
        self.max_bytes = max_bytes
        self.numbers = itertools.count(1) if numbers is None else numbers
        self.last = 0
        self.mails = 0
        self.used = 0
        self.arriving = 0
        self.dropped = 0
        self._queue: list[tuple[int, Box]] = []

    def enqueue(self, box: Box, number: int) -> None:
        """Let a mailbox that was empty stand in the queue with its first mail."""
        box.queued = True
        heappush(self._queue, (number, box))

    def forget(self, box: Box) -> None:
        """A mailbox that is empty and stays so is not looked at again."""
        if box.queued:
            box.queued = False
            self._queue = [entry for entry in self._queue if entry[1] is not box]
            heapify(self._queue)

    def make_room(self) -> None:
        """Drop the oldest mails until the rest is within the bounds."""
        queue = self._queue
        while queue and (self.used > self.max_bytes or self.mails > self.max_mails):
            box, others = queue[0][1], len(queue) - 1
            if others:
                limit = queue[1][0] if others == 1 else min(queue[1][0], queue[2][0])
            else:
                limit = ENDLESS
            oldest = box.drop_below(limit)
            if oldest is None:
                heappop(queue)
                box.queued = False
            elif others:
                heapreplace(queue, (oldest, box))
