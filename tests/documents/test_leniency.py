"""Single values"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.documents.leniency import seconds, whole
from mocksmtp.documents.problems import Refused


class ValueTests(SynchronousTestCase):
    """What they may be"""

    def test_durations(self) -> None:
        """In the one grammar of durations."""
        for bad in -1, 2_592_000_001, float("nan"), float("inf"), "x", True, None:
            self.assertRaises(Refused, seconds, bad)
        self.assertRaises(Refused, seconds, 0.5, 0.001)

    def test_numbers(self) -> None:
        """A boolean is none."""
        self.assertEqual(whole(5, 5), 5)
        for bad in 4, 5.0, "5", True, 10**30:
            self.assertRaises(Refused, whole, bad, 5)
