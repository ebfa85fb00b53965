"""What stands in the certificates that are made."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.tls.identity import CertificateError, KeyPair
from mocksmtp.tls.issuing import Validity, issue, make_root, self_signed

VALIDITY = Validity(datetime(2030, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC))
ROOT = make_root("a root", VALIDITY)


def alternatives(pair: KeyPair) -> list[object]:
    extensions = pair.leaf.extensions
    return [
        name.value
        for name in extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        ).value
    ]


class IssueTests(SynchronousTestCase):
    """issue and self_signed"""

    def test_names_and_addresses(self) -> None:
        """Each in its own kind of alternative name."""
        for pair in (
            issue(ROOT, ("192.0.2.1", "mx.ex.test", "::1"), VALIDITY),
            self_signed(("192.0.2.1", "mx.ex.test", "::1"), VALIDITY),
        ):
            names = [ip_address("192.0.2.1"), "mx.ex.test", ip_address("::1")]
            self.assertEqual(alternatives(pair), names)
            subject = pair.leaf.subject.rfc4514_string()
            self.assertEqual(subject, "CN=mx.ex.test,O=mocksmtp")

    def test_names_that_are_no_host_names_to_idna(self) -> None:
        """Underscores, which services in containers have, and wildcards."""
        names = ("mock_smtp", "*.ex.test", "-a--b-.test")
        self.assertEqual(alternatives(issue(ROOT, names, VALIDITY)), list(names))

    def test_names_as_they_are_compared(self) -> None:
        """A-labels, and no dot at the end (RFC 5280 §4.2.1.6)."""
        pair = issue(ROOT, ("mx.ex.test.", "bücher.test"), VALIDITY)
        self.assertEqual(alternatives(pair), ["mx.ex.test", "xn--bcher-kva.test"])

    def test_a_name_too_long_for_a_common_name(self) -> None:
        """Is an alternative name only; the next one is the common name."""
        long = "x" * 60 + ".ex.test"
        pair = issue(ROOT, (long, "mx.test"), VALIDITY)
        self.assertEqual(alternatives(pair), [long, "mx.test"])
        subject = pair.leaf.subject.rfc4514_string()
        self.assertEqual(subject, "CN=mx.test,O=mocksmtp")
        subject = issue(ROOT, (long,), VALIDITY).leaf.subject.rfc4514_string()
        self.assertEqual(subject, "O=mocksmtp")

    def test_what_is_no_name_is_refused(self) -> None:
        """With the name, in one line."""
        for name in ("", ".", "a\nb", "b\u00fc cher.test", "\ud800"):
            error = self.assertRaises(CertificateError, issue, ROOT, (name,), VALIDITY)
            self.assertEqual(str(error), f"{name!r} can't stand in a certificate")

    def test_times_and_key(self) -> None:
        """As they were asked for, on P-256."""
        for pair in (
            ROOT,
            issue(ROOT, ("a",), VALIDITY),
            self_signed(("a",), VALIDITY),
        ):
            leaf = pair.leaf
            times = Validity(leaf.not_valid_before_utc, leaf.not_valid_after_utc)
            self.assertEqual(times, VALIDITY)
            self.assertIsInstance(pair.key.public_key().curve, ec.SECP256R1)

    def test_an_earlier_key_stays(self) -> None:
        """With a certificate of another number."""
        old = issue(ROOT, ("a",), VALIDITY)
        new = issue(ROOT, ("a",), VALIDITY, old.key)
        self.assertEqual(new.fingerprint, old.fingerprint)
        self.assertNotEqual(new.leaf.serial_number, old.leaf.serial_number)

    def test_a_server_certifies_nobody(self) -> None:
        """Only a root is an authority."""
        self.assertTrue(self.is_authority(ROOT))
        self.assertFalse(self.is_authority(issue(ROOT, ("a",), VALIDITY)))
        self.assertFalse(self.is_authority(self_signed(("a",), VALIDITY)))

    def is_authority(self, pair: KeyPair) -> bool:
        extensions = pair.leaf.extensions
        return extensions.get_extension_for_class(x509.BasicConstraints).value.ca
