"""The AUTH settings of a mail host (RFC 4954)."""

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
    """Not standardized, but widely used."""
    CRAM_MD5 = "CRAM-MD5"
    """RFC 2195."""
    XOAUTH2 = "XOAUTH2"
    """Of Google and Microsoft; the token is the password."""
    OAUTHBEARER = "OAUTHBEARER"
    """RFC 7628; the token is the password."""
    SCRAM_SHA_1 = "SCRAM-SHA-1"
    """RFC 5802."""
    SCRAM_SHA_256 = "SCRAM-SHA-256"
    """RFC 7677."""
    SCRAM_SHA_256_PLUS = "SCRAM-SHA-256-PLUS"
    """RFC 7677, with channel binding to the TLS connection."""

    @property
    def is_scram(self) -> bool:
        """Whether the server must know the password."""
        return self.value.startswith("SCRAM-")

    @property
    def needs_tls(self) -> bool:
        """Whether it requires channel binding to TLS."""
        return self.value.endswith("-PLUS")


def _read_only(users: Mapping[str, str] | None) -> Mapping[str, str] | None:
    return None if users is None else MappingProxyType(dict(users))


@attrs.frozen
class AuthSettings:
    """
    The users and mechanisms of AUTH.

    :ivar mechanisms: the mechanisms to offer, in this order
    :ivar users: passwords by name; None accepts every name and password
    :ivar require_tls: whether AUTH is offered only under TLS (538 before it, RFC 4954
        §6)
    :ivar required: whether MAIL requires authentication (530 without it, RFC 4954 §6)
    """

    mechanisms: tuple[Mechanism, ...] = tuple(Mechanism)
    users: Mapping[str, str] | None = attrs.field(
        default=None, converter=_read_only, repr=False, hash=False
    )
    require_tls: bool = False
    required: bool = False

    def offered(self, under_tls: bool) -> tuple[Mechanism, ...]:
        """
        The mechanisms that EHLO lists.

        Without users SCRAM is not offered, because it requires the server to know the
        password. SCRAM-SHA-256-PLUS is offered only under TLS.
        """
        return tuple(
            mechanism
            for mechanism in self.mechanisms
            if not (mechanism.is_scram and self.users is None)
            and (under_tls or not mechanism.needs_tls)
        )
