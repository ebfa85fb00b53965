"""What TLSA records say of certificates."""

from __future__ import annotations

import hashlib

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.tls.authority import Authority
from mocksmtp.tls.identity import associated, spki
from mocksmtp.tls.settings import CertificateKind
from mocksmtp.zone.rdata import TLSA, HostTLSA


class AssociationTests(SynchronousTestCase):
    """`associated`."""

    def test_selectors_and_digests(self):
        """The certificate or its key, whole or by either digest (RFC 6698 §2.1)."""
        identity = Authority().identity(CertificateKind.VALID, ("mx.test",))
        leaf, key = identity.leaf_der, identity.spki_der
        for selector, matching, data in (
            (0, 0, leaf),
            (1, 0, key),
            (0, 1, hashlib.sha256(leaf).digest()),
            (1, 1, hashlib.sha256(key).digest()),
            (1, 2, hashlib.sha512(key).digest()),
        ):
            self.assertEqual(
                associated(HostTLSA(3, selector, matching, "mx1"), identity),
                TLSA(3, selector, matching, data),
            )

    def test_usages(self):
        """3 and 1 are about the certificate, 2 and 0 about the root behind it."""
        authority = Authority()
        identity = authority.identity(CertificateKind.VALID, ("mx.test",))
        root = x509.load_pem_x509_certificate(authority.root_pem)
        for usage, (certificate, key) in enumerate(
            [
                (root.public_bytes(Encoding.DER), spki(root)),
                (identity.leaf_der, identity.spki_der),
            ]
            * 2
        ):
            for selector, data in enumerate((certificate, key)):
                self.assertEqual(
                    associated(HostTLSA(usage, selector, 0, "mx1"), identity),
                    TLSA(usage, selector, 0, data),
                )

    def test_one_that_is_alone(self):
        """A self-signed certificate is its own root."""
        identity = Authority().identity(CertificateKind.SELF_SIGNED, ("mx.test",))
        record = associated(HostTLSA(2, 0, 0, "mx1"), identity)
        self.assertEqual(record.data, identity.leaf_der)
