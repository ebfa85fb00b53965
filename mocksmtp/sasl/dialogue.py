"""Common parts of the mechanisms: steps, replies, decoding, passwords."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Generator, Mapping
from hmac import compare_digest

import attrs

from mocksmtp.grammar.reply import Refusal, Reply
from mocksmtp.sasl.settings import Mechanism

# The replies to AUTH and within its exchange (RFC 4954 §4 and §6).
AUTHENTICATED = Reply(235, "2.7.0 Authentication successful")
EXCHANGE_LINE_TOO_LONG = Refusal(500, "5.5.6 Authentication exchange line is too long")
NOT_BASE64 = Refusal(501, "5.5.2 Cannot decode base64")
MALFORMED = Refusal(501, "5.5.2 Invalid response for this mechanism")
NO_CHANNEL_BINDING = Refusal(501, "5.5.4 Channel binding is not supported")
NO_INITIAL_RESPONSE = Refusal(501, "5.7.0 This mechanism accepts no initial response")
CANCELLED = Refusal(501, "5.7.0 Authentication cancelled")
NO_EXCHANGE = Reply(503, "5.5.1 AUTH first")
MECHANISM_NOT_OFFERED = Refusal(504, "5.5.4 Authentication mechanism not offered")
INVALID_CREDENTIALS = Reply(535, "5.7.8 Authentication credentials invalid")


def challenge(octets: bytes) -> Reply:
    """The reply 334 with a challenge; ``334`` and a space if empty (RFC 4954 §4)."""
    return Reply(334, b64encode(octets).decode("ascii"))


@attrs.frozen
class AuthResult:
    """
    The server's decision on complete credentials.

    :ivar accepted: whether they are valid
    :ivar user: the user that the client named
    :ivar mechanism: the mechanism used
    :ivar reply: the reply without a behavior: 235, or 535
    """

    accepted: bool
    user: str
    mechanism: Mechanism
    reply: Reply


def verdict(accepted: bool, user: str, mechanism: Mechanism) -> AuthResult:
    """Return a verdict with its reply."""
    reply = AUTHENTICATED if accepted else INVALID_CREDENTIALS
    return AuthResult(accepted, user, mechanism, reply)


Step = Reply | AuthResult
"""The result of a client's line: a challenge, a refusal, or the verdict."""

Dialogue = Generator[bytes, bytes, Step]
"""
One run of a mechanism: it yields challenges, receives the client's responses, both as
plain octets, and returns the last step. It may raise `Malformed`.

In a client-first mechanism, an initial response replaces the first challenge.
"""


class Malformed(Exception):
    """A response violates its mechanism's syntax. The message never contains it."""


Users = Mapping[str, str] | None
"""Passwords by name; None accepts any name with any password."""


@attrs.frozen(eq=False)
class AuthContext:
    """
    What a mechanism needs from its host and connection.

    :ivar users: passwords by name
    :ivar hostname: the server's, for challenges
    :ivar random: returns the given number of random octets
    :ivar seconds: returns the time since the epoch
    :ivar secret: octets from which the salts of SCRAM are derived
    :ivar end_point: returns the tls-server-end-point channel binding (RFC 5929 §4);
        None where SCRAM-SHA-256-PLUS is not offered
    """

    users: Users = attrs.field(repr=False)
    hostname: str
    random: Callable[[int], bytes]
    seconds: Callable[[], float]
    secret: bytes = attrs.field(repr=False)
    end_point: Callable[[], bytes] | None = None


def is_password(users: Users, user: str, password: str) -> bool:
    """Whether a user has this password, compared in constant time as UTF-8."""
    if users is None:
        return True
    known = users.get(user)
    same = compare_digest((known or "").encode(), password.encode())
    return same and known is not None


# b64decode() accepts excess padding, even with validate=True.
_BASE64 = re.compile(
    rb"(?:[A-Za-z0-9+/]{4})*+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?+"
)
# Characters that SASLprep prohibits (RFC 4013 §2.3), or that break a reply or a log.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def from_base64(octets: bytes) -> bytes:
    """
    Decode base64 strictly (RFC 4954 §4).

    :raises Malformed: other characters, or misplaced padding
    """
    if _BASE64.fullmatch(octets) is None:
        raise Malformed
    return b64decode(octets)


def text_of(octets: bytes) -> str:
    """
    Decode UTF-8.

    :raises Malformed: invalid UTF-8
    """
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed from None


def user_of(octets: bytes) -> str:
    """
    Decode the name of a user.

    :raises Malformed: it is empty, invalid UTF-8, or contains control characters
    """
    name = text_of(octets)
    if not name or _CONTROL.search(name):
        raise Malformed
    return name


def gs2_name(escaped: bytes) -> str:
    """
    Decode a name of a GS2 header, in which ``=2C`` is a comma, ``=3D`` an equals sign.

    :raises Malformed: another ``=``, or as of `user_of`
    """
    if re.search(rb"=(?!2C|3D)", escaped):
        raise Malformed
    return user_of(escaped.replace(b"=2C", b",").replace(b"=3D", b"="))
