"""The prepared list of the rules of a reply point: the fast path of a decision.

Most rules test whether the subject contains a text. Successive rules of that kind form
a block: one search for all their texts shows in most cases that none of them fires.

A walk is never modified: a change of the list creates another walk. Therefore an
exchange that refers to its walk refers to the list as it was at that time.
"""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any, Generic, TypeAlias, TypeVar, cast

from mocksmtp.behaviors.behavior import Behavior
from mocksmtp.behaviors.condition import Contains, Test
from mocksmtp.behaviors.miss import Item, Reason, Trail
from mocksmtp.behaviors.pattern import compile_any
from mocksmtp.behaviors.rule import Rule

B = TypeVar("B", bound=Behavior[Any, Any, Any])
D = TypeVar("D")

BLOCK = 128
"""The maximum number of rules in a block."""

_WORTH_IT = 4
"""The minimum number of rules in a block; fewer are faster one by one."""

_LONG = 200
"""The maximum length of a text in a block, in characters."""


class PlainRule(Generic[B, D]):
    """A rule that fires whenever a test of the subject is true, until it is exhausted.

    :ivar rule: the rule
    :ivar test: the test of the subject
    :ivar decision: its decision, the same for every attempt
    """

    __slots__ = ("decision", "rule", "test")

    def __init__(self, rule: Rule[B], test: Test, decision: D) -> None:
        self.rule = rule
        self.test = test
        self.decision = decision

    @property
    def rules(self) -> Iterator[Rule[B]]:
        """The rule, as an iterator of one."""
        yield self.rule

    def answer(
        self, subject: bytes, trail: list[Item] | None
    ) -> PlainRule[B, D] | None:
        """
        Update the counters for a subject for which the test is true.

        :return: itself, or None if the rule is exhausted
        """
        rule = self.rule
        rule.seen += 1
        if rule.shared.moved is not None:
            rule.shared.moved.add((rule, ()))
        if rule.limit is not None and rule.fired >= rule.limit:
            if trail is not None:
                trail.append(rule.miss_for(Reason.EXHAUSTED))
            return None
        rule.fired += 1
        return self


class Block(Generic[B, D]):
    """Successive rules that each test whether the subject contains a text."""

    __slots__ = ("_rules", "_search")

    def __init__(self, rules: list[PlainRule[B, D]]) -> None:
        self._rules = rules
        self._search: Test | None = None

    @property
    def rules(self) -> Iterator[Rule[B]]:
        """The rules, in order."""
        return (plain.rule for plain in self._rules)

    def test(self, subject: bytes) -> bool:
        """Return whether the subject contains at least one of the texts."""
        search = self._search
        if search is None:
            # Compiled on first use: a list that changes often has many unused blocks.
            search = self._search = compile_any(map(_text, self._rules))
        return search(subject)

    def answer(
        self, subject: bytes, trail: list[Item] | None
    ) -> PlainRule[B, D] | None:
        """Update the counters of the rules that match; return the first that fires."""
        for plain in self._rules:
            if plain.test(subject):
                found = plain.answer(subject, trail)
                if found is not None:
                    return found
        return None


Entry: TypeAlias = PlainRule[B, D] | Block[B, D] | Rule[B]
"""One entry of a walk: a `Rule` if more than the subject decides whether it fires."""


def entries_of(
    rules: Iterator[Rule[B]], prepare: Callable[[Rule[B]], D | None]
) -> list[tuple[Test | None, Entry[B, D]]]:
    """
    Return the entries of a walk, each with the test that must be true first, or None.

    :param rules: the rules of the point, in order
    :param prepare: returns the decision of a rule that always decides the same and ends
        the walk; None for other rules
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
                entries.append((one.test if isinstance(one, PlainRule) else None, one))
    return entries


class Walk(Trail, Generic[B, D]):
    """
    The prepared rules of a reply point; also the trail of a walk without a decision.

    :param point: the reply point

    :ivar entries: the entries, in order, each with its test
    :ivar tests_only_subject: whether the subject alone decides that no rule fires
    :ivar is_forgotten: whether its rules were removed to free memory
    """

    __slots__ = (
        "__weakref__",
        "entries",
        "is_forgotten",
        "point",
        "tests_only_subject",
    )

    def __init__(
        self, entries: list[tuple[Test | None, Entry[B, D]]], point: object = None
    ) -> None:
        self.entries = entries
        self.point = point
        self.is_forgotten = False
        self.tests_only_subject = bool(entries) and not any(
            isinstance(entry, Rule) for _, entry in entries
        )

    @property
    def rules(self) -> Iterator[Rule[B]]:
        """All rules, in order."""
        for _, entry in self.entries:
            if isinstance(entry, Rule):
                yield entry
            else:
                yield from entry.rules

    @property
    def weight(self) -> int:
        """The approximate memory that it and its rules occupy, in bytes."""
        return _WALK_OCTETS + sum(rule.weight for rule in self.rules)

    def forget(self) -> None:
        """Remove the rules, to free their memory."""
        self.entries = []
        self.is_forgotten = True


_WALK_OCTETS = 500


class WalkEnd(Trail, Generic[B]):
    """
    The trail of a walk that a behavior ended.

    :ivar walk: the walk
    :ivar rule: the rule that ended it
    """

    __slots__ = ("rule", "walk")

    def __init__(self, walk: Walk[B, Any], rule: Rule[B]) -> None:
        self.walk = walk
        self.rule = rule


class PastWalks:
    """
    The walks of former lists that recorded exchanges refer to, within a memory limit.

    A walk that no exchange refers to any more is removed.

    :param max_octets: the memory that all walks may occupy, in bytes; above it, the
        rules of the oldest walks are removed

    :ivar octets: the approximate memory that the walks occupy, in bytes
    """

    def __init__(self, max_octets: int) -> None:
        self.max_octets = max_octets
        self.octets = 0
        self._weights: OrderedDict[weakref.ref[Walk[Any, Any]], int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._weights)

    def add(self, walk: Walk[Any, Any]) -> None:
        """Add the walk of a list that has changed."""
        weight = walk.weight
        self._weights[weakref.ref(walk, self._discard)] = weight
        self.octets += weight
        while self.octets > self.max_octets and self._weights:
            self.forget_oldest()

    def forget_oldest(self) -> None:
        """Remove the rules of the oldest walk, to free their memory."""
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
) -> PlainRule[B, D] | Rule[B]:
    if not rule.behavior.enabled:
        return PlainRule(rule, _never, cast("D", None))
    if rule.is_plain and rule.test is not None:
        decision = prepare(rule)
        if decision is not None:
            return PlainRule(rule, rule.test, decision)
    return rule


def _can_join(entry: PlainRule[B, D] | Rule[B]) -> bool:
    if not isinstance(entry, PlainRule):
        return False
    condition = entry.rule.behavior.condition
    return (
        entry.test is not _never
        and isinstance(condition, Contains)
        and not condition.ignore_case
        and 0 < len(condition.matching_value) <= _LONG
    )


def _text(plain: PlainRule[B, D]) -> str:
    condition = plain.rule.behavior.condition
    assert isinstance(condition, Contains)
    return condition.matching_value
