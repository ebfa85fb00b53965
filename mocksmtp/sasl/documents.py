"""Reads and writes the documents of AUTH settings.

A password is never written: it is null in responses, and null in a request keeps the
current password.
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
"""The value of ``users`` that accepts any name and any password."""

NEEDS_PASSWORDS = (
    f'SCRAM requires users with passwords; with users "{_ANY}" add another mechanism'
)
"""The error if only SCRAM is listed, which requires the server to know passwords."""

MAX_USERS = 10_000
"""Maximum users of a host."""

MAX_USER = 255
"""Maximum characters of a user's name."""


class _UsersKind(Kind[Any]):
    """``any``, or an object of passwords by name."""

    writes_none = True
    samples = (_ANY, {}, {"a": "b"})
    misfits = ("none", {"a": 5}, {"": "b"}, {"x" * 256: "b"})

    def read(self, value: Any, _: object = None) -> Any:
        """Return passwords by name, None for any; a None password keeps the current."""
        if value == _ANY:
            return None
        # The error omits the value, which may be a password.
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
        """Return the names of the users, with null for each password."""
        return _ANY if value is None else dict.fromkeys(value)

    def accepted_schema(self, named: Named) -> Schema:
        """One of the two."""
        return any_of({"const": _ANY}, self._users(any_of(TEXT, NULL)))

    def written_schema(self, named: Named) -> Schema:
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
    The fields of AUTH settings.

    :ivar users: passwords by name, None for the current one; None accepts any name and
        password
    """

    mechanisms: tuple[Mechanism, ...] = field(
        Array(Choice(Mechanism, "mechanism"), 1, noun="mechanisms", unique=True),
        "the mechanisms to offer",
        default=tuple(Mechanism),
        always=True,
    )
    users: Mapping[str, str | None] | None = field(
        _UsersKind(),
        'passwords by name, or `"any"` to accept any name and password',
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
        Return the settings.

        :param known: the current settings, which have the passwords that are None here
        :raises DocumentError: a password is None and has no current value, or no
            mechanism can be offered
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
    """Return the fields of AUTH settings, without passwords."""
    if auth is None:
        return None
    return AuthFields(
        mechanisms=auth.mechanisms,
        users=None if auth.users is None else dict.fromkeys(auth.users),
        require_tls=auth.require_tls,
        required=auth.required,
    )


def contains_one_of(mechanisms: Iterable[Mechanism]) -> Schema:
    """The schema of an array that contains at least one of these mechanisms."""
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
"""The document of AUTH settings."""
