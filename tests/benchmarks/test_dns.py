from twisted.trial.unittest import SynchronousTestCase

from benchmarks.dns import LOADS, completed, line, verdicts

REPORT = """
Statistics:

  Queries sent:         50000
  Queries completed:    50000 (100.00%)
  Queries lost:         0 (0.00%)

  Response codes:       NOERROR 50000 (100.00%)
"""


class ReportTests(SynchronousTestCase):
    def test_completed(self) -> None:
        """Only where all answers are good is anything counted."""
        self.assertEqual(completed(REPORT), 50000)
        for bad in (
            REPORT.replace("NOERROR 50000", "NOERROR 49999 (99.99%), NXDOMAIN 1"),
            REPORT.replace("NOERROR", "REFUSED"),
            "",
        ):
            self.assertEqual(completed(bad), 0)

    def test_line(self) -> None:
        """Costs are told in microseconds, and as ratios."""
        told = line(LOADS[0], {"mocksmtp": 10e-6, "nsd": 5e-6})
        self.assertTrue(told.endswith("mocksmtp 10.0 µs (1.00x), nsd 5.0 µs (0.50x)"))

    def test_verdicts(self) -> None:
        """What falls short is told as such, what is not asked for is not told."""
        costs = [10e-6, 13e-6, 10e-6, 90e-6]
        figures = {
            load: {"mocksmtp": cost, "twisted.names": 18e-6}
            for load, cost in zip(LOADS, costs, strict=True)
        }
        told = list(verdicts(figures))
        said = [one.rpartition(" ")[2] for one in told]
        self.assertEqual(said, ["yes", "NO", "yes", "NO"])
        self.assertIn("1.30x the cost of 10", told[-1])
