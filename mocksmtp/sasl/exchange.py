"""The exchange that AUTH begins (RFC 4954 §4).

Rules:

- A 334 asks for one more line; any other reply, and a verdict, ends the exchange.
- A line is looked at in this order: its length, ``*``, base64, the mechanism.
- Whatever a client sends, it gets a reply; nothing here raises.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable

from mocksmtp.model.auth import AuthSettings, Mechanism
from mocksmtp.model.reply import AUTH_SYNTAX
from mocksmtp.sasl import cram_md5, login, plain, replies, scram, xoauth2
from mocksmtp.sasl.encoding import from_base64
from mocksmtp.sasl.keyring import Keyring
from mocksmtp.sasl.steps import Dialogue, Malformed, Step

LINE_LIMIT = 12_288
"""Octets of a line without its line end (RFC 4954 §4)."""


class Exchange:
    """
    One AUTH command and the lines that follow it.

    :param settings: who may authenticate, and how
    :param hostname: of the server, for challenges
    :param random: so many octets at random
    :param seconds: the time since the epoch, for challenges
    :param keyring: the users' salts; with one of its own, an exchange gives salts
        that no other gives again
    """

    def __init__(
        self,
        settings: AuthSettings,
        hostname: str,
        random: Callable[[int], bytes],
        seconds: Callable[[], float],
        keyring: Keyring | None = None,
    ) -> None:
        self._settings = settings
        self._hostname = hostname
        self._random = random
        self._seconds = seconds
        self._keyring = keyring
        self._dialogue: Dialogue | None = None

    def begin(self, argument: bytes) -> Step:
        """
        Answer AUTH.

        :param argument: what follows the verb: mechanism and initial response
        """
        self._dialogue = None
        if len(argument) > LINE_LIMIT:
            return replies.EXCHANGE_LINE_TOO_LONG
        words = argument.split()
        if not 1 <= len(words) <= 2:
            return AUTH_SYNTAX
        mechanism = self._mechanism(words[0])
        if mechanism is None:
            return replies.MECHANISM_NOT_OFFERED
        if not words[1:]:
            self._dialogue = self._start(mechanism)
            return replies.challenge(next(self._dialogue))
        if mechanism is Mechanism.CRAM_MD5:
            return replies.NO_INITIAL_RESPONSE
        self._dialogue = self._start(mechanism)
        next(self._dialogue)
        return self._go_on(b"" if words[1] == b"=" else words[1])

    def answer(self, line: bytes) -> Step:
        """
        Answer a line that follows a challenge.

        :param line: without its line end
        """
        if self._dialogue is None:
            return replies.NO_EXCHANGE
        if len(line) > LINE_LIMIT:
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
        mechanisms = self._settings.offered
        return next((one for one in mechanisms if one.value.encode() == wanted), None)

    def _start(self, mechanism: Mechanism) -> Dialogue:
        users = self._settings.users
        match mechanism:
            case Mechanism.PLAIN:
                return plain.dialogue(users)
            case Mechanism.LOGIN:
                return login.dialogue(users)
            case Mechanism.XOAUTH2:
                return xoauth2.dialogue(users)
            case Mechanism.CRAM_MD5:
                number = int.from_bytes(self._random(8), "big")
                challenge = cram_md5.make_challenge(
                    number, self._seconds(), self._hostname
                )
                return cram_md5.dialogue(users, challenge)
            case Mechanism.SCRAM_SHA_256:
                keyring = self._keyring or Keyring(self._random(32))
                return scram.dialogue(users or {}, keyring, self._nonce())

    def _nonce(self) -> bytes:
        return b64encode(self._random(18))
