"""What TLSA records say of certificates."""

from __future__ import annotations

import hashlib

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.model.rdata import TLSA, HostTLSA
from mocksmtp.model.tls import CertificateKind
from mocksmtp.tls.association import associated
from mocksmtp.tls.authority import Authority


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
        self.assertEqual(associated(HostTLSA(1, 1, 1, "mx1"), identity).usage, 1)
