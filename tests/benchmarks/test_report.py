from twisted.trial.unittest import SynchronousTestCase

from benchmarks.kinds import FLOOR, MOCKSMTP
from benchmarks.report import markdown, text_table
from benchmarks.rows import Row

ROWS = (
    Row("one", "≥1x", "1.20x", True, {"mocksmtp": "10 ±1%", "floor": "12 ±2% 1.20x"}),
    Row("two | three", "<3", "4", False, {"mocksmtp": "9 ±0%"}),
    Row("four", "<3", ""),
)
KINDS = (MOCKSMTP, FLOOR)


class TextTableTests(SynchronousTestCase):
    def test_columns(self) -> None:
        """Columns line up, and what was not measured is a dash."""
        lines = text_table(ROWS, KINDS).splitlines()
        self.assertEqual(
            lines[:5],
            [
                "load         asked  measured  met  mocksmtp  floor",
                "-----------  -----  --------  ---  --------  ------------",
                "one          ≥1x    1.20x     yes  10 ±1%    12 ±2% 1.20x",
                "two | three  <3     4         NO   9 ±0%     -",
                "four         <3     -         -    -         -",
            ],
        )

    def test_no_rows(self) -> None:
        """A run that measured nothing has a table without rows."""
        self.assertIn("load  asked  measured", text_table((), KINDS))


class MarkdownTests(SynchronousTestCase):
    def test_document(self) -> None:
        """The document names the machine, and bars in cells are escaped."""
        lines = markdown(ROWS, KINDS, "Some CPU, 2 CPUs").splitlines()
        self.assertEqual(lines[:3], ["# Benchmarks", "", "Some CPU, 2 CPUs"])
        self.assertEqual(
            lines[4], "| load | asked | measured | met | mocksmtp | floor |"
        )
        self.assertEqual(lines[5], "| --- | --- | --- | --- | --- | --- |")
        self.assertEqual(lines[7], "| two \\| three | <3 | 4 | NO | 9 ±0% | - |")
