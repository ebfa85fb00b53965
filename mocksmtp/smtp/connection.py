"""A connection of a mail client: octets in, one command at a time, replies in order.

What a connection does with what arrives:

=================  ===========================================================
state              what comes next
=================  ===========================================================
command            a line is a command; its reply is settled before the next
                   line is looked at, and the replies to one packet leave
                   together. A line over the limit is answered 500, once.
content            octets go to the message, or to a chunk of it, until its
                   end; then the reply
owed               a hook has not decided yet, or a reply is late or slow; what
                   arrives waits, and soon nothing more is read from the client
closed             what arrives is ignored
=================  ===========================================================

A line ends with LF, with or without CR before it: real servers take both between
messages. Within content only CR LF counts (see `content`).

A reply can have a consequence, as the end of the connection: nothing that arrived
behind its command is looked at before that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.mail.smtp import ESMTP
from twisted.python.failure import Failure

from mocksmtp.core.host import MailHost
from mocksmtp.model import reply
from mocksmtp.model.command import LINE_LIMIT
from mocksmtp.model.fault import Then
from mocksmtp.model.mail import Origin
from mocksmtp.model.miss import Misses
from mocksmtp.model.reply import Refusal, Reply
from mocksmtp.model.session import (
    EARLY,
    INJECTED,
    MAX_MISSED,
    End,
    Exchange,
    Note,
)
from mocksmtp.sasl.keyring import Keyring
from mocksmtp.smtp.answers import Answer, Faulty, Hidden, Replies
from mocksmtp.smtp.ending import Ending
from mocksmtp.smtp.faults import Performance
from mocksmtp.smtp.sending import send
from mocksmtp.smtp.sessions import new_session


class Incoming(Protocol):
    """Octets that are no command lines, on their way.

    :ivar reader: takes them; its `feed` answers the index behind the last one, or -1
        for more to come; its `size` and `flags` are recorded
    """

    reader: Any

    def eomReceived(self) -> Answer:
        """All are there; what is answered."""

    def connectionLost(self) -> None:
        """There will be no more of them."""


class Connections(Protocol):
    """
    Who keeps the list of connections.

    :ivar keyring: what SCRAM knows of the users
    """

    keyring: Keyring

    def lost(self, protocol: Connection) -> None:
        """A connection has ended."""


class Connection(ESMTP):
    """
    One connection of a client; what a line means is for those that derive from it.

    :param host: the mail host that it has reached
    :param session: the id of this session
    :param clock: for the idle time and the time of arrival

    :ivar session: what is recorded of it
    :ivar misses: the behaviors that did not answer the command at hand, and why
    :ivar unread: what came while a reply was owed that has a consequence
    :ivar consequence: what follows the reply to the command at hand
    """

    log = Logger()
    noisy = False
    factory: Connections
    transport: Any  # ITCPTransport, IConsumer and IPushProducer in one

    # What most connections never have has its value here.
    consequence: Callable[[], None] | None = None
    unread = b""
    injecting = False
    overlong = False
    _incoming: Incoming | None = None
    _owed: Deferred[Any] | None = None
    _performance: Performance | None = None
    _timer: IDelayedCall | None = None
    _ending: Ending | None = None
    _closed = False
    _end = End.QUIT
    _bad_commands = 0

    def __init__(self, host: MailHost, session: str, clock: IReactorTime) -> None:
        ESMTP.__init__(self)
        self.mail_host = host
        self.clock = clock
        self.misses: list[Misses] = []
        self._seconds = clock.seconds
        self._heard = 0.0
        self._origin = Origin(session, "", "")
        self._buffer = b""

    # The connection

    def connectionMade(self) -> None:
        """Begin the record, and whatever comes first."""
        self._heard = now = self._seconds()
        self.session = new_session(
            self._origin.session, self.mail_host.name, self.transport, now
        )
        self._journal = self.mail_host.journal
        self._journal.begin(self.session)
        self._origin = Origin(self.session.id, self.session.client_ip, "")
        # The transport tells when the client does not take its replies.
        self.transport.registerProducer(self, True)
        self._look_at_the_time()
        self.begin()

    def begin(self) -> None:
        """Speak first, or wait."""
        raise NotImplementedError

    def end(self) -> None:
        """The connection is lost: forget what was not finished."""

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Forget what was not finished."""
        if not self._closed:
            self._end = End.CLOSED_BY_CLIENT
        self._closed = True
        self._buffer = b""
        self._stop_timer()
        if self._ending is not None:
            self._ending.stop()
        if self._incoming is not None:
            self._incoming.connectionLost()
            self._incoming = None
        if self._owed is not None:
            self._owed.cancel()
        self.mail_host.behaviors.interrupted.discard(self.hurry)
        self.end()
        self._journal.end(self.session, self._end, self._seconds())
        self.factory.lost(self)

    def shut_down(self) -> None:
        """Close because the service ends, after what was already answered."""
        if self._ending is not None:
            self._ending.hurry()
        elif not self._closed:
            self.close_with(reply.SHUTTING_DOWN)

    def say(self, unasked: Reply, note: Note | None = None) -> None:
        """Send what is no answer to a command."""
        send(self.transport, unasked.wire)
        self._record(self._seconds(), None, unasked, 0, 0.0, note)

    def close_with(self, last: Reply, end: End = End.CLOSED) -> None:
        """Say `last`, and close."""
        self.say(last)
        self._end = end
        self.close()

    def then_close(self, last: Reply) -> Reply:
        """`last`, behind which the connection is closed."""
        self._end = End.CLOSED
        self.consequence = self.close
        return last

    def close(self) -> None:
        """Close once the client has taken what was written, or after a while."""
        self._stop().close()

    def _stop(self) -> Ending:
        """Take no more, and wait for nothing more."""
        self._closed = True
        self._buffer = b""
        self._stop_timer()
        self.mail_host.behaviors.interrupted.discard(self.hurry)
        self.transport.unregisterProducer()
        self._ending = Ending(self.transport, self.clock)
        return self._ending

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look_at_the_time(self) -> None:
        """The timer is not moved with every packet; it looks when the last came."""
        limits, now = self.mail_host.limits, self._seconds()
        self._timer = None
        # A client does not idle while it waits for what is owed to it.
        heard = now if self._owed is not None else self._heard
        left = heard + limits.idle_time - now
        if left <= 0:
            self.close_with(reply.IDLE_TOO_LONG, End.TIMED_OUT)
            return
        if limits.total_time is not None:
            left = min(left, self.session.started_at + limits.total_time - now)
            if left <= 0:
                self.close_with(reply.CONNECTED_TOO_LONG, End.TIMED_OUT)
                return
        self._timer = self.clock.callLater(left, self._look_at_the_time)

    # The producer of replies: a client that takes none is not listened to.

    def pauseProducing(self) -> None:
        """Read no more: replies pile up."""
        self.transport.pauseProducing()

    def resumeProducing(self) -> None:
        """Read again, unless a decision is awaited."""
        if self._owed is None:
            self.transport.resumeProducing()

    def stopProducing(self) -> None:
        """The transport is about to tell `connectionLost`."""

    # Octets to commands

    def dataReceived(self, data: bytes) -> None:
        """Take a packet."""
        self._heard = self._seconds()
        if self._closed:
            return
        if self._buffer:
            data = self._buffer + data
        if self._owed is not None:
            self._buffer = data
            self.transport.pauseProducing()
        else:
            self._consume(data)

    def _consume(self, data: bytes) -> None:
        """Do what `data` says, up to where something must be waited for."""
        heard, octets = self._heard, 0
        replies: list[bytes] = []
        counts = self.mail_host.counters.replies
        exchanges: list[Exchange] = []
        misses = self.misses
        said: bytes | int | None
        faulty: tuple[Faulty, bytes | int | None, int, Note | None] | None = None
        position = 0
        while self._owed is None and self.consequence is None:
            incoming = self._incoming
            # A client that has not seen the replies before this one pipelines.
            flags = EARLY if replies else 0
            try:
                if incoming is not None:
                    reader = incoming.reader
                    position = reader.feed(data, position)
                    if position < 0:
                        position = len(data)
                        break
                    self._incoming = None
                    said = reader.size
                    flags |= reader.flags
                    answer: Answer = incoming.eomReceived()
                else:
                    end = data.find(b"\n", position)
                    if end < 0:
                        break
                    said = data[position:end]
                    octets += end - position
                    position = end + 1
                    answer = self.take_line(said)
            except Exception:
                self.log.failure("in a session with {ip}", ip=self._origin.client_ip)
                answer = reply.LOCAL_ERROR
            if misses:
                note = self._note()
                octets += note.octets
            else:
                note = None
            if type(answer) is not Reply:
                if isinstance(answer, Hidden):
                    said = answer.shown
                    answer = answer.answer
                if isinstance(answer, Reply):
                    answer = self._look_at_error(answer)
                    note = self._note() if misses else note
                if isinstance(answer, Faulty):
                    faulty = answer, said, flags, note
                    break
                if isinstance(answer, Deferred):
                    settled = self._owe(answer, said, flags)
                    if settled is None:
                        break
                    answer = settled
                if isinstance(answer, tuple):
                    if not answer:  # it comes with what follows, or not at all
                        exchanges.append((heard, said, None, flags, 0.0, note))
                        continue
                    *others, answer = answer
                    for other in others:
                        replies.append(other.wire)
                        counts[other.code] += 1
                        exchanges.append((heard, said, other, flags, 0.0, note))
                        said = note = None
            assert isinstance(answer, Reply)
            replies.append(answer.wire)
            counts[answer.code] += 1
            exchanges.append((heard, said, answer, flags, 0.0, note))
        if replies:
            if self.injecting and position < len(data):
                exchanges[-1] = _injected(exchanges[-1])
            send(self.transport, b"".join(replies))
        if exchanges:
            self._journal.record(self.session, exchanges, octets)
        if faulty is not None:
            self._buffer = data[position:]
            self._perform(*faulty)
        elif self.consequence is not None:
            self._take_the_consequence()
        elif position < len(data):
            self._keep(data, position)
        else:
            self._buffer = b""

    def go_on_with(self, incoming: Incoming) -> None:
        """Take octets that are no command lines, until their end."""
        self._incoming = incoming

    def take_line(self, line: bytes) -> Answer:
        """Do what a line says, which has no LF at its end."""
        raise NotImplementedError

    def line_limit(self, beginning: bytes) -> int:
        """Octets that a line may have which begins with `beginning`."""
        return LINE_LIMIT

    def replaced(self, error: Refusal) -> Reply | Faulty:
        """What is said in the place of an error of the server's own, or that itself."""
        return error

    def _keep(self, data: bytes, position: int) -> None:
        """Keep what is not done yet; of a line over the limit, only that it is."""
        self._buffer = rest = data[position:]
        if len(rest) >= LINE_LIMIT and self._owed is None:
            if len(rest) < self.line_limit(rest):
                return
            self._buffer = b""
            self.overlong = True

    def is_too_long(self, line: bytes) -> bool:
        """
        Whether a line is over the limit, a part of it that is gone included.

        To be asked where it is `overlong`, or as long as `LINE_LIMIT`.
        """
        if self.overlong:
            self.overlong = False
            return True
        return len(line) >= self.line_limit(line)

    def _look_at_error(self, answer: Reply) -> Reply | Faulty:
        """`answer`, or what is said in its place; 421 after too many of them."""
        if not 500 <= answer.code <= 504 or answer.source is not None:
            return self.replaced(answer) if isinstance(answer, Refusal) else answer
        self._bad_commands += 1
        limit = self.mail_host.limits.bad_commands
        if limit is not None and self._bad_commands > limit:
            return self.then_close(reply.TOO_MANY_BAD_COMMANDS)
        return self.replaced(answer) if isinstance(answer, Refusal) else answer

    def _note(self) -> Note:
        """Those behaviors that did not answer, and why."""
        misses = self.misses
        if len(misses) > MAX_MISSED:
            del misses[MAX_MISSED:]
        note = Note((), tuple(misses))
        misses.clear()
        return note

    def _take_the_consequence(self) -> None:
        consequence, self.consequence = self.consequence, None
        self._buffer = b""
        assert consequence is not None
        consequence()

    def _record(
        self,
        at: float,
        said: bytes | int | None,
        answer: Replies | None,
        flags: int,
        delay: float,
        note: Note | None = None,
    ) -> None:
        """Count and record one answer that was given by itself."""
        octets = len(said) if isinstance(said, bytes) else 0
        octets += 0 if note is None else note.octets
        replies = (answer,) if answer is None or isinstance(answer, Reply) else answer
        exchanges: list[Exchange] = []
        for one in replies:
            if one is not None and one.code:
                self.mail_host.counters.replies[one.code] += 1
            exchanges.append((at, said, one, flags, delay, note))
            said = note = None
        self._journal.record(self.session, exchanges, octets)

    # What is owed

    def _owe(
        self, answer: Deferred[Replies], said: bytes | int | None, flags: int
    ) -> Replies | None:
        """The reply if it is there already, else None, and it is waited for."""
        replies: list[Replies] = []
        answer.addErrback(self._local_error).addCallback(replies.append)
        if replies:
            return replies[0]
        self._owed = answer
        asked = self._heard
        answer.addCallback(lambda _: self._settle(replies[0], said, flags, asked))
        return None

    def _local_error(self, failure: Failure) -> Reply:
        if not failure.check(CancelledError):
            self.log.failure("while deciding", failure)
        return reply.LOCAL_ERROR

    def _settle(
        self, settled: Replies, said: bytes | int | None, flags: int, asked: float
    ) -> None:
        """Send the reply that was owed, and go on with what arrived meanwhile."""
        self._owed = None
        if self._closed:
            self._record(asked, said, None, flags, 0.0)
            return
        answers = (settled,) if isinstance(settled, Reply) else settled
        send(self.transport, b"".join(answer.wire for answer in answers))
        self._go_on(said, settled, flags, asked)

    def _perform(
        self, answer: Faulty, said: bytes | int | None, flags: int, note: Note | None
    ) -> None:
        """Say something late, slowly, or not at all, and end as it is to end."""
        if answer.slowed:
            note = Note(answer.slowed, () if note is None else note.missed)
        performance = Performance(
            answer.octets, answer.fault, self.transport, self.clock
        )
        self._performance = performance
        asked = self._heard
        self._owed = owed = Deferred.fromCoroutine(performance.run())
        self.mail_host.behaviors.interrupted.add(self.hurry)

        def performed(_: object) -> None:
            self._owed = self._performance = None
            self.mail_host.behaviors.interrupted.discard(self.hurry)
            self._go_on(said, answer.reply, flags, asked, note, answer.fault.then)

        def cut_off(failure: Failure) -> None:
            self._owed = self._performance = None
            if not failure.check(CancelledError):
                self.log.failure("while answering", failure)
            self._record(asked, said, None, flags, 0.0, note)

        owed.addCallbacks(performed, cut_off)

    def hurry(self) -> None:
        """Wait no more: the behaviors that were waited for are gone."""
        if self._performance is not None:
            self._performance.hurry()
        elif self._ending is not None:
            self._ending.hurry()

    def _go_on(
        self,
        said: bytes | int | None,
        answer: Replies | None,
        flags: int,
        asked: float,
        note: Note | None = None,
        then: Then = Then.CONTINUE,
    ) -> None:
        """An answer was given by itself; what follows."""
        self._heard = self._seconds()
        waiting, self._buffer = self._buffer, b""
        if self.injecting and waiting:
            flags |= INJECTED
        self._record(asked, said, answer, flags, self._heard - asked, note)
        if self._closed:
            return
        if then is not Then.CONTINUE:
            self.consequence = None
            self._end_by(then)
            return
        self.transport.resumeProducing()
        if self.consequence is not None:
            self.unread = waiting
            self._take_the_consequence()
            self.unread = b""
        else:
            self._consume(waiting)

    def _end_by(self, then: Then) -> None:
        """End as a behavior has it."""
        if then is Then.CLOSE:
            self._end = End.CLOSED
            self._stop().close_gently()
        elif then is Then.RESET:
            self._end = End.RESET
            self._stop().reset()
        else:
            self._end = End.HUNG
            self._stop().hang()
            self.mail_host.behaviors.interrupted.add(self.hurry)


def _injected(exchange: Exchange) -> Exchange:
    """The same, with what came behind it and must not have."""
    at, said, answer, flags, delay, note = exchange
    return at, said, answer, flags | INJECTED, delay, note
