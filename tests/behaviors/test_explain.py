"""Why a condition was not true, and what would have made it true"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.condition import COMPARISONS, Comparison
from mocksmtp.behaviors.explain import (
    MAX_FOUND,
    Considered,
    considered,
    hint_of,
    is_one_edit,
    walks_of,
)
from mocksmtp.behaviors.miss import Item
from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.smtp import SMTP, SmtpRules
from tests.behaviors.attempts import FakeAttempt
from tests.behaviors.test_properties import Given
from tests.smtp.mocked import on

NOOP = Command.NOOP


def comparison(operator: str, wanted: str, **more: Any) -> Comparison:
    return COMPARISONS[operator](wanted, **more)


class HintTests(SynchronousTestCase):
    """Values that are nearly the one wanted"""

    def hint(self, operator: str, wanted: str, found: str) -> str | None:
        """Its code; what the fix makes of the condition is true."""
        leaf = comparison(operator, wanted)
        self.assertFalse(leaf.matches(found.encode()))
        hint = hint_of(leaf, found.encode())
        if hint is None:
            return None
        document = {"operator": operator, "matchingValue": wanted, **hint.fix}
        behavior = SMTP.parse_one(on("NOOP", 450, condition=document))
        fixed = behavior.condition
        assert isinstance(fixed, Comparison)
        self.assertTrue(fixed.matches(found.encode()), (operator, wanted, found))
        return hint.code.value

    def test_each_kind(self) -> None:
        """Each with a fix that makes the condition true."""
        for operator, wanted, found, code in (
            ("equals", "Bob@x.test", "bob@x.test", "case"),
            ("contains", "BOB@", "bob@x.test", "case"),
            ("startsWith", "BOB", "bob@x.test", "case"),
            ("endsWith", "X.test", "bob@x.test", "case"),
            ("matches", "^BOB@", "bob@x.test", "case"),
            ("equals", "<bob@x.test>", "bob@x.test", "brackets"),
            ("contains", "<bob@x.test>", "bob@x.test", "brackets"),
            ("equals", "c.test", "[c.test]", None),
            ("equals", "bob@x.test", "<bob@x.test>", "brackets"),
            ("equals", "bob@x.test ", "bob@x.test", "spaces"),
            ("equals", "c.test", "c.test ", "spaces"),
            ("startsWith", "c.test", " c.test", "spaces"),
            ("equals", "bob@x.test", "bobb@x.test", "edit"),
            ("equals", "bob@x.test", "bo@x.test", "edit"),
            ("contains", "alice@", "to alise@x.test", "edit"),
            ("contains", "greylist", "a greylst b", "edit"),
            ("startsWith", "alice@", "alixe@x.test", "edit"),
            ("endsWith", "@x.test", "bob@y.test", "edit"),
            ("equals", "bob@x.test", "bob@other.example", "localPart"),
            ("equals", "bob@x.test", "alice@X.test", "domain"),
            ("equals", "bob", "alice", None),
            ("contains", "ab", "ac", None),
            ("lessThan", "5", "6", None),
            ("atLeast", "5", "4", None),
            ("inNetwork", "10.0.0.0/8", "192.0.2.1", None),
            ("matches", "^a$", "b", None),
        ):
            self.assertEqual(self.hint(operator, wanted, found), code, (wanted, found))

    def test_one_edit(self) -> None:
        """One character inserted, removed or replaced, and no more."""
        for first, second, near in (
            (b"abc", b"abd", True),
            (b"abc", b"ab", True),
            (b"abc", b"xabc", True),
            (b"abc", b"abc", False),
            (b"abc", b"acb", False),
            (b"abc", b"a", False),
        ):
            self.assertIs(is_one_edit(first, second), near)

    def test_hostile_content(self) -> None:
        """A large value with many half matches takes a bounded number of steps."""
        leaf = comparison("contains", "a" * 100 + "b" * 100)
        self.assertIsNone(hint_of(leaf, b"a" * 10**6))


class LeafTests(SynchronousTestCase):
    """The part of a condition that failed"""

    def why(self, condition: Any, subject: bytes = b"bob", **values: Any) -> Considered:
        behaviors = SmtpRules()
        document = on("NOOP", 450, condition=condition)
        behaviors.replace_all(SMTP.parse_all([document]))
        trail: list[Item] = []
        attempt = FakeAttempt(**values)
        self.assertIsNone(behaviors.decide(NOOP, subject, attempt, trail))
        (walked,) = walks_of(trail)
        (told,) = considered(walked, Given(subject, attempt))
        return told

    def shown(self, *arguments: Any, **values: Any) -> tuple[object, ...]:
        told = self.why(*arguments, **values)
        return told.target, told.operator, told.found, told.wanted

    def test_each_operator(self) -> None:
        """What was tested, how, what was found, and what was wanted."""
        network = {"target": "clientIp", "operator": "inNetwork"}
        for condition, told in (
            (("contains", "x"), ("argument", "contains", "bob", "x")),
            (("equals", "x"), ("argument", "equals", "bob", "x")),
            (("startsWith", "x"), ("argument", "startsWith", "bob", "x")),
            (("endsWith", "x"), ("argument", "endsWith", "bob", "x")),
            (("matches", "x"), ("argument", "matches", "bob", "x")),
            (("lessThan", "3"), ("argument", "lessThan", "bob", "3")),
            (("atLeast", "3"), ("argument", "atLeast", "bob", "3")),
        ):
            operator, wanted = condition
            document = {"operator": operator, "matchingValue": wanted}
            self.assertEqual(self.shown(document), told)
        self.assertEqual(
            self.shown({**network, "matchingValue": "::1/128"}, clientIp="10.0.0.1"),
            ("clientIp", "inNetwork", "10.0.0.1", "::1/128"),
        )
        helo = {"target": "helo", "operator": "exists"}
        self.assertEqual(self.shown(helo), ("helo", "exists", None, None))
        absent = {**helo, "operator": "absent"}
        self.assertEqual(self.shown(absent, helo="c"), ("helo", "absent", "c", None))
        always = {"operator": "not", "condition": {"operator": "matchAll"}}
        self.assertEqual(self.shown(always)[1:], ("not matchAll", "bob", None))

    def test_combinators(self) -> None:
        """`all`: what failed; `any`: what came closest; `not`: what held."""
        bob = {"operator": "equals", "matchingValue": "bob"}
        carl, near = {**bob, "matchingValue": "carl"}, {**bob, "matchingValue": "Bob"}
        every = {"operator": "all", "conditions": [bob, carl]}
        self.assertEqual(self.why(every).wanted, "carl")
        some = {"operator": "any", "conditions": [carl, near, every]}
        self.assertEqual(self.why(some).wanted, "Bob")
        none = {"operator": "not", "condition": {**some, "conditions": [carl, bob]}}
        told = self.why(none)
        self.assertEqual((told.operator, told.wanted), ("not equals", "bob"))
        twice = {"operator": "not", "condition": {"operator": "not", "condition": near}}
        told = self.why(twice)
        self.assertEqual((told.operator, told.wanted), ("equals", "Bob"))
        assert told.hint is not None
        self.assertEqual(told.hint.fix, {"ignoreCase": True})

    def test_of_several_values_the_nearest(self) -> None:
        """It is the one that is told."""
        condition = {"target": "argument", "operator": "equals", "matchingValue": "Bob"}
        told = self.why(condition, argument=[b"alice", b"bob", b"carl"])
        self.assertEqual(told.found, "bob")

    def test_long_values_are_told_in_part(self) -> None:
        """That which is nearly the one wanted."""
        content = b"x" * 5000 + b"Invoice" + b"y" * 5000
        condition = {"operator": "contains", "matchingValue": "invoice"}
        told = self.why(condition, content)
        assert told.found is not None
        self.assertEqual(len(told.found), MAX_FOUND)
        self.assertIn("Invoice", told.found)
