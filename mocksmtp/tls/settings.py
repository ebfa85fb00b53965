"""The TLS settings of a mail host (RFC 3207, RFC 8314)."""

from __future__ import annotations

import enum
from typing import TypeAlias

import attrs


class TlsMode(enum.Enum):
    """When a connection begins TLS."""

    STARTTLS = "starttls"
    """After the command STARTTLS (RFC 3207)."""
    IMPLICIT = "implicit"
    """Before the banner (RFC 8314 §3)."""
    NONE = "none"
    """Never; for a listener of a host that uses TLS elsewhere."""


class CertificateKind(enum.Enum):
    """The kinds of certificate that the authority issues: valid, or with one fault."""

    VALID = "valid"
    SELF_SIGNED = "selfSigned"
    EXPIRED = "expired"
    NOT_YET_VALID = "notYetValid"
    WRONG_NAME = "wrongName"
    UNTRUSTED = "untrusted"
    """Issued by a root that no client trusts."""


@attrs.frozen
class GivenCertificate:
    """
    A certificate that the user provides.

    :ivar certificate_pem: the certificate, followed by those that lead to its root
    """

    certificate_pem: str
    key_pem: str = attrs.field(repr=False)


class TlsVersion(enum.Enum):
    """The TLS versions, from old to new."""

    TLS_1_0 = "TLSv1"
    TLS_1_1 = "TLSv1.1"
    TLS_1_2 = "TLSv1.2"
    TLS_1_3 = "TLSv1.3"


class ClientCertificate(enum.Enum):
    """Whether the server requests a client certificate."""

    NONE = "none"
    REQUEST = "request"
    """Requested but optional; any issuer is accepted."""
    REQUIRE = "require"
    """The handshake fails without one."""


Certificate: TypeAlias = CertificateKind | GivenCertificate


@attrs.frozen
class TlsSettings:
    """
    The TLS settings of a host.

    :ivar min_version: the lowest TLS version; None for OpenSSL's default
    :ivar max_version: the highest TLS version; None for OpenSSL's default
    """

    mode: TlsMode = TlsMode.STARTTLS
    certificate: Certificate = CertificateKind.VALID
    min_version: TlsVersion | None = None
    max_version: TlsVersion | None = None
    client_certificate: ClientCertificate = ClientCertificate.NONE
