"""SMTP as a remote mail host speaks it (RFC 5321): octets in, commands, replies out.

What a connection does with what arrives:

=================  ===========================================================
state              what comes next
=================  ===========================================================
command            a line is a command; its reply is sent before the next line
                   is looked at. A line over the limit is answered 500, once.
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
from mocksmtp.smtp.delivery import MockDelivery, MockMessage, Verdict
from mocksmtp.smtp.sending import is_empty, send

CLOSING_TIME = 10.0
"""Seconds that a client gets to take the last reply before it is cut off."""

Answer: TypeAlias = "Reply | Deferred[Reply]"

_OK = Verdict(reply.OK, Effect.APPLY)
_CANNOT_VERIFY = Verdict(reply.CANNOT_VERIFY, Effect.APPLY)
_BYE = Verdict(reply.BYE, Effect.APPLY)


class Sessions(Protocol):
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
    factory: Sessions
    transport: Any  # ITCPTransport, IConsumer and IPushProducer in one

    def __init__(self, host: MailHost, session: str, clock: IReactorTime) -> None:
        ESMTP.__init__(self)
        self.mail_host = host
        self.delivery = MockDelivery(host, clock.seconds)
        self._clock = clock
        self._seconds = clock.seconds
        self._heard = 0.0
        self._origin = Origin(session, "", "")
        self._message: MockMessage | None = None
        self._buffer = b""
        self._overlong = False
        self._owed: Deferred[Any] | None = None
        self._closed = False
        self._timer: IDelayedCall | None = None

    # The connection

    def connectionMade(self) -> None:
        """Greet the client (RFC 5321 §3.1)."""
        client_ip = getattr(self.transport.getPeer(), "host", "")
        self._origin = Origin(self._origin.session, client_ip, "")
        # The transport tells when the client does not take its replies.
        self.transport.registerProducer(self, True)
        self._heard = self._seconds()
        self._timer = self._clock.callLater(
            self.mail_host.limits.idle_time, self._look_at_idle_time
        )
        send(self.transport, self.mail_host.greeting.wire)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Forget what was not finished."""
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
        self.factory.lost(self)

    def shut_down(self) -> None:
        """Close because the service ends, after what was already answered."""
        if not self._closed:
            self._close_with(reply.SHUTTING_DOWN)

    def _close_with(self, last: Reply) -> None:
        send(self.transport, last.wire)
        self._close()

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
            self._close_with(reply.IDLE_TOO_LONG)

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
        replies: list[bytes] = []
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
                    answer: Answer = message.eomReceived()
                else:
                    end = data.find(b"\n", position)
                    if end < 0:
                        break
                    line = data[position:end]
                    position = end + 1
                    answer = self._do(line)
            except Exception:
                self.log.failure("in a session with {ip}", ip=self._origin.client_ip)
                answer = reply.LOCAL_ERROR
            now = answer if isinstance(answer, Reply) else self._owe(answer)
            if now is not None:
                replies.append(now.wire)
        if replies:
            send(self.transport, b"".join(replies))
        if self._closed:
            self._close()
        else:
            self._keep(data, position)

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

    def _owe(self, answer: Deferred[Reply]) -> Reply | None:
        """The reply if it is there already, else None, and it is waited for."""
        replies: list[Reply] = []
        answer.addErrback(self._local_error).addCallback(replies.append)
        if replies:
            return replies[0]
        self._owed = answer
        answer.addCallback(lambda _: self._settle(replies[0]))
        return None

    def _local_error(self, failure: Failure) -> Reply:
        if not failure.check(CancelledError):
            self.log.failure("while deciding", failure)
        return reply.LOCAL_ERROR

    def _settle(self, answer: Reply) -> None:
        """Send the reply that was owed, and go on with what arrived meanwhile."""
        self._owed = None
        if self._closed:
            return
        self._heard = self._seconds()
        send(self.transport, answer.wire)
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
        usual = Verdict(self.mail_host.extended_hello, Effect.APPLY)
        verdict = self.delivery.decide(Command.EHLO, rest, usual)
        if verdict.effect is Effect.APPLY:
            self._hello(rest)
        return verdict.reply

    def _hello(self, name: bytes) -> None:
        origin = self._origin
        helo = name.decode("utf-8", "replace")
        self._origin = Origin(origin.session, origin.client_ip, helo)
        self.delivery.transaction = None

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
            if not transaction.refused:
                return reply.NEEDS_RECIPIENT
            self.delivery.transaction = None
            return reply.NO_VALID_RECIPIENTS
        self._message = self.delivery.message(self._origin)
        return reply.START_CONTENT

    def do_RSET(self, rest: bytes) -> Answer:
        """Drop the open transaction (RFC 5321 §4.1.1.5)."""
        if rest:
            return reply.NO_ARGUMENT_EXPECTED
        verdict = self.delivery.decide(Command.RSET, rest, _OK)
        if verdict.effect is Effect.APPLY:
            self.delivery.transaction = None
        return verdict.reply

    def do_VRFY(self, rest: bytes) -> Answer:
        """Say that every mailbox may exist (RFC 5321 §3.5.3)."""
        if not rest:
            return reply.VRFY_SYNTAX
        return self.delivery.decide(Command.VRFY, rest, _CANNOT_VERIFY).reply

    def do_NOOP(self, rest: bytes) -> Answer:
        """Do nothing (RFC 5321 §4.1.1.9)."""
        return self.delivery.decide(Command.NOOP, rest, _OK).reply

    def do_QUIT(self, rest: bytes) -> Answer:
        """End the session (RFC 5321 §4.1.1.10)."""
        if rest:
            return reply.NO_ARGUMENT_EXPECTED
        verdict = self.delivery.decide(Command.QUIT, rest, _BYE)
        self._closed = verdict.effect is Effect.APPLY
        return verdict.reply

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
