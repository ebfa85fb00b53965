"""Certificates and keys that others have made."""

from __future__ import annotations

import hashlib
import ssl
import subprocess

import trustme
from cryptography.hazmat.primitives.asymmetric import x25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.tls.identity import CertificateError, parse_pair

CA = trustme.CA().create_child_ca()
LEAF = CA.issue_cert("mx.ex.test")
CHAIN = b"".join(pem.bytes() for pem in LEAF.cert_chain_pems)
KEY = LEAF.private_key_pem.bytes()


def openssl(*arguments: str, given: bytes) -> bytes:
    return subprocess.run(
        ["openssl", *arguments], input=given, capture_output=True, check=True
    ).stdout


class ParseTests(SynchronousTestCase):
    """parse_pair"""

    def error(self, certificate: bytes, key: bytes) -> str:
        raised = self.assertRaises(CertificateError, parse_pair, certificate, key)
        self.assertIsInstance(raised, ValueError)
        self.assertIsNone(raised.__cause__)
        return str(raised)

    def test_the_chain_stays_whole_and_in_order(self) -> None:
        """What stands behind the certificate leads to its root."""
        identity = parse_pair(CHAIN, KEY).identity()
        self.assertEqual(identity.chain_pem.count(b"BEGIN CERTIFICATE"), 2)
        self.assertEqual(identity.chain_pem, CHAIN)

    def test_digests_are_those_that_openssl_has(self) -> None:
        """For TLSA records, of the certificate and of its key."""
        identity = parse_pair(CHAIN, KEY).identity()
        der = openssl("x509", "-outform", "DER", given=CHAIN)
        public = openssl("x509", "-noout", "-pubkey", given=CHAIN)
        spki = openssl("pkey", "-pubin", "-outform", "DER", given=public)
        self.assertEqual(identity.leaf_der, der)
        self.assertEqual(identity.spki_der, spki)
        digest = hashlib.sha256(spki).hexdigest()
        self.assertEqual(parse_pair(CHAIN, KEY).fingerprint, digest)

    def test_keys_of_other_kinds_are_taken(self) -> None:
        """RSA, which most of the world still has."""
        leaf = CA.issue_cert("mx.ex.test", key_type=trustme.KeyType.RSA)
        pem = leaf.cert_chain_pems[0].bytes()
        identity = parse_pair(pem, leaf.private_key_pem.bytes()).identity()
        self.assertEqual(identity.chain_pem, pem)

    def test_what_is_no_certificate_is_told(self) -> None:
        """Whatever is wrong with it, in one line."""
        for pem in (b"", b"mail", KEY, CHAIN[:200], CHAIN.replace(b"M", b"N")):
            message = "there is no certificate in PEM that is whole"
            self.assertEqual(self.error(pem, KEY), message)

    def test_what_is_no_key_is_told(self) -> None:
        """And nothing of it is shown."""
        for pem in (b"", b"secret", CHAIN, KEY[:100]):
            message = "there is no key in PEM that is whole"
            self.assertEqual(self.error(CHAIN, pem), message)

    def test_an_encrypted_key_is_told(self) -> None:
        """There is nobody to ask for its password."""
        key = load_pem_private_key(KEY, None)
        hidden = BestAvailableEncryption(b"secret")
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, hidden)
        self.assertEqual(self.error(CHAIN, pem), "the key is encrypted")

    def test_a_key_that_can_not_sign_is_told(self) -> None:
        """As those that are for agreeing on a key only."""
        pem = x25519.X25519PrivateKey.generate().private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
        message = "the key is of a kind that TLS can't sign with"
        self.assertEqual(self.error(CHAIN, pem), message)

    def test_a_key_of_another_certificate_is_told(self) -> None:
        """Also where its certificate stands further behind."""
        message = "the key is not that of the first certificate"
        other = CA.issue_cert("mx.ex.test")
        self.assertEqual(self.error(CHAIN, other.private_key_pem.bytes()), message)
        turned = b"".join(pem.bytes() for pem in reversed(LEAF.cert_chain_pems))
        self.assertEqual(self.error(turned, KEY), message)

    def test_a_certificate_with_a_key_of_an_unknown_kind(self) -> None:
        """On a curve that nobody has: no key is its own."""
        der = ssl.PEM_cert_to_DER_cert(CHAIN.decode().partition("-\n-")[0] + "-")
        curve = bytes.fromhex("06082a8648ce3d0301")
        pem = ssl.DER_cert_to_PEM_cert(der.replace(curve + b"\7", curve + b"\x7f"))
        message = "the key is not that of the first certificate"
        self.assertEqual(self.error(pem.encode(), KEY), message)

    def test_the_key_is_not_shown(self) -> None:
        """In no text of the values that hold it."""
        pair = parse_pair(CHAIN, KEY)
        for text in (repr(pair), repr(pair.identity())):
            self.assertNotIn("PRIVATE", text)
