"""Certificates of the configuration file that are names of files."""

from __future__ import annotations

import os
from pathlib import Path

from mocksmtp.config import load_config
from mocksmtp.config.pem import MAX_PEM_OCTETS
from mocksmtp.tls.settings import GivenCertificate, TlsSettings
from tests.config.case import ConfigTestCase

PEM = "text\n-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n"
KEY = "-----BEGIN PRIVATE KEY-----\nMA==\n-----END PRIVATE KEY-----\n"
GIVEN = TlsSettings(certificate=GivenCertificate(PEM, KEY))


class CertificateTests(ConfigTestCase):
    """`tls.certificate` of a host"""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir()
        (self.folder / "x.pem").write_text(PEM)
        (self.folder / "x.key").write_text(KEY)
        self.path = str(self.folder / "mock.toml")

    def tls(self, text: str, host: str = "default") -> TlsSettings | None:
        """The TLS of a host by a file in the folder."""
        Path(self.path).write_text(text)
        plans = load_config({"config": [self.path]}, {}).plans
        (found,) = (p.description for p in plans if p.description.name == host)
        return found.tls

    def test_names_are_relative_to_the_file(self) -> None:
        """Wherever the service is started."""
        given = 'certificate = {certificatePem = "x.pem", keyPem = "x.key"}'
        self.assertEqual(self.tls(f"[tls]\n{given}\n"), GIVEN)
        hosts = f'[[hosts]]\nname = "a"\n[[hosts]]\nname = "b"\ntls = {{{given}}}\n'
        self.assertEqual(self.tls(hosts, "b"), GIVEN)
        self.assertIsNone(self.tls(hosts, "a"))

    def test_a_name_can_be_absolute_and_a_text_can_stand_there(self) -> None:
        """One for the certificate and one for the key."""
        name = os.path.abspath(self.folder / "x.pem")
        text = f'[tls.certificate]\ncertificatePem = "{name}"\n'
        self.assertEqual(self.tls(f'{text}keyPem = """\n{KEY}"""\n'), GIVEN)

    def test_what_can_not_be_read_is_told(self) -> None:
        """With the place in the file, the name and the reason."""
        (self.folder / "large").write_text(PEM + "x" * MAX_PEM_OCTETS)
        Path(self.folder / "none").write_text("none")
        no_pem = "not a PEM file: no -----BEGIN in it"
        for name, why in (
            ("missing", "No such file or directory"),
            (".", "Is a directory"),
            ("a\\u0000", "invalid file name"),
            ("none", no_pem),
            ("large", no_pem),
        ):
            shown = repr(os.path.join(self.folder, name)).replace("\\\\u0000", "\\x00")
            Path(self.path).write_text(
                '[[hosts]]\nname = "a"\n[hosts.tls.certificate]\n'
                f'certificatePem = "x.pem"\nkeyPem = "{name}"\n'
            )
            message = self.refusal({"config": [self.path]})
            place = "hosts[0].tls.certificate.keyPem"
            self.assertEqual(message, f"{self.path}: {place}: {shown}: {why}")

    def test_what_is_no_certificate_is_told_as_in_the_api(self) -> None:
        """Whatever stands in the place of a table."""
        for text, message in (
            ("hosts = 5", "hosts: must be an array, got a number"),
            ("hosts = [5]", "hosts[0]: must be an object, got a number"),
            ("tls = 5", "tls: must be an object, got a number"),
            (
                "tls = {certificate = 5}",
                "tls.certificate: must be one of: valid, selfSigned, expired, "
                "notYetValid, wrongName, untrusted; or an object with "
                "certificatePem and keyPem, got a number",
            ),
            (
                "tls = {certificate = {certificatePem = 5}}",
                "tls.certificate.certificatePem: must be a string, got a number",
            ),
        ):
            self.assertEqual(self.file_refusal(text), message)
