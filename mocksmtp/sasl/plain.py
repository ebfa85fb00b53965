"""PLAIN (RFC 4616)."""

from __future__ import annotations

from mocksmtp.model.auth import Mechanism
from mocksmtp.sasl.encoding import text_of, user_of
from mocksmtp.sasl.steps import Dialogue, Malformed, verdict
from mocksmtp.sasl.users import Users, is_password


def dialogue(users: Users) -> Dialogue:
    """
    One message: ``[authzid] NUL authcid NUL password``.

    Nobody acts for another here: an authorization identity must be the user's own.
    """
    parts = (yield b"").split(b"\0")
    if len(parts) != 3:
        raise Malformed
    identity, user, password = text_of(parts[0]), user_of(parts[1]), text_of(parts[2])
    accepted = is_password(users, user, password) and identity in ("", user)
    return verdict(accepted, user, Mechanism.PLAIN)
