"""Waiting until as many mails have come as a client asks for.

Rules:

- A waiter looks at each mail once; what it found it keeps as numbers, so that no
  mail is held that the mailbox has let go of.
- It is done when as many as it wants were found and are still kept, or when its
  time is up. What it answers is what is kept then.
- All waiters of a mailbox share one bell, which rings once for a burst of mails.
  They then look one after the other, in slices, in the order that they fell behind.
- When the last one has left, no bell is armed and no call is scheduled.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from mocksmtp.core.mailbox import Mailbox
from mocksmtp.core.query import MailQuery
from mocksmtp.http.listing import Slices
from mocksmtp.model.mail import Mail

BITE = 100
"""How many mails a waiter looks at before it is another's turn."""


class Waiter:
    """
    A client that waits for mails.

    :param count: how many it wants
    :param found: those that there were when it began
    :param seen: the number of the last mail that was looked at for it
    :ivar done: fires when it need not wait any longer
    """

    def __init__(
        self,
        mailbox: Mailbox,
        query: MailQuery,
        count: int,
        found: list[Mail],
        seen: int,
    ) -> None:
        self.done: Deferred[None] = Deferred()
        self._mailbox = mailbox
        self._query = query
        self._count = count
        self._numbers = [mail.number for mail in found]
        self._seen = seen

    def look(self) -> bool:
        """Look at some of the mails that have come; True where there may be more."""
        mails = self._mailbox.newer(self._seen, BITE)
        for mail in mails:
            self._seen = mail.number
            if self._query.matches(mail):
                self._numbers.append(mail.number)
        # Now and then those that have gone are forgotten, lest the list grow on.
        if len(self._numbers) >= min(self._count, 2 * len(self._mailbox) + BITE):
            self._numbers = [mail.number for mail in self.found()]
        if len(self._numbers) >= self._count:
            self.done.callback(None)
            return False
        return len(mails) == BITE

    def give_up(self) -> None:
        """The time is up: look at what has come, and be done."""
        while self.look():
            pass
        if not self.done.called:
            self.done.callback(None)

    def found(self) -> list[Mail]:
        """What was found and is still kept."""
        if not self._numbers:
            return []
        wanted = set(self._numbers)
        mails = self._mailbox.newer(self._numbers[0] - 1)
        return [mail for mail in mails if mail.number in wanted]


class Watch:
    """The waiters of one mailbox."""

    def __init__(self, mailbox: Mailbox, clock: IReactorTime) -> None:
        self._mailbox = mailbox
        self._clock = clock
        # Dictionaries, for they keep the order and forget in no time.
        self._waiters: dict[Waiter, None] = {}
        self._behind: dict[Waiter, None] = {}
        self._revoke: Callable[[], None] | None = None
        self._round: IDelayedCall | None = None

    @property
    def idle(self) -> bool:
        """Whether nobody waits."""
        return not self._waiters

    async def wait(self, waiter: Waiter, deadline: float) -> None:
        """Have `waiter` look at new mails until it is done, or until `deadline`."""
        self._join(waiter)
        left = max(0.0, deadline - self._clock.seconds())
        timer = self._clock.callLater(left, waiter.give_up)
        try:
            await waiter.done
        finally:
            if timer.active():
                timer.cancel()
            self._leave(waiter)

    def _join(self, waiter: Waiter) -> None:
        self._waiters[waiter] = None
        if self._revoke is None:
            self._revoke = self._mailbox.on_next(self._ring)
        self._fall_behind(waiter)

    def _leave(self, waiter: Waiter) -> None:
        del self._waiters[waiter]
        self._behind.pop(waiter, None)
        if self._waiters:
            return
        if self._revoke is not None:
            self._revoke()
            self._revoke = None
        if self._round is not None:
            self._round.cancel()
            self._round = None

    def _ring(self) -> None:
        self._revoke = None
        self._fall_behind(*self._waiters)

    def _fall_behind(self, *waiters: Waiter) -> None:
        self._behind.update(dict.fromkeys(waiters))
        if self._round is None:
            self._round = self._clock.callLater(0, self._look)

    def _look(self) -> None:
        """Let those that are behind look, for a slice."""
        self._round = None
        if self._revoke is None:
            # Armed first: what comes from here on is heard of again.
            self._revoke = self._mailbox.on_next(self._ring)
        slices = Slices(self._clock)
        while self._behind and not slices.over:
            waiter = next(iter(self._behind))
            del self._behind[waiter]
            if waiter.look():
                self._behind[waiter] = None
        if self._behind:
            self._fall_behind()


class Watches:
    """A `Watch` for each mailbox that is waited for."""

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._watches: dict[Mailbox, Watch] = {}

    async def wait(self, mailbox: Mailbox, waiter: Waiter, deadline: float) -> None:
        """
        Have `waiter` look at new mails until it is done, or until `deadline`.

        :param deadline: seconds, by the clock
        """
        waiter.look()
        if waiter.done.called:
            return
        watch = self._watches.setdefault(mailbox, Watch(mailbox, self._clock))
        try:
            await watch.wait(waiter, deadline)
        finally:
            if watch.idle:
                self._watches.pop(mailbox, None)
