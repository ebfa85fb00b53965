"""The common limits of all mailboxes.

- All mailboxes together contain at most `max_mails` mails; kept mails and arriving
  content use at most `max_bytes` of memory.
- The oldest mails of all mailboxes are evicted first. The quota numbers the mails, so
  the lowest number is the oldest mail.
- A mailbox with mails is in the queue once, with a number not above that of its oldest
  mail. The number may be lower, because users also remove mails; it is corrected at the
  front of the queue. So adding a mail only updates counts, and the time of an eviction
  does not depend on the number of mails.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from heapq import heapify, heappop, heappush, heapreplace
from typing import Protocol

from mocksmtp.mail.refused import RefusedContents

ENDLESS = 2**63
"""A number above that of any mail."""


class Box(Protocol):
    """A mailbox, as its quota uses it.

    :ivar queued: whether it is in the queue
    """

    queued: bool

    def evict_below(self, number: int) -> int | None:
        """
        Evict mails below `number`, the oldest first, while the quota is exceeded.

        :return: the number of the oldest mail that is left, None for none
        """


class Quota:
    """
    The limits of all mailboxes that share it.

    :param max_mails: the maximum number of mails
    :param max_bytes: the maximum memory, approximately, in bytes
    :param numbers: numbers the mails

    :ivar last: the number of the last mail, 0 before the first
    :ivar mails: the number of kept mails
    :ivar used: approximate memory of mails and arriving content, in bytes
    :ivar arriving: the part of `used` that is arriving content
    :ivar evictions: the number of evicted mails
    :ivar refused: keeps refused contents, or None
    """

    __slots__ = (
        "_queue",
        "arriving",
        "evictions",
        "last",
        "mails",
        "max_bytes",
        "max_mails",
        "numbers",
        "refused",
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
        self.evictions = 0
        self.refused: RefusedContents | None = None
        self._queue: list[tuple[int, Box]] = []

    def enqueue(self, box: Box, number: int) -> None:
        """Add a mailbox to the queue when it receives its first mail, `number`."""
        box.queued = True
        heappush(self._queue, (number, box))

    def forget(self, box: Box) -> None:
        """Remove an empty mailbox that is not used again."""
        if box.queued:
            box.queued = False
            self._queue = [entry for entry in self._queue if entry[1] is not box]
            heapify(self._queue)

    def make_room(self) -> None:
        """Evict refused contents, then the oldest mails, until the limits are met."""
        if self.refused is not None:
            self.refused.make_room()
        queue = self._queue
        while queue and (self.used > self.max_bytes or self.mails > self.max_mails):
            box, others = queue[0][1], len(queue) - 1
            if others:
                limit = queue[1][0] if others == 1 else min(queue[1][0], queue[2][0])
            else:
                limit = ENDLESS
            oldest = box.evict_below(limit)
            if oldest is None:
                heappop(queue)
                box.queued = False
            elif others:
                heapreplace(queue, (oldest, box))
