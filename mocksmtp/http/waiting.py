"""Waiting until as many mails have come as a client asks for.

Rules:

- A waiter looks at each mail once; what it found it keeps as numbers, so that no
  mail is held that the mailbox has let go of.
- It is done when as many as it wants were found and are still kept, or when its
  time is up. What it answers is what is kept then.
- All waiters of a mailbox share one bell, which rings once for a burst of mails.
- One that has just come looks by itself at what there is. Once it has seen all, it is
  found by what it waits for: a mail that nobody waits for costs no more with many
  waiters than with one.
- All looking is done in slices.
- When the last one has left, no bell is armed and no call is scheduled.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from mocksmtp.http.listing import Slices
from mocksmtp.mail.mail import Mail
from mocksmtp.mail.mailbox import Mailbox
from mocksmtp.mail.search import MailQuery

PAUSE = 0.005
"""Seconds between two looks at mails that come one after the other: each look is one
more turn of the reactor."""

BITE = 100
"""How many mails a waiter looks at before it is another's turn."""

Key = tuple[str, str] | None
"""What a waiter is found by: its recipient, else its sender; None for others."""


class Waiter:
    """
    A client that waits for mails.

    :param count: how many it wants
    :param found: those that there were when it began
    :param seen: the number of the last mail that was looked at for it

    :ivar seen: the number of the last mail that was looked at for it, or that it
        could do without
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
        self.seen = seen

    def look(self) -> bool:
        """Look at some of the mails that have come; True where there may be more."""
        mails = self._mailbox.newer(self.seen, BITE)
        for mail in mails:
            self.seen = mail.number
            if self._query.matches(mail):
                self._numbers.append(mail.number)
        return not self._count_found() and len(mails) == BITE

    def offer(self, mail: Mail) -> None:
        """Look at one mail that may be wanted."""
        if mail.number > self.seen and not self.done.called:
            self.seen = mail.number
            if self._query.matches(mail):
                self._numbers.append(mail.number)
                self._count_found()

    def _count_found(self) -> bool:
        """Be done if there are enough; True where there are."""
        # Now and then those that have gone are forgotten, lest the list grow on.
        if len(self._numbers) >= min(self._count, 2 * len(self._mailbox) + BITE):
            self._numbers = [mail.number for mail in self.found()]
        if len(self._numbers) < self._count:
            return False
        self.done.callback(None)
        return True

    @property
    def key(self) -> Key:
        """What it is found by."""
        if self._query.recipient is not None:
            return "to", self._query.recipient
        if self._query.sender is not None:
            return "from", self._query.sender
        return None

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
        self._current: dict[Key, dict[Waiter, None]] = {}
        self._seen = 0
        self._next = float("-inf")
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
        timer = self._clock.callLater(left, self._give_up, waiter)
        try:
            await waiter.done
        finally:
            if timer.active():
                timer.cancel()
            self._leave(waiter)

    def end(self) -> None:
        """Have all waiters be done, whatever they found."""
        for waiter in tuple(self._waiters):
            self._give_up(waiter)

    def _give_up(self, waiter: Waiter) -> None:
        if waiter in self._current.get(waiter.key, ()):
            waiter.seen = max(waiter.seen, self._seen)
        waiter.give_up()

    def _join(self, waiter: Waiter) -> None:
        self._waiters[waiter] = None
        if self._revoke is None:
            self._revoke = self._mailbox.on_next(self._ring)
        self._behind[waiter] = None
        self._look_soon()

    def _leave(self, waiter: Waiter) -> None:
        del self._waiters[waiter]
        self._behind.pop(waiter, None)
        others = self._current.get(waiter.key, {})
        others.pop(waiter, None)
        if not others:
            self._current.pop(waiter.key, None)
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
        # At once, but where mail follows mail one look is for all of a pause.
        now = self._clock.seconds()
        self._next = max(now, self._next)
        self._look_soon(self._next - now)
        self._next += PAUSE

    def _look_soon(self, delay: float = 0.0) -> None:
        if self._round is None:
            self._round = self._clock.callLater(delay, self._look)

    def _look(self) -> None:
        """Look at what has come, for a slice."""
        self._round = None
        if self._revoke is None:
            # Armed first: what comes from here on is heard of again.
            self._revoke = self._mailbox.on_next(self._ring)
        slices = Slices(self._clock)
        more = True
        while more and not slices.over:
            more = self._offer_some()
        while self._behind and not slices.over:
            waiter = next(iter(self._behind))
            del self._behind[waiter]
            if waiter.look():
                self._behind[waiter] = None
            elif waiter in self._waiters:
                self._add_to_current(waiter)
        if self._behind or (more and self._current):
            self._look_soon()

    def _offer_some(self) -> bool:
        """Offer some new mails to who may want them; True where there may be more."""
        if not self._current:
            return False
        mails = self._mailbox.newer(self._seen, BITE)
        for mail in mails:
            self._seen = mail.number
            for key in _keys(mail):
                for waiter in tuple(self._current.get(key, ())):
                    waiter.offer(mail)
        return len(mails) == BITE

    def _add_to_current(self, waiter: Waiter) -> None:
        if not self._current:
            self._seen = waiter.seen
        self._current.setdefault(waiter.key, {})[waiter] = None


def _keys(mail: Mail) -> set[Key]:
    """By what those are found who may want `mail`."""
    envelope = mail.envelope
    keys: set[Key] = {("to", r.address.normalized) for r in envelope.recipients}
    return keys | {("from", envelope.sender.normalized), None}


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

    def end(self, mailbox: Mailbox) -> None:
        """Nothing more will come into `mailbox`: who waits for it need not."""
        if mailbox in self._watches:
            self._watches[mailbox].end()
