"""Conditions as documents"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.condition import AllOf, Contains, Exists, MatchAll, Matches, Not
from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.smtp import CONDITIONS, SMTP
from mocksmtp.behaviors.target import parse_target
from mocksmtp.documents.problems import DocumentError

ALL = {"operator": "matchAll"}
SUBJECT = {"operator": "exists", "target": "header:subject"}


def has(value: object = "x", operator: str = "contains", **more: Any) -> dict[str, Any]:
    """A comparison."""
    return {"operator": operator, "matchingValue": value, **more}


def nested(depth: int) -> dict[str, Any]:
    """A condition in so many others."""
    return {"operator": "not", "condition": nested(depth - 1)} if depth else ALL


def problem(condition: Any, command: str = "RCPT TO") -> tuple[str, str]:
    """Where a condition is wrong, and what is."""
    response = {"code": 450}
    document = {"command": command, "condition": condition, "response": response}
    try:
        SMTP.parse_one(document)
    except DocumentError as error:
        (one,) = error.problems
        return one.path.removeprefix("$.condition"), one.message
    return ("", "")


class ReadTests(SynchronousTestCase):
    """What is read"""

    def test_documents_and_conditions(self) -> None:
        """Each describes the other."""
        subject = parse_target("header:subject")
        for document, condition in (
            (ALL, MatchAll()),
            (has(), Contains("x")),
            (
                has(ignoreCase=True, target="header:subject"),
                Contains("x", True, subject),
            ),
            (has(operator="matches"), Matches("x")),
            (SUBJECT, Exists(subject)),
            (
                {"operator": "all", "conditions": [ALL, nested(1)]},
                AllOf((MatchAll(), Not(MatchAll()))),
            ),
        ):
            self.assertEqual(CONDITIONS.read(document), condition)
            self.assertEqual(CONDITIONS.write(condition), document)

    def test_what_is_wrong_is_told_at_its_place(self) -> None:
        """However deep that is."""
        inner = {"operator": "any", "conditions": [ALL, has(operator="contain")]}
        for condition, place in (
            (has("("), ""),
            (has("(", "matches"), ".matchingValue"),
            (has("10.0.0.1/8", "inNetwork"), ".matchingValue"),
            (has("x", "atLeast"), ".matchingValue"),
            (has("5", "atLeast", ignoreCase=True), ".ignoreCase"),
            (has(ignoreCase="yes"), ".ignoreCase"),
            (has(target="subject"), ".target"),
            (has(target=5), ".target"),
            ({"operator": "exists", "matchingValue": "x"}, ".matchingValue"),
            ({"operator": "not"}, ".condition"),
            ({"operator": "not", "condition": []}, ".condition"),
            (
                {"operator": "not", "condition": inner},
                ".condition.conditions[1].operator",
            ),
            ({"operator": "all", "conditions": []}, ".conditions"),
            ({"operator": "all", "conditions": [ALL] * 101}, ".conditions"),
            ({"operator": "all", "conditions": [ALL], "target": "helo"}, ".target"),
            (has("x" * (2**20 + 1)), ".matchingValue"),
        ):
            self.assertEqual(problem(condition)[0], place, condition)

    def test_nesting_is_bounded(self) -> None:
        """Sixteen deep and no more; far deeper ones are told as well."""
        self.assertEqual(problem(nested(16)), ("", ""))
        for depth in 17, 200:
            self.assertIn("16 deep", problem(nested(depth))[1])


class TargetTests(SynchronousTestCase):
    """Targets that can't be known at a command"""

    def test_they_are_refused(self) -> None:
        """At their place, naming both."""
        for condition, command, place in (
            (SUBJECT, "RCPT TO", ".target"),
            (
                {"operator": "not", "condition": SUBJECT},
                "MAIL FROM",
                ".condition.target",
            ),
            ({"operator": "any", "conditions": [ALL, SUBJECT]}, "TLS", ""),
        ):
            where, message = problem(condition, command)
            self.assertEqual(where, place or ".conditions[1].target")
            self.assertIn(f"header:subject can't be known at {command}", message)
        self.assertEqual(problem(SUBJECT, "DATA"), ("", ""))
        self.assertEqual(problem(SUBJECT, "ANY"), ("", ""))

    def test_where_nothing_is_said_a_target_is_needed(self) -> None:
        """Else it would never be true."""
        for command in Command.CONNECT, Command.TLS, Command.DATA_CONTENT:
            self.assertEqual(problem(has(), command.value)[0], ".target")
            for condition in ALL, has(target="clientIp"):
                self.assertEqual(problem(condition, command.value), ("", ""))
