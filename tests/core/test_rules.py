"""The list, whatever its behaviors answer: ids, tags, and other sorts of points"""

from __future__ import annotations

from collections.abc import Iterable

import attrs
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.core.keys import Attempt
from mocksmtp.core.rule import Firing, Rule
from mocksmtp.core.rules import IdTaken, Rules
from mocksmtp.model.condition import Condition, MatchAll
from mocksmtp.model.gate import OPEN, Gate


@attrs.frozen
class Query:
    """A behavior that has nothing to do with SMTP."""

    type: int
    answer: str
    id: str | None = None
    tag: str | None = None
    condition: Condition = attrs.field(factory=MatchAll)
    gate: Gate = OPEN
    answers: int | None = None
    draws: bool = False
    needs: None = None


class Queries(Rules[int, Query, str]):
    """Answers texts to numbers; a text with ``+`` lets others add theirs."""

    def points(self, behavior: Query) -> Iterable[int]:
        return (behavior.type,)

    def prepare(self, rule: Rule[Query]) -> str | None:
        answer = rule.behavior.answer
        return None if "+" in answer else answer

    def conclude(self, firing: Firing[Query], attempt: Attempt, point: int) -> str:
        return f"{firing.rule.behavior.answer}{point}"

    def goes_on(self, decision: str) -> bool:
        return "+" in decision

    def combine(self, earlier: str, later: str) -> str:
        return earlier + later

    def is_like(self, one: Query, other: Query) -> bool:
        return one.type == other.type


class RulesTests(SynchronousTestCase):
    """`Rules`"""

    def setUp(self) -> None:
        self.rules = Queries()

    def ids(self) -> list[str]:
        return [rule.id for rule in self.rules]

    def test_points_and_decisions_may_be_anything(self) -> None:
        """What goes on is combined with what comes later, or stands alone."""
        self.rules.replace_all(
            [Query(1, "a+"), Query(1, "b"), Query(1, "c"), Query(2, "d+")]
        )
        self.assertEqual(self.rules.decide(1, b""), "a+1b")
        self.assertEqual(self.rules.decide(2, b""), "d+2")
        self.assertIsNone(self.rules.decide(3, b""))
        self.assertEqual(dict(self.rules.fired), {1: 2, 2: 1})

    def test_listeners_hear_each_that_fires(self) -> None:
        """With what it decided, and on what."""
        heard = []
        self.rules.listeners.append(lambda r, d, s: heard.append((r.id, d, s)))
        self.rules.replace_all([Query(1, "a+"), Query(1, "b")])
        self.rules.decide(1, b"x")
        self.assertEqual(heard, [("1", "a+1", b"x"), ("2", "b", b"x")])

    def test_ids_of_users(self) -> None:
        """They stand as they are; the list's own go round them."""
        self.rules.extend([Query(1, "a", id="2"), Query(1, "b"), Query(1, "c")])
        self.assertEqual(self.ids(), ["2", "1", "3"])
        self.assertEqual(self.rules.get("2").behavior.answer, "a")

    def test_an_id_is_had_once(self) -> None:
        """Who wants one that is taken is refused, and nothing changes."""
        self.rules.extend([Query(1, "a", id="x")])
        for change in (
            lambda: self.rules.extend([Query(2, "b"), Query(2, "b", id="x")]),
            lambda: self.rules.replace_all([Query(2, "b", id="y")] * 2),
        ):
            self.assertRaises(IdTaken, change)
        self.assertEqual(self.ids(), ["x"])

    def test_setting_one_by_its_id(self) -> None:
        """It takes the place of the one that has it, whatever that answers."""
        self.rules.extend([Query(1, "a", id="x"), Query(2, "b")])
        self.rules.put(Query(3, "c", id="x"))
        self.assertEqual([r.behavior.answer for r in self.rules], ["c", "b"])

    def test_tags(self) -> None:
        """They are listed and taken out together."""
        self.rules.extend(
            [Query(1, "a", tag="t"), Query(2, "b"), Query(3, "c", tag="t")]
        )
        self.assertEqual(
            [r.behavior.answer for r in self.rules.tagged("t")], ["a", "c"]
        )
        self.rules.remove_tagged("t")
        self.assertEqual([r.behavior.answer for r in self.rules], ["b"])
        self.assertIsNone(self.rules.decide(1, b""))
