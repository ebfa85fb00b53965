"""A service that can't be started as it is configured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
from twisted.internet import reactor
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.config import Config
from mocksmtp.core.host import Description, HostPlan
from mocksmtp.model.tls import CertificateKind, GivenCertificate, TlsSettings
from mocksmtp.service import StartError, make_service
from mocksmtp.testing.running import FREE_PORTS
from mocksmtp.tls.authority import Authority


def own() -> GivenCertificate:
    """A certificate with its key."""
    made = Authority().identity(CertificateKind.SELF_SIGNED, ("mx.test",))
    return GivenCertificate(made.chain_pem.decode(), made.key_pem.decode())


class CertificateTests(SynchronousTestCase):
    """Certificates of the configuration"""

    def refusal(self, **changes: Any) -> str:
        """What is said of a configuration with these changes."""
        config: Config = attrs.evolve(FREE_PORTS, **changes)
        return str(self.assertRaises(StartError, make_service, config, reactor))

    def test_one_that_can_be_used_is_taken(self) -> None:
        """Nothing is opened for that."""
        config = attrs.evolve(FREE_PORTS, tls=TlsSettings(certificate=own()))
        host = make_service(config, reactor).mock.default
        self.assertEqual(host.tls, config.tls)

    def test_one_that_is_none_is_told_before_the_start(self) -> None:
        """With the host that it is for, and nothing of its key."""
        broken = attrs.evolve(own(), certificate_pem="-----BEGIN x")
        tls = TlsSettings(certificate=broken)
        why = "there is no certificate in PEM that is whole"
        said = self.refusal(tls=tls)
        self.assertEqual(said, f"host 'default': tls.certificate: {why}")
        plan = HostPlan(Description("mx2", "mx2", tls=tls))
        said = self.refusal(hosts=(plan,))
        self.assertEqual(said, f"host 'mx2': tls.certificate: {why}")

    def test_a_key_of_another_is_told(self) -> None:
        """It would fail every handshake."""
        mixed = attrs.evolve(own(), key_pem=own().key_pem)
        said = self.refusal(tls=TlsSettings(certificate=mixed))
        self.assertIn("the key is not that of the first certificate", said)


class StateTests(SynchronousTestCase):
    """``--state-dir``"""

    def test_the_root_is_the_same_at_the_next_start(self) -> None:
        """So clients that trust it go on to."""
        folder = self.mktemp()
        config = attrs.evolve(FREE_PORTS, state_dir=folder)
        make_service(config, reactor)
        root = Authority(folder).root_pem
        make_service(config, reactor)
        self.assertEqual(Authority(folder).root_pem, root)

    def test_a_folder_that_can_not_be_used_is_told(self) -> None:
        """A file stands in its place."""
        place = self.mktemp()
        Path(place).write_text("x")
        config = attrs.evolve(FREE_PORTS, state_dir=place)
        error = self.assertRaises(StartError, make_service, config, reactor)
        self.assertTrue(str(error).startswith("--state-dir: "), str(error))
        self.assertTrue(str(error).isprintable(), str(error))
