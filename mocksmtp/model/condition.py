"""Conditions: what an attempt must look like for a behavior to fire.

One without a target looks at the subject of the command. One with a target asks for
its values, and is true if any of them satisfies it: a value that is not there
satisfies only `Absent` and `MatchAll`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import attrs

from mocksmtp.model.comparison import (
    AtLeast,
    Comparison,
    Contains,
    EndsWith,
    Equals,
    InNetwork,
    LessThan,
    Matches,
    StartsWith,
    Test,
    Values,
)
from mocksmtp.model.target import Target

__all__ = ["Contains", "Values"]

MAX_DEPTH = 16
"""How deep combinators may be nested."""


@attrs.frozen
class MatchAll:
    """Always true."""

    target: Target | None = None

    def matches(self, subject: bytes) -> bool:
        """True."""
        return True

    def holds(self, subject: bytes, attempt: Values) -> bool:
        """True."""
        return True


@attrs.frozen
class Exists:
    """True where there is a value."""

    target: Target | None = None

    def holds(self, subject: bytes, attempt: Values) -> bool:
        """Whether there is one; the subject of a command is always there."""
        return self.target is None or bool(attempt.values(self.target))


@attrs.frozen
class Absent:
    """True where there is no value."""

    target: Target | None = None

    def holds(self, subject: bytes, attempt: Values) -> bool:
        """Whether there is none."""
        return self.target is not None and not attempt.values(self.target)


@attrs.frozen
class AllOf:
    """True where all of these are."""

    conditions: tuple[Condition, ...]

    def holds(self, subject: bytes, attempt: Values) -> bool:
        """Whether none of them is false; they are asked in order, up to one that is."""
        return all(each.holds(subject, attempt) for each in self.conditions)


@attrs.frozen
class AnyOf:
    """True where one of these is."""

    conditions: tuple[Condition, ...]

    def holds(self, subject: bytes, attempt: Values) -> bool:
        """Whether one of them is true; they are asked in order, up to that one."""
        return any(each.holds(subject, attempt) for each in self.conditions)


@attrs.frozen
class Not:
    """True where this is not."""

    condition: Condition

    def holds(self, subject: bytes, attempt: Values) -> bool:
        """Whether it is false."""
        return not self.condition.holds(subject, attempt)


Leaf: TypeAlias = MatchAll | Exists | Absent | Comparison
Condition: TypeAlias = Leaf | AllOf | AnyOf | Not

COMPARISONS: dict[str, type[Comparison]] = {
    "contains": Contains,
    "equals": Equals,
    "startsWith": StartsWith,
    "endsWith": EndsWith,
    "matches": Matches,
    "lessThan": LessThan,
    "atLeast": AtLeast,
    "inNetwork": InNetwork,
}
"""Operators that compare with a value, by their names in documents."""

PRESENCES: dict[str, type[MatchAll | Exists | Absent]] = {
    "matchAll": MatchAll,
    "exists": Exists,
    "absent": Absent,
}
"""Operators without a value."""

COMBINATORS: dict[str, type[AllOf | AnyOf | Not]] = {
    "all": AllOf,
    "any": AnyOf,
    "not": Not,
}
"""Operators on conditions."""

IGNORING_CASE = frozenset(COMPARISONS) - {"lessThan", "atLeast", "inNetwork"}
"""Operators to which case means something."""

OPERATORS = (*COMPARISONS, *PRESENCES, *COMBINATORS)
"""What a condition may do."""


def leaves_of(condition: Condition) -> Iterator[Leaf]:
    """The conditions without combinators that it is made of."""
    match condition:
        case AllOf() | AnyOf():
            for each in condition.conditions:
                yield from leaves_of(each)
        case Not():
            yield from leaves_of(condition.condition)
        case _:
            yield condition


def direct_test(condition: Condition) -> Test | None:
    """The test of the command's subject that it is, if it looks at nothing else."""
    match condition:
        case MatchAll():
            return condition.matches
        case Comparison(target=None):
            return condition.matches
        case _:
            return None
