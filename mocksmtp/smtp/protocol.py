"""SMTP as a remote mail host speaks it (RFC 5321): what each command does.

Which commands may come in a transaction:

=================  ============  ============  ================================
command            no MAIL yet   after MAIL    effect
=================  ============  ============  ================================
MAIL               yes           503           opens a transaction
RCPT               503           yes, until    adds a recipient
                                 BDAT
DATA               503           yes, if any   content follows; its end, and a
                                 recipient     554 where all recipients were
                                 was accepted  refused, end the transaction
BDAT               503, behind   as DATA       a chunk follows; the end of the
                   its chunk                   last one ends the transaction
AUTH               yes           503
STARTTLS           yes           yes           TLS; nothing from before survives
EHLO, HELO, RSET   yes           yes           end a transaction
=================  ============  ============  ================================

The server's own errors come before any behavior and spend no answer of it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import ClassVar, TypeAlias

from twisted.internet.interfaces import IHandshakeListener, IReactorTime
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from mocksmtp.core.host import MailHost
from mocksmtp.model import reply
from mocksmtp.model.behavior import Command, Effect
from mocksmtp.model.command import (
    LINE_LIMIT,
    PathCommand,
    declared_size,
    is_binary,
    parse_bdat,
    parse_mail,
    parse_rcpt,
)
from mocksmtp.model.mail import Origin
from mocksmtp.model.offer import Offer, Stage
from mocksmtp.model.reply import Reply
from mocksmtp.model.tls import TlsMode
from mocksmtp.sasl import exchange as sasl
from mocksmtp.sasl.redact import redact
from mocksmtp.sasl.replies import EXCHANGE_LINE_TOO_LONG
from mocksmtp.sasl.steps import Step
from mocksmtp.smtp.chunks import Chunk
from mocksmtp.smtp.connection import Answer, Connection, Hidden
from mocksmtp.smtp.delivery import MockDelivery
from mocksmtp.smtp.security import Security
from mocksmtp.tls.handshake import failed, requested_name, tls_session

EHLO, RSET, VRFY = Command.EHLO, Command.RSET, Command.VRFY
NOOP, QUIT = Command.NOOP, Command.QUIT
APPLY = Effect.APPLY


@implementer(IHandshakeListener)
class MockESMTP(Connection):
    """
    A connection on which SMTP is spoken.

    :param security: how it does TLS, or None for not at all

    :ivar delivery: the hooks, which know the open transaction
    :ivar stage: how it stands with TLS
    """

    delivery: MockDelivery

    _exchange: sasl.Exchange | None = None
    _handshaking = False
    # Whether what follows may be a password that was sent too early.
    _guarded = False

    def __init__(
        self,
        host: MailHost,
        session: str,
        clock: IReactorTime,
        security: Security | None = None,
    ) -> None:
        super().__init__(host, session, clock)
        self._security = security
        self.stage = Stage.WITHOUT_TLS
        if security is not None and security.mode is TlsMode.STARTTLS:
            self.stage = Stage.BEFORE_TLS

    @property
    def offer(self) -> Offer:
        """What the host offers on it as it is now."""
        return self.mail_host.offers[self.stage]

    def begin(self) -> None:
        """Greet the client (RFC 5321 §3.1), or wait for its handshake."""
        self.delivery = self.new_delivery()
        if self._security is not None and self._security.mode is TlsMode.IMPLICIT:
            self._start_tls()
        else:
            super().begin()

    def new_delivery(self) -> MockDelivery:
        """The hooks of a connection that is new, or newly under TLS."""
        return MockDelivery(self.mail_host, self.session, self._seconds)

    def end(self) -> None:
        """Forget what was not finished."""
        self.delivery.abort()

    # TLS

    def _start_tls(self) -> None:
        """Begin the handshake; nothing from before survives it (RFC 3207 §4.2)."""
        assert self._security is not None
        self._handshaking = True
        self._injecting = False
        self.delivery.abort()
        self.transport.startTLS(self._security.context())

    def handshakeCompleted(self) -> None:
        """The client and the service understand each other."""
        implicit = self.stage is Stage.WITHOUT_TLS
        self._handshaking = False
        self.stage = Stage.UNDER_TLS
        self.session.tls = tls_session(self.transport.getHandle())
        self._origin = Origin(self.session.id, self.session.client_ip, "")
        self.session.auth_user = self.session.auth_mechanism = None
        if implicit and not self._closed:
            super().begin()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Record why a handshake has failed, where that is the reason."""
        if self._handshaking:
            sni = requested_name(self.transport.getHandle())
            self.session.tls = failed(reason, sni)
        super().connectionLost(reason)

    # Lines

    def take_line(self, line: bytes) -> Answer:
        """Do one command line, or take an answer within AUTH."""
        if self._exchange is not None:
            return self._go_on_authenticating(self._exchange, line)
        if (self.overlong or len(line) >= LINE_LIMIT) and self.is_too_long(line):
            return reply.LINE_TOO_LONG
        words = line.split(None, 1)
        if not words:
            return reply.BAD_SYNTAX
        verb = words[0]
        do = self.verbs.get(verb) or self.verbs.get(verb.upper())
        if do is None:
            if self._guarded:
                return Hidden(reply.UNKNOWN_COMMAND, b"***")
            return reply.UNKNOWN_COMMAND
        return do(self, words[1].rstrip() if len(words) > 1 else b"")

    def line_limit(self, beginning: bytes) -> int:
        """AUTH may have long lines (RFC 4954 §4)."""
        if self._exchange is not None or beginning[:5].upper() == b"AUTH ":
            return sasl.LINE_LIMIT + len(b"\r\n")
        return super().line_limit(beginning)

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
        return self.offer.extended_hello if rule is None else rule.reply

    def _hello(self, name: bytes) -> None:
        origin = self._origin
        helo = name.decode("utf-8", "replace")
        self._origin = Origin(origin.session, origin.client_ip, helo)
        self.session.helo = helo
        self._guarded = False
        self.delivery.abort()

    def do_STARTTLS(self, rest: bytes) -> Answer:
        """Go on under TLS (RFC 3207 §4)."""
        if rest:
            return reply.NO_ARGUMENT_EXPECTED
        if self.stage is Stage.UNDER_TLS:
            return reply.TLS_ACTIVE
        if self.stage is Stage.WITHOUT_TLS:
            return reply.TLS_NOT_AVAILABLE
        self._injecting = True
        self._consequence = self._start_tls
        return reply.READY_FOR_TLS

    def do_AUTH(self, rest: bytes) -> Answer:
        """Authenticate the client (RFC 4954 §4)."""
        self._guarded = True
        return Hidden(self._authenticate(rest), redact(b"AUTH " + rest))

    def _authenticate(self, rest: bytes) -> Reply:
        settings = self.mail_host.auth
        if settings is None:
            return reply.AUTH_NOT_AVAILABLE
        if not rest:
            return reply.AUTH_SYNTAX
        if self.session.auth_user is not None:
            return reply.AUTHENTICATED_ALREADY
        if self.delivery.transaction is not None:
            return reply.AUTH_IN_TRANSACTION
        if settings.require_tls and self.stage is not Stage.UNDER_TLS:
            return reply.NEEDS_TLS
        exchange = sasl.Exchange(
            settings,
            self.mail_host.hostname,
            os.urandom,
            self._seconds,
            self.factory.keyring,
        )
        return self._step(exchange, exchange.begin(rest))

    def _go_on_authenticating(self, exchange: sasl.Exchange, line: bytes) -> Answer:
        too_long = self.is_too_long(line)
        self._exchange = None
        if too_long:
            return Hidden(EXCHANGE_LINE_TOO_LONG, b"***")
        line = line.removesuffix(b"\r")
        shown = line if line == b"*" else b"***"
        return Hidden(self._step(exchange, exchange.answer(line)), shown)

    def _step(self, exchange: sasl.Exchange, step: Step) -> Reply:
        if isinstance(step, Reply):
            if step.code == 334:
                self._exchange = exchange
            return step
        if step.accepted:
            self.session.auth_user = step.user
            self.session.auth_mechanism = step.mechanism.value
            self._guarded = False
        return step.reply

    def do_MAIL(self, rest: bytes) -> Answer:
        """Open a transaction (RFC 5321 §4.1.1.2)."""
        delivery = self.delivery
        if delivery.transaction is not None:
            return reply.NESTED_MAIL
        host = self.mail_host
        authenticated = self.session.auth_user is not None
        if host.auth is not None and host.auth.required and not authenticated:
            return reply.NEEDS_AUTH
        command = parse_mail(rest)
        if not rest.isascii() and not self.offer.smtputf8:
            return reply.SMTPUTF8_NOT_OFFERED
        if isinstance(command, Reply):
            return command
        if command.parameters and self.offer.size:
            refusal = self._look_at_size(command)
            if refusal is not None:
                return refusal
        limit = host.limits.messages
        if limit is not None and delivery.messages >= limit:
            return self.then_close(reply.TOO_MANY_MESSAGES)
        return delivery.validateFrom(self._origin.helo, command)

    def _look_at_size(self, command: PathCommand) -> Reply | None:
        """What is said to a size that is declared and can't be taken (RFC 1870 §6)."""
        try:
            size = declared_size(command.parameters)
        except ValueError:
            return reply.BAD_SIZE
        if size is not None and size > self.mail_host.limits.message_size:
            return reply.MESSAGE_TOO_BIG
        return None

    def do_RCPT(self, rest: bytes) -> Answer:
        """Name one recipient (RFC 5321 §4.1.1.3)."""
        delivery = self.delivery
        transaction = delivery.transaction
        if transaction is None:
            return reply.NEEDS_MAIL
        if delivery.chunked is not None:
            return reply.CHUNKS_BEGUN
        command = parse_rcpt(rest, transaction.utf8)
        if not rest.isascii() and not self.offer.smtputf8:
            return reply.SMTPUTF8_NOT_OFFERED
        if isinstance(command, Reply):
            return command
        return delivery.validateTo(command)

    def do_DATA(self, rest: bytes) -> Answer:
        """Ask for the content (RFC 5321 §4.1.1.4)."""
        delivery = self.delivery
        transaction = delivery.transaction
        if rest:
            return reply.NO_ARGUMENT_EXPECTED
        if transaction is None:
            return reply.NEEDS_MAIL
        if delivery.chunked is not None:
            return reply.CHUNKS_BEGUN
        if not transaction.accepted:
            return self._refuse_content()
        if transaction.sender.parameters and is_binary(transaction.sender.parameters):
            return reply.BINARY_NEEDS_BDAT
        self._incoming = delivery.message(self._origin)
        return reply.START_CONTENT

    def _refuse_content(self) -> Reply:
        """Refuse content for which there is no recipient."""
        transaction = self.delivery.transaction
        if transaction is None:
            return reply.NEEDS_MAIL
        if not transaction.told:
            return reply.NEEDS_RECIPIENT
        self.delivery.refuse(reply.NO_VALID_RECIPIENTS)
        return reply.NO_VALID_RECIPIENTS

    def do_BDAT(self, rest: bytes) -> Answer:
        """Take a chunk of the content, which follows at once (RFC 3030 §2)."""
        if not self.offer.chunking:
            # Whoever does not know BDAT does not know either what follows it.
            return reply.NOT_IMPLEMENTED
        command = parse_bdat(rest)
        if isinstance(command, Reply):
            return command
        transaction = self.delivery.transaction
        if transaction is None or not transaction.accepted:
            self._incoming = Chunk(command.size, None, self._refuse_content)
        else:
            message = self.delivery.chunks(self._origin)
            end = partial(self.delivery.end_chunk, command.last)
            self._incoming = Chunk(command.size, message.content, end)
        return ()

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
        if rule is None or rule.effect is APPLY:
            self._consequence = self.close
        return reply.BYE if rule is None else rule.reply

    def do_HELP(self, rest: bytes) -> Answer:
        """Tell the commands (RFC 5321 §4.1.1.8)."""
        return reply.HELP

    def do_not_implemented(self, rest: bytes) -> Answer:
        """Known, and not done here (RFC 5321 §4.2.4)."""
        return reply.NOT_IMPLEMENTED

    verbs: ClassVar[dict[bytes, Verb]] = {
        b"HELO": do_HELO,
        b"EHLO": do_EHLO,
        b"STARTTLS": do_STARTTLS,
        b"AUTH": do_AUTH,
        b"MAIL": do_MAIL,
        b"RCPT": do_RCPT,
        b"DATA": do_DATA,
        b"BDAT": do_BDAT,
        b"RSET": do_RSET,
        b"VRFY": do_VRFY,
        b"NOOP": do_NOOP,
        b"QUIT": do_QUIT,
        b"HELP": do_HELP,
        **dict.fromkeys(
            (b"EXPN", b"ETRN", b"TURN", b"SEND", b"SOML", b"SAML"),
            do_not_implemented,
        ),
    }


Verb: TypeAlias = Callable[[MockESMTP, bytes], Answer]
