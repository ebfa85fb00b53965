"""Scenarios"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.scenarios import (
    MAX_SCENARIOS,
    Scenarios,
    ScenarioStep,
    parse_states,
)
from mocksmtp.documents.problems import DocumentError


class ScenarioTests(SynchronousTestCase):
    """`Scenarios`"""

    def setUp(self) -> None:
        self.scenarios = Scenarios()

    def test_all_start_in_the_same_state(self) -> None:
        """Also those that nobody has named."""
        self.assertEqual(self.scenarios.state("x"), "Started")
        self.assertEqual(
            self.scenarios.states(["b", "a"]), dict.fromkeys("ab", "Started")
        )

    def test_a_step_is_for_its_state_or_for_any(self) -> None:
        """And moves on if it says where to."""
        first = ScenarioStep("x", "Started", "down")
        self.assertTrue(self.scenarios.allows(first))
        self.scenarios.move(first)
        self.assertEqual(self.scenarios.states(), {"x": "down"})
        self.assertFalse(self.scenarios.allows(first))
        self.assertTrue(self.scenarios.allows(ScenarioStep("x")))
        self.scenarios.move(ScenarioStep("x"))
        self.assertEqual(self.scenarios.state("x"), "down")

    def test_setting_some_leaves_the_others(self) -> None:
        """Until all are cleared."""
        self.scenarios.set({"x": "a", "y": "b"})
        self.scenarios.set({"x": "c"})
        self.assertEqual(self.scenarios.states(), {"x": "c", "y": "b"})
        self.scenarios.clear()
        self.assertEqual(self.scenarios.states(), {})

    def test_they_are_bounded(self) -> None:
        """The oldest go back to their first state."""
        self.scenarios.set({f"s{n}": "x" for n in range(MAX_SCENARIOS + 1)})
        self.assertEqual(len(self.scenarios.states()), MAX_SCENARIOS)
        self.assertEqual(self.scenarios.state("s0"), "Started")


class DocumentTests(SynchronousTestCase):
    """`parse_states`"""

    def test_states_by_name(self) -> None:
        """Any one line of text."""
        states = {"outage": "down", "é 1": "Started"}
        self.assertEqual(parse_states(states), states)

    def test_what_is_none(self) -> None:
        """It is told where."""
        many = {str(n): "x" for n in range(MAX_SCENARIOS + 1)}
        for document, path in (
            ([], "$"),
            (None, "$"),
            (many, "$"),
            ({"a": 5}, "$.a"),
            ({"a": ""}, "$.a"),
            ({"a": "x" * 101}, "$.a"),
            ({"": "x"}, "$."),
            ({"a\n": "x"}, "$.a\n"),
        ):
            with self.assertRaises(DocumentError) as raised:
                parse_states(document)
            self.assertEqual(raised.exception.problems[0].path, path)
