"""How a mail host has its clients authenticate (RFC 4954)."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType

import attrs


class Mechanism(enum.Enum):
    """The SASL mechanisms that can be offered."""

    PLAIN = "PLAIN"
    """RFC 4616."""
    LOGIN = "LOGIN"
    """No standard, and in use everywhere."""
    CRAM_MD5 = "CRAM-MD5"
    """RFC 2195."""
    XOAUTH2 = "XOAUTH2"
    """As Google and Microsoft have it; the token is the password."""
    SCRAM_SHA_256 = "SCRAM-SHA-256"
    """RFC 5802, RFC 7677."""


def _read_only(users: Mapping[str, str] | None) -> Mapping[str, str] | None:
    return None if users is None else MappingProxyType(dict(users))


@attrs.frozen
class AuthSettings:
    """
    Who may authenticate, and how.

    :ivar mechanisms: those that are wanted, in this order
    :ivar users: passwords by name; None where any name goes with any password
    :ivar require_tls: whether it is only to be had under TLS (538 before, RFC 4954 §6)
    :ivar required: whether MAIL is refused before it (530, RFC 4954 §6)
    """

    mechanisms: tuple[Mechanism, ...] = tuple(Mechanism)
    users: Mapping[str, str] | None = attrs.field(
        default=None, converter=_read_only, repr=False, hash=False
    )
    require_tls: bool = False
    required: bool = False

    @property
    def offered(self) -> tuple[Mechanism, ...]:
        """
        Those that are to be had.

        SCRAM-SHA-256 is not where any password will do: its client wants to see that
        the server has the password too, which then it has not.
        """
        if self.users is not None:
            return self.mechanisms
        return tuple(m for m in self.mechanisms if m is not Mechanism.SCRAM_SHA_256)
