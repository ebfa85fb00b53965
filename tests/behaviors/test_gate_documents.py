"""Gates as documents"""

from __future__ import annotations

from typing import Any

import attrs
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.scenarios import ScenarioStep
from mocksmtp.behaviors.smtp import SMTP
from mocksmtp.behaviors.target import parse_target
from mocksmtp.documents.problems import DocumentError

BASE = {"command": "RCPT TO", "response": {"code": 450}}


def places(**fields: Any) -> list[str]:
    """Where a behavior with these fields is wrong."""
    try:
        SMTP.parse_one({**BASE, **fields})
    except DocumentError as error:
        return [problem.path for problem in error.problems]
    return []


class GateTests(SynchronousTestCase):
    """What is read"""

    def test_documents_and_gates(self) -> None:
        """Each describes the other; what is as usual is not told."""
        helo, usual = parse_target("helo"), SMTP.parse_one(BASE)
        for fields, gate in (
            ({}, {}),
            ({"skip": 3}, {"skip": 3}),
            ({"per": "helo"}, {"per": (helo,)}),
            ({"per": ["connection", "helo"]}, {"per": ("connection", helo)}),
            ({"activeFor": 300_000}, {"active_for": 300.0}),
            ({"window": 1500}, {"window": 1.5}),
            ({"probability": 0.3}, {"probability": 0.3}),
            ({"scenario": {"name": "x"}}, {"scenario": ScenarioStep("x")}),
            (
                {"scenario": {"name": "x", "state": "a", "next": "b"}},
                {"scenario": ScenarioStep("x", "a", "b")},
            ),
        ):
            behavior = SMTP.parse_one({**BASE, **fields})
            self.assertEqual(behavior, attrs.evolve(usual, **gate))
            told = SMTP.write(behavior)
            self.assertEqual({name: told[name] for name in fields}, fields)
            self.assertEqual(len(told), 4 + len(fields))

    def test_what_is_as_usual_may_be_said(self) -> None:
        """It means the same."""
        usual = {"skip": 0, "per": "global", "activeFor": None, "window": None}
        usual |= {"probability": 1, "scenario": None, "id": None, "tag": None}
        usual |= {"name": None, "enabled": True, "persistent": False}
        self.assertEqual(SMTP.parse_one({**BASE, **usual}), SMTP.parse_one(BASE))
        usual = {**dict.fromkeys(usual), "per": [], "responses": []}
        self.assertEqual(SMTP.parse_one({**BASE, **usual}), SMTP.parse_one(BASE))

    def test_what_is_none(self) -> None:
        """It is told at its place."""
        for name, values in {
            "skip": (-1, "1", 1.5, 10**10),
            "per": ("x", 5, ["helo"] * 2, "header:x", "size", "header"),
            "activeFor": (0, -1, "x", "0s", True, 10**12),
            "window": (0, 0.5, [], "1000h"),
            "probability": (0, -0.1, 1.01, "0.5", True),
            "tag": ("", "a\nb", "x" * 101, 5),
            "name": ("", "a\nb", 5),
            "enabled": ("true", 1),
            "persistent": ("yes", 0),
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
