from twisted.trial.unittest import SynchronousTestCase

from benchmarks import crowds
from benchmarks.kinds import FLOOR
from benchmarks.measure import Plan


class CrowdsTests(SynchronousTestCase):
    def test_floor(self) -> None:
        """Each size of crowd is measured in each round, on a server of its own."""
        for name, value in (("MOCKSMTP", FLOOR), ("FEW", 2), ("MANY", 20)):
            self.patch(crowds, name, value)
        plan = Plan(rounds=2, share=100, kept=1)
        measured = crowds.measure_crowds(plan).servers["floor"]
        self.assertEqual(len(measured.usual), 2)
        self.assertEqual(len(measured.other), 2)
        self.assertGreater(min(measured.usual + measured.other), 0)
