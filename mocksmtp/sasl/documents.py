"""How clients authenticate: documents to model and back.

A password is read and never told: it is null in a document that is told, and where
that is sent back the host keeps the password that it has.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from mocksmtp.documents.document import Document, field
from mocksmtp.documents.kinds import Array, Boolean, Choice, Kind, Named
from mocksmtp.documents.problems import (
    MAX_SHOWN,
    DocumentError,
    Problem,
    Refused,
    json_type,
)
from mocksmtp.documents.schema import NULL, TEXT, Schema, any_of, given
from mocksmtp.sasl.settings import AuthSettings, Mechanism

_ANY = "any"
"""Stands for users where any name goes with any password."""

NEEDS_PASSWORDS = (
    f'SCRAM requires users with passwords; with users "{_ANY}" add another mechanism'
)
"""The error where only SCRAM is listed, and the server knows no password."""

MAX_USERS = 10_000
"""How many users a host may have."""

MAX_USER = 255
"""How many characters the name of one may have."""


class _UsersKind(Kind[Any]):
    """``any``, or an object of passwords by name."""

    writes_none = True
    samples = (_ANY, {}, {"a": "b"})
    misfits = ("none", {"a": 5}, {"": "b"}, {"x" * 256: "b"})

    def read(self, value: Any, _: object = None) -> Any:
        """The passwords, or None for any; a password that is None is known."""
        if value == _ANY:
            return None
        # What was given in the place of users may be a password, and is not shown.
        if not isinstance(value, dict):
            raise Refused(f'must be "{_ANY}", or an object of passwords by name')
        if len(value) > MAX_USERS:
            raise Refused(f"must have at most {MAX_USERS:,} users, got {len(value):,}")
        for name, password in value.items():
            if not 1 <= len(name) <= MAX_USER:
                raise Refused(f"a name must have 1 to {MAX_USER} characters")
            if not isinstance(password, str | None):
                told = json_type(password)
                raise Refused(f"must be a string, got {told}", name[:MAX_SHOWN])
        return value

    def write(self, value: Any) -> Any:
        """The names of the users, without their passwords."""
        return _ANY if value is None else dict.fromkeys(value)

    def taken(self, named: Named) -> Schema:
        """One of the two."""
        return any_of({"const": _ANY}, self._users(any_of(TEXT, NULL)))

    def told(self, named: Named) -> Schema:
        """The same, without any password."""
        return any_of({"const": _ANY}, self._users(NULL))

    def _users(self, password: Schema) -> Schema:
        return {
            "type": "object",
            "propertyNames": {"minLength": 1, "maxLength": MAX_USER},
            "additionalProperties": password,
            "maxProperties": MAX_USERS,
        }


@attrs.frozen(kw_only=True)
class AuthFields:
    """
    What a document says of authentication.

    :ivar users: None where any name goes with any password; a password that is None
        is the one that the host has
    """

    mechanisms: tuple[Mechanism, ...] = field(
        Array(Choice(Mechanism, "mechanism"), 1, noun="mechanisms", unique=True),
        "the mechanisms that are offered",
        default=tuple(Mechanism),
        always=True,
    )
    users: Mapping[str, str | None] | None = field(
        _UsersKind(),
        'passwords by name, or `"any"`: any name goes with any password',
        default=None,
        repr=False,
        always=True,
    )
    require_tls: bool = field(
        Boolean(), "whether AUTH requires TLS", default=False, always=True
    )
    required: bool = field(
        Boolean(), "whether mail requires AUTH", default=False, always=True
    )

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


def auth_fields(auth: AuthSettings | None) -> AuthFields | None:
    """What a document says of the settings of a host, without any password."""
    if auth is None:
        return None
    return AuthFields(
        mechanisms=auth.mechanisms,
        users=None if auth.users is None else dict.fromkeys(auth.users),
        require_tls=auth.require_tls,
        required=auth.required,
    )


def contains_one_of(mechanisms: Iterable[Mechanism]) -> Schema:
    """An array that contains one of these mechanisms at least."""
    return {"contains": {"enum": [mechanism.value for mechanism in mechanisms]}}


HOST_AUTH = Document(
    AuthFields,
    "HostAuth",
    schema={
        "anyOf": [
            given("users", {"type": "object"}),
            {
                "properties": {
                    "mechanisms": any_of(
                        contains_one_of(m for m in Mechanism if not m.is_scram), NULL
                    )
                }
            },
        ]
    },
    example={},
)
"""The document of who may authenticate and how."""
