"""Explains why a behavior did or did not fire; computed on request.

Each exchange is recorded with a trail (`mocksmtp.behaviors.miss`). From the trail and
the recorded values of the session this module computes the result of each behavior of
the reply point, in the order of the list. If a condition was not true, the result names
the part of the condition that failed, the tested value, and a hint if the value nearly
satisfies the condition.
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
from mocksmtp.behaviors.walk import Walk, WalkEnd
from mocksmtp.documents.kinds import AnyJson, Optional, Text
from mocksmtp.documents.units import shown_duration
from mocksmtp.documents.view import Mapped, View, value_of, view_field

MAX_FOUND = 200
"""The maximum length of a tested value in a result, in characters."""

_MAX_COMPARED = 64 * 1024
"""The maximum length of the part of a value that is searched for a hint, in octets."""

MAX_EDITED = 256
"""The maximum length of a wanted value that is searched with one edit, in octets."""

LEAST_EDITED = 3
"""The minimum length of such a value, in octets: any two shorter texts are similar."""

_OPERATORS: dict[type, str] = {
    kind: name for name, kind in (COMPARISONS | PRESENCES).items()
}
_TEXTS = (Contains, Equals, StartsWith, EndsWith)


class Recorded(Protocol):
    """The recorded values of an attempt."""

    def natural(self, point: Any) -> str | None:
        """Return the name of the value that conditions without a target test there."""

    def subject(self, point: Any) -> bytes | None:
        """Return the value that conditions without a target test; None if unknown."""

    def values(self, target: Target) -> Sequence[bytes] | None:
        """Return the values of a target, possibly none; None if not recorded."""


class Result(enum.Enum):
    """The result of a behavior in a walk."""

    FIRED = "fired"
    SLOWED = "slowed"
    """It fired, and only delayed the reply."""
    PASSED_OVER = "passedOver"
    """It did not fire; see `Reason`."""
    NOT_REACHED = "notReached"
    """A behavior before it in the list ended the walk."""


class _Near(enum.Enum):
    """The kinds of differences from a matching value, smallest first."""

    CASE = "case"
    BRACKETS = "brackets"
    SPACES = "spaces"
    EDIT = "edit"
    LOCAL_PART = "localPart"
    DOMAIN = "domain"


@attrs.frozen
class Hint:
    """
    How a value differs from one that satisfies the condition.

    :ivar code: the kind of the difference
    :ivar text: the difference in words
    :ivar fix: fields of the condition with which it would be true
    """

    code: _Near
    text: str
    fix: dict[str, Any]


@attrs.frozen
class Considered:
    """
    The result of one behavior in a walk.

    :ivar rule: the behavior
    :ivar step: the reason why it did not fire, if its result is `Result.PASSED_OVER`
    :ivar target: the target of the part of its condition that failed
    :ivar operator: the operator of that part; ``not`` precedes it if the part was true
        and must be false
    :ivar found: the tested value; None if it is absent or not recorded
    :ivar wanted: the ``matchingValue`` of that part, or the limit that `step` names
    :ivar hint: how `found` differs from a matching value, if it nearly matches
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

    :ivar walk: the walk
    :ivar marks: the items of the trail for this walk, by the ids of their behaviors
    :ivar by: the rule that ended the walk, or None
    """

    walk: Walk[Any, Any]
    marks: dict[str, Item]
    by: Rule[Any] | None = None


def walks_of(trail: Iterable[Item]) -> Iterator[Walked]:
    """Yield the walks of a trail, in order."""
    marks: dict[str, Item] = {}
    for item in trail:
        match item:
            case Walk():
                yield Walked(item, marks)
                marks = {}
            case WalkEnd():
                yield Walked(item.walk, marks, item.rule)
                marks = {}
            case Miss() | Slowed():
                marks[item.rule] = item


def considered(walked: Walked, recorded: Recorded) -> Iterator[Considered]:
    """Yield the result of every behavior of a walk, in order."""
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
    """Return the names of the behaviors that ended the walks of a trail, by id."""
    rules = [item.rule for item in trail if isinstance(item, WalkEnd)]
    return {rule.id: rule.behavior.name for rule in rules if rule.behavior.name}


def passed_over(
    trail: Iterable[Item],
) -> Iterator[tuple[str, str | None, Reason]]:
    """
    Yield the id, name and reason of each behavior that did not fire.

    It yields nothing if another behavior fired and ended a walk of the trail.
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
    """Return the reason why a behavior without an item in the trail did not fire."""
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
            target = str(rule.required_target)
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


# Conditions: true, false, or unknown (None) if a value is not recorded.


def _tested(leaf: Leaf, point: object, recorded: Recorded) -> Sequence[bytes] | None:
    """Return the values that a leaf of a condition tests; None if not recorded."""
    if leaf.target is not None:
        return recorded.values(leaf.target)
    subject = recorded.subject(point)
    return None if subject is None else (subject,)


@attrs.frozen
class _Known:
    """The recorded values of one target, as the input of a condition."""

    given: Sequence[bytes]

    def values(self, target: Target) -> Sequence[bytes]:
        """Return the values, for any target."""
        return self.given


def holds(condition: Condition, point: object, recorded: Recorded) -> bool | None:
    """Return whether a condition was true; None if a value it needs is unknown."""
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

    :ivar leaf: the part
    :ivar negated: whether the part is true and must be false
    """

    leaf: Leaf
    negated: bool


def _blamed(
    condition: Condition, point: object, recorded: Recorded, wants: bool = True
) -> _Leaf:
    """
    Return the part of a condition that made it differ from `wants`.

    Of several parts it returns the one that is nearest to being true; if values are
    not recorded, the first part.

    :param wants: the value of the condition that was needed
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
    """Return the distance of a leaf from being true, as a sort key."""
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
    # The recorded value can differ from the tested one: discard it if it contradicts
    # the recorded result.
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
    """Return the part of a long value that nearly matches."""
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
    """Return the value that is nearest to a matching one, and the difference."""
    hints = [(value, hint_of(leaf, value)) for value in values[:100]]
    order = [*_Near]
    return min(
        hints, key=lambda each: order.index(each[1].code) if each[1] else len(order)
    )


def hint_of(leaf: Comparison, found: bytes) -> Hint | None:
    """Return how a value differs from a matching one; None if it is not similar."""
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
    """Return the part of a value that is one edit from the wanted text, or None."""
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
            # One edit leaves one of the two halves of the wanted text unchanged.
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
    """Return whether inserting, removing or replacing one octet makes them equal."""
    if abs(len(first) - len(second)) > 1 or first == second:
        return False
    before = _common(first, second)
    rest, other = first[before:], second[before:]
    if len(rest) == len(other):
        return rest[1:] == other[1:]
    return rest[1:] == other or rest == other[1:]


def _common(first: bytes, second: bytes) -> int:
    """Return the length of the common prefix of two texts, in octets."""
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
    view_field("code", value_of(_Near), "code", "the kind of the difference"),
    view_field("text", Text(), "text", "the difference in words"),
    view_field(
        "fix", Mapped(AnyJson()), "fix", "fields that would make the condition true"
    ),
)
"""How the value found differs from one that satisfies the condition."""

CONSIDERED: View[Considered] = View(
    "Considered",
    view_field("behavior", Text(), "rule.id", "the id of the behavior"),
    view_field(
        "name", Optional(Text()), lambda one: one.rule.behavior.name, "its name"
    ),
    view_field("result", value_of(Result), "result", "whether it fired"),
    view_field("step", Optional(value_of(Reason)), "step", "why it did not fire"),
    view_field("target", Optional(Text()), "target", "what the failed condition tests"),
    view_field("operator", Optional(Text()), "operator", "the operator that failed"),
    view_field("found", Optional(Text()), "found", "the value that was tested"),
    view_field("wanted", Optional(Text()), "wanted", "the value of the condition"),
    view_field("hint", Optional(HINT), "hint", "how the two differ, if only slightly"),
)
"""The result of a behavior that was evaluated for an exchange, and why."""
