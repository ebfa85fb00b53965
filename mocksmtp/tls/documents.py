"""Reads and writes the documents of TLS settings.

A private key is never written: it is null in responses, and null in a request keeps the
current key.
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
from mocksmtp.documents.schema import TEXT, Schema, any_of, enum_of
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
"""The beginning of the first line of PEM content (RFC 7468 §2)."""

_VERSIONS = {
    **{version.value: version for version in TlsVersion},
    **{version.value.removeprefix("TLSv"): version for version in TlsVersion},
    "1.0": TlsVersion.TLS_1_0,
    "TLSv1.0": TlsVersion.TLS_1_0,
}
"""The TLS versions by each accepted name."""

CheckCertificate: TypeAlias = Callable[[GivenCertificate], object]
"""Raises `ValueError` for an unreadable certificate, or one with another key."""


class _PemKind(Text):
    """A PEM text (RFC 7468). Its content is checked later."""

    def __init__(self) -> None:
        super().__init__(samples=(f"{PEM_BEGIN} X-----",), misfits=("x", ""))

    def read(self, value: Any, _: object = None) -> str:
        """Return the text. Errors omit the value, which may be a key."""
        if type(value) is not str:
            raise Refused(f"must be a string, got {json_type(value)}")
        if PEM_BEGIN not in value:
            message = f"must be a PEM text, which begins with {PEM_BEGIN}"
            raise Refused(f"{message}; only a configuration file can name a file")
        return value

    def _schema(self) -> Schema:
        """The schema: a string that contains `PEM_BEGIN`."""
        return {**TEXT, "pattern": PEM_BEGIN}


class _VersionKind(Kind[TlsVersion]):
    """A version of TLS, by one of its names."""

    samples = ("TLSv1.2", "1.3")
    misfits = ("2", 5)

    def read(self, value: Any, _: object = None) -> TlsVersion:
        """Return the version with that name."""
        if type(value) is not str:
            raise Refused(f"must be a string, got {json_type(value)}")
        if value not in _VERSIONS:
            known = [version.value for version in TlsVersion]
            raise Refused(unknown(f"version {shown(value)}", value, known))
        return _VERSIONS[value]

    def write(self, value: TlsVersion) -> str:
        """Return its name."""
        return value.value

    def accepted_schema(self, named: Named) -> Schema:
        """The schema: any accepted name."""
        return {**TEXT, "enum": list(_VERSIONS)}

    def written_schema(self, named: Named) -> Schema:
        """The schema: the one name of each version that is written."""
        return enum_of(TlsVersion)


@attrs.frozen(kw_only=True)
class CertificateFields:
    """The fields of a certificate that the user provides."""

    certificate_pem: str = field(_PemKind(), "the chain, the host's own first")
    key_pem: str | None = field(
        _PemKind(),
        "its private key; null keeps the current one",
        default=None,
        repr=False,
        always=True,
    )

    def over(self, known: TlsSettings | None) -> GivenCertificate:
        """Return the certificate; a null key is replaced by that of `known`."""
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
"""The document of a certificate that the user provides."""


class _CertificateKind(Kind[CertificateKind | CertificateFields]):
    """A kind of generated certificate, by its name, or the document of another one."""

    samples = ("valid", "selfSigned")
    misfits = ("x", {}, 5)

    def read(self, value: Any, _: object = None) -> CertificateKind | CertificateFields:
        """Return the kind, or the fields of the document."""
        if isinstance(value, dict):
            return CERTIFICATE.read(value)
        kinds = [one.value for one in CertificateKind]
        # The error omits the value, which may be a key.
        if not isinstance(value, str) or value not in kinds:
            what = "" if isinstance(value, str) else f", got {json_type(value)}"
            either = f"{listed(kinds)}; or an object with certificatePem and keyPem"
            raise Refused(f"must be {either}{what}")
        return CertificateKind(value)

    def write(self, value: CertificateKind | CertificateFields) -> Any:
        """Return the name, or the document."""
        if isinstance(value, CertificateKind):
            return value.value
        return CERTIFICATE.write(value)

    def accepted_schema(self, named: Named) -> Schema:
        """One of the two."""
        return any_of(enum_of(CertificateKind), CERTIFICATE.accepted_schema(named))

    def written_schema(self, named: Named) -> Schema:
        """One of the two."""
        return any_of(enum_of(CertificateKind), CERTIFICATE.written_schema(named))


@attrs.frozen(kw_only=True)
class TlsFields:
    """The fields of TLS settings."""

    mode: TlsMode = field(
        Choice(TlsMode, "mode", TlsMode.NONE),
        "when connections begin TLS",
        default=TlsMode.STARTTLS,
        always=True,
    )
    certificate: CertificateKind | CertificateFields = field(
        _CertificateKind(),
        "the server certificate",
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
        "whether the server requests or requires a client certificate",
        default=ClientCertificate.NONE,
        always=True,
    )

    def check(self) -> None:
        """
        Check that the range of versions is not empty.

        :raises Refused: `min_version` is above `max_version`
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
        Return the settings.

        :param known: the current settings, which have the key if it is null here
        :param check: raises `ValueError` for a certificate that can't be used
        :raises DocumentError: the certificate can't be used
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
    """The schema of a range of versions that contains `version`."""
    order = list(TlsVersion)
    place = order.index(version)
    least = [n for n, v in _VERSIONS.items() if order.index(v) <= place]
    most = [n for n, v in _VERSIONS.items() if order.index(v) >= place]
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
"""The document of TLS settings."""


def tls_fields(tls: TlsSettings | None) -> TlsFields | None:
    """Return the fields of TLS settings, without the private key."""
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
"""The document of a host's certificate."""
