"""Behaviors in force as documents"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.listing import counted_document, rule_document
from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.rule import Rule
from mocksmtp.behaviors.smtp import SMTP, SmtpRules
from tests.behaviors.attempts import FakeAttempt
from tests.behaviors.test_smtp_documents import FRODO


class RuleTests(SynchronousTestCase):
    """A behavior in force"""

    def test_counters_are_told(self) -> None:
        """With its id, around the document of the behavior."""
        rule = Rule("5", SMTP.parse_one(FRODO), seen=3, fired=2)
        self.assertEqual(
            rule_document(rule, SMTP.write, 0.0),
            {
                "id": "5",
                **FRODO,
                "seen": 3,
                "fired": 2,
                "remaining": 5,
                "lastFiredAt": None,
            },
        )

    def test_the_counts_of_keys_are_told(self) -> None:
        """The newest first; long and broken values as they can be shown."""
        behaviors = SmtpRules()
        document = {**FRODO, "per": ["helo", "transaction"], "condition": {}}
        document["condition"] = {"operator": "matchAll"}
        (rule,) = behaviors.extend([SMTP.parse_one(document)])
        for helo in "a", b"\xff", ["b", "c"], None, "x" * 100:
            behaviors.decide(Command.MAIL_FROM, b"", FakeAttempt(helo=helo))
        told = counted_document(rule, SMTP.write, 0.0)
        self.assertEqual(told["keyCount"], 5)
        shown = [key["key"]["helo"] for key in told["keys"]]
        self.assertRegex(shown[0], "^#[0-9a-f]{32}$")
        self.assertEqual(shown[1:], [None, "b, c", "\\xff", "a"])
        self.assertEqual({key["remaining"] for key in told["keys"]}, {6})
        plain = counted_document(Rule("1", SMTP.parse_one(FRODO)), SMTP.write, 0.0)
        self.assertNotIn("keys", plain)
