"""What is walked at a reply point: rules in order, some of them taken together.

Most rules of most users ask whether the subject contains a text. A row of such rules
is a block: one search of all their texts at once tells nearly always that none of
them fires.

A walk never changes: after a change of the list there is another one. So an exchange
that refers to its walk knows the list as it was then.
"""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any, Generic, TypeAlias, TypeVar, cast

from mocksmtp.behaviors.behavior import Behavior
from mocksmtp.behaviors.condition import Contains, Test
from mocksmtp.behaviors.miss import Item, Noted, Reason
from mocksmtp.behaviors.pattern import compile_any
from mocksmtp.behaviors.rule import Rule

B = TypeVar("B", bound=Behavior[Any, Any, Any])
D = TypeVar("D")

BLOCK = 128
"""Rules that are taken together, at the most."""

_WORTH_IT = 4
_LONG = 200


class Plain(Generic[B, D]):
    """A rule that fires whenever its test is true, until it is exhausted.

    :ivar test: what decides whether it is asked, of the command's subject
    """

    __slots__ = ("decision", "rule", "test")

    def __init__(self, rule: Rule[B], test: Test, decision: D) -> None:
        self.rule = rule
        self.test = test
        self.decision = decision

    @property
    def rules(self) -> Iterator[Rule[B]]:
        """Its rule."""
        yield self.rule

    def answer(self, subject: bytes, trail: list[Item] | None) -> Plain[B, D] | None:
        """Itself, counted, if it fires on a subject for which its test is true."""
        rule = self.rule
        rule.seen += 1
        if rule.limit is not None and rule.fired >= rule.limit:
            if trail is not None:
                trail.append(rule.missed(Reason.EXHAUSTED))
            return None
        rule.fired += 1
        return self


class Block(Generic[B, D]):
    """Rules in a row, each with a text to be found in the subject."""

    __slots__ = ("_rules", "_search")

    def __init__(self, rules: list[Plain[B, D]]) -> None:
        self._rules = rules
        self._search: Test | None = None

    @property
    def rules(self) -> Iterator[Rule[B]]:
        """Its rules, in order."""
        return (plain.rule for plain in self._rules)

    def test(self, subject: bytes) -> bool:
        """Whether one of the texts is in the subject."""
        search = self._search
        if search is None:
            # Of a list that is changed often few blocks are ever asked.
            search = self._search = compile_any(map(_text, self._rules))
        return search(subject)

    def answer(self, subject: bytes, trail: list[Item] | None) -> Plain[B, D] | None:
        """The first that fires."""
        for plain in self._rules:
            if plain.test(subject):
                found = plain.answer(subject, trail)
                if found is not None:
                    return found
        return None


Entry: TypeAlias = Plain[B, D] | Block[B, D] | Rule[B]
"""A rule is asked itself where more than the subject decides."""


def entries_of(
    rules: Iterator[Rule[B]], prepare: Callable[[Rule[B]], D | None]
) -> list[tuple[Test | None, Entry[B, D]]]:
    """
    What is walked for `rules`: the test that must be true first, or None, and what for.

    :param prepare: the decision, where it is the same each time and ends the walk
    """
    entries: list[tuple[Test | None, Entry[B, D]]] = []
    for can_join, row in groupby((_entry(r, prepare) for r in rules), _can_join):
        group = list(row)
        if can_join and len(group) >= _WORTH_IT:
            for at in range(0, len(group), BLOCK):
                block: Block[B, D] = Block(group[at : at + BLOCK])  # type: ignore[arg-type]
                entries.append((block.test, block))
        else:
            for one in group:
                entries.append((one.test if isinstance(one, Plain) else None, one))
    return entries


class Walk(Noted, Generic[B, D]):
    """
    What is walked at a reply point; and the trail of a walk that no behavior ended.

    :param point: the reply point

    :ivar entries: in order
    :ivar looks_at_subject: whether the subject alone decides, if none of them fires
    :ivar is_forgotten: whether it knows no rules any more, to save memory
    """

    __slots__ = ("__weakref__", "entries", "is_forgotten", "looks_at_subject", "point")

    def __init__(
        self, entries: list[tuple[Test | None, Entry[B, D]]], point: object = None
    ) -> None:
        self.entries = entries
        self.point = point
        self.is_forgotten = False
        self.looks_at_subject = bool(entries) and not any(
            isinstance(entry, Rule) for _, entry in entries
        )

    @property
    def rules(self) -> Iterator[Rule[B]]:
        """All of them, in order."""
        for _, entry in self.entries:
            if isinstance(entry, Rule):
                yield entry
            else:
                yield from entry.rules

    @property
    def weight(self) -> int:
        """About how many bytes of memory it takes, with its rules."""
        return _WALK_OCTETS + sum(rule.weight for rule in self.rules)

    def forget(self) -> None:
        """Know no rules any more."""
        self.entries = []
        self.is_forgotten = True


_WALK_OCTETS = 500


class Ended(Noted, Generic[B]):
    """The trail of a walk that the behavior `rule` ended by its answer."""

    __slots__ = ("rule", "walk")

    def __init__(self, walk: Walk[B, Any], rule: Rule[B]) -> None:
        self.walk = walk
        self.rule = rule


class PastWalks:
    """
    Walks through lists that are not in force any more, which exchanges refer to.

    One that no exchange refers to is gone. Where they take more than `max_octets`
    together, the oldest ones forget their rules.

    :ivar octets: about how many bytes of memory they take
    """

    def __init__(self, max_octets: int) -> None:
        self.max_octets = max_octets
        self.octets = 0
        self._weights: OrderedDict[weakref.ref[Walk[Any, Any]], int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._weights)

    def add(self, walk: Walk[Any, Any]) -> None:
        """Its list has changed."""
        weight = walk.weight
        self._weights[weakref.ref(walk, self._discard)] = weight
        self.octets += weight
        while self.octets > self.max_octets and self._weights:
            self.forget_oldest()

    def forget_oldest(self) -> None:
        """Have the oldest one forget its rules."""
        oldest = next(iter(self._weights))
        walk = oldest()
        if walk is not None:
            walk.forget()
        self._discard(oldest)

    def _discard(self, walk: weakref.ref[Walk[Any, Any]]) -> None:
        self.octets -= self._weights.pop(walk, 0)


def _never(_: bytes) -> bool:
    return False


def _entry(
    rule: Rule[B], prepare: Callable[[Rule[B]], D | None]
) -> Plain[B, D] | Rule[B]:
    if not rule.behavior.enabled:
        return Plain(rule, _never, cast("D", None))
    if rule.is_plain and rule.test is not None:
        decision = prepare(rule)
        if decision is not None:
            return Plain(rule, rule.test, decision)
    return rule


def _can_join(entry: Plain[B, D] | Rule[B]) -> bool:
    if not isinstance(entry, Plain):
        return False
    condition = entry.rule.behavior.condition
    return (
        entry.test is not _never
        and isinstance(condition, Contains)
        and not condition.ignore_case
        and 0 < len(condition.matching_value) <= _LONG
    )


def _text(plain: Plain[B, D]) -> str:
    condition = plain.rule.behavior.condition
    assert isinstance(condition, Contains)
    return condition.matching_value
