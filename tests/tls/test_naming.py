"""Servers of many names"""

from __future__ import annotations

import ssl

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.tls.authority import Authority
from mocksmtp.tls.contexts import ServerContexts
from mocksmtp.tls.naming import NamedContexts
from mocksmtp.tls.settings import CertificateKind, TlsSettings
from tests.tls.clients import careless, meet, trusting

GOOD, BAD = "mta-sts.good.test", "mta-sts.bad.test"


class NamingTests(SynchronousTestCase):
    """`NamedContexts`"""

    def setUp(self) -> None:
        self.authority = Authority()
        expired = TlsSettings(certificate=CertificateKind.EXPIRED)
        served = {GOOD: TlsSettings(), BAD: expired, "x" * 999: TlsSettings()}
        self.contexts = NamedContexts(ServerContexts(self.authority), served.get)

    def test_each_has_its_own(self) -> None:
        """The one that the client means, in whatever letters."""
        client = trusting(self.authority.root_pem)
        for name in GOOD, GOOD.upper():
            self.assertIsNone(meet(self.contexts, client, name).error)
        error = meet(self.contexts, client, BAD).error
        self.assertIn("expired", str(error))

    def test_what_is_not_served(self) -> None:
        """A certificate that nobody trusts; so too where no name is said."""
        client = trusting(self.authority.root_pem)
        for name in ("other.test", None):
            meeting = meet(self.contexts, careless(), name)
            self.assertIsNone(meeting.error)
        error = meet(self.contexts, client, "other.test").error
        self.assertIsInstance(error, ssl.SSLError)
