"""Changes of behaviors in force, which keep their counters.

A change is a JSON merge patch (RFC 7396) of the document of a behavior, in which
``move`` names another place in the list.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import attrs

from mocksmtp.behaviors.behavior import (
    READ_ONLY,
    Behavior,
    BehaviorDocument,
)
from mocksmtp.behaviors.rule import Rule
from mocksmtp.documents.document import Document, field, parse
from mocksmtp.documents.kinds import ID, Choice, Named
from mocksmtp.documents.problems import (
    MAX_ERRORS,
    DocumentError,
    Problem,
    Refused,
    json_type,
    unknown,
)
from mocksmtp.documents.schema import NULL, Schema, any_of, object_of

_MERGED = ("condition", "response", "scenario")
"""Fields whose members are merged; only the result is complete."""

_OF_ONE = ("id", "move")
"""Members of a patch for one behavior."""

B = TypeVar("B", bound=Behavior[Any, Any, Any])


class Place(enum.Enum):
    """A place in the list."""

    FRONT = "front"
    """Before all others."""


@attrs.frozen
class Move:
    """
    Another place in the list.

    :ivar before: the id of the behavior that is to follow it
    :ivar after: the id of the behavior that it is to follow
    """

    before: str | None = field(ID, "before this behavior", default=None)
    after: str | None = field(ID, "after this behavior", default=None)
    to: Place | None = field(Choice(Place, "place"), "`front`", default=None)

    def check(self) -> None:
        """
        Refuse what names no place, or several.

        :raises Refused: it does
        """
        given = [self.before, self.after, self.to]
        if given.count(None) != len(given) - 1:
            raise Refused("must have exactly one of before, after, to")


MOVE = Document(Move, check=Move.check, example={"to": "front"})


@attrs.frozen
class Patch:
    """
    A change of behaviors.

    :ivar fields: the merge patch of a behavior's document
    """

    fields: dict[str, Any]
    move: Move | None = None

    def apply(self, rule: Rule[B], document: BehaviorDocument[B]) -> B:
        """
        The behavior that results.

        :raises DocumentError: it is none, or has another id
        """
        merged = merge(document.write(rule.behavior), self.fields)
        behavior: B = document.parse_one(merged)
        if behavior.id not in (None, rule.id):
            message = f"must be {rule.id!r}, or left out"
            raise DocumentError(Problem("$.id", message))
        return behavior


def read_patch(
    value: Any, document: BehaviorDocument[Any], single: bool = True
) -> Patch:
    """
    The change that a JSON value describes.

    :param document: the document of the behaviors
    :param single: whether it is for one behavior, which alone can be moved or named by
        its id
    :raises DocumentError: it is no object, has a field that no behavior can have, or
        one that is only allowed for one behavior
    """
    if not isinstance(value, dict):
        parse(MOVE, value)  # raises: it must be an object
    fields = {n: v for n, v in value.items() if n != "move" and n not in READ_ONLY}
    problems = list(_problems(fields, document))
    if not single:
        problems += [
            Problem(f"$.{name}", "only allowed for one behavior")
            for name in _OF_ONE
            if value.get(name) is not None
        ]
    if problems:
        raise DocumentError(*problems[:MAX_ERRORS])
    if value.get("move") is None:
        return Patch(fields)
    try:
        return Patch(fields, parse(MOVE, value["move"]))
    except DocumentError as error:
        raise error.within("$.move") from None


def _problems(
    fields: dict[str, Any], document: BehaviorDocument[Any]
) -> Iterator[Problem]:
    """What is wrong with a patch, whatever behavior it is for."""
    for name, value in fields.items():
        path = f"$.{name}"
        if name not in document.fields:
            yield Problem(path, unknown("field", name, [*document.fields, "move"]))
            continue
        attribute, declared = document.fields[name]
        if value is None or (value == [] and declared.empty_is_absent):
            if attribute.default is attrs.NOTHING:
                yield Problem(path, "required, but missing")
        elif name not in _MERGED:
            try:
                parse(declared.kind, value)
            except DocumentError as error:
                yield from error.within(path).problems
        elif not isinstance(value, dict):
            yield Problem(path, f"must be an object, got {json_type(value)}")


def merge(value: Any, patch: Any) -> Any:
    """`value` as a merge patch changes it (RFC 7396 §2)."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(value) if isinstance(value, dict) else {}
    for name, change in patch.items():
        if change is None:
            merged.pop(name, None)
        else:
            merged[name] = merge(merged.get(name), change)
    return merged


def placed(rules: Iterable[Rule[B]], rule: Rule[B], move: Move) -> list[Rule[B]]:
    """
    The list with one of its rules elsewhere.

    :raises DocumentError: it is to be beside a rule that is not in the list
    """
    others = [other for other in rules if other is not rule]
    if move.to is not None:
        return [rule, *others]
    name = "before" if move.after is None else "after"
    wanted = move.before if move.after is None else move.after
    for at, other in enumerate(others):
        if other.id == wanted:
            at += move.after is not None
            return [*others[:at], rule, *others[at:]]
    message = f"there is no other behavior with the id {wanted!r}"
    raise DocumentError(Problem(f"$.move.{name}", message))


def patch_schema(
    document: BehaviorDocument[Any], named: Named, single: bool = True
) -> Schema:
    """
    The schema of a patch: every field may be left out, and null removes it.

    :param single: whether it is for one behavior
    """
    members: dict[str, Schema] = {}
    for title, (attribute, declared) in document.fields.items():
        schema = declared.kind.accepted_schema(named)
        if title in _MERGED:
            schema = {"type": "object"}
        if declared.empty_is_absent:
            schema = any_of(schema, {"type": "array", "maxItems": 0})
        optional = attribute.default is not attrs.NOTHING
        members[title] = any_of(schema, NULL) if optional else schema
    members |= {title: {} for title in READ_ONLY}
    members["move"] = any_of(MOVE.accepted_schema(named), NULL)
    if not single:
        members |= dict.fromkeys(_OF_ONE, NULL)
    return object_of(members, [])
