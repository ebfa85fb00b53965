"""AUTH on a connection (RFC 4954). Credentials are redacted before recording."""

from __future__ import annotations

import os
from collections.abc import Callable

from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.response import Effect
from mocksmtp.grammar import reply
from mocksmtp.grammar.reply import Reply
from mocksmtp.sasl.dialogue import EXCHANGE_LINE_TOO_LONG, AuthResult, Step
from mocksmtp.sasl.exchange import RESPONSE_LIMIT, AuthExchange, redact
from mocksmtp.smtp.delivery import MockDelivery
from mocksmtp.smtp.output import DelayedReply, RedactedLine, answer_for, reply_in

AUTH, AUTH_COMMAND = Command.AUTH, Command.AUTH_COMMAND

AUTH_LINE_LIMIT = RESPONSE_LIMIT + len(b"\r\n")
"""Maximum octets of an AUTH line, and of each line of its exchange (RFC 4954 §4)."""

REDACTED = b"***"


def is_auth(line: bytes) -> bool:
    """Whether a line, or the beginning of one, is AUTH with an argument."""
    words = line.split(None, 1)
    return len(words) > 1 and words[0].upper() == b"AUTH"


def redact_auth(line: bytes) -> bytes:
    """`line` with its credentials redacted if it is AUTH, else unchanged."""
    return redact(line) if is_auth(line) else line


class AuthDialogue:
    """
    The AUTH commands of one connection, and their exchanges.

    :param delivery: the hooks, which ask the behaviors and hold the open transaction
    :param secret: the key from which the salts of the users are derived
    :param end_point: returns the channel binding; None without TLS

    :ivar end_point: as above; changes when TLS begins
    :ivar guarded: whether an unknown command is redacted, because it may be a password
        that the client sent before the server asked for it
    """

    def __init__(
        self,
        delivery: MockDelivery,
        secret: bytes,
        end_point: Callable[[], bytes] | None = None,
    ) -> None:
        self.guarded = False
        self._delivery = delivery
        self._secret = secret
        self.end_point = end_point
        self._exchange: AuthExchange | None = None

    @property
    def is_open(self) -> bool:
        """Whether the next line belongs to an exchange."""
        return self._exchange is not None

    def begin(self, argument: bytes) -> RedactedLine:
        """Begin an exchange, if AUTH is allowed now."""
        line = self._redact(argument)
        return RedactedLine(self._begin(argument), line)

    def reject(self, argument: bytes) -> RedactedLine:
        """Refuse AUTH after a banner that refused the client."""
        return RedactedLine(reply.NO_SERVICE, self._redact(argument))

    def answer(self, line: bytes) -> RedactedLine:
        """Answer a line of the open exchange."""
        exchange, self._exchange = self._exchange, None
        assert exchange is not None
        line = line.removesuffix(b"\r")
        recorded = line if line == b"*" else REDACTED
        return RedactedLine(self._step(exchange, exchange.answer(line)), recorded)

    def refuse_long_line(self) -> RedactedLine:
        """Refuse a line longer than `AUTH_LINE_LIMIT`, and end the exchange."""
        self.end()
        return RedactedLine(EXCHANGE_LINE_TOO_LONG, REDACTED)

    def end(self) -> None:
        """End the open exchange."""
        self._exchange = None

    def _redact(self, argument: bytes) -> bytes:
        """Return the AUTH line as it is recorded, and as behaviors see it."""
        self.guarded = True
        self._delivery.line = line = redact(b"AUTH " + argument)
        return line

    @property
    def _recorded_argument(self) -> bytes:
        return (self._delivery.line or b"").partition(b" ")[2]

    def _begin(self, argument: bytes) -> Reply | DelayedReply:
        delivery = self._delivery
        host = delivery.host
        settings = host.auth
        if settings is None:
            return reply.AUTH_NOT_AVAILABLE
        if not argument:
            return reply.AUTH_SYNTAX
        if delivery.session.auth_user is not None:
            return reply.AUTHENTICATED_ALREADY
        if delivery.transaction is not None:
            return reply.AUTH_IN_TRANSACTION
        if settings.require_tls and self.end_point is None:
            return reply.NEEDS_TLS
        decision = delivery.decide(AUTH_COMMAND, self._recorded_argument)
        if decision is not None and decision.effect is not Effect.APPLY:
            return answer_for(decision, reply.OK)
        exchange = AuthExchange(
            settings,
            host.hostname,
            os.urandom,
            delivery.seconds,
            self._secret,
            self.end_point,
        )
        answer = self._step(exchange, exchange.begin(argument))
        if decision is None or not isinstance(answer, Reply):
            return answer
        replaced = answer_for(decision, answer)
        challenge = reply_in(replaced)
        if challenge is not None and challenge.code != 334:
            # The reply is not a challenge, so the client sends no further line.
            self._exchange = None
        return replaced

    def _step(self, exchange: AuthExchange, step: Step) -> Reply | DelayedReply:
        if isinstance(step, AuthResult):
            return self._decide(step)
        if step.code == 334:
            self._exchange = exchange
        return step

    def _decide(self, verdict: AuthResult) -> Reply | DelayedReply:
        """Return the reply to complete credentials; a behavior may override it."""
        delivery, session = self._delivery, self._delivery.session
        mechanism = verdict.mechanism.value
        attempt = delivery.attempt
        attempt.claimed = verdict.user, mechanism
        try:
            decision = delivery.decide(AUTH, self._recorded_argument)
        finally:
            attempt.claimed = None
        accepted = verdict.accepted
        if decision is not None and not decision.only_delays:
            accepted = decision.effect is Effect.APPLY
        if accepted:
            session.auth_user, session.auth_mechanism = verdict.user, mechanism
            self.guarded = False
        if decision is None:
            return verdict.reply
        return answer_for(decision, verdict.reply)
