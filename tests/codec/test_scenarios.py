"""The states of scenarios as a document"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.codec.scenarios import parse_states
from mocksmtp.core.scenarios import MAX_SCENARIOS
from mocksmtp.documents.problems import DocumentError


class StateTests(SynchronousTestCase):
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
