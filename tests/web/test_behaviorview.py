"""What the screen of behaviors shows"""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.smtp import SMTP
from mocksmtp.web.behaviorview import (
    behavior_row,
    coded,
    draft_of_line,
    matches_words,
    pretty,
    scenario_rows,
    without_counters,
)
from tests.smtp.mocked import on

COUNTED = {**on("RCPT TO", 450), "id": "a", "seen": 2, "fired": 1, "remaining": None}


class RowTests(SynchronousTestCase):
    """behavior_row"""

    def test_states(self) -> None:
        """What is switched off is disabled, whether or not it is used up."""
        for more, exhausted, state in (
            ({}, False, "active"),
            ({}, True, "exhausted"),
            ({"enabled": False}, True, "disabled"),
        ):
            self.assertEqual(behavior_row({**COUNTED, **more}, exhausted).state, state)

    def test_without_counters(self) -> None:
        """What remains is what was set."""
        self.assertEqual(without_counters(COUNTED), {**on("RCPT TO", 450), "id": "a"})

    def test_scenarios(self) -> None:
        """Each with all states that behaviors name, and the first one."""
        steps = [
            {"scenario": {"name": "outage", "state": "down", "next": "up"}},
            {"command": "DATA"},
        ]
        (row,) = scenario_rows({"outage": "down"}, steps)
        self.assertEqual((row.state, row.known), ("down", ("Started", "down", "up")))


class DraftTests(SynchronousTestCase):
    """draft_of_line"""

    def draft(self, line: str) -> tuple[str, object]:
        """The command and the value of the condition; the draft must be accepted."""
        draft = draft_of_line(line)
        SMTP.parse_one(draft)
        return draft["command"], draft.get("condition", {}).get("matchingValue")

    def test_lines(self) -> None:
        """Each is answered at its own command, by its address or argument."""
        for line, command, value in (
            ("RCPT TO:<bob@x.test> NOTIFY=NEVER", "RCPT TO", "bob@x.test"),
            ("rcpt to: <Bob@x.test>", "RCPT TO", "Bob@x.test"),
            ("MAIL FROM:<>", "MAIL FROM", ""),
            ("EHLO client.test", "EHLO", "client.test"),
            ("LHLO client.test", "EHLO", "client.test"),
            ("DATA", "DATA", None),
            ("AUTH PLAIN ***", "AUTH", None),
            ("STARTTLS", "STARTTLS", None),
            ("NOOP", "NOOP", None),
            ("RCPT garbage", "RCPT TO", None),
            ("XFOO bar", "ANY", "XFOO"),
        ):
            self.assertEqual(self.draft(line), (command, value), line)

    @given(st.text(st.characters(exclude_characters="\r\n"), max_size=60))
    def test_any_line(self, line: str) -> None:
        """Whatever a client has sent, the draft is a behavior that is accepted."""
        self.draft(line)


class TextTests(SynchronousTestCase):
    """pretty, coded, matches_words"""

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        )
    )
    def test_pretty_is_the_same_document(self, value: object) -> None:
        """It differs only in white space."""
        self.assertEqual(json.loads(pretty(value)), value)

    def test_pretty(self) -> None:
        """A short object is one line."""
        document = {"command": "RCPT TO", "response": {"code": 450}, "text": "x" * 60}
        first, *_, last = pretty(document).split("\n")
        self.assertEqual((first, last), ("{", "}"))
        self.assertIn('\n  "response": {"code": 450},\n', pretty(document))

    def test_coded(self) -> None:
        """Code and links of the cookbook."""
        self.assertEqual(
            coded("see [hosts](hosts.md) and `BDAT`."),
            [(False, "see hosts and "), (True, "BDAT"), (False, ".")],
        )

    def test_search(self) -> None:
        """All words, in whatever order and case."""
        self.assertTrue(matches_words("LIST grey", "Greylisting"))
        self.assertFalse(matches_words("grey x", "Greylisting"))
        self.assertTrue(matches_words("", "x"))
