"""An exchange in memory: with the lines of a client, or with the client of smtplib."""

from __future__ import annotations

import smtplib
from base64 import b64decode, b64encode
from collections.abc import Mapping

from mocksmtp.grammar.reply import Reply
from mocksmtp.sasl.dialogue import AuthResult, Step
from mocksmtp.sasl.exchange import AuthExchange
from mocksmtp.sasl.settings import AuthSettings, Mechanism

BOB = {"bob": "s3cret"}


def encode(text: str | bytes) -> bytes:
    """What stands for a text on the wire."""
    return b64encode(text.encode() if isinstance(text, str) else text)


def challenge_of(step: Step) -> bytes:
    """What a challenge says."""
    assert isinstance(step, Reply), step
    assert step.code == 334, step
    return b64decode(step.text, validate=True)


def make_exchange(
    users: Mapping[str, str] | None = BOB,
    *mechanisms: Mechanism,
    end_point: bytes | None = None,
    secret: bytes = b"secret",
) -> AuthExchange:
    """
    An exchange of a host whose random octets and time are always the same.

    :param end_point: the channel binding; with it the exchange is under TLS
    """
    return AuthExchange(
        AuthSettings(mechanisms or tuple(Mechanism), users),
        "mx.test",
        lambda count: bytes(range(count)),
        lambda: 7.9,
        secret,
        None if end_point is None else lambda: end_point,
    )


def say(exchange: AuthExchange, command: str, *responses: str | bytes) -> Step:
    """Begin, and give the responses one after the other; the last step."""
    step = exchange.begin(command.encode())
    for response in responses:
        challenge_of(step)
        step = exchange.answer(encode(response))
    return step


def judged(step: Step) -> tuple[bool, str]:
    """What a verdict says, and of whom."""
    assert isinstance(step, AuthResult), step
    assert step.reply.code == (235 if step.accepted else 535), step
    return step.accepted, step.user


class MemorySMTP(smtplib.SMTP):
    """The client of the standard library, before an exchange in place of a server."""

    def __init__(self, exchange: AuthExchange, mechanism: str) -> None:
        super().__init__()
        self.exchange = exchange
        self.steps: list[Step] = []
        self.does_esmtp = True
        self.ehlo_resp = b"mx.test"
        self.esmtp_features = {"auth": f" {mechanism}"}

    def docmd(self, cmd: str, args: str = "") -> tuple[int, bytes]:
        if cmd == "AUTH":
            step = self.exchange.begin(args.encode())
        else:
            step = self.exchange.answer(cmd.encode())
        self.steps.append(step)
        reply = step.reply if isinstance(step, AuthResult) else step
        return reply.code, reply.text.encode()
