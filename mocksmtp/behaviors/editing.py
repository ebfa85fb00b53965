"""Changes of behaviors in force that keep their counters.

A change is a JSON merge patch (RFC 7396) of the document of a behavior. Its additional
member ``move`` moves the behavior to another place in the list.
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
"""The fields that are merged member by member; only the result is validated."""

_OF_ONE = ("id", "move")
"""The members that only a patch of a single behavior may contain."""

B = TypeVar("B", bound=Behavior[Any, Any, Any])


class Place(enum.Enum):
    """A place in the list."""

    FRONT = "front"
    """Before all others."""


@attrs.frozen
class Move:
    """
    A new place in the list; exactly one of its fields is set.

    :ivar before: the id of the behavior before which the moved one is inserted
    :ivar after: the id of the behavior after which the moved one is inserted
    :ivar to: the place, if it is not relative to another behavior
    """

    before: str | None = field(ID, "before this behavior", default=None)
    after: str | None = field(ID, "after this behavior", default=None)
    to: Place | None = field(Choice(Place, "place"), "`front`", default=None)

    def check(self) -> None:
        """
        Check that exactly one field is set.

        :raises Refused: none or several are set
        """
        given = [self.before, self.after, self.to]
        if given.count(None) != len(given) - 1:
            raise Refused("must have exactly one of before, after, to")


MOVE = Document(Move, check=Move.check, example={"to": "front"})


@attrs.frozen
class Patch:
    """
    A change of behaviors.

    :ivar fields: the merge patch of the document of a behavior
    :ivar move: the new place in the list; None keeps the place
    """

    fields: dict[str, Any]
    move: Move | None = None

    def apply(self, rule: Rule[B], document: BehaviorDocument[B]) -> B:
        """
        Return the changed behavior of a rule.

        :param document: the document of the behaviors
        :raises DocumentError: the result is not valid, or has another id
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
    Parse a patch.

    :param value: the JSON value
    :param document: the document of the behaviors
    :param single: whether it changes a single behavior; only then it may contain ``id``
        and ``move``
    :raises DocumentError: it is not an object, or has a field that is unknown, not
        valid, or only allowed for a single behavior
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
    """Yield the errors of a patch that do not depend on the patched behavior."""
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
    """Return `value` changed by a merge patch (RFC 7396 §2)."""
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
    Return the list with one of its rules moved.

    :raises DocumentError: `move` names a behavior that is not in the list
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
    Return the schema of a patch: every field is optional, and null removes it.

    :param named: the named schemas, to which it adds those that it refers to
    :param single: whether it changes a single behavior
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
