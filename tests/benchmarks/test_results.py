import json

from twisted.trial.unittest import SynchronousTestCase

from benchmarks.alone import ALONE
from benchmarks.figures import Figures
from benchmarks.growth import Growth
from benchmarks.loads import LOADS
from benchmarks.machine import Machine
from benchmarks.results import Results
from tests.benchmarks.test_rows import MEMORY

MACHINE = Machine("Some CPU", 2, "3.11", {"Twisted": "26.10"}, "2026-01-02")
FULL = Results(
    loads=[(LOADS[0], Figures({"mocksmtp": [2e-5], "stock": [4e-5]}))],
    alone={"growth": Growth(small=1.0, large=64.0), "memory": MEMORY},
    failures=["floor ended"],
)


class ResultsTests(SynchronousTestCase):
    def test_rows(self) -> None:
        """There is a row for each load, one for growth, and three for memory."""
        self.assertEqual(len(FULL.rows()), 5)
        self.assertEqual(Results().rows(), [])

    def test_json(self) -> None:
        """The JSON document has every round, the ratios, and what failed."""
        document = json.loads(FULL.to_json(MACHINE))
        load = document["loads"]["lockstep-1k"]
        self.assertEqual(document["machine"]["cpu"], "Some CPU")
        self.assertEqual(load["cpuPerMail"], {"mocksmtp": [2e-5], "stock": [4e-5]})
        self.assertEqual(load["ratios"], {"mocksmtp": 1.0, "stock": 2.0})
        self.assertEqual(load["asks"][1]["atLeast"], 1.5)
        self.assertEqual(document["growth"], {"small": 1.0, "large": 64.0})
        self.assertEqual(document["memory"]["stall"]["idleGap"], 0.001)
        self.assertEqual(document["failures"], ["floor ended"])

    def test_json_of_nothing(self) -> None:
        """What was not measured is null."""
        document = json.loads(Results().to_json(MACHINE))
        self.assertEqual([document[each.name] for each in ALONE], [None] * len(ALONE))
