from twisted.trial.unittest import SynchronousTestCase

from benchmarks import idle
from benchmarks.kinds import FLOOR, SECURE_KINDS
from benchmarks.measure import Plan


class IdleTests(SynchronousTestCase):
    def test_floor(self) -> None:
        """Connections are measured without TLS and with it, which takes more."""
        self.patch(idle, "MOCKSMTP", FLOOR)
        self.patch(idle, "SECURE_KINDS", SECURE_KINDS[1:])
        self.patch(idle, "_FIRST", 20)
        measured = idle.measure_idle(Plan(rounds=1, share=20, kept=1))
        self.assertEqual(measured.connections, 100)
        self.assertGreater(measured.tls["floor"], measured.clear["floor"])
