"""The reference in docs/behaviors.md"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.condition import OPERATORS
from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.reference import BEGIN, END, insert, reference
from mocksmtp.behaviors.target import Subject
from tests.markdown import ROOT


class ReferenceTests(SynchronousTestCase):
    """`reference`"""

    def test_it_is_what_the_document_has(self) -> None:
        """Rewrite it by python -m mocksmtp.behaviors.reference docs/behaviors.md."""
        text = (ROOT / "docs" / "behaviors.md").read_text("utf-8")
        self.assertEqual(text.count(BEGIN), 1)
        self.assertEqual(insert(text), text)

    def test_it_has_all_of_the_model(self) -> None:
        """Each command, operator and target."""
        rows = [line for line in reference().splitlines() if line.startswith("| `")]
        names = {row.split("`")[1].partition(":")[0] for row in rows}
        for wanted in (
            {command.value for command in Command},
            set(OPERATORS),
            {subject.value for subject in Subject},
        ):
            self.assertEqual(wanted - names, set())

    def test_the_rest_of_a_document_stays(self) -> None:
        """Before the marks and behind them."""
        text = insert(f"a\n{BEGIN}\nstale words\n{END}\nz\n")
        self.assertTrue(text.startswith(f"a\n{BEGIN}\n"))
        self.assertTrue(text.endswith(f"{END}\nz\n"))
        self.assertNotIn("stale", text)
