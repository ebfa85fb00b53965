"""What SCRAM-SHA-256 knows of a user in place of the password (RFC 5802 §3).

Rules:

- A user's salt is always the same, and another one for another user; it tells
  nothing of whether there is such a user.
- To salt a password takes a millisecond or two, so the keys that were used last are
  kept, never more than `KEPT`.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import OrderedDict

import attrs

from mocksmtp.sasl.saslprep import saslprep

ITERATIONS = 4096
"""Rounds of PBKDF2: what RFC 7677 §4 asks for at the least, for tests are many."""

KEPT = 256
"""How many users' keys are kept."""


def _digest(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")


@attrs.frozen
class Keys:
    """
    A user's keys.

    :ivar stored: checks a client's proof
    :ivar server: signs for the server
    """

    stored: bytes = attrs.field(repr=False)
    server: bytes = attrs.field(repr=False)

    def is_proof(self, proof: bytes, message: bytes) -> bool:
        """Whether `proof` shows that its sender has the password (RFC 5802 §3)."""
        signature = _digest(self.stored, message)
        if len(proof) != len(signature):
            return False
        key = bytes(a ^ b for a, b in zip(proof, signature, strict=True))
        return hmac.compare_digest(hashlib.sha256(key).digest(), self.stored)

    def sign(self, message: bytes) -> bytes:
        """The server's signature, by which a client knows it (RFC 5802 §3)."""
        return _digest(self.server, message)


def make_keys(password: str, salt: bytes) -> Keys:
    """Salt a password, in the form that SASLprep gives it."""
    octets = saslprep(password).encode()
    salted = hashlib.pbkdf2_hmac("sha256", octets, salt, ITERATIONS)
    client_key = _digest(salted, b"Client Key")
    return Keys(hashlib.sha256(client_key).digest(), _digest(salted, b"Server Key"))


class Keyring:
    """
    The salts and keys of users, kept from one exchange to the next.

    :param secret: octets at random, from which the salts come
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._kept: OrderedDict[tuple[str, str], Keys] = OrderedDict()

    def salt_of(self, user: str) -> bytes:
        """The salt of a user, whether or not there is one of this name."""
        return _digest(self._secret, b"salt " + user.encode())[:16]

    def keys_of(self, user: str, password: str | None) -> Keys:
        """
        The keys of a user.

        :param password: None where there is no such user: the keys then are those of
            a password that nobody knows, and take as long to make
        """
        if password is None:
            password = _digest(self._secret, b"nobody " + user.encode()).hex()
        name = user, password
        keys = self._kept.pop(name, None) or make_keys(password, self.salt_of(user))
        self._kept[name] = keys
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return keys
