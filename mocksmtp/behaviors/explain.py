"""Why a behavior did or did not answer, found when somebody asks.

An exchange remembers a trail (`mocksmtp.behaviors.miss`). With the values that are
still recorded it gives, for each behavior of the reply point in the order of the list,
what became of it; and of one whose condition was not true the part of the condition
that failed, the value that was tested, and a hint where that is nearly the one wanted.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

import attrs

from mocksmtp.behaviors.condition import (
    COMPARISONS,
    PRESENCES,
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Contains,
    EndsWith,
    Equals,
    Leaf,
    MatchAll,
    Matches,
    Not,
    StartsWith,
)
from mocksmtp.behaviors.miss import Item, Miss, Reason, Slowed
from mocksmtp.behaviors.rule import Rule
from mocksmtp.behaviors.target import Target
from mocksmtp.behaviors.walk import Ended, Walk
from mocksmtp.documents.kinds import AnyJson, Optional, Text
from mocksmtp.documents.units import shown_duration
from mocksmtp.documents.view import Mapped, View, value_of, view_field

MAX_FOUND = 200
"""Characters of a tested value that are told."""

_MAX_COMPARED = 64 * 1024
"""Octets of a value in which it is looked for what is nearly the one wanted."""

MAX_EDITED = 256
"""Octets of a wanted value that is looked for with one edit."""

LEAST_EDITED = 3
"""Octets that it has at least: two shorter texts are always nearly the same."""

_OPERATORS: dict[type, str] = {
    kind: name for name, kind in (COMPARISONS | PRESENCES).items()
}
_TEXTS = (Contains, Equals, StartsWith, EndsWith)


class Recorded(Protocol):
    """The values of an attempt that are still recorded."""

    def natural(self, point: Any) -> str | None:
        """The name of what conditions without a target look at there."""

    def subject(self, point: Any) -> bytes | None:
        """What conditions without a target look at there; None if not recorded."""

    def values(self, target: Target) -> Sequence[bytes] | None:
        """The values of a target, if any; None if they are not recorded."""


class Result(enum.Enum):
    """What became of a behavior in a walk."""

    FIRED = "fired"
    SLOWED = "slowed"
    """It fired, and only slowed down the reply."""
    PASSED_OVER = "passedOver"
    NOT_REACHED = "notReached"
    """A behavior before it has answered."""


class _Near(enum.Enum):
    """In which respect a value is nearly the one wanted, the nearest first."""

    CASE = "case"
    BRACKETS = "brackets"
    SPACES = "spaces"
    EDIT = "edit"
    LOCAL_PART = "localPart"
    DOMAIN = "domain"


@attrs.frozen
class Hint:
    """
    That a value is nearly the one wanted.

    :ivar fix: fields of the condition with which it would have been true
    """

    code: _Near
    text: str
    fix: dict[str, Any]


@attrs.frozen
class Considered:
    """
    What became of one behavior.

    :ivar step: why it was passed over
    :ivar operator: of the part of its condition that failed; with ``not`` before it
        where that is true and must not be
    :ivar found: the value that was tested, None if it is not recorded or missing
    """

    rule: Rule[Any]
    result: Result
    step: Reason | None = None
    target: str | None = None
    operator: str | None = None
    found: str | None = None
    wanted: str | None = None
    hint: Hint | None = None


@attrs.frozen
class Walked:
    """
    One walk of a trail.

    :ivar marks: what is not usual of a behavior, by its id
    :ivar by: the behavior that ended it, or None
    """

    walk: Walk[Any, Any]
    marks: dict[str, Item]
    by: Rule[Any] | None = None


def walks_of(trail: Iterable[Item]) -> Iterator[Walked]:
    """The walks of a trail, in order."""
    marks: dict[str, Item] = {}
    for item in trail:
        match item:
            case Walk():
                yield Walked(item, marks)
                marks = {}
            case Ended():
                yield Walked(item.walk, marks, item.rule)
                marks = {}
            case Miss() | Slowed():
                marks[item.rule] = item


def considered(walked: Walked, recorded: Recorded) -> Iterator[Considered]:
    """Every behavior of a walk, in order."""
    over = False
    for rule in walked.walk.rules:
        mark = walked.marks.get(rule.id)
        if over:
            yield Considered(rule, Result.NOT_REACHED)
        elif rule is walked.by:
            over = True
            yield Considered(rule, Result.FIRED)
        elif isinstance(mark, Slowed):
            yield Considered(rule, Result.SLOWED)
        else:
            yield _passed_over(rule, mark, walked.walk.point, recorded)


def names_of(trail: Iterable[Item]) -> dict[str, str]:
    """The names of the behaviors that ended walks, by their ids."""
    rules = [item.rule for item in trail if isinstance(item, Ended)]
    return {rule.id: rule.behavior.name for rule in rules if rule.behavior.name}


def passed_over(
    trail: Iterable[Item],
) -> Iterator[tuple[str, str | None, Reason]]:
    """
    The behaviors that could have answered and did not: their ids, names, and why.

    None are told where another behavior answered.
    """
    walks = [*walks_of(trail)]
    if any(walked.by is not None for walked in walks):
        return
    for walked in walks:
        for rule in walked.walk.rules:
            mark = walked.marks.get(rule.id)
            if not isinstance(mark, Slowed):
                reason = mark.reason if isinstance(mark, Miss) else _usual(rule)
                yield rule.id, rule.behavior.name, reason
        if walked.walk.is_forgotten:
            for mark in walked.marks.values():
                if isinstance(mark, Miss):
                    yield mark.rule, None, mark.reason


def _usual(rule: Rule[Any]) -> Reason:
    """Why one was passed over of which nothing is remembered."""
    return Reason.CONDITION if rule.behavior.enabled else Reason.DISABLED


def _passed_over(
    rule: Rule[Any], mark: object, point: object, recorded: Recorded
) -> Considered:
    behavior = rule.behavior
    step = mark.reason if isinstance(mark, Miss) else _usual(rule)
    target = found = wanted = None
    match step:
        case Reason.CONDITION:
            return _by_condition(rule, point, recorded)
        case Reason.PROTOCOL:
            target = str(rule.needs)
        case Reason.SCENARIO if behavior.scenario is not None:
            assert isinstance(mark, Miss)
            found, wanted = mark.found, behavior.scenario.state
        case Reason.SKIP:
            wanted = str(behavior.skip)
        case Reason.ACTIVE_FOR if behavior.active_for is not None:
            wanted = shown_duration(behavior.active_for)
        case Reason.EXHAUSTED:
            wanted = None if rule.limit is None else str(rule.limit)
        case Reason.PROBABILITY:
            wanted = f"{behavior.probability:g}"
    return Considered(
        rule, Result.PASSED_OVER, step, target, found=found, wanted=wanted
    )


# Conditions: true, false, or unknown (None), as far as values are recorded.


def _tested(leaf: Leaf, point: object, recorded: Recorded) -> Sequence[bytes] | None:
    """The values that a condition without combinators tests."""
    if leaf.target is not None:
        return recorded.values(leaf.target)
    subject = recorded.subject(point)
    return None if subject is None else (subject,)


@attrs.frozen
class _Known:
    """What is recorded, as a condition sees it."""

    given: Sequence[bytes]

    def values(self, target: Target) -> Sequence[bytes]:
        """The values of the one target that is asked for."""
        return self.given


def holds(condition: Condition, point: object, recorded: Recorded) -> bool | None:
    """Whether a condition was true; None where too little is recorded."""
    match condition:
        case AllOf():
            each = [holds(one, point, recorded) for one in condition.conditions]
            return False if False in each else None if None in each else True
        case AnyOf():
            each = [holds(one, point, recorded) for one in condition.conditions]
            return True if True in each else None if None in each else False
        case Not():
            inner = holds(condition.condition, point, recorded)
            return None if inner is None else not inner
        case MatchAll():
            return True
        case _:
            values = _tested(condition, point, recorded)
            if values is None:
                return None
            subject = values[0] if values else b""
            return condition.holds(subject, _Known(values))


@attrs.frozen
class _Leaf:
    """
    The part of a condition that made it false.

    :ivar negated: whether it is true and must not be
    """

    leaf: Leaf
    negated: bool


def _blamed(
    condition: Condition, point: object, recorded: Recorded, wants: bool = True
) -> _Leaf:
    """
    The part of a condition because of which it is not `wants`.

    Of several the one that comes closest; where too little is recorded, the first.
    """
    match condition:
        case Not():
            return _blamed(condition.condition, point, recorded, not wants)
        case AllOf() | AnyOf():
            wrong = [
                one
                for one in condition.conditions
                if holds(one, point, recorded) is (not wants)
            ]
            blamed = [
                _blamed(one, point, recorded, wants)
                for one in wrong or condition.conditions
            ]
            if isinstance(condition, AnyOf) is not wants:
                return blamed[0]
            return min(blamed, key=lambda one: _distance(one, point, recorded))
        case _:
            return _Leaf(condition, not wants)


def _distance(blamed: _Leaf, point: object, recorded: Recorded) -> tuple[int, float]:
    """How far a condition is from being true."""
    leaf = blamed.leaf
    values = _tested(leaf, point, recorded)
    if blamed.negated or not values or not isinstance(leaf, Comparison):
        return len(_Near), 1.0
    found, hint = _nearest(leaf, values)
    if hint is not None:
        return [*_Near].index(hint.code), 0.0
    wanted = leaf.matching_value.encode()[:MAX_FOUND]
    common = _common(found[:MAX_FOUND], wanted)
    return len(_Near), 1 - common / max(len(wanted), 1)


def _by_condition(rule: Rule[Any], point: object, recorded: Recorded) -> Considered:
    condition = rule.behavior.condition
    blamed = _blamed(condition, point, recorded)
    leaf = blamed.leaf
    natural = recorded.natural(point)
    target = natural if leaf.target is None else str(leaf.target)
    operator = _OPERATORS[type(leaf)]
    values = _tested(leaf, point, recorded)
    # What is recorded may not be what was tested: it must agree with what happened.
    if values is not None and holds(condition, point, recorded):
        values = None
    found, hint = None, None
    wanted = leaf.matching_value if isinstance(leaf, Comparison) else None
    if values:
        octets = values[0]
        if isinstance(leaf, Comparison) and not blamed.negated:
            octets, hint = _nearest(leaf, values)
            octets = _around(octets, leaf, hint)
        found = _shown(octets)
    return Considered(
        rule,
        Result.PASSED_OVER,
        Reason.CONDITION,
        target,
        f"not {operator}" if blamed.negated else operator,
        found,
        wanted,
        hint,
    )


def _around(octets: bytes, leaf: Comparison, hint: Hint | None) -> bytes:
    """Of a long value the part that is nearly the one wanted."""
    if hint is None or len(octets) <= MAX_FOUND:
        return octets
    text = hint.fix.get("matchingValue", leaf.matching_value)
    at = octets[:_MAX_COMPARED].lower().find(text.lower().encode())
    return octets[max(0, at - MAX_FOUND // 4) :]


def _shown(octets: bytes) -> str:
    text = octets[: 4 * MAX_FOUND].decode(errors="backslashreplace")
    return text if len(text) <= MAX_FOUND else text[: MAX_FOUND - 1] + "…"


# Hints


def _nearest(leaf: Comparison, values: Sequence[bytes]) -> tuple[bytes, Hint | None]:
    """Of several values the one that is nearest to the one wanted, and in what."""
    hints = [(value, hint_of(leaf, value)) for value in values[:100]]
    order = [*_Near]
    return min(
        hints, key=lambda each: order.index(each[1].code) if each[1] else len(order)
    )


def hint_of(leaf: Comparison, found: bytes) -> Hint | None:
    """In what a value is nearly one for which the comparison is true, if it is."""
    found = found[:_MAX_COMPARED]
    wanted = leaf.matching_value
    if leaf.HAS_CASE and not leaf.ignore_case:
        either: Any = attrs.evolve(leaf, ignore_case=True)
        if either.matches(found):
            text = "differs only in upper and lower case"
            return Hint(_Near.CASE, text, {"ignoreCase": True})
    if isinstance(leaf, Matches) or not isinstance(leaf, _TEXTS):
        return None
    for near, text, other in _respelled(wanted):
        if other and other != wanted and _with(leaf, other).matches(found):
            return Hint(near, text, {"matchingValue": other})
    for near, text, stripped in _respelled(found.decode(errors="replace")):
        if stripped and leaf.matches(stripped.encode()):
            fix = {"operator": "contains", "matchingValue": wanted}
            return Hint(near, text, fix)
    edited = _edited(leaf, found)
    if edited is not None:
        text = f"is one character from {edited!r}"
        return Hint(_Near.EDIT, text, {"matchingValue": edited})
    return _address_hint(wanted, found.decode(errors="replace"))


def _with(leaf: Comparison, wanted: str) -> Comparison:
    return attrs.evolve(leaf, matching_value=wanted)


def _respelled(text: str) -> Iterator[tuple[_Near, str, str]]:
    bare = text.strip()
    yield _Near.SPACES, "differs only by spaces at an end", bare
    if bare.startswith("<") or bare.endswith(">"):
        bare = bare.removeprefix("<").removesuffix(">").strip()
        yield _Near.BRACKETS, "differs only by angle brackets", bare


def _edited(leaf: Comparison, found: bytes) -> str | None:
    """The text one edit from the one wanted for which the comparison is true."""
    wanted = leaf.matching_value.encode()
    if leaf.ignore_case:
        wanted, found = wanted.lower(), found.lower()
    size = len(wanted)
    if not LEAST_EDITED <= size <= MAX_EDITED:
        return None
    for candidate in _candidates(leaf, found, wanted):
        if is_one_edit(candidate, wanted):
            return candidate.decode(errors="replace")
    return None


def _candidates(leaf: Comparison, found: bytes, wanted: bytes) -> Iterator[bytes]:
    sizes = (len(wanted), len(wanted) - 1, len(wanted) + 1)
    match leaf:
        case Equals():
            yield found
        case StartsWith():
            yield from (found[:size] for size in sizes)
        case EndsWith():
            yield from (found[max(0, len(found) - size) :] for size in sizes)
        case _:
            # Of the two halves of what is wanted one is there as it is.
            half = len(wanted) // 2
            for part, before in ((wanted[:half], 0), (wanted[half:], half)):
                at = found.find(part)
                for _ in range(16):
                    if at < 0:
                        break
                    for start in {max(0, at - before + off) for off in (-1, 0, 1)}:
                        yield from (found[start : start + size] for size in sizes)
                    at = found.find(part, at + 1)


def is_one_edit(first: bytes, second: bytes) -> bool:
    """Whether one octet inserted, removed or replaced makes one from the other."""
    if abs(len(first) - len(second)) > 1 or first == second:
        return False
    before = _common(first, second)
    rest, other = first[before:], second[before:]
    if len(rest) == len(other):
        return rest[1:] == other[1:]
    return rest[1:] == other or rest == other[1:]


def _common(first: bytes, second: bytes) -> int:
    """How many octets two texts have in common at their beginning."""
    size = min(len(first), len(second))
    return next((at for at in range(size) if first[at] != second[at]), size)


def _address_hint(wanted: str, found: str) -> Hint | None:
    local, at, domain = wanted.rpartition("@")
    here, _, there = found.rpartition("@")
    if not (local and at and domain and here and there) or len(found) > MAX_EDITED:
        return None
    fix = {"matchingValue": found}
    if here == local:
        text = f"has the same local part; the domain is {there!r}, not {domain!r}"
        return Hint(_Near.LOCAL_PART, text, fix)
    if there.lower() == domain.lower():
        text = f"has the same domain; the local part is {here!r}, not {local!r}"
        return Hint(_Near.DOMAIN, text, fix)
    return None


HINT: View[Hint] = View(
    "Hint",
    view_field("code", value_of(_Near), "code", "in which respect the value is near"),
    view_field("text", Text(), "text", "the same in words"),
    view_field(
        "fix", Mapped(AnyJson()), "fix", "fields that would make the condition true"
    ),
)
"""That the value found is nearly the one wanted."""

CONSIDERED: View[Considered] = View(
    "Considered",
    view_field("behavior", Text(), "rule.id", "the id of the behavior"),
    view_field(
        "name", Optional(Text()), lambda one: one.rule.behavior.name, "its name"
    ),
    view_field("result", value_of(Result), "result", "whether it answered"),
    view_field("step", Optional(value_of(Reason)), "step", "why it was passed over"),
    view_field("target", Optional(Text()), "target", "what the failed condition tests"),
    view_field("operator", Optional(Text()), "operator", "the operator that failed"),
    view_field("found", Optional(Text()), "found", "the value that was tested"),
    view_field("wanted", Optional(Text()), "wanted", "the value of the condition"),
    view_field("hint", Optional(HINT), "hint", "how the two are nearly equal"),
)
"""What became of a behavior that was asked about an exchange, and why."""
