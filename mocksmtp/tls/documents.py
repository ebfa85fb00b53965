"""How a host does TLS: documents to model and back.

A private key is read and never told: it is null in a document that is told, and where
that is sent back the host keeps the key that it has.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import attrs

from mocksmtp.documents.fields import member, optional
from mocksmtp.documents.problems import DocumentError, Problem, Refused, listed, shown
from mocksmtp.documents.structure import class_hook, new_converter, strict_str
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


@attrs.frozen(kw_only=True)
class CertificateFields:
    """What a document says of a certificate of the user's own."""

    certificate_pem: str
    key_pem: str | None = attrs.field(default=None, repr=False)

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


@attrs.frozen(kw_only=True)
class TlsFields:
    """What a document says of TLS."""

    mode: TlsMode = TlsMode.STARTTLS
    certificate: CertificateKind | CertificateFields = CertificateKind.VALID
    min_version: TlsVersion | None = None
    max_version: TlsVersion | None = None
    client_certificate: ClientCertificate = ClientCertificate.NONE

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


def tls_document(tls: TlsSettings | None) -> dict[str, Any] | None:
    """The document of what a host does, without its private key."""
    if tls is None:
        return None
    return {
        "mode": tls.mode.value,
        "certificate": _certificate_document(tls.certificate),
        "minVersion": None if tls.min_version is None else tls.min_version.value,
        "maxVersion": None if tls.max_version is None else tls.max_version.value,
        "clientCertificate": tls.client_certificate.value,
    }


def _certificate_document(certificate: Certificate) -> str | dict[str, str | None]:
    if isinstance(certificate, CertificateKind):
        return certificate.value
    return {"certificatePem": certificate.certificate_pem, "keyPem": None}


def structure_tls(value: Any, kind: Any) -> TlsFields:
    """Reads `TlsFields`."""
    tls: TlsFields = _structure(value, kind)
    if tls.min_version is not None and tls.max_version is not None:
        versions = list(TlsVersion)
        if versions.index(tls.min_version) > versions.index(tls.max_version):
            message = f"{tls.min_version.value} is above {tls.max_version.value}"
            raise Refused(f"{message}, the maxVersion", "minVersion")
    return tls


def _version(value: Any, _: Any) -> TlsVersion:
    if strict_str(value) not in VERSIONS:
        known = listed([version.value for version in TlsVersion])
        raise Refused(f"unknown version {shown(value)}; {known}")
    return VERSIONS[value]


def _certificate(value: Any, kind: Any) -> CertificateKind | CertificateFields:
    if isinstance(value, dict):
        fields: CertificateFields = _structure_given(value, kind)
        return fields
    kinds = [one.value for one in CertificateKind]
    # What was given may be a key, and is not shown.
    if strict_str(value) not in kinds:
        raise Refused(f"{listed(kinds)}; or an object with certificatePem and keyPem")
    return CertificateKind(value)


def _pem(value: Any, _: Any) -> str:
    if PEM_BEGIN not in strict_str(value):
        message = f"must be a PEM text, which begins with {PEM_BEGIN}"
        raise Refused(f"{message}; only a configuration file can name a file")
    return str(value)


_converter = new_converter()
_structure_given = class_hook(
    _converter, CertificateFields, certificate_pem=_pem, key_pem=optional(_pem)
)
_structure = class_hook(
    _converter,
    TlsFields,
    mode=member(TlsMode, "mode", TlsMode.NONE),
    certificate=_certificate,
    min_version=optional(_version),
    max_version=optional(_version),
    client_certificate=member(ClientCertificate, "use"),
)
