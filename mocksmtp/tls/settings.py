"""How a mail host does TLS (RFC 3207, RFC 8314), and what became of a handshake."""

from __future__ import annotations

import enum
from typing import TypeAlias

import attrs


class TlsMode(enum.Enum):
    """When the handshake comes."""

    STARTTLS = "starttls"
    """After a command of the client (RFC 3207)."""
    IMPLICIT = "implicit"
    """Before the banner (RFC 8314 §3)."""
    NONE = "none"
    """Never; a listener may say so that its host does otherwise."""


class CertificateKind(enum.Enum):
    """What is right or wrong with a certificate that the service makes."""

    VALID = "valid"
    SELF_SIGNED = "selfSigned"
    EXPIRED = "expired"
    NOT_YET_VALID = "notYetValid"
    WRONG_NAME = "wrongName"
    UNTRUSTED = "untrusted"
    """Of an authority that nobody knows."""


@attrs.frozen
class GivenCertificate:
    """
    A certificate that the user has.

    :ivar certificate_pem: it, and behind it those that lead to its root
    """

    certificate_pem: str
    key_pem: str = attrs.field(repr=False)


class TlsVersion(enum.Enum):
    """The versions of the protocol, from old to new."""

    TLS_1_0 = "TLSv1"
    TLS_1_1 = "TLSv1.1"
    TLS_1_2 = "TLSv1.2"
    TLS_1_3 = "TLSv1.3"


class ClientCertificate(enum.Enum):
    """Whether a client is asked for a certificate."""

    NONE = "none"
    REQUEST = "request"
    """It may have one, of whatever authority."""
    REQUIRE = "require"
    """Without one the handshake fails."""


Certificate: TypeAlias = CertificateKind | GivenCertificate


@attrs.frozen
class TlsSettings:
    """
    How a host does TLS.

    :ivar min_version: None for what the library takes at the least
    :ivar max_version: None for what it takes at the most
    """

    mode: TlsMode = TlsMode.STARTTLS
    certificate: Certificate = CertificateKind.VALID
    min_version: TlsVersion | None = None
    max_version: TlsVersion | None = None
    client_certificate: ClientCertificate = ClientCertificate.NONE
