"""SCRAM-SHA-1, SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, RFC 7677).

scramp implements the messages of RFC 5802. This module adds the user and the salt,
authorization identities, and the SMTP reply to each error. AUTH has no final message of
the server (RFC 4954 §4): it is sent as a challenge, and the client answers with an
empty response.
"""

from __future__ import annotations

import hmac
import re
from base64 import b64encode
from functools import lru_cache, partial
from unicodedata import is_normalized, ucd_3_2_0

import attrs
from scramp import ScramException, ScramMechanism
from scramp.core import ClientFinal
from scramp.utils import ServerError

from mocksmtp.grammar.reply import Refusal
from mocksmtp.sasl.dialogue import (
    INVALID_CREDENTIALS,
    NO_CHANNEL_BINDING,
    AuthContext,
    Dialogue,
    Malformed,
    Step,
    text_of,
    verdict,
)
from mocksmtp.sasl.settings import Mechanism

ITERATIONS = 4096
"""Rounds of PBKDF2, the minimum of RFC 7677 §4; they block the reactor for 2 ms."""

KEPT = 256
"""Maximum users whose keys are cached, of all hosts together."""

END_POINT = "tls-server-end-point"
"""The type of channel binding (RFC 5929 §4); scramp refuses tls-exporter."""

WRONG_BINDING = Refusal(501, f"5.5.4 Channel binding must be {END_POINT}")
NEEDS_BINDING = Refusal(501, "5.5.4 SCRAM-SHA-256-PLUS requires channel binding")

AuthInfo = tuple[bytes, bytes, bytes, int]
"""Salt, stored key, server key and iterations."""

# Tables B.1 and C.1.2 of RFC 3454: characters that SASLprep removes, and spaces.
_MAPPING: dict[int, str | None] = {
    **dict.fromkeys((0xAD, 0x34F, 0x1806, 0x2060, 0xFEFF, *range(0x180B, 0x180E))),
    **dict.fromkeys((*range(0x200B, 0x200E), *range(0xFE00, 0xFE10))),
    **dict.fromkeys(
        (0xA0, 0x1680, 0x202F, 0x205F, 0x3000, *range(0x2000, 0x200B)), " "
    ),
}
_MAPPED = re.compile(f"[{''.join(map(chr, _MAPPING))}]")
_FIRST = re.compile(r"(n|y|p=[A-Za-z0-9.-]+),(?:a=([^,]+))?,(n=([^,]+),.*)", re.DOTALL)
# Errors of the client's proof; all others are syntax errors.
_NOT_PROVEN = {ServerError.INVALID_PROOF, ServerError.CHANNEL_BINDINGS_DONT_MATCH}


@lru_cache(KEPT)
def _auth_info(name: str, password: str, salt: bytes) -> AuthInfo:
    """
    The keys of a password (RFC 5802 §3).

    :raises ScramException: SASLprep (RFC 4013) prohibits the password
    """
    info: AuthInfo = ScramMechanism(name).make_auth_info(password, ITERATIONS, salt)
    return info


@attrs.define
class _Account:
    """
    The user of an exchange, known or unknown.

    An unknown user also has a constant salt and keys, so that the exchange does not
    reveal before the verdict which users exist.

    :ivar name: the configured name; for an unknown user, the client's after SASLprep
    """

    mechanism: Mechanism
    context: AuthContext
    name: str = ""
    known: bool = False

    def find(self, name: str) -> AuthInfo:
        """Return the keys of a prepared name; called by scramp."""
        users = self.context.users or {}
        if name not in users:
            name = next((user for user in users if _prepared(user) == name), name)
        self.name = name
        salt = self._derive(b"salt ")[:16]
        nobody = self._derive(b"nobody ").hex()
        password = users.get(self.name)
        self.known = password is not None
        keys = self.mechanism.value.removesuffix("-PLUS")
        try:
            return _auth_info(keys, nobody if password is None else password, salt)
        except ScramException:
            # SASLprep prohibits the password, so no client can use it.
            self.known = False
            return _auth_info(keys, nobody, salt)

    def _derive(self, what: bytes) -> bytes:
        message = what + self.name.encode()
        return hmac.digest(self.context.secret, message, "sha256")


def _prepared(user: str) -> str:
    """
    SASLprep of the name of a user (RFC 4013 §2.1 and §2.2), fast enough for 10,000.

    SASLprep leaves most names unchanged, which a fast path detects. Prohibited
    characters (§2.3) are not checked, because the result is only compared with a name
    that scramp has prepared.
    """
    if user.isascii() or (is_normalized("NFKC", user) and not _MAPPED.search(user)):
        return user
    return ucd_3_2_0.normalize("NFKC", user.translate(_MAPPING))


@attrs.frozen
class _Gs2Header:
    """A client's GS2 header with ``a=``, which scramp's class refuses."""

    text: str

    def make_cbind_input(self, binding: object) -> bytes:
        """The channel binding input of the client's final message (RFC 5802 §5.1)."""
        flag = self.text[0]
        data = bytes(binding.data) if flag == "p" else b""  # type: ignore[attr-defined]
        return self.text.encode() + data


def scram(mechanism: Mechanism, context: AuthContext) -> Dialogue:
    """SCRAM (RFC 5802 §5): four messages, beginning with the client's."""
    plus = mechanism.needs_tls
    binding = None
    if context.end_point is not None:
        binding = END_POINT, context.end_point()
    account = _Account(mechanism, context)
    server = ScramMechanism(mechanism.value).make_server(
        account.find, binding, b64encode(context.random(18)).decode()
    )
    first = _FIRST.fullmatch(text_of((yield b"")))
    if first is None:
        raise Malformed
    flag, identity, bare, name = first.groups()
    if flag.startswith("p") and not plus:
        return NO_CHANNEL_BINDING
    if plus and not flag.startswith("p"):
        return NEEDS_BINDING
    try:
        server.set_client_first(f"{flag},,{bare}")
        challenge = server.get_server_first()
    except ScramException as error:
        return _refused(error)
    header = first[0].removesuffix(bare)
    server.gs2_header = _Gs2Header(header)
    final = text_of((yield challenge.encode()))
    judge = partial(verdict, user=account.name, mechanism=mechanism)
    try:
        # Checked here, because scramp reports a different nonce as a syntax error.
        if ClientFinal(final)["r"] != server.nonce:
            return judge(False)
        server.set_client_final(final)
        proof = server.get_server_final()
    except ScramException as error:
        if error.server_error in _NOT_PROVEN:
            return judge(False)
        raise Malformed from None
    if not account.known or identity not in (None, name):
        return judge(False)
    if (yield proof.encode()):
        raise Malformed
    return judge(True)


def _refused(error: ScramException) -> Step:
    """Return the reply to a first message that scramp refuses."""
    match error.server_error:
        case ServerError.UNSUPPORTED_CHANNEL_BINDING_TYPE:
            return WRONG_BINDING
        case ServerError.SERVER_DOES_SUPPORT_CHANNEL_BINDING:
            # An attacker removed SCRAM-SHA-256-PLUS from the offer (RFC 5802 §6).
            return INVALID_CREDENTIALS
    raise Malformed
