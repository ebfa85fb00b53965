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
turn               its slice of the reactor's time is over; what is left of its
                   packet is done in the next turn
blocked            its replies are not read: nothing is done until they are
closed             what arrives is ignored
=================  ===========================================================

A line ends with LF, with or without CR before it: real servers take both between
messages. Within content only CR LF counts (see `content`).

A reply can have a consequence, as the end of the connection: nothing that arrived
behind its command is looked at before that.
"""

from __future__ import annotations

from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from mocksmtp.behaviors.miss import Item, Note, Noted
from mocksmtp.grammar import reply
from mocksmtp.grammar.command import LINE_LIMIT, foreign_protocol
from mocksmtp.grammar.reply import Refusal, Reply
from mocksmtp.hosts.host import MailHost
from mocksmtp.sessions.session import EARLY, INJECTED, MAX_MISSED, Exchange, Said
from mocksmtp.smtp.answers import Answer, Faulty, Hidden, Replies
from mocksmtp.smtp.output import BOUND
from mocksmtp.smtp.owing import Owing
from mocksmtp.smtp.sending import acknowledge

SHOWN = 100
"""Octets of what is no SMTP that are recorded."""

_HANDSHAKE = 0x16

BATCH = 8
"""Commands after which it is looked whether others must have a turn."""

PIECE = 2**14
"""Octets of a TLS record, and a part of what is read at once in clear: content that
comes in whole ones goes on, and is acknowledged without being asked to."""


class Incoming(Protocol):
    """Octets that are no command lines, on their way.

    :ivar reader: takes them; its `feed` answers the index behind the last one, or -1
        for more to come; its `size` and `flags` are recorded
    :ivar goes_on: whether something was said to the octets before these
    """

    reader: Any
    goes_on: bool

    def eomReceived(self) -> Answer:
        """All are there; what is answered."""

    def connectionLost(self) -> None:
        """There will be no more of them."""


class Keeping(Protocol):
    """The hooks, as far as they know what is to be recorded.

    :ivar kept: the number of a mail that was kept and is not recorded yet, or None
    """

    kept: int | None

    def unsent(self, answer: Replies) -> None:
        """An answer that was recorded with a mail was cut off."""


class Connection(Owing):
    """
    One connection of a client; what a line means is for those that derive from it.

    :ivar delivery: the hooks, which know the mail that was kept
    :ivar trail: what is to be remembered of the behaviors asked about the command at
        hand
    :ivar overlong: whether of the line at hand something is gone already
    """

    delivery: Keeping
    _bad_commands = 0

    def __init__(self, host: MailHost, session: str, clock: IReactorTime) -> None:
        super().__init__(host, session, clock)
        self.trail: list[Item] = []
        self.overlong = False
        # Whether the content at hand began before its client was told to go on.
        self._begun_early = 0
        self._incoming: Incoming | None = None

    def forget(self) -> None:
        """Forget content that did not come to its end."""
        if self._incoming is not None:
            self._incoming.connectionLost()
            self._incoming = None
        super().forget()

    def dataReceived(self, data: bytes) -> None:
        """Take a packet."""
        self.heard = self.session.heard = now = self.seconds()
        if self.closed:
            return
        if self.buffer:
            data = self.buffer + data
        if self.owed is None and not self.paused:
            if self.run(data, 0, now):
                self.go_on()
            return
        self.buffer = data
        if self.owed is not None:
            self.wait_unread()
            acknowledge(self.transport)

    def run(self, data: bytes, early: int, since: float) -> bool:
        """Do what `data` says, up to where something must be waited for."""
        fed: int | None = None
        incoming = self._incoming
        if incoming is not None and not early:
            # Nearly all packets of a large content go this way, and no further.
            try:
                fed = incoming.reader.feed(data, 0)
            except Exception:
                self._fail_at(incoming)
                return False
            if fed < 0:
                self.buffer = b""
                if len(data) % PIECE:
                    acknowledge(self.transport)
                if self.paused:
                    self.read_on()
                return False
        heard, octets = self.heard, 0
        replies: list[bytes] = []
        size, left = 0, BATCH
        counts = self.mail_host.counters.replies
        exchanges: list[Exchange] = []
        trail = self.trail
        said: Said = None
        faulty: tuple[Faulty, Said, int, Noted | None] | None = None
        position = 0
        while True:
            incoming = self._incoming
            # A client that has not seen the replies before this one pipelines.
            flags = EARLY if replies else early
            try:
                if incoming is not None:
                    reader = incoming.reader
                    start = position
                    position = reader.feed(data, start) if fed is None else fed
                    fed = None
                    if position < 0:
                        position = len(data)
                        if start < position:
                            self._begun_early |= 0 if incoming.goes_on else flags
                        break
                    self._incoming = None
                    said = reader.size, None
                    if incoming.goes_on:
                        flags = 0
                    flags |= reader.flags | self._begun_early
                    self._begun_early = 0
                    answer: Answer = incoming.eomReceived()
                    if self.delivery.kept is not None:
                        said = reader.size, self.delivery.kept
                        self.delivery.kept = None
                else:
                    end = data.find(b"\n", position)
                    if end < 0:
                        break
                    said = data[position:end]
                    octets += end - position
                    position = end + 1
                    answer = self.take_line(said)
            except Exception:
                answer = self._failed(incoming)
            note = self.note() if trail else None
            if type(answer) is not Reply:
                if isinstance(answer, Hidden):
                    said = answer.shown
                    answer = answer.answer
                if isinstance(answer, Reply):
                    answer = self._look_at_error(answer)
                    note = self.note() if trail else note
                if isinstance(answer, Faulty):
                    faulty = answer, said, flags, note
                    break
                if isinstance(answer, Deferred):
                    settled = self.owe(answer, said, flags)
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
                        size += len(other.wire)
                        counts[other.code] += 1
                        exchanges.append((heard, said, other, flags, 0.0, note))
                        said = note = None
            assert isinstance(answer, Reply)
            wire = answer.wire
            replies.append(wire)
            size += len(wire)
            counts[answer.code] += 1
            exchanges.append((heard, said, answer, flags, 0.0, note))
            if self.consequence is not None or size > BOUND:
                break
            left -= 1
            if not left:
                if self.is_over(since):
                    break
                left = BATCH
        if replies:
            if self.injecting and position < len(data):
                exchanges[-1] = _injected(exchanges[-1])
            self.output.send(replies, size)
        elif faulty is None:
            acknowledge(self.transport)
        if exchanges:
            self.journal.record(self.session, exchanges, octets)
        if faulty is not None:
            self.buffer = data[position:]
            return self.perform(*faulty)
        if position < len(data) or self.paused or self.consequence is not None:
            self._leave(data, position, size > BOUND or not left)
        else:
            self.buffer = b""
        return False

    def _leave(self, data: bytes, position: int, is_full: bool) -> None:
        """
        Leave what is not done of `data`, and do what follows then.

        :param is_full: whether that is enough for this turn
        """
        if self.owed is not None or self.output.blocked:
            self.buffer = data[position:]
        elif self.consequence is not None:
            self.buffer = b""
            self.take_the_consequence()
        elif is_full and position < len(data):
            self.buffer = data[position:]
            self.yield_turn()
        else:
            if position < len(data):
                self._keep(data, position)
            else:
                self.buffer = b""
            if self.paused:
                self.read_on()

    def _fail_at(self, incoming: Incoming) -> None:
        """End with content that can't be read: none of it is read twice."""
        flags, size = self._begun_early, incoming.reader.size
        answer = self._failed(incoming)
        note = self.note() if self.trail else None
        self.output.send((answer.wire,), len(answer.wire))
        self.record(self.heard, (size, None), answer, flags, 0.0, note)
        self.buffer = b""
        self.take_the_consequence()

    def _failed(self, incoming: Incoming | None) -> Reply:
        """What is said where the service has an error of its own, which is logged."""
        self.log.failure("in a session with {ip}", ip=self.origin.client_ip)
        if incoming is None:
            return reply.LOCAL_ERROR
        is_ended = self._incoming is not incoming
        self._incoming = None
        self._begun_early = 0
        incoming.connectionLost()
        # Where content ends nobody knows now: what follows is no command.
        return reply.LOCAL_ERROR if is_ended else self.then_close(reply.LOCAL_ERROR)

    def unsent(self, answer: Replies | None) -> Reply | None:
        """The client did not receive an answer, nor did the mail that it was about."""
        if answer is not None:
            self.delivery.unsent(answer)
        return super().unsent(answer)

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
        self.buffer = rest = data[position:]
        if len(rest) >= LINE_LIMIT or rest[0] == _HANDSHAKE:
            protocol = foreign_protocol(rest)
            if protocol is not None:
                answer = self.refuse_protocol(protocol)
                self.output.send((answer.wire,), len(answer.wire))
                self.record(self.heard, rest[:SHOWN], answer, 0, 0.0)
                self.take_the_consequence()
                return
            if len(rest) < self.line_limit(rest):
                return
            self.buffer = b""
            self.overlong = True

    def refuse_protocol(self, protocol: str) -> Reply:
        """What is said to a client that speaks no SMTP; the connection is closed."""
        self.log.warn(
            "{ip} speaks {protocol} on the SMTP port {listener}",
            ip=self.origin.client_ip,
            protocol=protocol,
            listener=self.session.listener,
        )
        return self.then_close(reply.NOT_TLS if protocol == "TLS" else reply.NOT_HTTP)

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
        counted = self.counted(answer)
        return self.replaced(counted) if isinstance(counted, Refusal) else counted

    def counted(self, error: Reply) -> Reply:
        """`error` of a bad command, or 421 where that is one too many."""
        self._bad_commands += 1
        limit = self.mail_host.limits.bad_commands
        if limit is not None and self._bad_commands > limit:
            return self.then_close(reply.TOO_MANY_BAD_COMMANDS)
        return error

    def note(self) -> Noted:
        """What is to be remembered of the behaviors that were asked."""
        trail = self.trail
        last = trail.pop()
        if not trail and isinstance(last, Noted):
            return last
        note = Note((), (*trail[:MAX_MISSED], last))
        trail.clear()
        # Other than what is made once, it takes memory of its own.
        self.session.octets_exchanged += note.octets
        return note


def _injected(exchange: Exchange) -> Exchange:
    """The same, with what came behind it and must not have."""
    at, said, answer, flags, delay, note = exchange
    return at, said, answer, flags | INJECTED, delay, note
