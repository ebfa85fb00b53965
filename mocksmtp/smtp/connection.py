"""A connection of an SMTP client: octets in, one command at a time, replies in order.

`MockESMTP` reads, decides what to do next, and records. It has parts, each of which can
be used and tested alone:

=================  ===========================================================
`output`           sends replies, delays them, and ends the connection
`deadlines`        the idle time and the total time
`commands`         executes a command line and returns the answer (`protocol`),
                   with the AUTH dialogue (`auth`)
`delivery`         the hooks, which decide on mails
`tls`              whether TLS is available, and active (`starttls`)
the incoming       content or a chunk, from its command to its end (`content`)
the pending        a reply that is not sent at once (`pending`)
`recorder`         counts and records what was sent (`recording`)
=================  ===========================================================

How octets are processed depends on the `State`; `TRANSITIONS` lists every change of
state.

A line ends with LF, with or without CR before it: real servers accept both between
messages. Within content only CR LF counts (see `content`).

An answer can be followed by an action, such as the end of the connection: octets after
its command are not commands.

`MockESMTP` subclasses ESMTP but replaces its reading, parsing and sending, because
twisted.mail sends replies to pipelined commands out of order.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar, Protocol

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IHalfCloseableProtocol,
    IHandshakeListener,
    IReactorTime,
)
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.mail.smtp import ESMTP
from twisted.python.failure import Failure
from zope.interface import implementer

from mocksmtp.behaviors.miss import Trail
from mocksmtp.behaviors.response import Then
from mocksmtp.grammar import reply
from mocksmtp.grammar.command import LINE_LIMIT, foreign_protocol
from mocksmtp.grammar.reply import Refusal, Reply
from mocksmtp.hosts.host import MailHost
from mocksmtp.sessions.session import INJECTED, PIPELINED, ClientInput, End, Exchange
from mocksmtp.smtp.auth import AuthDialogue
from mocksmtp.smtp.content import Incoming
from mocksmtp.smtp.delivery import MockDelivery
from mocksmtp.smtp.output import (
    BOUND,
    CommandResult,
    ContentAnswer,
    DelayedReply,
    Ending,
    Output,
    RedactedLine,
    Replies,
    acknowledge,
    is_reset,
    without_octets,
)
from mocksmtp.smtp.pending import PendingReply
from mocksmtp.smtp.protocol import Commands
from mocksmtp.smtp.recording import Recorder, injected, new_session, with_mail
from mocksmtp.smtp.starttls import Security, TlsState
from mocksmtp.smtp.timers import Deadlines, PeerWatch, slice_time

RECORDED = 100
"""Maximum octets recorded of input that is not SMTP."""

BATCH = 8
"""Commands executed between two checks of the time slice of the connection."""

_PIECE = 2**14
"""Octets of a full TLS record; without TLS, a full read is a multiple of it. After a
full piece more content follows, so no early acknowledgement is sent."""

_HANDSHAKE = 0x16


class State(enum.Enum):
    """What a connection does with octets that arrive."""

    READY = "a line is a command; octets of content are read as they arrive"
    PENDING = "a reply is not decided, delayed or dripped: octets wait"
    YIELDED = "the rest of a packet is executed in the next turn of the reactor"
    BLOCKED = "the client does not read its replies: execution pauses until it does"
    CLOSED = "octets are ignored"

    # That of Enum is a call in Python, and takes ten times as long.
    __hash__ = object.__hash__


class StateChange(enum.Enum):
    """What changes the state."""

    WAIT = "a reply cannot be sent at once"
    ANSWERED = "it was sent"
    YIELD = "the connection has used its share of this turn"
    TURN = "the next turn has begun"
    BLOCK = "the client does not read"
    READ = "the client has read all"
    END = "the connection ends"

    __hash__ = object.__hash__


READY, PENDING, YIELDED, BLOCKED, CLOSED = State
_WAIT, _ANSWERED, _YIELD, _TURN, _BLOCK, _READ, _END = StateChange

TRANSITIONS: dict[State, dict[StateChange, State]] = {
    READY: {
        _WAIT: PENDING,
        _YIELD: YIELDED,
        _BLOCK: BLOCKED,
        _READ: READY,
        _END: CLOSED,
    },
    PENDING: {_ANSWERED: READY, _BLOCK: PENDING, _READ: PENDING, _END: CLOSED},
    YIELDED: {_TURN: READY, _BLOCK: YIELDED, _READ: YIELDED, _END: CLOSED},
    BLOCKED: {_WAIT: PENDING, _BLOCK: BLOCKED, _READ: READY, _END: CLOSED},
    CLOSED: {_BLOCK: CLOSED, _READ: CLOSED, _END: CLOSED},
}


class Connections(Protocol):
    """
    The list of open connections.

    :ivar secret: the key from which the salts of the users are derived
    :ivar listener: the address of all their listener's connections, or None
    """

    secret: bytes
    listener: str | None

    def lost(self, protocol: MockESMTP) -> None:
        """Remove a connection that has ended."""


@implementer(IHalfCloseableProtocol, IHandshakeListener)
class MockESMTP(ESMTP):
    """
    The server side of one SMTP connection.

    A FIN, or a close_notify under TLS, ends the input of the client, not the
    connection: the client still receives its replies.

    :param host: the mail host that the client reached
    :param session_id: the id of its session
    :param clock: for deadlines, delays and the time of arrival
    :param security: when and how TLS begins; None to disable TLS

    :ivar peer: the address of the client, if the factory knows it
    :ivar state: how octets that arrive are processed
    :ivar incoming: the content or chunk that is read next; None for a command line
    :ivar session: its record
    :ivar end: how the connection ended; before that, how it ends if the client
        disconnects now
    """

    log = Logger()
    noisy = False
    factory: Connections
    delivery: MockDelivery
    transport: Any  # ITCPTransport, IConsumer and IPushProducer in one
    commands_class: ClassVar[type[Commands]] = Commands
    delivery_class: ClassVar[type[MockDelivery]] = MockDelivery

    # Most connections never change these.
    peer: IAddress | None = None
    end = End.QUIT
    ending: Ending | None = None
    _paused = False
    _input_ended = False
    _truncated = False
    _begins_tls = False
    _begun_early = 0
    _pending: PendingReply | None = None
    _peer_watch: PeerWatch | None = None
    _turn: IDelayedCall | None = None
    _held_by: tuple[str, ...] = ()
    _stops: Callable[[bytes], bool] | None = None

    def __init__(
        self,
        host: MailHost,
        session_id: str,
        clock: IReactorTime,
        security: Security | None = None,
    ) -> None:
        # ESMTP.__init__ is not called: it creates state that is not used here.
        self.mail_host = host
        self.clock = clock
        self.seconds = clock.seconds
        self.tls = TlsState(security)
        # Python finds attributes of an instance faster than those of its classes.
        self.state = READY
        self.buffer = b""
        self._session_id = session_id
        self.incoming: Incoming | None = None
        self._after_reply: Callable[[bytes], None] | None = None

    # The beginning and the end.

    def connectionMade(self) -> None:
        """Send the banner, or wait for the handshake."""
        host, transport = self.mail_host, self.transport
        self.session = session = new_session(
            self._session_id,
            host.name,
            transport,
            self.seconds(),
            self.factory.listener,
            self.peer,
        )
        self.deadlines = Deadlines(
            host, session, self.clock, self._is_waiting, self._expire
        )
        self.journal = host.journal
        self.journal.begin(session)
        self.output = Output(transport)
        self.recorder = Recorder(host, session)
        self.delivery = self.delivery_class(host, session, self.seconds)
        self.commands = self.commands_class(self.delivery, self.tls, self)
        # The transport pauses its producer while the client does not read.
        transport.registerProducer(self, True)
        self.deadlines.check()
        if self.tls.is_implicit:
            self._begin_tls(b"")
        else:
            self._greet()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Discard unfinished commands and content, and record the end."""
        if self.tls.handshaking:
            self.session.tls = self.tls.fail(self.transport, reason)
        if self.incoming is not None:
            incoming, self.incoming = self.incoming, None
            incoming.connectionLost()
        if self.state is not CLOSED:
            self.end = End.CLOSED_BY_CLIENT
            self._move(_END)
            self.deadlines.stop()
            self._stop_waiting()
        if self.ending is not None:
            self.ending.stop()
        if self._held_by:
            self._release_hold()
        self.delivery.close()
        self.journal.end(self.session, self.end, self.seconds())
        self.factory.lost(self)
        # They refer to the connection, and the garbage collector would have to find
        # these cycles: 13 objects of each connection.
        del self.commands, self.deadlines

    def shut_down(self) -> None:
        """Close with 421 because the server stops; reset a connection that hangs."""
        if self.ending is not None:
            self.ending.release()
        elif self.state is not CLOSED:
            self.close_with(reply.SHUTTING_DOWN)

    def cut_off(self) -> None:
        """Reset the connection; a pending reply is not sent."""
        if self.state is CLOSED:
            self.transport.abortConnection()
        else:
            self.end = End.RESET
            self._stop().reset()

    def close_with(self, last: Reply, end: End = End.CLOSED) -> None:
        """Send `last`, unless another reply has begun on its line, and close."""
        if self.tls.handshaking:
            # No reply can be sent within the handshake.
            self.end = end
            self._stop()
            self.transport.abortConnection()
            return
        self._move(_END)
        if self._pending is not None:
            self._pending.finish()
        self.output.drop()
        if not self.output.is_within_line:
            self._send_unsolicited(last)
        self.end = end
        self._stop().close()

    def _expire(self, last: Reply) -> None:
        self.close_with(last, End.TIMED_OUT)

    def _close(self, _: bytes = b"") -> None:
        self._stop().close()

    def _stop(self) -> Ending:
        """Stop executing and sending; return the `Ending` of the connection."""
        self._move(_END)
        self._stop_waiting()
        self.deadlines.stop()
        self.transport.unregisterProducer()
        self.ending = Ending(self.transport, self.clock)
        return self.ending

    def _stop_waiting(self) -> None:
        """Cancel the pending reply and the next turn; record the pending reply."""
        self.buffer = b""
        if self._peer_watch is not None:
            self._peer_watch.stop()
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None
        pending, self._pending = self._pending, None
        if pending is None:
            return
        pending.cancel()
        answer, delay, now = pending.replies, 0.0, self.seconds()
        if pending.is_sent:
            delay = now - pending.asked_at
        elif answer is not None:
            self.delivery.unsent(answer)
            answer = without_octets(answer)
        self.recorder.settle(pending, answer, delay, now)
        self._release_hold()

    # States.

    def _move(self, event: StateChange) -> None:
        self.state = TRANSITIONS[self.state][event]

    def _is_waiting(self) -> bool:
        """Whether the client is waiting for the server."""
        return self.state is PENDING or self.state is YIELDED

    def _is_over(self, since: float) -> bool:
        """Whether a slice of time that began at `since` is over."""
        return self.seconds() - since >= slice_time(self.mail_host.counters.open)

    def _yield_turn(self) -> None:
        """Continue in the next turn of the reactor, after the other connections."""
        self._pause()
        self._move(_YIELD)
        self._turn = self.clock.callLater(0, self._take_turn)

    def _take_turn(self) -> None:
        self._turn = None
        self._move(_TURN)
        if self.output.blocked:
            self._move(_BLOCK)
        else:
            self._continue()

    # Octets in.

    def dataReceived(self, data: bytes) -> None:
        """Execute the commands of a packet, as far as that is possible now."""
        self.session.heard = now = self.seconds()
        if self.state is READY:
            if self.buffer:
                data = self.buffer + data
            if self._execute(data, 0, now):
                self._continue()
        elif self.state is not CLOSED:
            self.buffer += data
            if self.state is PENDING:
                self._wait_unread()
                acknowledge(self.transport)

    def _continue(self) -> None:
        """Execute what is in the buffer."""
        since = self.seconds()
        while self.state is READY:
            if self._after_reply is not None:
                self._act()
                return
            data, self.buffer = self.buffer, b""
            if not self._execute(data, PIPELINED if data else 0, since):
                return
            if self._is_over(since):
                self._yield_turn()
                return

    def _execute(  # noqa: C901, PLR0912, PLR0915 - see below
        self, data: bytes, early: int, since: float
    ) -> bool:
        """
        Execute commands and read content, until a reply is pending or `data` ends.

        The replies leave together. It is one function because its loop shares seven
        variables, and a call for each command and content would add 4 calls to the 34
        of a mail (``python -m benchmarks.calls``).

        :param early: the flag of the first command
        :param since: the beginning of this slice of time
        :return: whether to continue with the buffer: True after a `DelayedReply` or
            Deferred that was sent without waiting
        """
        delivery, execute, stops = self.delivery, self.commands.execute, self._stops
        counts = self.mail_host.counters.replies
        heard, trail = self.session.heard, delivery.trail
        replies: list[bytes] = []
        exchanges: list[Exchange] = []
        pending: PendingReply | None = None
        position = size = octets = 0
        left = BATCH
        while size <= BOUND and self._after_reply is None:
            if not left:
                if self._is_over(since):
                    break
                left = BATCH
            # A command that arrives before the replies to earlier ones is pipelined.
            flags = PIPELINED if replies else early
            said: ClientInput
            answer: CommandResult
            incoming = self.incoming
            if incoming is not None:
                if position == len(data) and incoming.reader.needs_octets:
                    break
                position, content = self._read(incoming, data, position, flags)
                if content is None:
                    break
                said, flags, answer = content
            else:
                end = data.find(b"\n", position)
                if end < 0:
                    break
                said = line = data[position:end]
                if stops is not None and stops(line):
                    break
                octets += end - position
                position = end + 1
                try:
                    if len(line) < LINE_LIMIT and not self._truncated:
                        answer = execute(line)
                    else:
                        answer = self._execute_long(line)
                except Exception:
                    answer = self._fail()
            note = delivery.take_trail() if trail else None
            left -= 1
            if type(answer) is Reply:  # nearly always; a loop costs 0.15 µs more
                wire = answer.wire
                replies.append(wire)
                size += len(wire)
                counts[answer.code] += 1
                exchanges.append((heard, said, answer, flags, 0.0, note))
                continue
            decided, said, note = self._resolve(answer, said, note)
            if not isinstance(decided, tuple):
                pending = PendingReply(decided, said, flags, note, heard)
                break
            if not decided:  # the reply follows later, or not at all
                exchanges.append((heard, said, None, flags, 0.0, note))
            for one in decided:
                replies.append(one.wire)
                size += len(one.wire)
                counts[one.code] += 1
                exchanges.append((heard, said, one, flags, 0.0, note))
                said = note = None
        if exchanges:
            self._send(replies, size, exchanges, octets, position < len(data))
        is_silent = not replies and pending is None
        if is_silent and (self.incoming is None or len(data) % _PIECE):
            acknowledge(self.transport)
        if pending is not None:
            self.buffer = data[position:]
            return self._start(pending)
        if position < len(data) or self._paused or self._after_reply is not None:
            self._leave(data[position:], size > BOUND or not left)
        else:
            self.buffer = b""
        return False

    def _send(
        self,
        replies: list[bytes],
        size: int,
        exchanges: list[Exchange],
        octets: int,
        is_followed: bool,
    ) -> None:
        """
        Send the replies to a packet together, and record its exchanges.

        :param size: the sum of the octets of the replies
        :param octets: the sum of the octets of the lines
        :param is_followed: whether octets of the packet are left
        """
        if replies:
            if self._begins_tls and is_followed:
                exchanges[-1] = injected(exchanges[-1])
            self.output.send(replies, size)
        self.journal.record(self.session, exchanges, octets)

    def _leave(self, rest: bytes, is_full: bool) -> None:
        """
        Keep the `rest` of a packet, and choose how to continue.

        :param is_full: whether the connection has used its share of this turn
        """
        self.buffer = rest
        if self.state is not READY:
            return
        if self._after_reply is not None:
            self.buffer = b""
            if rest:
                self.commands.note_unexecuted(rest)
            self._act()
        elif is_full and rest:
            self._yield_turn()
        else:
            if rest:
                self._check_unfinished(rest)
            if self._paused:
                self._resume()

    def _check_unfinished(self, rest: bytes) -> None:
        """Refuse other protocols; discard the beginning of a line over its limit."""
        if len(rest) < LINE_LIMIT and rest[0] != _HANDSHAKE:
            return
        protocol = foreign_protocol(rest)
        if protocol is not None:
            answer = self.commands.refuse_protocol(protocol)
            self.output.send((answer.wire,), len(answer.wire))
            self.recorder.record(self.session.heard, rest[:RECORDED], answer)
            self._act()
        elif len(rest) >= self.commands.line_limit(rest):
            self.buffer = b""
            self._truncated = True

    def _execute_long(self, line: bytes) -> CommandResult:
        """Execute a line of at least `LINE_LIMIT`, or the end of one over its limit."""
        truncated, self._truncated = self._truncated, False
        if truncated or len(line) >= self.commands.line_limit(line):
            return self.commands.refuse_long_line(line, not truncated)
        return self.commands.execute(line)

    def _read(
        self, incoming: Incoming, data: bytes, start: int, flags: int
    ) -> tuple[int, tuple[ClientInput, int, CommandResult] | None]:
        """
        Read content from `data`.

        :return: the index after it; and, if it has ended, the text to record, the
            flags, and the answer
        """
        reader = incoming.reader
        try:
            end = reader.feed(data, start)
        except Exception:
            # The end is unknown: the octets that follow are not commands.
            flags, size = self._begun_early, reader.size
            self._forget(incoming)
            return len(data), ((size, None), flags, self.close_after(self._fail()))
        if end < 0:
            if start < len(data) and not incoming.continues:
                self._begun_early |= flags
            return len(data), None
        if incoming.continues:
            flags = 0
        flags |= reader.flags | self._begun_early
        size = reader.size
        self._begun_early = 0
        self.incoming = None
        try:
            answer = incoming.eomReceived()
        except Exception:
            self._forget(incoming)
            answer = self._fail()
        kept, self.delivery.kept = self.delivery.kept, None
        return end, ((size, kept), flags, answer)

    def _forget(self, incoming: Incoming) -> None:
        self._begun_early = 0
        self.incoming = None
        incoming.connectionLost()

    def _fail(self) -> Reply:
        """Log the current exception; return the reply to the command that raised it."""
        self.log.failure("in a session with {ip}", ip=self.session.client_ip)
        return reply.LOCAL_ERROR

    # The channel of the commands (`protocol.Channel`).

    def close_after(self, last: Reply) -> Reply:
        """Close the connection after the reply `last`, which is returned."""
        self.end = End.CLOSED
        self._after_reply = self._close
        return last

    def close_after_reply(self) -> None:
        """Close the connection after the reply, because of QUIT."""
        self._after_reply = self._close

    def begin_tls_after_reply(self) -> None:
        """Begin TLS after the reply."""
        self._begins_tls = True
        self._after_reply = self._begin_tls

    def shake_hands_after_reply(self) -> None:
        """Begin the handshake of TLS after the reply."""
        self._after_reply = self._shake_hands

    def new_auth(self) -> AuthDialogue:
        """Make the AUTH dialogue, at the first AUTH."""
        end_point = self.tls.end_point(self.transport)
        return AuthDialogue(self.delivery, self.factory.secret, end_point)

    def _act(self) -> None:
        """Do the action after the reply; octets after its command are not commands."""
        action, self._after_reply = self._after_reply, None
        assert action is not None
        arrived, self.buffer = self.buffer, b""
        action(arrived)

    # Answers.

    def _resolve(
        self, answer: CommandResult, said: ClientInput, note: Trail | None
    ) -> tuple[
        tuple[Reply, ...] | DelayedReply | Deferred[Any], ClientInput, Trail | None
    ]:
        """Return the replies of an answer, if decided, and what to record of it."""
        if isinstance(answer, RedactedLine):
            said, answer = answer.line, answer.answer
        if isinstance(answer, Refusal):
            answer = self.commands.replace_error(answer)
            if self.delivery.trail:
                note = self.delivery.take_trail()
        if isinstance(answer, Deferred):
            answer = self._result_of(answer)
        return (answer,) if isinstance(answer, Reply) else answer, said, note

    def _result_of(self, answer: Deferred[Any]) -> ContentAnswer:
        """The result of a Deferred, if it has fired."""
        results: list[Replies | DelayedReply] = []

        def keep(replies: Replies | DelayedReply) -> Replies | DelayedReply:
            results.append(replies)
            return replies

        answer.addErrback(self._fail_later).addCallback(keep)
        return results[0] if results else answer

    def _fail_later(self, failure: Failure) -> Reply:
        if not failure.check(CancelledError):
            self.log.failure("while deciding", failure)
        return reply.LOCAL_ERROR

    def _send_unsolicited(self, unasked: Reply, note: Trail | None = None) -> None:
        """Send and record a reply that answers no command."""
        self.output.send((unasked.wire,), len(unasked.wire))
        self.recorder.record(self.seconds(), None, unasked, note=note)

    def _start(self, pending: PendingReply) -> bool:
        """
        Wait for a pending reply.

        :return: whether to continue with the buffer: it was sent without waiting
        """
        if pending.send(self.output, self.clock, self._sent_later):
            return self._sent(pending)
        self._pending = pending
        pending.delayed = self._wait_for
        self._move(_WAIT)
        self._wait_for(pending)
        return False

    def _wait_for(self, pending: PendingReply) -> None:
        """Record that a reply is delayed, and by which behaviors."""
        self.recorder.hold(pending)
        self._hold(pending.rules)

    def _sent_later(self, pending: PendingReply) -> None:
        if self._sent(pending):
            self._continue()

    def _sent(self, pending: PendingReply) -> bool:
        """Finish a pending reply; return whether to continue with the buffer."""
        if self._pending is pending:
            self._pending = None
            self._release_hold()
            self._move(_ANSWERED)
            if self.output.blocked:
                self._move(_BLOCK)
        then, rule = pending.then, pending.ended_by
        if then is not Then.CONTINUE:
            is_released = pending.is_released(rule)
            self._after_reply = partial(self._end_by, then, rule, is_released)
        if self._peer_watch is not None:
            self._peer_watch.stop()
        self.session.heard = now = self.seconds()
        if self._begins_tls and self.buffer:
            pending.flags |= INJECTED
        delay = now - pending.asked_at
        kept, self.delivery.kept = self.delivery.kept, None
        if kept is not None:
            pending.said = with_mail(pending.said, kept)
        self.recorder.settle(pending, pending.replies, delay, now)
        if self.state is not READY:
            return False
        if self._after_reply is not None:
            self._act()
            return False
        return True

    def _end_by(
        self, then: Then, rule: str | None, is_released: bool, arrived: bytes
    ) -> None:
        """
        End the connection as a behavior configures.

        :param rule: the id of the behavior
        :param is_released: whether it was removed: `hang` then resets the connection
        """
        self.commands.note_unexecuted(arrived)
        ending = self._stop()
        if then is Then.CLOSE:
            self.end = End.CLOSED
            ending.close_gently()
        elif then is Then.RESET or is_released:
            self.end = End.RESET
            ending.reset()
        else:
            self.end = End.HUNG
            if rule is not None:
                self._hold((rule,))
            ending.hang()

    def _hold(self, rules: tuple[str, ...]) -> None:
        self._held_by = rules
        self.mail_host.behaviors.held.add(rules, self.release)

    def _release_hold(self) -> None:
        self.mail_host.behaviors.held.discard(self._held_by, self.release)
        self._held_by = ()

    def release(self, rule: str) -> None:
        """Stop waiting for a behavior that was removed or replaced."""
        if self._pending is not None:
            self._pending.release(rule)
        elif self.ending is not None:
            self.ending.release()

    # TLS.

    def _greet(self) -> None:
        """Send the banner, or the response of a behavior for CONNECT."""
        answer = self.commands.greet()
        note = self.delivery.take_trail() if self.delivery.trail else None
        if isinstance(answer, Reply):
            self._send_unsolicited(answer, note)
        else:
            self._start_unasked(answer, note)

    def _start_unasked(self, answer: DelayedReply, note: Trail | None = None) -> None:
        if self._start(PendingReply(answer, None, 0, note, self.session.heard)):
            self._continue()

    def _begin_tls(self, _: bytes) -> None:
        """Begin the handshake, or the response of a behavior for TLS."""
        self._begins_tls = False
        answer = self.commands.begin_tls()
        if answer is None:
            self._shake_hands(b"")
        else:
            self._start_unasked(answer)

    def _shake_hands(self, arrived: bytes) -> None:
        """
        Begin the handshake.

        :param arrived: octets of it that arrived while it was delayed
        """
        if self._paused:
            self._resume()
            if self.state is CLOSED:
                return
        self.tls.shake_hands(self.transport, arrived)

    def handshakeCompleted(self) -> None:
        """Record the TLS session, and continue; called by Twisted."""
        self.session.tls = self.tls.complete(self.transport)
        self.commands.tls_begun(self.tls.end_point(self.transport))
        if self.tls.is_implicit and self.state is not CLOSED:
            self._greet()

    # Pauses of the input.

    def _pause(self) -> None:
        """Pause reading until `_resume`."""
        if not self._paused:
            self._paused = True
            self.transport.pauseProducing()

    def _resume(self) -> None:
        """
        Resume reading, unless the client does not read its replies.

        All input was executed by now: if the client has sent FIN, the connection ends.
        """
        if self.state is not READY:
            return
        if self._input_ended:
            self.end = End.CLOSED_BY_CLIENT
            self._close()
        else:
            self._paused = False
            self.transport.resumeProducing()

    def _wait_unread(self) -> None:
        """Pause reading while a reply is pending, but detect a reset."""
        self._pause()
        if self._peer_watch is None:
            self._peer_watch = PeerWatch(self.transport, self.clock)
        self._peer_watch.start()

    def readConnectionLost(self) -> None:
        """End the input after a FIN; the client still receives its replies."""
        self._input_ended = self._paused = True
        if is_reset(self.transport):
            self.transport.abortConnection()
        elif self.ending is not None:
            self.ending.input_ended()
        elif self.state is PENDING:
            self._wait_unread()
        else:
            self._resume()

    def writeConnectionLost(self) -> None:
        """Do nothing: after half-closing, `Ending` discards the rest of the input."""

    # The producer of replies, which the transport pauses while the client reads none.

    def pauseProducing(self) -> None:
        """Stop reading and executing: the client does not read its replies."""
        self.output.blocked = True
        self._move(_BLOCK)
        self._pause()

    def resumeProducing(self) -> None:
        """Continue once the client has read all queued replies."""
        if not self.output.resume():
            return
        self.session.heard = self.seconds()
        was_blocked = self.state is BLOCKED
        self._move(_READ)
        if not was_blocked:
            return
        if self.buffer or self._after_reply is not None:
            self._yield_turn()
        else:
            self._resume()

    def stopProducing(self) -> None:
        """Do nothing: the transport calls `connectionLost` next."""
