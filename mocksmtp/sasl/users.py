"""Whose password is what."""

from __future__ import annotations

from collections.abc import Mapping
from hmac import compare_digest

Users = Mapping[str, str] | None
"""Passwords by name; None where any name goes with any password."""


def is_password(users: Users, user: str, password: str) -> bool:
    """Whether a user has this password, compared in constant time as UTF-8."""
    if users is None:
        return True
    known = users.get(user)
    same = compare_digest((known or "").encode(), password.encode())
    return same and known is not None
