"""How a host does TLS."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.tls.settings import GivenCertificate, TlsSettings, TlsVersion


class TlsTests(SynchronousTestCase):
    """`TlsSettings`"""

    def test_a_key_is_not_shown(self) -> None:
        """It is not for a log."""
        settings = TlsSettings(certificate=GivenCertificate("public", "secret"))
        self.assertIn("public", repr(settings))
        self.assertNotIn("secret", repr(settings))

    def test_versions_go_from_old_to_new(self) -> None:
        """Whoever compares two of them goes by their order."""
        names = [version.value for version in TlsVersion]
        self.assertEqual(names, ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"])
