"""The documents of TLS."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.documents.problems import DocumentError
from mocksmtp.tls.documents import (
    HOST_TLS,
    CheckCertificate,
    TlsFields,
    tls_fields,
)
from mocksmtp.tls.settings import (
    CertificateKind,
    ClientCertificate,
    GivenCertificate,
    TlsMode,
    TlsSettings,
    TlsVersion,
)
from tests.documents.refusals import refusal

PEM, KEY = "-----BEGIN CERTIFICATE-----\n", "-----BEGIN PRIVATE KEY-----\n"
OWN = TlsSettings(certificate=GivenCertificate(PEM, KEY))


def read(
    document: Any,
    known: TlsSettings | None = None,
    check: CheckCertificate | None = None,
) -> TlsSettings:
    """The settings that a document describes."""
    fields: TlsFields = HOST_TLS.read(document)
    return fields.over(known, check)


def given(key: str | None = KEY, pem: str = PEM) -> dict[str, Any]:
    """A document with a certificate of the user's own."""
    return {"certificate": {"certificatePem": pem, "keyPem": key}}


class SettingsTests(SynchronousTestCase):
    """`HOST_TLS`"""

    def test_an_empty_document_is_the_usual_tls(self) -> None:
        """STARTTLS with a certificate that is right."""
        self.assertEqual(read({}), TlsSettings())

    def test_what_is_told_can_be_read(self) -> None:
        """And gives the same."""
        for settings in (
            TlsSettings(),
            *(TlsSettings(certificate=kind) for kind in CertificateKind),
            *(TlsSettings(client_certificate=use) for use in ClientCertificate),
            *(TlsSettings(min_version=version) for version in TlsVersion),
            TlsSettings(
                TlsMode.IMPLICIT,
                min_version=TlsVersion.TLS_1_0,
                max_version=TlsVersion.TLS_1_0,
            ),
        ):
            self.assertEqual(read(HOST_TLS.write(tls_fields(settings))), settings)
        self.assertIsNone(tls_fields(None))

    def test_versions_have_several_names(self) -> None:
        """One of them is told."""
        for names, version in (
            (("1.0", "TLSv1", "TLSv1.0"), TlsVersion.TLS_1_0),
            (("1.1", "TLSv1.1"), TlsVersion.TLS_1_1),
            (("1.2", "TLSv1.2"), TlsVersion.TLS_1_2),
            (("1.3", "TLSv1.3"), TlsVersion.TLS_1_3),
        ):
            for name in names:
                self.assertIs(read({"maxVersion": name}).max_version, version)

    def test_what_is_wrong_is_told_with_its_place(self) -> None:
        """With all that could stand there, but nothing that may be a key."""
        kinds = "one of: valid, selfSigned, expired, notYetValid, wrongName, untrusted"
        versions = "one of: TLSv1, TLSv1.1, TLSv1.2, TLSv1.3"
        pem = "must be a PEM text, which begins with -----BEGIN"
        for document, message in (
            (True, "$: must be an object, got a boolean"),
            ({"mode": "none"}, "$.mode: unknown mode 'none'; one of: starttls, imp"),
            (
                {"certificate": KEY},
                f"$.certificate: must be {kinds}; or an object with",
            ),
            (
                {"minVersion": "SSLv3"},
                f"$.minVersion: unknown version 'SSLv3'; {versions}",
            ),
            (
                {"minVersion": "TLSv1.3", "maxVersion": "TLSv1.2"},
                "$.minVersion: TLSv1.3 is above TLSv1.2, the maxVersion",
            ),
            (
                {"clientCertificate": "yes"},
                "$.clientCertificate: unknown use 'yes'; one of: none, request, req",
            ),
            (given(pem="/etc/x.pem"), f"$.certificate.certificatePem: {pem}; only a"),
            (given(key="/etc/x.key"), f"$.certificate.keyPem: {pem}; only a"),
            (
                {"certificate": {"keyPem": KEY}},
                "$.certificate.certificatePem: required, but missing",
            ),
        ):
            said = refusal(HOST_TLS, document)
            self.assertTrue(said.startswith(message), said)
            self.assertNotIn("PRIVATE", said)


class CertificateTests(SynchronousTestCase):
    """A certificate of the user's own"""

    def test_the_key_is_not_told(self) -> None:
        """It is read, and null stands in its place."""
        self.assertEqual(read(given()), OWN)
        told = HOST_TLS.write(tls_fields(OWN))
        assert told is not None
        expected = {"certificatePem": PEM, "keyPem": None}
        self.assertEqual(told["certificate"], expected)
        self.assertNotIn("PRIVATE", repr(HOST_TLS.read(given())))

    def test_a_key_that_is_not_told_stays(self) -> None:
        """Where the host has this certificate, and no other."""
        self.assertEqual(read(given(key=None), OWN), OWN)
        other = TlsSettings(certificate=GivenCertificate(PEM + "2", KEY))
        for known in None, TlsSettings(), other:
            error = self.assertRaises(DocumentError, read, given(key=None), known)
            message = "required, for the host does not have this certificate yet"
            self.assertEqual(str(error), f"$.tls.certificate.keyPem: {message}")

    def test_it_is_judged(self) -> None:
        """By whoever can; a certificate that the service makes need not be."""
        seen = []

        def check(certificate: GivenCertificate) -> None:
            seen.append(certificate)
            raise ValueError("no good")

        error = self.assertRaises(DocumentError, read, given(), None, check)
        self.assertEqual(str(error), "$.tls.certificate: no good")
        self.assertEqual(seen, [GivenCertificate(PEM, KEY)])
        read({"certificate": "expired"}, None, check)
        self.assertEqual(len(seen), 1)
