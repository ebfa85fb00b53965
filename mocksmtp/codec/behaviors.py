"""Behaviors and extensions: documents to model and back.

Lenient where clients of James's mock server are: ``code`` and ``numberOfAnswer``
as digit strings, ``numberOfAnswer`` null, absent or ``""`` for ever, a number as
``matchingValue`` or ``message``, CRLF in a ``message``. Strict everywhere else.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum
from typing import Any, TypeVar

from mocksmtp.codec.structure import (
    MAX_SHOWN,
    DocumentError,
    Problem,
    Refused,
    class_hook,
    json_type,
    listed,
    new_converter,
    shown,
    strict_dict,
    strict_int,
    strict_str,
    structure,
)
from mocksmtp.core.behaviors import Rule
from mocksmtp.model.behavior import DISCARDING, Behavior, Command, Effect, Response
from mocksmtp.model.condition import Condition, Contains, MatchAll

E = TypeVar("E", bound=Enum)

_DIGITS = re.compile(r"[0-9]{1,18}", re.ASCII)
_EXTENSION = re.compile(r"[\x20-\x7e\x80-\U0010ffff]+")


def parse_behaviors(document: Any) -> tuple[Behavior, ...]:
    """
    Behaviors from an array, or from one object.

    :raises DocumentError: the document describes none
    """
    if isinstance(document, dict):
        return (parse_behavior(document),)
    behaviors: tuple[Behavior, ...] = structure(
        _converter, document, tuple[Behavior, ...]
    )
    return behaviors


def parse_behavior(document: Any) -> Behavior:
    """
    One behavior.

    :raises DocumentError: the document describes none
    """
    behavior: Behavior = structure(_converter, document, Behavior)
    return behavior


def parse_extensions(document: Any) -> tuple[str, ...]:
    """
    The further lines of an answer to EHLO, from an array of strings.

    :raises DocumentError: it is none, or one of them could not be one line
    """
    extensions: tuple[str, ...] = structure(_converter, document, tuple[str, ...])
    problems = [
        Problem(f"$[{index}]", "must be one line of text, and not empty")
        for index, extension in enumerate(extensions)
        if not _EXTENSION.fullmatch(extension)
    ]
    if problems:
        raise DocumentError(*problems)
    return extensions


def behavior_document(behavior: Behavior) -> dict[str, Any]:
    """The document that describes `behavior`, with the fields that it uses."""
    response: dict[str, Any] = {"code": behavior.response.code}
    if behavior.response.message is not None:
        response["message"] = behavior.response.message
    if behavior.response.effect is not None:
        response["effect"] = behavior.response.effect.value
    return {
        "command": behavior.command.value,
        "condition": _condition_document(behavior.condition),
        "response": response,
        "numberOfAnswer": behavior.number_of_answer,
    }


def rule_document(rule: Rule) -> dict[str, Any]:
    """The document of a behavior in force, with its id and its counters."""
    return {
        "id": rule.id,
        **behavior_document(rule.behavior),
        "seen": rule.seen,
        "fired": rule.fired,
        "remaining": rule.remaining,
    }


def _condition_document(condition: Condition) -> dict[str, Any]:
    match condition:
        case MatchAll():
            return {"operator": "matchAll"}
        case Contains():
            return {"operator": "contains", "matchingValue": condition.matching_value}


def _enum_hook(name: str) -> Callable[[Any, type[E]], E]:
    """A hook for an enumeration whose values are the strings of a document."""

    def structure_enum(value: Any, kind: type[E]) -> E:
        try:
            return kind(strict_str(value))
        except ValueError as error:
            if isinstance(error, Refused):
                raise
            known = listed([member.value for member in kind])
            raise Refused(f"unknown {name} {shown(value)}; {known}") from None

    return structure_enum


def _lenient_text(value: Any) -> str:
    """A string, or a number as its digits."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    return strict_str(value)


def _lenient_int(value: Any) -> int:
    """A whole number, or the digits of one."""
    if isinstance(value, str):
        if not _DIGITS.fullmatch(value):
            raise Refused(f"expected a whole number, not {value!r}"[:100])
        return int(value)
    return strict_int(value)


def _structure_condition(value: Any, _: Any) -> Condition:
    document = strict_dict(value)
    if "operator" not in document:
        raise Refused("required, but missing", "operator")
    operator = document["operator"]
    if not isinstance(operator, str):
        raise Refused(f"expected a string, not {json_type(operator)}", "operator")
    if operator not in _OPERATORS:
        raise Refused(
            f"unknown operator {shown(operator)}; {listed(list(_OPERATORS))}",
            "operator",
        )
    for name in document:
        if name not in ("operator", "matchingValue"):
            known = listed(["operator", "matchingValue"])
            raise Refused(f"unknown field; {known}", name[:MAX_SHOWN])
    return _OPERATORS[operator](document)


def _contains(document: dict[str, Any]) -> Condition:
    if document.get("matchingValue") is None:
        raise Refused("required with the operator contains", "matchingValue")
    try:
        return Contains(_lenient_text(document["matchingValue"]))
    except Refused as error:
        raise Refused(str(error), "matchingValue") from None


def _match_all(document: dict[str, Any]) -> Condition:
    # Null is how a client's serializer says that there is none.
    if document.get("matchingValue") is not None:
        raise Refused("forbidden with the operator matchAll", "matchingValue")
    return MatchAll()


_OPERATORS: dict[str, Callable[[dict[str, Any]], Condition]] = {
    "contains": _contains,
    "matchAll": _match_all,
}

OPERATORS = tuple(_OPERATORS)
"""What a condition may do."""


def _structure_code(value: Any, _: Any) -> int:
    code = _lenient_int(value)
    if not 200 <= code <= 599:
        raise Refused(f"must be from 200 to 599, not {code}")
    return code


def _structure_message(value: Any, _: Any) -> str | None:
    if value is None:
        return None
    message = _lenient_text(value).replace("\r\n", "\n")
    if "\r" in message:
        raise Refused("has a carriage return without a line feed")
    return message


def _structure_number_of_answer(value: Any, _: Any) -> int | None:
    if value is None or value == "":
        return None
    number = _lenient_int(value)
    if number < 1:
        raise Refused(f"must be at least 1, or null for ever, not {number}")
    return number


def _structure_behavior(value: Any, kind: Any) -> Behavior:
    behavior: Behavior = _structure_fields(value, kind)
    if (
        behavior.response.effect is Effect.DISCARD
        and behavior.command not in DISCARDING
    ):
        names = ", ".join(command.value for command in Command if command in DISCARDING)
        raise Refused(f"discard goes with {names} only", "response", "effect")
    return behavior


_converter = new_converter()
_converter.register_structure_hook(Command, _enum_hook("command"))
_converter.register_structure_hook(Effect, _enum_hook("effect"))
_converter.register_structure_hook(Condition, _structure_condition)
_converter.register_structure_hook(
    Response,
    class_hook(_converter, Response, code=_structure_code, message=_structure_message),
)
_structure_fields = class_hook(
    _converter,
    Behavior,
    condition=_structure_condition,
    number_of_answer=_structure_number_of_answer,
)
_converter.register_structure_hook(Behavior, _structure_behavior)
