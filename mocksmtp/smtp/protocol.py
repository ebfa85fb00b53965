"""SMTP as a remote mail host speaks it (RFC 5321): octets in, commands, replies out.

What a connection does with what arrives:

=================  ===========================================================
state              what comes next
=================  ===========================================================
command            a line is a command; its reply is settled before the next
                   line is looked at, and the replies to one packet leave
                   together. A line over the limit is answered 500, once.
content            octets go to the message until its end; then the reply
owed               a hook has not decided yet; what arrives waits, and soon
                   nothing more is read from the client
closed             what arrives is ignored
=================  ===========================================================

and which commands may come in a transaction:

=================  ============  ============  ================================
command            no MAIL yet   after MAIL    effect
=================  ============  ============  ================================
MAIL               yes           503           opens a transaction
RCPT               503           yes           adds a recipient
DATA               503           yes, if any   content follows; its end, and a
                                 recipient     554 where all recipients were
                                 was accepted  refused, end the transaction
EHLO, HELO, RSET   yes           yes           end a transaction
=================  ============  ============  ================================

A line ends with LF, with or without CR before it: real servers take both between
messages. Within content only CR LF counts (see `content`).

The server's own errors come before any behavior and spend no answer of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Protocol, TypeAlias

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.mail.smtp import ESMTP
from twisted.python.failure import Failure

from mocksmtp.core.host import MailHost
from mocksmtp.model import reply
from mocksmtp.model.behavior import Command, Effect
from mocksmtp.model.command import LINE_LIMIT, parse_mail, parse_rcpt
from mocksmtp.model.mail import Origin
from mocksmtp.model.reply import Reply
from mocksmtp.model.session import End, Exchange
from mocksmtp.smtp.delivery import MockDelivery, MockMessage
from mocksmtp.smtp.sending import is_empty, send
from mocksmtp.smtp.sessions import new_session

CLOSING_TIME = 10.0
"""Seconds that a client gets to take the last reply before it is cut off."""

Answer: TypeAlias = "Reply | Deferred[Reply]"

EHLO, RSET, VRFY = Command.EHLO, Command.RSET, Command.VRFY
NOOP, QUIT = Command.NOOP, Command.QUIT
APPLY = Effect.APPLY


class Connections(Protocol):
    """Who keeps the list of connections."""

    def lost(self, protocol: MockESMTP) -> None:
        """A connection has ended."""


class MockESMTP(ESMTP):
    """
    One connection of a client.

    :param host: the mail host that it has reached
    :param session: the id of this session
    :param clock: for the idle time and the time of arrival
    """

    log = Logger()
    noisy = False
    delivery: MockDelivery
    factory: Connections
    transport: Any  # ITCPTransport, IConsumer and IPushProducer in one

    def __init__(self, host: MailHost, session: str, clock: IReactorTime) -> None:
        ESMTP.__init__(self)
        self.mail_host = host
        self._clock = clock
        self._seconds = clock.seconds
        self._heard = 0.0
        self._origin = Origin(session, "", "")
        self._message: MockMessage | None = None
        self._buffer = b""
        self._overlong = False
        self._owed: Deferred[Any] | None = None
        self._closed = False
        self._end = End.QUIT
        self._timer: IDelayedCall | None = None

    # The connection

    def connectionMade(self) -> None:
        """Greet the client (RFC 5321 §3.1)."""
        self._heard = self._seconds()
        self.session = new_session(
            self._origin.session, self.mail_host.name, self.transport, self._heard
        )
        self._journal = self.mail_host.journal
        self._journal.begin(self.session)
        self.delivery = MockDelivery(self.mail_host, self.session, self._seconds)
        self._origin = Origin(self.session.id, self.session.client_ip, "")
        # The transport tells when the client does not take its replies.
        self.transport.registerProducer(self, True)
        self._timer = self._clock.callLater(
            self.mail_host.limits.idle_time, self._look_at_idle_time
        )
        self._say(self.mail_host.greeting)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Forget what was not finished."""
        if not self._closed:
            self._end = End.CLOSED_BY_CLIENT
        self._closed = True
        self._buffer = b""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._message is not None:
            self._message.connectionLost()
            self._message = None
        if self._owed is not None:
            self._owed.cancel()
        self.delivery.abort()
        self._journal.end(self.session, self._end, self._seconds())
        self.factory.lost(self)

    def shut_down(self) -> None:
        """Close because the service ends, after what was already answered."""
        if not self._closed:
            self._close_with(reply.SHUTTING_DOWN, End.CLOSED)

    def _close_with(self, last: Reply, end: End) -> None:
        self._say(last)
        self._end = end
        self._close()

    def _say(self, unasked: Reply) -> None:
        """Send what is no answer to a command."""
        send(self.transport, unasked.wire)
        self.mail_host.counters.replies[unasked.code] += 1
        exchange: Exchange = (self._seconds(), None, unasked, False, 0.0)
        self._journal.record(self.session, [exchange], 0)

    def _close(self) -> None:
        """Close once the client has taken what was written, or after a while."""
        self._closed = True
        self._buffer = b""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not is_empty(self.transport):
            self._timer = self._clock.callLater(CLOSING_TIME, self._cut_off)
        self.transport.unregisterProducer()
        self.transport.loseConnection()

    def _cut_off(self) -> None:
        self._timer = None
        self.transport.abortConnection()

    def _look_at_idle_time(self) -> None:
        """The timer is not moved with every packet; it looks when the last came."""
        limit = self.mail_host.limits.idle_time
        left = self._heard + limit - self._seconds()
        if self._owed is not None:
            left = limit
        if left > 0:
            self._timer = self._clock.callLater(left, self._look_at_idle_time)
        else:
            self._timer = None
            self._close_with(reply.IDLE_TOO_LONG, End.TIMED_OUT)

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
        said: bytes | int
        position = 0
        while self._owed is None and not self._closed:
            message = self._message
            try:
                if message is not None:
                    position = message.content.feed(data, position)
                    if position < 0:
                        position = len(data)
                        break
                    self._message = None
                    said = message.content.size
                    answer: Answer = message.eomReceived()
                else:
                    end = data.find(b"\n", position)
                    if end < 0:
                        break
                    said = data[position:end]
                    octets += end - position
                    position = end + 1
                    answer = self._do(said)
            except Exception:
                self.log.failure("in a session with {ip}", ip=self._origin.client_ip)
                answer = reply.LOCAL_ERROR
            # A client that has not seen the replies before this one pipelines.
            early = bool(replies)
            now = (
                answer if isinstance(answer, Reply) else self._owe(answer, said, early)
            )
            if now is not None:
                replies.append(now.wire)
                counts[now.code] += 1
                exchanges.append((heard, said, now, early, 0.0))
        if replies:
            send(self.transport, b"".join(replies))
            self._journal.record(self.session, exchanges, octets)
        if self._closed:
            self._close()
        elif position < len(data):
            self._keep(data, position)
        else:
            self._buffer = b""

    def _keep(self, data: bytes, position: int) -> None:
        """Keep what is not done yet; of a line over the limit, only that it is."""
        self._buffer = rest = data[position:]
        if len(rest) >= LINE_LIMIT and self._owed is None:
            self._buffer = b""
            self._overlong = True

    def _do(self, line: bytes) -> Answer:
        """Do one command line."""
        if self._overlong or len(line) >= LINE_LIMIT:
            self._overlong = False
            return reply.LINE_TOO_LONG
        words = line.split(None, 1)
        if not words:
            return reply.BAD_SYNTAX
        verb = words[0]
        do = self._verbs.get(verb) or self._verbs.get(verb.upper())
        if do is None:
            return reply.UNKNOWN_COMMAND
        return do(self, words[1].rstrip() if len(words) > 1 else b"")

    def _owe(
        self, answer: Deferred[Reply], said: bytes | int, early: bool
    ) -> Reply | None:
        """The reply if it is there already, else None, and it is waited for."""
        replies: list[Reply] = []
        answer.addErrback(self._local_error).addCallback(replies.append)
        if replies:
            return replies[0]
        self._owed = answer
        asked = self._heard
        answer.addCallback(lambda _: self._settle(replies[0], said, early, asked))
        return None

    def _local_error(self, failure: Failure) -> Reply:
        if not failure.check(CancelledError):
            self.log.failure("while deciding", failure)
        return reply.LOCAL_ERROR

    def _settle(
        self, answer: Reply, said: bytes | int, early: bool, asked: float
    ) -> None:
        """Send the reply that was owed, and go on with what arrived meanwhile."""
        self._owed = None
        octets = len(said) if isinstance(said, bytes) else 0
        if self._closed:
            exchange: Exchange = (asked, said, None, early, 0.0)
            self._journal.record(self.session, [exchange], octets)
            return
        self._heard = self._seconds()
        send(self.transport, answer.wire)
        self.mail_host.counters.replies[answer.code] += 1
        exchange = (asked, said, answer, early, self._heard - asked)
        self._journal.record(self.session, [exchange], octets)
        waiting, self._buffer = self._buffer, b""
        self.transport.resumeProducing()
        self._consume(waiting)

    # Commands. Each answers its reply, or a Deferred of it.

    def do_HELO(self, rest: bytes) -> Answer:
        """Begin a session without extensions (RFC 5321 §4.1.1.1)."""
        if not rest:
            return reply.HELO_SYNTAX
        self._hello(rest)
        return self.mail_host.hello

    def do_EHLO(self, rest: bytes) -> Answer:
        """Begin a session, and tell the extensions (RFC 5321 §4.1.1.1)."""
        if not rest:
            return reply.EHLO_SYNTAX
        rule = self.delivery.decide(EHLO, rest)
        if rule is None or rule.effect is APPLY:
            self._hello(rest)
        return self.mail_host.extended_hello if rule is None else rule.reply

    def _hello(self, name: bytes) -> None:
        origin = self._origin
        helo = name.decode("utf-8", "replace")
        self._origin = Origin(origin.session, origin.client_ip, helo)
        self.session.helo = helo
        self.delivery.abort()

    def do_MAIL(self, rest: bytes) -> Answer:
        """Open a transaction (RFC 5321 §4.1.1.2)."""
        if self.delivery.transaction is not None:
            return reply.NESTED_MAIL
        command = parse_mail(rest)
        if isinstance(command, Reply):
            return command
        return self.delivery.validateFrom(self._origin.helo, command)

    def do_RCPT(self, rest: bytes) -> Answer:
        """Name one recipient (RFC 5321 §4.1.1.3)."""
        transaction = self.delivery.transaction
        if transaction is None:
            return reply.NEEDS_MAIL
        command = parse_rcpt(rest, transaction.utf8)
        if isinstance(command, Reply):
            return command
        return self.delivery.validateTo(command)

    def do_DATA(self, rest: bytes) -> Answer:
        """Ask for the content (RFC 5321 §4.1.1.4)."""
        transaction = self.delivery.transaction
        if rest:
            return reply.NO_ARGUMENT_EXPECTED
        if transaction is None:
            return reply.NEEDS_MAIL
        if not transaction.accepted:
            if not transaction.told:
                return reply.NEEDS_RECIPIENT
            self.delivery.refuse(reply.NO_VALID_RECIPIENTS)
            return reply.NO_VALID_RECIPIENTS
        self._message = self.delivery.message(self._origin)
        return reply.START_CONTENT

    def do_RSET(self, rest: bytes) -> Answer:
        """Drop the open transaction (RFC 5321 §4.1.1.5)."""
        if rest:
            return reply.NO_ARGUMENT_EXPECTED
        rule = self.delivery.decide(RSET, rest)
        if rule is None or rule.effect is APPLY:
            self.delivery.abort()
        return reply.OK if rule is None else rule.reply

    def do_VRFY(self, rest: bytes) -> Answer:
        """Say that every mailbox may exist (RFC 5321 §3.5.3)."""
        if not rest:
            return reply.VRFY_SYNTAX
        rule = self.delivery.decide(VRFY, rest)
        return reply.CANNOT_VERIFY if rule is None else rule.reply

    def do_NOOP(self, rest: bytes) -> Answer:
        """Do nothing (RFC 5321 §4.1.1.9)."""
        rule = self.delivery.decide(NOOP, rest)
        return reply.OK if rule is None else rule.reply

    def do_QUIT(self, rest: bytes) -> Answer:
        """End the session (RFC 5321 §4.1.1.10)."""
        if rest:
            return reply.NO_ARGUMENT_EXPECTED
        rule = self.delivery.decide(QUIT, rest)
        self._closed = rule is None or rule.effect is APPLY
        return reply.BYE if rule is None else rule.reply

    def do_HELP(self, rest: bytes) -> Answer:
        """Tell the commands (RFC 5321 §4.1.1.8)."""
        return reply.HELP

    def do_STARTTLS(self, rest: bytes) -> Answer:
        """Not to be had on this host (RFC 3207 §4)."""
        return reply.TLS_NOT_AVAILABLE

    def do_AUTH(self, rest: bytes) -> Answer:
        """Not to be had on this host (RFC 4954 §4)."""
        return reply.AUTH_NOT_AVAILABLE

    def do_not_implemented(self, rest: bytes) -> Answer:
        """Known, and not done here (RFC 5321 §4.2.4)."""
        return reply.NOT_IMPLEMENTED

    _verbs: ClassVar[dict[bytes, Callable[[MockESMTP, bytes], Answer]]] = {
        b"HELO": do_HELO,
        b"EHLO": do_EHLO,
        b"MAIL": do_MAIL,
        b"RCPT": do_RCPT,
        b"DATA": do_DATA,
        b"RSET": do_RSET,
        b"VRFY": do_VRFY,
        b"NOOP": do_NOOP,
        b"QUIT": do_QUIT,
        b"HELP": do_HELP,
        b"STARTTLS": do_STARTTLS,
        b"AUTH": do_AUTH,
        **dict.fromkeys(
            (b"EXPN", b"BDAT", b"ETRN", b"TURN", b"SEND", b"SOML", b"SAML"),
            do_not_implemented,
        ),
    }
