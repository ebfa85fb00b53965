"""CRAM-MD5 (RFC 2195)."""

from __future__ import annotations

import hmac
import re

from mocksmtp.model.auth import Mechanism
from mocksmtp.sasl.encoding import user_of
from mocksmtp.sasl.steps import Dialogue, Malformed, verdict
from mocksmtp.sasl.users import Users

# A name may have spaces, so that the last one counts.
_RESPONSE = re.compile(rb"(.+) ([0-9A-Fa-f]{32})", re.DOTALL)


def make_challenge(number: int, seconds: float, hostname: str) -> bytes:
    """
    A challenge in the form of a message-id, unlike any other (RFC 2195 §2).

    :param number: at random
    :param seconds: since the epoch
    """
    return f"<{number}.{int(seconds)}@{hostname}>".encode()


def dialogue(users: Users, challenge: bytes) -> Dialogue:
    """
    The server challenges, the client answers with its name and a keyed digest.

    Where any password will do, so does any digest.
    """
    match = _RESPONSE.fullmatch((yield challenge))
    if match is None:
        raise Malformed
    user = user_of(match[1])
    accepted = users is None or _is_digest(users.get(user), challenge, match[2])
    return verdict(accepted, user, Mechanism.CRAM_MD5)


def _is_digest(password: str | None, challenge: bytes, digest: bytes) -> bool:
    expected = hmac.new((password or "").encode(), challenge, "md5").hexdigest()
    same = hmac.compare_digest(expected.encode(), digest.lower())
    return same and password is not None
