"""What is owed to a client: a reply that is decided on later, or said late or slowly.

Until it has left, no further command is looked at, and soon nothing more is read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from mocksmtp.core.host import MailHost
from mocksmtp.model import reply
from mocksmtp.model.fault import Then
from mocksmtp.model.miss import Note
from mocksmtp.model.reply import Reply
from mocksmtp.model.session import EARLY, INJECTED, End, Said
from mocksmtp.smtp.answers import Faulty, Replies
from mocksmtp.smtp.ending import PEER_LOOKED_AT, is_gone
from mocksmtp.smtp.faults import Performance
from mocksmtp.smtp.lifetime import Lifetime
from mocksmtp.smtp.sending import send


class Owing(Lifetime):
    """
    A connection on which replies may have to be waited for.

    :ivar owed: the reply that is waited for, or None
    :ivar buffer: what has come and was not looked at
    :ivar consequence: what follows the reply to the command at hand
    :ivar unread: what came while a reply was owed that has a consequence
    :ivar injecting: whether what comes behind that reply must not
    """

    unread = b""
    injecting = False
    _performance: Performance | None = None
    _watch: Any = None

    def __init__(self, host: MailHost, session: str, clock: IReactorTime) -> None:
        super().__init__(host, session, clock)
        self.consequence: Callable[[], None] | None = None
        self.owed: Deferred[Any] | None = None
        self.buffer = b""

    @property
    def is_awaited(self) -> bool:
        """Whether the client waits for a reply that is owed."""
        return self.owed is not None

    def wait_unread(self) -> None:
        """Read nothing while a reply is owed, but see whether the client leaves."""
        self.transport.pauseProducing()
        if self._watch is None:
            self._watch = self.clock.callLater(PEER_LOOKED_AT, self._look_for_peer)

    def _look_for_peer(self) -> None:
        self._watch = None
        if is_gone(self.transport):
            self.transport.abortConnection()
        else:
            self.wait_unread()

    def _stop_watching(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def forget(self) -> None:
        """Wait for nothing any more."""
        self._stop_watching()
        self.buffer = b""
        if self.owed is not None:
            self.owed.cancel()
        self.mail_host.behaviors.interrupted.discard(self.hurry)

    def stop(self) -> None:
        """Take no more, and wait for nothing more."""
        self._stop_watching()
        self.buffer = b""
        self.mail_host.behaviors.interrupted.discard(self.hurry)
        super().stop()

    def consume(self, data: bytes, early: int = 0) -> None:
        """Do what `data` says."""
        raise NotImplementedError

    def then_close(self, last: Reply) -> Reply:
        """`last`, behind which the connection is closed."""
        self.end = End.CLOSED
        self.consequence = self.close
        return last

    def take_the_consequence(self) -> None:
        """Do what follows the reply; nothing that came behind it is looked at."""
        consequence, self.consequence = self.consequence, None
        self.buffer = b""
        assert consequence is not None
        consequence()

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
        send(self.transport, b"".join(answer.wire for answer in answers))
        self._go_on(said, settled, flags, asked)

    def perform(
        self, answer: Faulty, said: Said, flags: int, note: Note | None
    ) -> None:
        """Say something late, slowly, or not at all, and end as it is to end."""
        if answer.slowed:
            note = Note(answer.slowed, () if note is None else note.missed)
        performance = Performance(
            answer.octets, answer.fault, self.transport, self.clock
        )
        self._performance = performance
        asked = self.heard
        self.owed = owed = Deferred.fromCoroutine(performance.run())
        self.mail_host.behaviors.interrupted.add(self.hurry)

        def performed(_: object) -> None:
            self.owed = self._performance = None
            self.mail_host.behaviors.interrupted.discard(self.hurry)
            self._go_on(said, answer.reply, flags, asked, note, answer.fault.then)

        def cut_off(failure: Failure) -> None:
            self.owed = self._performance = None
            if not failure.check(CancelledError):
                self.log.failure("while answering", failure)
            self.record(asked, said, None, flags, 0.0, note)

        owed.addCallbacks(performed, cut_off)

    def hurry(self) -> None:
        """Wait no more: the behaviors that were waited for are gone."""
        if self._performance is not None:
            self._performance.hurry()
        elif self.ending is not None:
            self.ending.hurry()

    def _go_on(
        self,
        said: Said,
        answer: Replies | None,
        flags: int,
        asked: float,
        note: Note | None = None,
        then: Then = Then.CONTINUE,
    ) -> None:
        """An answer was given by itself; what follows."""
        self._stop_watching()
        self.heard = self.seconds()
        waiting, self.buffer = self.buffer, b""
        if self.injecting and waiting:
            flags |= INJECTED
        self.record(asked, said, answer, flags, self.heard - asked, note)
        if self.closed:
            return
        if then is not Then.CONTINUE:
            self.consequence = None
            self._end_by(then)
            return
        self.transport.resumeProducing()
        if self.consequence is not None:
            self.unread = waiting
            self.take_the_consequence()
            self.unread = b""
        else:
            self.consume(waiting, EARLY if waiting else 0)

    def _end_by(self, then: Then) -> None:
        """End as a behavior has it."""
        self.stop()
        ending = self.ending
        assert ending is not None
        if then is Then.CLOSE:
            self.end = End.CLOSED
            ending.close_gently()
        elif then is Then.RESET:
            self.end = End.RESET
            ending.reset()
        else:
            self.end = End.HUNG
            ending.hang()
            self.mail_host.behaviors.interrupted.add(self.hurry)
