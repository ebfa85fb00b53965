"""What is owed to a client: a reply that is decided on later, or said late or slowly.

Until it has left, no further command is looked at, and soon nothing more is read.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.python.failure import Failure

from mocksmtp.behaviors.miss import Note, Noted
from mocksmtp.behaviors.response import Then
from mocksmtp.grammar import reply
from mocksmtp.grammar.reply import Reply
from mocksmtp.hosts.host import MailHost
from mocksmtp.sessions.session import EARLY, INJECTED, End, Said
from mocksmtp.smtp.answers import Faulty, Replies, silence_of
from mocksmtp.smtp.ending import PEER_LOOKED_AT, is_reset
from mocksmtp.smtp.faults import ReplyWriter
from mocksmtp.smtp.lifetime import Lifetime

TURN = 0.005
"""Seconds of work that all connections of a host together do in one turn of the
reactor, if each has more than enough to do."""

SLICES = (0.00005, 0.001)
"""The least and the most of it that is one connection's."""


class Owing(Lifetime):
    """
    A connection on which replies may have to be waited for.

    :ivar owed: the reply that is waited for, or None
    :ivar buffer: what has come and was not looked at
    :ivar turn: the next turn of the reactor, where that is waited for
    :ivar consequence: what follows the reply to the command at hand
    :ivar unread: what came while a reply was owed that has a consequence
    :ivar injecting: whether what comes behind that reply must not
    """

    unread = b""
    injecting = False
    _cut_off: Callable[[], None] | None = None
    _held_by: tuple[str, ...] = ()
    _watch: Any = None

    def __init__(self, host: MailHost, session: str, clock: IReactorTime) -> None:
        super().__init__(host, session, clock)
        self.consequence: Callable[[], None] | None = None
        self.owed: Deferred[Any] | ReplyWriter | None = None
        self.turn: IDelayedCall | None = None
        self.buffer = b""

    @property
    def is_awaited(self) -> bool:
        """Whether the client waits for the service, and not the other way round."""
        return self.owed is not None or self.turn is not None

    def wait_unread(self) -> None:
        """Read nothing while a reply is owed, but see whether the client leaves."""
        self.stop_reading()
        if self._watch is None:
            self._watch = self.clock.callLater(PEER_LOOKED_AT, self._look_for_peer)

    def readConnectionLost(self) -> None:
        """The client sends no more; it still has its replies."""
        super().readConnectionLost()
        if self.owed is not None and not self.closed:
            self.wait_unread()

    def _look_for_peer(self) -> None:
        self._watch = None
        if is_reset(self.transport):
            self.transport.abortConnection()
        else:
            self.wait_unread()

    def _stop_watching(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def forget(self) -> None:
        """Wait for nothing any more."""
        self._wait_for_nothing()

    def stop(self) -> None:
        """Take no more, and wait for nothing more."""
        self.closed = True
        self._wait_for_nothing()
        super().stop()

    def _wait_for_nothing(self) -> None:
        self._stop_watching()
        self.buffer = b""
        if self.turn is not None:
            self.turn.cancel()
            self.turn = None
        if self.owed is not None:
            owed, self.owed = self.owed, None
            owed.cancel()
        if self._cut_off is not None:
            cut_off, self._cut_off = self._cut_off, None
            cut_off()
        self._let_go()

    # Turns: a client that floods is served a slice at a time.

    def is_over(self, since: float) -> bool:
        """Whether a slice of time that began at `since` is over."""
        least, most = SLICES
        share = TURN / (self.mail_host.counters.open or 1)
        return self.seconds() - since >= min(most, max(least, share))

    def yield_turn(self) -> None:
        """Go on in the next turn of the reactor, so that others have theirs."""
        self.stop_reading()
        self.turn = self.clock.callLater(0, self._take_turn)

    def _take_turn(self) -> None:
        self.turn = None
        self.go_on()

    def go_on(self) -> None:
        """Go on with what has come meanwhile."""
        since = self.seconds()
        while not self.output.blocked:
            if self.consequence is not None:
                self.take_the_consequence()
                return
            data, self.buffer = self.buffer, b""
            if not self.run(data, EARLY if data else 0, since):
                return
            if self.is_over(since):
                self.yield_turn()
                return

    def output_read(self) -> None:
        """All replies were read: go on with what has come meanwhile."""
        if self.is_awaited or self.closed:
            return
        if self.buffer or self.consequence is not None:
            self.yield_turn()
        else:
            self.read_on()

    def run(self, data: bytes, early: int, since: float) -> bool:
        """
        Do what `data` says, up to where something must be waited for.

        :param early: the flag of its first command
        :param since: the beginning of this slice of time
        :return: whether to go on at once with what is left of it in the buffer
        """
        raise NotImplementedError

    # Consequences

    def then_close(self, last: Reply) -> Reply:
        """`last`, behind which the connection is closed."""
        self.end = End.CLOSED
        self.consequence = self.close
        return last

    def take_the_consequence(self) -> None:
        """Do what follows the reply; what came behind it is no command."""
        consequence, self.consequence = self.consequence, None
        assert consequence is not None
        self.unread, self.buffer = self.buffer, b""
        consequence()
        self.unread = b""

    # Replies that are decided on later

    def owe(self, answer: Deferred[Replies], said: Said, flags: int) -> Replies | None:
        """The reply if it is there already, else None, and it is waited for."""
        replies: list[Replies] = []
        answer.addErrback(self._local_error).addCallback(replies.append)
        if replies:
            return replies[0]
        self.owed = answer
        asked = self.heard
        answer.addCallback(lambda _: self._settle(replies[0], said, flags, asked))
        return None

    def _local_error(self, failure: Failure) -> Reply:
        if not failure.check(CancelledError):
            self.log.failure("while deciding", failure)
        return reply.LOCAL_ERROR

    def _settle(self, settled: Replies, said: Said, flags: int, asked: float) -> None:
        """Send the reply that was owed, and go on with what arrived meanwhile."""
        self.owed = None
        if self.closed:
            self.record(asked, said, None, flags, 0.0)
            return
        answers = (settled,) if isinstance(settled, Reply) else settled
        wires = [answer.wire for answer in answers]
        self.output.send(wires, sum(map(len, wires)))
        if self._answered(said, settled, flags, asked):
            self.go_on()

    # Replies that are late, slow, or the last

    def perform(
        self, answer: Faulty, said: Said, flags: int, note: Noted | None
    ) -> bool:
        """
        Say something late, slowly, or not at all, and end as it is to end.

        :return: whether to go on at once, for there was nothing to wait for
        """
        if answer.slowed:
            note = Note(answer.slowed, () if note is None else (*note.trail,))
        asked = self.heard

        def performed() -> bool:
            self.owed = self._cut_off = None
            self._let_go()
            self._sent()
            then = answer.fault.then
            if then is not Then.CONTINUE:
                released = answer.ender in writer.released
                self.consequence = partial(self._end_by, then, answer.ender, released)
            return self._answered(said, answer.reply, flags, asked, note)

        def performed_later() -> None:
            if performed():
                self.go_on()

        def cut_off() -> None:
            if writer.sent:
                delay = self.seconds() - asked
                self.record(asked, said, answer.reply, flags, delay, note)
            else:
                unsent = self.unsent(answer.reply)
                self.record(asked, said, unsent, flags, 0.0, note)
            self._sent()

        writer = ReplyWriter(answer, self.output, self.clock, performed_later)
        if writer.start():
            return performed()
        self.owed, self._cut_off = writer, cut_off
        if answer.reply is not None:
            replies = answer.reply
            self.journal.hold(
                self.session, (replies,) if isinstance(replies, Reply) else replies
            )
        self._hold(answer.rules)
        return False

    def _sent(self) -> None:
        """A reply that was waited for was sent, or never will be."""
        if self.session.pending is not None:
            self.journal.release(self.session, self.seconds())

    def unsent(self, answer: Replies | None) -> Reply | None:
        """What is recorded of an answer that was cut off: who would have given it."""
        return None if answer is None else silence_of(answer)

    def _hold(self, rules: tuple[str, ...]) -> None:
        self._held_by = rules
        self.mail_host.behaviors.held.add(rules, self.release)

    def _let_go(self) -> None:
        if self._held_by:
            self.mail_host.behaviors.held.discard(self._held_by, self.release)
            self._held_by = ()

    def release(self, rule: str) -> None:
        """Wait no more because of a behavior that was removed or replaced."""
        if isinstance(self.owed, ReplyWriter):
            self.owed.release(rule)
        elif self.ending is not None:
            self.ending.release()

    def finish_reply(self) -> None:
        """Send the rest of a reply that has begun; wait for no other."""
        if isinstance(self.owed, ReplyWriter):
            self.owed.finish()

    def _answered(
        self,
        said: Said,
        answer: Replies | None,
        flags: int,
        asked: float,
        note: Noted | None = None,
    ) -> bool:
        """An answer was given by itself; whether to go on with what follows."""
        self._stop_watching()
        self.heard = self.session.heard = self.seconds()
        if self.injecting and self.buffer:
            flags |= INJECTED
        self.record(asked, said, answer, flags, self.heard - asked, note)
        if self.closed or self.output.blocked:
            return False
        if self.consequence is not None:
            self.take_the_consequence()
            return False
        return True

    def _end_by(self, then: Then, rule: str | None, released: bool) -> None:
        """
        End as a behavior has it.

        :param released: whether the behavior is gone, which leaves nobody hanging
        """
        self.stop()
        ending = self.ending
        assert ending is not None
        if then is Then.CLOSE:
            self.end = End.CLOSED
            ending.close_gently()
        elif then is Then.RESET or released:
            self.end = End.RESET
            ending.reset()
        else:
            self.end = End.HUNG
            if rule is not None:
                self._hold((rule,))
            ending.hang()
