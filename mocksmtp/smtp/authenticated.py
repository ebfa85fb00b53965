"""A connection on which the client can authenticate (RFC 4954).

What it says within AUTH is recorded nowhere.
"""

from __future__ import annotations

import os

from twisted.internet.interfaces import IReactorTime

from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.response import Effect
from mocksmtp.grammar import reply
from mocksmtp.grammar.reply import Reply
from mocksmtp.hosts.host import MailHost
from mocksmtp.hosts.offer import Stage
from mocksmtp.sasl.dialogue import EXCHANGE_LINE_TOO_LONG, Step, Verdict
from mocksmtp.sasl.exchange import LINE_LIMIT, Exchange
from mocksmtp.sasl.redact import redact
from mocksmtp.smtp.answers import Answer, Faulty, Hidden, answer_of, reply_in
from mocksmtp.smtp.secured import SecuredConnection
from mocksmtp.smtp.security import Security
from mocksmtp.tls.handshake import end_point

AUTH, AUTH_COMMAND = Command.AUTH, Command.AUTH_COMMAND


def redact_auth(line: bytes) -> bytes:
    """A line as it may be recorded, whether or not it is AUTH."""
    return redact(line) if is_auth(line) else line


def is_auth(line: bytes) -> bool:
    """Whether a line, or the beginning of one, is AUTH with an argument."""
    words = line.split(None, 1)
    return len(words) > 1 and words[0].upper() == b"AUTH"


class AuthenticatedConnection(SecuredConnection):
    """
    A connection whose client is somebody, or nobody yet.

    :ivar exchange: the exchange that AUTH has begun, while it lasts
    :ivar guarded: whether what is no command may be a password that was sent too early
    """

    guarded = False

    def __init__(
        self,
        host: MailHost,
        session: str,
        clock: IReactorTime,
        security: Security | None = None,
    ) -> None:
        super().__init__(host, session, clock, security)
        self.exchange: Exchange | None = None

    def line_limit(self, beginning: bytes) -> int:
        """AUTH may have long lines (RFC 4954 §4)."""
        if self.exchange is not None or is_auth(beginning):
            return LINE_LIMIT + len(b"\r\n")
        return super().line_limit(beginning)

    def do_AUTH(self, rest: bytes) -> Answer:
        """Begin an exchange (RFC 4954 §4)."""
        self.guarded = True
        # Nor may behaviors see what nobody is to read.
        self.delivery.line = line = redact(b"AUTH " + rest)
        return Hidden(self._authenticate(rest), line)

    def do_rejected_AUTH(self, rest: bytes) -> Answer:
        """Refuse AUTH where no service is; what it brings is a secret all the same."""
        self.guarded = True
        self.delivery.line = line = redact(b"AUTH " + rest)
        return Hidden(reply.NO_SERVICE, line)

    @property
    def _shown(self) -> bytes:
        """The argument of AUTH, as it is recorded."""
        return (self.delivery.line or b"").partition(b" ")[2]

    def _authenticate(self, rest: bytes) -> Reply | Faulty:
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
        decision = self.delivery.decide(AUTH_COMMAND, self._shown)
        if decision is not None and decision.effect is not Effect.APPLY:
            return answer_of(decision, reply.OK)
        exchange = Exchange(
            settings,
            self.mail_host.hostname,
            os.urandom,
            self.seconds,
            self.factory.secret,
            self._end_point if self.stage is Stage.UNDER_TLS else None,
        )
        answer = self._step(exchange, exchange.begin(rest))
        if decision is None or not isinstance(answer, Reply):
            return answer
        told = answer_of(decision, answer)
        asked = reply_in(told)
        if asked is not None and asked.code != 334:
            # Who was not asked for more says none.
            self.exchange = None
        return told

    def _end_point(self) -> bytes:
        return end_point(self.transport.getHandle())

    def go_on_authenticating(self, line: bytes) -> Answer:
        """Take an answer of the client within the exchange."""
        exchange = self.exchange
        assert exchange is not None
        too_long = self.is_too_long(line)
        self.exchange = None
        if too_long:
            return Hidden(EXCHANGE_LINE_TOO_LONG, b"***")
        line = line.removesuffix(b"\r")
        shown = line if line == b"*" else b"***"
        return Hidden(self._step(exchange, exchange.answer(line)), shown)

    def _step(self, exchange: Exchange, step: Step) -> Reply | Faulty:
        if isinstance(step, Verdict):
            return self._decide(step)
        if step.code == 334:
            self.exchange = exchange
        return step

    def _decide(self, verdict: Verdict) -> Reply | Faulty:
        """The credentials are known; who comes in is for behaviors to say."""
        attempt = self.delivery.attempt
        attempt.claimed = verdict.user, verdict.mechanism.value
        try:
            decision = self.delivery.decide(AUTH, self._shown)
        finally:
            attempt.claimed = None
        accepted = verdict.accepted
        if decision is not None and not decision.is_own:
            accepted = decision.effect is Effect.APPLY
        if accepted:
            self.session.auth_user = verdict.user
            self.session.auth_mechanism = verdict.mechanism.value
            self.guarded = False
        if decision is None:
            return verdict.reply
        return answer_of(decision, verdict.reply)
