from twisted.trial.unittest import SynchronousTestCase

from benchmarks.comparison import Comparison


class ComparisonTests(SynchronousTestCase):
    def test_speed(self) -> None:
        """What costs half as much is twice as fast; the median of the rounds counts."""
        comparison = Comparison([4.0, 2.0, 9.0], [2.0, 1.0, 9.0])
        self.assertEqual(comparison.speed, 2.0)

    def test_is_told(self) -> None:
        """The other way's cost comes first, in a unit that suits both."""
        self.assertEqual(str(Comparison([0.002], [0.0005])), "0.5 ms, 2.0 ms")
        self.assertEqual(str(Comparison([2e-5], [3e-5])), "30.0 µs, 20.0 µs")
