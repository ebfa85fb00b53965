"""How clients authenticate: documents to model and back.

A password is read and never told: it is null in a document that is told, and where
that is sent back the host keeps the password that it has.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from mocksmtp.documents.fields import member
from mocksmtp.documents.problems import (
    MAX_SHOWN,
    DocumentError,
    Problem,
    Refused,
    json_type,
)
from mocksmtp.documents.structure import class_hook, new_converter
from mocksmtp.sasl.settings import AuthSettings, Mechanism

ANY = "any"
"""Stands for users where any name goes with any password."""

NEEDS_PASSWORDS = (
    f'SCRAM requires users with passwords; with users "{ANY}" add another mechanism'
)
"""The error where only SCRAM is listed, and the server knows no password."""

MAX_USERS = 10_000
"""How many users a host may have."""

MAX_USER = 255
"""How many characters the name of one may have."""


@attrs.frozen(kw_only=True)
class AuthFields:
    """
    What a document says of authentication.

    :ivar users: None where any name goes with any password; a password that is None
        is the one that the host has
    """

    mechanisms: tuple[Mechanism, ...] = tuple(Mechanism)
    users: Mapping[str, str | None] | None = attrs.field(default=None, repr=False)
    require_tls: bool = False
    required: bool = False

    def over(self, known: AuthSettings | None) -> AuthSettings:
        """
        The settings.

        :param known: those that the host has, for passwords that are not told
        :raises DocumentError: a password is not told, and not known either; or no
            mechanism could be offered
        """
        if self.users is None and all(one.is_scram for one in self.mechanisms):
            raise DocumentError(Problem("$.auth.mechanisms", NEEDS_PASSWORDS))
        users = None if self.users is None else _users_over(self.users, known)
        return AuthSettings(self.mechanisms, users, self.require_tls, self.required)


def _users_over(
    users: Mapping[str, str | None], known: AuthSettings | None
) -> dict[str, str]:
    passwords = (known.users if known is not None else None) or {}
    unknown = [n for n, told in users.items() if told is None and n not in passwords]
    if unknown:
        message = "required, for there is no such user yet"
        place = f"$.auth.users.{unknown[0][:MAX_SHOWN]}"
        raise DocumentError(Problem(place, message))
    return {n: passwords[n] if told is None else told for n, told in users.items()}


def auth_document(auth: AuthSettings | None) -> dict[str, Any] | None:
    """The document of who may authenticate and how, without any password."""
    if auth is None:
        return None
    return {
        "mechanisms": [mechanism.value for mechanism in auth.mechanisms],
        "users": ANY if auth.users is None else dict.fromkeys(auth.users),
        "requireTls": auth.require_tls,
        "required": auth.required,
    }


def _mechanisms(value: Any, _: Any) -> tuple[Mechanism, ...]:
    mechanisms: tuple[Mechanism, ...] = _converter.structure(
        value, tuple[Mechanism, ...]
    )
    if not mechanisms:
        raise Refused("must have one at least")
    if len(set(mechanisms)) < len(mechanisms):
        raise Refused("the same mechanism comes twice")
    return mechanisms


def _users(value: Any, _: Any) -> dict[str, str | None] | None:
    if value == ANY:
        return None
    # What was given in the place of users may be a password, and is not shown.
    if not isinstance(value, dict):
        raise Refused(f'must be "{ANY}", or an object of passwords by name')
    if len(value) > MAX_USERS:
        raise Refused(f"must have {MAX_USERS} at most, not {len(value)}")
    for name, password in value.items():
        if not 1 <= len(name) <= MAX_USER:
            raise Refused(f"a name must have 1 to {MAX_USER} characters")
        if not isinstance(password, str | None):
            told = json_type(password)
            raise Refused(f"expected a string, not {told}", name[:MAX_SHOWN])
    return value


_converter = new_converter()
_converter.register_structure_hook(Mechanism, member(Mechanism, "mechanism"))
structure_auth = class_hook(
    _converter,
    AuthFields,
    mechanisms=_mechanisms,
    users=_users,
)
"""Reads `AuthFields`."""
