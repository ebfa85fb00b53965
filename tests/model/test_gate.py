"""Gates"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.model.gate import OPEN, Gate


class GateTests(SynchronousTestCase):
    """`Gate`"""

    def test_an_open_one_asks_nothing(self) -> None:
        """It is what there is without any field."""
        self.assertEqual(Gate(), OPEN)
        self.assertFalse(OPEN.needs_time)

    def test_time_is_needed_where_something_lasts(self) -> None:
        """And nowhere else."""
        self.assertTrue(Gate(active_for=1.0).needs_time)
        self.assertTrue(Gate(window=1.0).needs_time)
        self.assertFalse(Gate(skip=1, probability=0.5).needs_time)
