"""Gates as documents"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.codec.behaviors import behavior_document, parse_behavior
from mocksmtp.documents.problems import DocumentError
from mocksmtp.model.gate import OPEN, Gate, ScenarioStep
from mocksmtp.model.target import parse_target

BASE = {"command": "RCPT TO", "response": {"code": 450}}


def places(**fields: Any) -> list[str]:
    """Where a behavior with these fields is wrong."""
    try:
        parse_behavior({**BASE, **fields})
    except DocumentError as error:
        return [problem.path for problem in error.problems]
    return []


class GateTests(SynchronousTestCase):
    """What is read"""

    def test_documents_and_gates(self) -> None:
        """Each describes the other; what is as usual is not told."""
        helo = parse_target("helo")
        for fields, gate in (
            ({}, OPEN),
            ({"skip": 3}, Gate(skip=3)),
            ({"per": "helo"}, Gate(per=(helo,))),
            ({"per": ["connection", "helo"]}, Gate(per=("connection", helo))),
            ({"activeFor": 300_000}, Gate(active_for=300.0)),
            ({"window": 1500}, Gate(window=1.5)),
            ({"probability": 0.3}, Gate(probability=0.3)),
            ({"scenario": {"name": "x"}}, Gate(scenario=ScenarioStep("x"))),
            (
                {"scenario": {"name": "x", "state": "a", "next": "b"}},
                Gate(scenario=ScenarioStep("x", "a", "b")),
            ),
        ):
            behavior = parse_behavior({**BASE, **fields})
            self.assertEqual(behavior.gate, gate)
            told = behavior_document(behavior)
            self.assertEqual({name: told[name] for name in fields}, fields)
            self.assertEqual(len(told), 4 + len(fields))

    def test_what_is_as_usual_may_be_said(self) -> None:
        """It means the same."""
        usual = {"skip": 0, "per": "global", "activeFor": None, "window": None}
        usual |= {"probability": 1, "scenario": None, "id": None, "tag": None}
        self.assertEqual(parse_behavior({**BASE, **usual}), parse_behavior(BASE))

    def test_what_is_none(self) -> None:
        """It is told at its place."""
        for name, values in {
            "skip": (-1, "1", 1.5, None, 10**10),
            "per": ("x", [], None, 5, ["helo"] * 2, "header:x", "size", "header"),
            "activeFor": (0, -1, "x", "0s", True, 10**12),
            "window": (0, 0.5, [], "1000h"),
            "probability": (0, -0.1, 1.01, "0.5", None, True),
            "tag": ("", "a\nb", "x" * 101, 5),
            "id": ("", "a b", "..", "x" * 65, 5),
        }.items():
            for value in values:
                self.assertEqual(places(**{name: value}), [f"$.{name}"], value)
        self.assertEqual(places(per=["helo", "global"]), ["$.per[1]"])
        self.assertEqual(places(per=["helo", "size"]), ["$.per[1]"])

    def test_scenarios_that_make_no_sense(self) -> None:
        """Without a name, or with a step that leads nowhere."""
        for scenario, place in (
            ({}, ".name"),
            ({"name": None}, ".name"),
            ({"name": "x", "state": "a", "next": "a"}, ".next"),
            ({"name": "x", "state": ""}, ".state"),
            ({"name": "x", "then": "a"}, ".then"),
            ([], ""),
        ):
            self.assertEqual(places(scenario=scenario), [f"$.scenario{place}"])
