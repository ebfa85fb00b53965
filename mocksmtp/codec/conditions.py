"""Conditions: documents to model and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from mocksmtp.codec.leniency import at, lenient_text
from mocksmtp.documents.problems import MAX_SHOWN, Refused, json_type, listed, shown
from mocksmtp.documents.structure import (
    strict_bool,
    strict_dict,
    strict_list,
    strict_str,
)
from mocksmtp.model.comparison import Comparison
from mocksmtp.model.condition import (
    COMBINATORS,
    COMPARISONS,
    IGNORING_CASE,
    MAX_DEPTH,
    OPERATORS,
    PRESENCES,
    AllOf,
    AnyOf,
    Condition,
    Leaf,
    MatchAll,
    Not,
)
from mocksmtp.model.point import Command
from mocksmtp.model.target import Target, natural_subject, parse_target

MAX_CONDITIONS = 100
"""How many conditions one combinator may have."""

MAX_VALUE = 1024 * 1024
"""Characters of a ``matchingValue``."""

Found = tuple[str, Leaf]

ReadTarget = Callable[[str], Target]
"""The target of that name, or `ValueError`."""


def structure_condition(
    value: Any,
    _: object = None,
    depth: int = 0,
    read_target: ReadTarget = parse_target,
) -> Condition:
    """
    A condition.

    :param depth: in how many combinators it is
    :param read_target: knows what can be looked at
    :raises Refused: the document describes none
    """
    document = strict_dict(value)
    operator = _operator(document)
    if depth > MAX_DEPTH:
        raise Refused(f"nested more than {MAX_DEPTH} deep")
    _check_fields(document, operator)
    if operator in COMBINATORS:
        return _combinator(document, operator, depth, read_target)
    target = document.get("target")
    if target is None:
        found = None
    else:
        found = at(".target", lambda name: read_target(strict_str(name)), target)
    if operator in PRESENCES:
        # Null is how a client's serializer says that there is none.
        if document.get("matchingValue") is not None:
            raise Refused(f"forbidden with the operator {operator}", "matchingValue")
        return PRESENCES[operator](found)
    if document.get("matchingValue") is None:
        raise Refused(f"required with the operator {operator}", "matchingValue")
    text = at(".matchingValue", _text, document["matchingValue"])
    ignore = at(".ignoreCase", strict_bool, document.get("ignoreCase", False))
    kind = COMPARISONS[operator]
    return at(".matchingValue", lambda value: kind(value, ignore, found), text)


def _operator(document: dict[str, Any]) -> str:
    if "operator" not in document:
        raise Refused("required, but missing", "operator")
    operator = document["operator"]
    if not isinstance(operator, str):
        raise Refused(f"expected a string, not {json_type(operator)}", "operator")
    if operator not in OPERATORS:
        known = listed(list(OPERATORS))
        raise Refused(f"unknown operator {shown(operator)}; {known}", "operator")
    return operator


def fields_of(operator: str) -> tuple[str, ...]:
    """The fields that a condition with this operator may have besides that."""
    if operator in COMBINATORS:
        return ("condition",) if operator == "not" else ("conditions",)
    case = ("ignoreCase",) if operator in IGNORING_CASE else ()
    return ("matchingValue", "target", *case)


def _check_fields(document: dict[str, Any], operator: str) -> None:
    known = ("operator", *fields_of(operator))
    for name in document:
        if name not in known:
            raise Refused(f"unknown field; {listed(list(known))}", name[:MAX_SHOWN])


def _combinator(
    document: dict[str, Any], operator: str, depth: int, read_target: ReadTarget
) -> Condition:
    def inner(value: Any) -> Condition:
        return structure_condition(value, None, depth + 1, read_target)

    (field,) = fields_of(operator)
    if field not in document:
        raise Refused("required, but missing", field)
    if operator == "not":
        return Not(at(f".{field}", inner, document[field]))
    items = at(f".{field}", strict_list, document[field])
    if not 1 <= len(items) <= MAX_CONDITIONS:
        raise Refused(f"must have from 1 to {MAX_CONDITIONS} conditions", field)
    conditions = tuple(
        at(f".{field}[{index}]", inner, item) for index, item in enumerate(items)
    )
    return AllOf(conditions) if operator == "all" else AnyOf(conditions)


def _text(value: Any) -> str:
    text = lenient_text(value)
    if len(text) > MAX_VALUE:
        raise Refused(f"must have {MAX_VALUE:,} characters at most")
    return text


def check_targets(condition: Condition, command: Command) -> None:
    """
    Refuse what can't be known at a command, and so would never be true.

    :raises Refused: the condition has such a target
    """
    for place, leaf in _located(condition, ""):
        check_target(leaf.target, command, f"{place}.target")
        nothing = leaf.target is None and natural_subject(command) is None
        if nothing and not isinstance(leaf, MatchAll):
            error = Refused(f"required at {command.value}, where nothing is said")
            error.place = f"{place}.target"
            raise error


def check_target(target: Target | None, command: Command, place: str) -> None:
    """
    Refuse a target that can't be known at a command.

    :raises Refused: it can't
    """
    if target is not None and not target.known_at(command):
        error = Refused(f"{target} can't be known at {command.value}")
        error.place = place
        raise error


def _located(condition: Condition, place: str) -> Iterator[Found]:
    match condition:
        case AllOf() | AnyOf():
            for index, each in enumerate(condition.conditions):
                yield from _located(each, f"{place}.conditions[{index}]")
        case Not():
            yield from _located(condition.condition, f"{place}.condition")
        case _:
            yield place, condition


_NAMES = {
    kind: name
    for kinds in (COMPARISONS, PRESENCES, COMBINATORS)
    for name, kind in kinds.items()
}


def condition_document(condition: Condition) -> dict[str, Any]:
    """The document that describes `condition`, with the fields that it uses."""
    document: dict[str, Any] = {"operator": _NAMES[type(condition)]}
    match condition:
        case AllOf() | AnyOf():
            inner = [condition_document(each) for each in condition.conditions]
            return document | {"conditions": inner}
        case Not():
            return document | {"condition": condition_document(condition.condition)}
    if isinstance(condition, Comparison):
        document["matchingValue"] = condition.matching_value
        if condition.ignore_case:
            document["ignoreCase"] = True
    if condition.target is not None:
        document["target"] = str(condition.target)
    return document
