"""The exchange that AUTH begins (RFC 4954 §4).

Rules:

- After 334 the client sends another line; any other reply, or a verdict, ends the
  exchange.
- A line is checked in this order: its length, ``*``, base64, the mechanism.
- Any input results in a reply; nothing here raises.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from mocksmtp.grammar.reply import AUTH_SYNTAX
from mocksmtp.sasl import dialogue as replies
from mocksmtp.sasl.dialogue import (
    AuthContext,
    Dialogue,
    Malformed,
    Step,
    from_base64,
)
from mocksmtp.sasl.mechanisms import DIALOGUES, SERVER_FIRST
from mocksmtp.sasl.settings import AuthSettings, Mechanism

HIDDEN = b"***"
"""Replaces redacted text."""

# sasl-mech of RFC 4422 §3.1; any other word there may be a password.
_MECHANISM = re.compile(rb"[A-Z0-9_-]{1,20}")
_KNOWN = frozenset(mechanism.value.encode() for mechanism in Mechanism)

RESPONSE_LIMIT = 12_288
"""Maximum octets of a line without its line end (RFC 4954 §4)."""


class AuthExchange:
    """
    One AUTH command and the lines that follow it.

    :param settings: the users and mechanisms
    :param hostname: the name of the server, for challenges
    :param random: returns the given number of random octets
    :param seconds: returns the time since the epoch, for challenges
    :param secret: the key from which salts are derived; with the same key, a user has
        the same salt in every exchange
    :param end_point: returns the tls-server-end-point channel binding (RFC 5929 §4);
        None without TLS
    """

    def __init__(
        self,
        settings: AuthSettings,
        hostname: str,
        random: Callable[[int], bytes],
        seconds: Callable[[], float],
        secret: bytes,
        end_point: Callable[[], bytes] | None = None,
    ) -> None:
        self._offered = settings.offered(under_tls=end_point is not None)
        if not any(mechanism.needs_tls for mechanism in self._offered):
            end_point = None
        self._context = AuthContext(
            settings.users, hostname, random, seconds, secret, end_point
        )
        self._dialogue: Dialogue | None = None

    def begin(self, argument: bytes) -> Step:
        """
        Answer AUTH.

        :param argument: the mechanism, and an initial response or nothing
        """
        self._dialogue = None
        if len(argument) > RESPONSE_LIMIT:
            return replies.EXCHANGE_LINE_TOO_LONG
        words = argument.split()
        if not 1 <= len(words) <= 2:
            return AUTH_SYNTAX
        mechanism = self._mechanism(words[0])
        if mechanism is None:
            return replies.MECHANISM_NOT_OFFERED
        if words[1:] and mechanism in SERVER_FIRST:
            return replies.NO_INITIAL_RESPONSE
        self._dialogue = DIALOGUES[mechanism](self._context)
        first = next(self._dialogue)
        if not words[1:]:
            return replies.challenge(first)
        return self._go_on(b"" if words[1] == b"=" else words[1])

    def answer(self, line: bytes) -> Step:
        """
        Answer a line after a challenge.

        :param line: without its line end
        """
        if self._dialogue is None:
            return replies.NO_EXCHANGE
        if len(line) > RESPONSE_LIMIT:
            return self._end(replies.EXCHANGE_LINE_TOO_LONG)
        if line == b"*":
            return self._end(replies.CANCELLED)
        return self._go_on(line)

    def _go_on(self, encoded: bytes) -> Step:
        assert self._dialogue is not None
        try:
            response = from_base64(encoded)
        except Malformed:
            return self._end(replies.NOT_BASE64)
        try:
            return replies.challenge(self._dialogue.send(response))
        except Malformed:
            return self._end(replies.MALFORMED)
        except StopIteration as ended:
            step: Step = ended.value
            return self._end(step)

    def _end(self, step: Step) -> Step:
        self._dialogue = None
        return step

    def _mechanism(self, name: bytes) -> Mechanism | None:
        wanted = name.upper()
        return next((m for m in self._offered if m.value.encode() == wanted), None)


def redact(line: bytes) -> bytes:
    """
    Redact a client's line that may contain a secret.

    An AUTH command keeps its verb and its mechanism; any other line is replaced as a
    whole, except ``*``, which is no secret.

    :param line: without its line end
    """
    if line == b"*":
        return line
    words = line.split(None, 2)
    if not words or words[0].upper() != b"AUTH":
        return HIDDEN
    named = words[1:2]
    if named and not _is_mechanism(named[0]):
        return b" ".join((words[0], HIDDEN))
    return b" ".join((words[0], *named, *(HIDDEN for _ in words[2:])))


def _is_mechanism(word: bytes) -> bool:
    return word.upper() in _KNOWN or _MECHANISM.fullmatch(word) is not None
