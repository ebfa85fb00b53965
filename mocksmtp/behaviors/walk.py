"""What is walked at a reply point: rules in order, some of them taken together.

Most rules of most users ask whether the subject contains a text. A row of such rules
is a block: one search of all their texts at once tells nearly always that none of
them fires.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import Any, Generic, TypeAlias, TypeVar, cast

from mocksmtp.behaviors.behavior import Behavior
from mocksmtp.behaviors.condition import Contains, Test
from mocksmtp.behaviors.miss import Misses, Reason
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
    :ivar by_condition: what is noted where it is not
    """

    __slots__ = ("by_condition", "decision", "left", "rule", "test")

    def __init__(
        self,
        rule: Rule[B],
        test: Test,
        decision: D,
        reason: Reason = Reason.CONDITION,
    ) -> None:
        self.rule = rule
        self.test = test
        self.decision = decision
        self.by_condition = rule.missed(reason)

    def answer(self, subject: bytes, misses: list[Misses] | None) -> Plain[B, D] | None:
        """Itself, counted, if it fires on a subject for which its test is true."""
        rule = self.rule
        rule.seen += 1
        if rule.limit is not None and rule.fired >= rule.limit:
            if misses is not None:
                misses.append(rule.missed(Reason.EXHAUSTED))
            return None
        rule.fired += 1
        return self


def all_of(entries: Iterable[Plain[B, D] | Block[B, D]]) -> Misses:
    """What is noted where none of these fires, each by its condition."""
    return Misses(tuple(m for entry in entries for m in entry.by_condition.each))


class Block(Generic[B, D]):
    """Rules in a row, each with a text to be found in the subject."""

    __slots__ = ("_rules", "_search", "by_condition")

    def __init__(self, rules: list[Plain[B, D]]) -> None:
        self._rules = rules
        self._search: Test | None = None
        self.by_condition = all_of(rules)

    def test(self, subject: bytes) -> bool:
        """Whether one of the texts is in the subject."""
        search = self._search
        if search is None:
            # Of a list that is changed often few blocks are ever asked.
            search = self._search = compile_any(map(_text, self._rules))
        return search(subject)

    def answer(self, subject: bytes, misses: list[Misses] | None) -> Plain[B, D] | None:
        """The first that fires."""
        for plain in self._rules:
            if plain.test(subject):
                found = plain.answer(subject, misses)
                if found is not None:
                    return found
            elif misses is not None:
                misses.append(plain.by_condition)
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


class Walk(Generic[B, D]):
    """
    What is walked at a reply point.

    :ivar entries: in order
    :ivar everyone: what is noted where none fires, if their subject is all that they
        look at; else None
    """

    __slots__ = ("entries", "everyone")

    def __init__(self, entries: list[tuple[Test | None, Entry[B, D]]]) -> None:
        self.entries = entries
        self.everyone: Misses | None = None
        plain = [entry for _, entry in entries if not isinstance(entry, Rule)]
        if plain and len(plain) == len(entries):
            self.everyone = all_of(plain)

    def note(self, subject: bytes, misses: list[Misses]) -> None:
        """
        Add those that did not fire by their condition, where none has ended the walk.

        :param misses: has those that did not fire for another reason
        """
        if self.everyone is not None and not misses:
            misses.append(self.everyone)
            return
        for test, entry in self.entries:
            if test is not None and not test(subject):
                misses.append(entry.by_condition)  # type: ignore[union-attr]


def _never(_: bytes) -> bool:
    return False


def _entry(
    rule: Rule[B], prepare: Callable[[Rule[B]], D | None]
) -> Plain[B, D] | Rule[B]:
    if not rule.behavior.enabled:
        return Plain(rule, _never, cast("D", None), Reason.DISABLED)
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
