"""Certificates as clients see them, and as time goes by."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.tls.authority import Authority, CertificateError, Identity
from mocksmtp.tls.contexts import ServerContexts
from mocksmtp.tls.settings import CertificateKind, GivenCertificate, TlsSettings
from tests.tls.clients import DAY, NAME, NAMES, Calendar, meet, trusting

VALID = CertificateKind.VALID


def leaf(identity: Identity) -> x509.Certificate:
    return x509.load_der_x509_certificate(identity.leaf_der)


class KindTests(SynchronousTestCase):
    """What a client makes of each kind, today"""

    def setUp(self) -> None:
        self.authority = Authority()
        self.contexts = ServerContexts(self.authority)
        self.client = trusting(self.authority.root_pem)

    def refusal(self, kind: CertificateKind, name: str = NAME) -> str | None:
        """Why a client that trusts the root turns away."""
        context = self.contexts.context(TlsSettings(certificate=kind), NAMES)
        error = meet(context, self.client, name).error
        return error and error.verify_message

    def test_a_valid_one_is_right_in_every_way(self) -> None:
        """By each name and address that it is for."""
        for name in NAMES:
            self.assertIsNone(self.refusal(VALID, name), name)
        self.assertIn("mismatch", self.refusal(VALID, "other.test") or "")
        self.assertIn("mismatch", self.refusal(VALID, "192.0.2.2") or "")

    def test_each_wrong_one_is_wrong_in_its_own_way(self) -> None:
        """And the client says so."""
        for kind, why in (
            (CertificateKind.SELF_SIGNED, "self-signed certificate"),
            (CertificateKind.EXPIRED, "certificate has expired"),
            (CertificateKind.NOT_YET_VALID, "certificate is not yet valid"),
            (
                CertificateKind.WRONG_NAME,
                f"Hostname mismatch, certificate is not valid for '{NAME}'.",
            ),
            (
                CertificateKind.UNTRUSTED,
                "self-signed certificate in certificate chain",
            ),
        ):
            self.assertEqual(self.refusal(kind), why, kind)

    def test_but_for_that_it_is_right(self) -> None:
        """A client that minds only something else takes it."""
        self.client.check_hostname = False
        self.assertIsNone(self.refusal(CertificateKind.WRONG_NAME))
        own = self.authority.identity(CertificateKind.SELF_SIGNED, NAMES)
        self.client = trusting(own.chain_pem)
        self.client.verify_flags = 0
        self.assertIsNone(self.refusal(CertificateKind.SELF_SIGNED))

    def test_time_is_the_only_fault(self) -> None:
        """openssl, told not to look at times, verifies what is out of its time."""
        for kind in (CertificateKind.EXPIRED, CertificateKind.NOT_YET_VALID):
            self.assertNotEqual(self.verify(kind), "OK", kind)
            self.assertEqual(self.verify(kind, "-no_check_time"), "OK", kind)

    def verify(self, kind: CertificateKind, *options: str) -> str:
        """The last word of ``openssl verify``."""
        folder = Path(self.mktemp())
        folder.mkdir()
        (folder / "root").write_bytes(self.authority.root_pem)
        identity = self.authority.identity(kind, NAMES)
        (folder / "leaf").write_bytes(identity.chain_pem)
        command = ["openssl", "verify", "-verify_hostname", NAME, *options, "-CAfile"]
        done = subprocess.run(
            [*command, folder / "root", folder / "leaf"], capture_output=True, text=True
        )
        return (done.stdout + done.stderr).split()[-1]

    def test_a_wrong_name_is_none_of_the_right_ones(self) -> None:
        """Also where somebody has taken the usual one."""
        for names in (("wrong-name.invalid",), ("Wrong-Name.invalid.", "a")):
            identity = self.authority.identity(CertificateKind.WRONG_NAME, names)
            common_name = leaf(identity).subject.rfc4514_string()
            self.assertEqual(common_name, "CN=wrong-name0.invalid,O=mocksmtp")


class GivenTests(SynchronousTestCase):
    """Certificates that the user has"""

    def test_it_is_taken_as_it_is(self) -> None:
        """The host's own names are of no account."""
        made = trustme.CA().issue_cert("given.test")
        pem = made.cert_chain_pems[0].bytes()
        key = made.private_key_pem.bytes()
        given = GivenCertificate(pem.decode(), key.decode())
        authority = Authority(self.mktemp())
        identity = authority.identity(given, NAMES)
        self.assertEqual(identity.chain_pem, pem)
        self.assertIs(authority.identity(given, ()), identity)

    def test_one_that_is_not_usable_is_refused(self) -> None:
        """Whatever stands in its place."""
        given = GivenCertificate("x\ud800", "y")
        error = self.assertRaises(CertificateError, Authority().identity, given, NAMES)
        message = "there is no certificate in PEM that is whole"
        self.assertEqual(str(error), message)


class TimeTests(SynchronousTestCase):
    """What stays, and what is made anew"""

    def setUp(self) -> None:
        self.calendar = Calendar()
        self.directory = Path(self.mktemp())
        self.authority = self.start()

    def start(self) -> Authority:
        """Start the service."""
        return Authority(self.directory, self.calendar)

    def test_nothing_is_made_before_it_is_asked_for(self) -> None:
        """No file, and no directory."""
        self.assertFalse(self.directory.exists())

    def test_lifetimes(self) -> None:
        """A root has ten years, a server less than 398 days, both a day behind."""
        now = self.calendar.now
        root = x509.load_pem_x509_certificate(self.authority.root_pem)
        self.assertEqual(root.not_valid_before_utc, now - DAY)
        self.assertEqual(root.not_valid_after_utc, now + 3650 * DAY)
        made = leaf(self.authority.identity(VALID, NAMES))
        self.assertEqual(made.not_valid_before_utc, now - DAY)
        self.assertEqual(made.not_valid_after_utc, now + 396 * DAY)

    def test_it_is_made_once(self) -> None:
        """For each kind and each set of names."""
        first = self.authority.identity(VALID, NAMES)
        self.assertIs(self.authority.identity(VALID, NAMES), first)
        for kind, names in ((CertificateKind.EXPIRED, NAMES), (VALID, ("a",))):
            other = self.authority.identity(kind, names)
            self.assertNotEqual(other.spki_der, first.spki_der)

    def test_all_stays_over_a_start(self) -> None:
        """The root, and the certificates of every kind."""
        root = self.authority.root_pem
        before = [self.authority.identity(kind, NAMES) for kind in CertificateKind]
        self.calendar.now += DAY
        again = self.start()
        after = [again.identity(kind, NAMES) for kind in CertificateKind]
        self.assertEqual(after, before)
        self.assertEqual(again.root_pem, root)

    def test_without_a_directory_nothing_stays(self) -> None:
        """Each start has a root of its own."""
        roots = {Authority(now=self.calendar).root_pem for _ in range(2)}
        self.assertEqual(len(roots), 2)

    def test_files_are_for_their_owner_only(self) -> None:
        """All of them have keys; their names say what they are."""
        self.authority.identity(VALID, ("MX.ex.test/..",))
        names = sorted(os.listdir(self.directory))
        self.assertRegex(names[0], r"^root.pem$")
        self.assertRegex(names[1], r"^valid-mx.ex.test_..-[0-9a-f]{16}.pem$")
        for name in names:
            mode = (self.directory / name).stat().st_mode
            self.assertEqual(mode & 0o777, 0o600, name)

    def test_a_certificate_is_made_anew_in_time(self) -> None:
        """A month before it expires, with the key that it had; running or not."""
        first = self.authority.identity(VALID, NAMES)
        self.calendar.now += 365 * DAY
        self.assertIs(self.authority.identity(VALID, NAMES), first)
        self.calendar.now += DAY
        for authority in (self.start(), self.authority):
            second = authority.identity(VALID, NAMES)
            self.assertEqual(second.spki_der, first.spki_der)
            self.assertNotEqual(second.leaf_der, first.leaf_der)
            begin = leaf(second).not_valid_before_utc
            self.assertEqual(begin, self.calendar.now - DAY)

    def test_a_fault_of_time_does_not_mend(self) -> None:
        """What is not valid yet never becomes so, however long the service runs."""
        kind = CertificateKind.NOT_YET_VALID
        for _ in range(40):
            self.calendar.now += DAY
            made = leaf(self.authority.identity(kind, NAMES))
            self.assertGreaterEqual(made.not_valid_before_utc, self.calendar.now + DAY)

    def test_a_clock_that_goes_back(self) -> None:
        """What has expired is expired by the new time too."""
        kind = CertificateKind.EXPIRED
        self.authority.identity(kind, NAMES)
        self.calendar.now -= 10 * DAY
        made = leaf(self.authority.identity(kind, NAMES))
        self.assertLess(made.not_valid_after_utc, self.calendar.now)

    def test_a_root_is_made_anew_in_time(self) -> None:
        """Certificates of the new one are good for those who trust the old one."""
        old = x509.load_pem_x509_certificate(self.authority.root_pem)
        self.calendar.now += 3300 * DAY
        made = leaf(self.start().identity(VALID, NAMES))
        new = x509.load_pem_x509_certificate(self.start().root_pem)
        self.assertGreater(new.not_valid_after_utc, old.not_valid_after_utc)
        made.verify_directly_issued_by(old)
        made.verify_directly_issued_by(new)

    def test_another_root_issues_its_own(self) -> None:
        """Where the root's file is gone, a certificate of the old one is no good."""
        first = self.authority.identity(VALID, NAMES)
        (self.directory / "root.pem").unlink()
        again = self.start()
        second = again.identity(VALID, NAMES)
        root = x509.load_pem_x509_certificate(again.root_pem)
        leaf(second).verify_directly_issued_by(root)
        self.assertEqual(second.spki_der, first.spki_der)

    def test_its_root_is_in_the_chain(self) -> None:
        """A client that knows the root by DANE alone finds it there (RFC 7672 §3.1)."""
        root = self.authority.root_pem
        for kind in (VALID, CertificateKind.EXPIRED, CertificateKind.WRONG_NAME):
            chain = self.authority.identity(kind, NAMES).chain_pem
            self.assertTrue(chain.endswith(root), kind)
            self.assertEqual(chain.count(b"BEGIN CERTIFICATE"), 2)

    def test_the_root_of_a_file_is_in_the_chain(self) -> None:
        """Also where the certificate's file has none, or an earlier one."""
        first = self.authority.identity(VALID, NAMES)
        root = self.authority.root_pem
        (path,) = self.directory.glob("valid-*.pem")
        path.write_bytes(path.read_bytes().replace(root, b""))
        self.assertEqual(self.start().identity(VALID, NAMES), first)
        self.calendar.now += 3300 * DAY
        again = self.start()
        self.assertTrue(again.identity(VALID, NAMES).chain_pem.endswith(again.root_pem))

    def test_an_unknown_root_is_in_the_chain(self) -> None:
        """It is nowhere else: a certificate that is alone is made anew."""
        kind = CertificateKind.UNTRUSTED
        first = self.authority.identity(kind, NAMES)
        (path,) = self.directory.glob("untrusted-*.pem")
        certificates = x509.load_pem_x509_certificates(first.chain_pem)
        alone = certificates[0].public_bytes(Encoding.PEM)
        path.write_bytes(first.key_pem + alone)
        second = self.start().identity(kind, NAMES)
        self.assertEqual(second.spki_der, first.spki_der)
        made, issuer = x509.load_pem_x509_certificates(second.chain_pem)
        made.verify_directly_issued_by(issuer)

    def test_a_corrupt_file_is_named(self) -> None:
        """It may be the root that a hundred clients trust: it is not replaced."""
        self.authority.identity(VALID, NAMES)
        for path in self.directory.iterdir():
            kept = path.read_bytes()
            path.write_bytes(b"?")
            error = self.assertRaises(
                CertificateError, self.start().identity, VALID, NAMES
            )
            self.assertEqual(str(error).partition(": ")[0], str(path))
            path.write_bytes(kept)
