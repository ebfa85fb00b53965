from twisted.trial.unittest import SynchronousTestCase

from benchmarks.figures import Figures


class FiguresTests(SynchronousTestCase):
    figures = Figures({"mocksmtp": [4e-5, 5e-5, 9e-5], "floor": [3e-5, 2e-5, 2e-5]})

    def test_median(self) -> None:
        """One slow round does not change a server's figure."""
        self.assertEqual(self.figures.seconds("mocksmtp"), 5e-5)

    def test_spread(self) -> None:
        """The spread is half the range of the rounds, relative to the median."""
        self.assertAlmostEqual(self.figures.spread("mocksmtp"), 0.5)

    def test_ratio(self) -> None:
        """A ratio is the other server's CPU over mocksmtp's."""
        self.assertAlmostEqual(self.figures.ratio("floor"), 0.4)

    def test_no_ratio(self) -> None:
        """There is no ratio to a server that was not measured."""
        self.assertIsNone(self.figures.ratio("stock"))
        self.assertIsNone(Figures({"floor": [1.0]}).ratio("floor"))
