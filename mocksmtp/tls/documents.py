"""How a host does TLS: documents to model and back.

A private key is read and never told: it is null in a document that is told, and where
that is sent back the host keeps the key that it has.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import attrs

from mocksmtp.documents.document import Document, field
from mocksmtp.documents.kinds import Array, Choice, Kind, Named, Text
from mocksmtp.documents.problems import (
    DocumentError,
    Problem,
    Refused,
    json_type,
    listed,
    shown,
    unknown,
)
from mocksmtp.documents.schema import TEXT, Schema, any_of, one_of
from mocksmtp.documents.view import TIME, View, view_field
from mocksmtp.tls.identity import CertificateFacts
from mocksmtp.tls.settings import (
    Certificate,
    CertificateKind,
    ClientCertificate,
    GivenCertificate,
    TlsMode,
    TlsSettings,
    TlsVersion,
)

PEM_BEGIN = "-----BEGIN"
"""What a PEM text has where its content begins (RFC 7468 §2)."""

VERSIONS = {
    **{version.value: version for version in TlsVersion},
    **{version.value.removeprefix("TLSv"): version for version in TlsVersion},
    "1.0": TlsVersion.TLS_1_0,
    "TLSv1.0": TlsVersion.TLS_1_0,
}
"""The versions by all the names that are taken."""

CheckCertificate: TypeAlias = Callable[[GivenCertificate], object]
"""Raises `ValueError` where a certificate is none, or its key is not its own."""


class _PemKind(Text):
    """A PEM text (RFC 7468); what is behind its first line is judged later."""

    def __init__(self) -> None:
        super().__init__(samples=(f"{PEM_BEGIN} X-----",), misfits=("x", ""))

    def read(self, value: Any, _: object = None) -> str:
        """The text; what was given may be a key, and is not shown."""
        if type(value) is not str:
            raise Refused(f"must be a string, got {json_type(value)}")
        if PEM_BEGIN not in value:
            message = f"must be a PEM text, which begins with {PEM_BEGIN}"
            raise Refused(f"{message}; only a configuration file can name a file")
        return value

    def _schema(self) -> Schema:
        """A text with that in it."""
        return {**TEXT, "pattern": PEM_BEGIN}


class _VersionKind(Kind[TlsVersion]):
    """A version of TLS, by one of its names."""

    samples = ("TLSv1.2", "1.3")
    misfits = ("2", 5)

    def read(self, value: Any, _: object = None) -> TlsVersion:
        """The version of that name."""
        if type(value) is not str:
            raise Refused(f"must be a string, got {json_type(value)}")
        if value not in VERSIONS:
            known = [version.value for version in TlsVersion]
            raise Refused(unknown(f"version {shown(value)}", value, known))
        return VERSIONS[value]

    def write(self, value: TlsVersion) -> str:
        """Its name."""
        return value.value

    def taken(self, named: Named) -> Schema:
        """One of all names."""
        return {**TEXT, "enum": list(VERSIONS)}

    def told(self, named: Named) -> Schema:
        """One name for each."""
        return one_of(TlsVersion)


@attrs.frozen(kw_only=True)
class CertificateFields:
    """What a document says of a certificate of the user's own."""

    certificate_pem: str = field(_PemKind(), "the chain, the host's own first")
    key_pem: str | None = field(
        _PemKind(),
        "its private key; null for the one that the host has",
        default=None,
        repr=False,
        always=True,
    )

    def over(self, known: TlsSettings | None) -> GivenCertificate:
        """It, with the key that is `known` where the document has none."""
        if self.key_pem is not None:
            return GivenCertificate(self.certificate_pem, self.key_pem)
        match known:
            case TlsSettings(certificate=GivenCertificate() as certificate):
                if certificate.certificate_pem == self.certificate_pem:
                    return certificate
        message = "required, for the host does not have this certificate yet"
        raise DocumentError(Problem("$.tls.certificate.keyPem", message))


CERTIFICATE = Document(
    CertificateFields,
    "Certificate",
    example={"certificatePem": f"{PEM_BEGIN} CERTIFICATE-----"},
)
"""The document of a certificate of the user's own."""


class _CertificateKind(Kind[CertificateKind | CertificateFields]):
    """The name of a kind of certificate that the service makes, or a document."""

    samples = ("valid", "selfSigned")
    misfits = ("x", {}, 5)

    def read(self, value: Any, _: object = None) -> CertificateKind | CertificateFields:
        """The kind, or what the document says."""
        if isinstance(value, dict):
            return CERTIFICATE.read(value)
        kinds = [one.value for one in CertificateKind]
        # What was given may be a key, and is not shown.
        if not isinstance(value, str) or value not in kinds:
            what = "" if isinstance(value, str) else f", got {json_type(value)}"
            either = f"{listed(kinds)}; or an object with certificatePem and keyPem"
            raise Refused(f"must be {either}{what}")
        return CertificateKind(value)

    def write(self, value: CertificateKind | CertificateFields) -> Any:
        """The name, or the document."""
        if isinstance(value, CertificateKind):
            return value.value
        return CERTIFICATE.write(value)

    def taken(self, named: Named) -> Schema:
        """One of the two."""
        return any_of(one_of(CertificateKind), CERTIFICATE.taken(named))

    def told(self, named: Named) -> Schema:
        """One of the two."""
        return any_of(one_of(CertificateKind), CERTIFICATE.told(named))


@attrs.frozen(kw_only=True)
class TlsFields:
    """What a document says of TLS."""

    mode: TlsMode = field(
        Choice(TlsMode, "mode", TlsMode.NONE),
        "when the handshake comes",
        default=TlsMode.STARTTLS,
        always=True,
    )
    certificate: CertificateKind | CertificateFields = field(
        _CertificateKind(),
        "the certificate that clients are shown",
        default=CertificateKind.VALID,
        always=True,
    )
    min_version: TlsVersion | None = field(
        _VersionKind(), "the lowest version of TLS", default=None, always=True
    )
    max_version: TlsVersion | None = field(
        _VersionKind(), "the highest version of TLS", default=None, always=True
    )
    client_certificate: ClientCertificate = field(
        Choice(ClientCertificate, "use"),
        "whether clients are asked for a certificate",
        default=ClientCertificate.NONE,
        always=True,
    )

    def check(self) -> None:
        """
        Refuse an empty range of versions.

        :raises Refused: it is empty
        """
        least, most = self.min_version, self.max_version
        if least is not None and most is not None:
            versions = list(TlsVersion)
            if versions.index(least) > versions.index(most):
                message = f"{least.value} is above {most.value}, the maxVersion"
                raise Refused(message, "minVersion")

    def over(
        self, known: TlsSettings | None, check: CheckCertificate | None = None
    ) -> TlsSettings:
        """
        The settings.

        :param known: those that the host has, for a key that is not told
        :param check: judges a certificate of the user's own
        :raises DocumentError: the certificate can't be had
        """
        return TlsSettings(
            self.mode,
            _settle(self.certificate, known, check),
            self.min_version,
            self.max_version,
            self.client_certificate,
        )


def _settle(
    fields: CertificateKind | CertificateFields,
    known: TlsSettings | None,
    check: CheckCertificate | None,
) -> Certificate:
    if isinstance(fields, CertificateKind):
        return fields
    certificate = fields.over(known)
    try:
        if check is not None:
            check(certificate)
    except ValueError as error:
        raise DocumentError(Problem("$.tls.certificate", str(error))) from None
    return certificate


def _versions(version: TlsVersion) -> Schema:
    """From below a version, or from it, to it or above."""
    order = list(TlsVersion)
    place = order.index(version)
    least = [n for n, v in VERSIONS.items() if order.index(v) <= place]
    most = [n for n, v in VERSIONS.items() if order.index(v) >= place]
    return {
        "properties": {
            "minVersion": {"enum": [*least, None]},
            "maxVersion": {"enum": [*most, None]},
        }
    }


HOST_TLS = Document(
    TlsFields,
    "HostTls",
    check=TlsFields.check,
    schema={"anyOf": [_versions(version) for version in TlsVersion]},
    example={},
)
"""The document of how a host does TLS."""


def tls_fields(tls: TlsSettings | None) -> TlsFields | None:
    """What a document says of the settings of a host, without its private key."""
    if tls is None:
        return None
    certificate: CertificateKind | CertificateFields
    if isinstance(tls.certificate, CertificateKind):
        certificate = tls.certificate
    else:
        pem = tls.certificate.certificate_pem
        certificate = CertificateFields(certificate_pem=pem)
    return TlsFields(
        mode=tls.mode,
        certificate=certificate,
        min_version=tls.min_version,
        max_version=tls.max_version,
        client_certificate=tls.client_certificate,
    )


CERTIFICATE_FACTS: View[CertificateFacts] = View(
    "HostCertificate",
    view_field("subject", Text(), "subject", "its distinguished name (RFC 4514)"),
    view_field("names", Array(Text()), "names", "its DNS names and IP addresses"),
    view_field("notBefore", TIME, "not_before", "from when it is valid"),
    view_field("notAfter", TIME, "not_after", "until when"),
    view_field("sha256", Text(), "sha256", "its digest, in hex"),
)
"""The certificate that a host shows."""
