"""SCRAM-SHA-256 (RFC 5802, RFC 7677), without channel binding.

The client's first message has a GS2 header, its name and a nonce; the server adds to
the nonce and tells the user's salt. The client's final message proves that it has the
password, and the server's that it has it too. AUTH has no place for that last one
(RFC 4954 §4), so it goes out as a challenge, and the client answers with nothing.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping

import attrs

from mocksmtp.model.auth import Mechanism
from mocksmtp.sasl.encoding import from_base64, user_of
from mocksmtp.sasl.keyring import ITERATIONS, Keyring
from mocksmtp.sasl.replies import NO_CHANNEL_BINDING
from mocksmtp.sasl.saslprep import saslprep
from mocksmtp.sasl.steps import Dialogue, Malformed, verdict

# The messages of RFC 5802 §7. An extension that must be known ("m=") is not.
_FIRST = re.compile(
    rb"((n|y|p=[A-Za-z0-9.-]++),(?:a=([^,]++))?,)"
    rb"(n=([^,]++),r=([!-+\--~]++)(?:,[A-Za-z]=[^,]++)*+)"
)
_FINAL = re.compile(
    rb"(c=([A-Za-z0-9+/=]++),r=([!-+\--~]++)(?:,[A-Za-oq-z]=[^,]++)*+)"
    rb",p=([A-Za-z0-9+/=]++)"
)
_ESCAPE = re.compile(rb"=(2C|3D)?")


@attrs.frozen
class ClientFirst:
    """
    The client's first message.

    :ivar header: the GS2 header, as sent
    :ivar binds: whether it asks for channel binding
    :ivar bare: the message without its header, as sent
    :ivar identity: for whom the user wants to act, None for itself
    """

    header: bytes
    binds: bool
    bare: bytes
    identity: str | None
    user: str
    nonce: bytes


@attrs.frozen
class ClientFinal:
    """
    The client's final message.

    :ivar binding: the GS2 header once more
    :ivar bare: the message without its proof, as sent
    """

    binding: bytes
    nonce: bytes
    bare: bytes
    proof: bytes = attrs.field(repr=False)


def _name(escaped: bytes) -> str:
    """A name in which ``=2C`` stands for a comma and ``=3D`` for ``=``."""

    def meant(match: re.Match[bytes]) -> bytes:
        if match[1] is None:
            raise Malformed
        return b"," if match[1] == b"2C" else b"="

    return user_of(_ESCAPE.sub(meant, escaped))


def parse_first(message: bytes) -> ClientFirst:
    """
    Read the client's first message.

    :raises Malformed: where it is none
    """
    match = _FIRST.fullmatch(message)
    if match is None:
        raise Malformed
    header, binding, identity, bare, user, nonce = match.groups()
    acts_for = None if identity is None else _name(identity)
    binds = binding.startswith(b"p")
    return ClientFirst(header, binds, bare, acts_for, _name(user), nonce)


def parse_final(message: bytes) -> ClientFinal:
    """
    Read the client's final message.

    :raises Malformed: where it is none
    """
    match = _FINAL.fullmatch(message)
    if match is None:
        raise Malformed
    bare, binding, nonce, proof = match.groups()
    return ClientFinal(from_base64(binding), nonce, bare, from_base64(proof))


def dialogue(users: Mapping[str, str], keyring: Keyring, nonce: bytes) -> Dialogue:
    """
    Four messages; a user that is not known goes through all but the last.

    :param nonce: printable, without a comma, at random
    """
    first = parse_first((yield b""))
    if first.binds:
        return NO_CHANNEL_BINDING
    user = first.user if first.user in users else saslprep(first.user)
    nonce = first.nonce + nonce
    salt = b64encode(keyring.salt_of(user))
    server_first = b"r=%b,s=%b,i=%d" % (nonce, salt, ITERATIONS)

    final = parse_final((yield server_first))
    keys = keyring.keys_of(user, users.get(user))
    exchanged = b",".join((first.bare, server_first, final.bare))
    proven = keys.is_proof(final.proof, exchanged) and user in users
    same = final.nonce == nonce and final.binding == first.header
    own = first.identity in (None, first.user)
    if not (proven and same and own):
        return verdict(False, first.user, Mechanism.SCRAM_SHA_256)

    if (yield b"v=" + b64encode(keys.sign(exchanged))):
        raise Malformed
    return verdict(True, first.user, Mechanism.SCRAM_SHA_256)
