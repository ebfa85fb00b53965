"""The list, whatever its behaviors answer: ids, tags, and other sorts of points"""

from __future__ import annotations

from collections.abc import Iterable

import attrs
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.behavior import Behavior, own_first
from mocksmtp.behaviors.condition import Values
from mocksmtp.behaviors.delay import NO_DELAY, Delay
from mocksmtp.behaviors.rules import IdTaken, Rules


@attrs.frozen
class Answer:
    """A response that has nothing to do with SMTP; with ``+`` others add theirs."""

    text: str
    delay: Delay = NO_DELAY
    times: int | None = 1
    is_random: bool = False

    @property
    def is_modifier(self) -> bool:
        return "+" in self.text


@attrs.frozen
class Said:
    """What is answered."""

    text: str
    only_delays: bool = False

    def fill(self, attempt: Values) -> Said:
        return self

    def combine(self, later: Said) -> Said:
        return Said(self.text + later.text, later.only_delays)


@attrs.frozen(field_transformer=own_first)
class Query(Behavior[int, Answer, Said]):
    """Answers a text to a number."""

    type: int
    answer: str

    @property
    def sequence(self) -> tuple[Answer, ...]:
        return (Answer(self.answer),)

    @property
    def points(self) -> Iterable[int]:
        return (self.type,)

    @property
    def fixed_decision(self) -> int | None:
        modifies = any(response.is_modifier for response in self.sequence)
        return None if modifies else -1

    def decide(self, rule: str, response: Answer, point: int, delay: float) -> Said:
        number = "" if point < 0 else str(point)
        return Said(f"{response.text}{number}", response.is_modifier)

    def is_like(self, other: Query) -> bool:
        return self.type == other.type


class Queries(Rules[int, Query, Said]):
    """A list of them."""


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
        self.assertEqual(self.rules.decide(1, b""), Said("a+1b"))
        self.assertEqual(self.rules.decide(2, b""), Said("d+2", True))
        self.assertIsNone(self.rules.decide(3, b""))
        self.assertEqual(dict(self.rules.fired), {1: 2, 2: 1})

    def test_listeners_hear_each_that_fires(self) -> None:
        """With what it decided, and on what."""
        heard = []
        self.rules.listeners.append(lambda r, d, s: heard.append((r.id, d.text, s)))
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
