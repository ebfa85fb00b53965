"""Behaviors and extensions: documents to model and back."""

from __future__ import annotations

import re
from typing import Any

import attrs
from cattrs import ClassValidationError

from mocksmtp.codec.conditions import (
    check_targets,
    condition_document,
    structure_condition,
)
from mocksmtp.codec.gates import (
    gate_document,
    structure_lasting,
    structure_name,
    structure_per,
    structure_probability,
    structure_scenario,
)
from mocksmtp.codec.leniency import (
    MAX_COUNT,
    at,
    enum_hook,
    lenient_int,
    whole,
    within,
)
from mocksmtp.codec.responses import (
    check_response,
    response_document,
    structure_response,
)
from mocksmtp.codec.structure import (
    DocumentError,
    Problem,
    Refused,
    class_hook,
    new_converter,
    shown,
    strict_dict,
    strict_list,
    strict_str,
    structure,
)
from mocksmtp.model.behavior import Behavior, Command, Response
from mocksmtp.model.condition import OPERATORS, Condition, MatchAll
from mocksmtp.model.gate import Gate, ScenarioStep
from mocksmtp.model.target import (
    Target,
    key_known_at,
)

__all__ = ["OPERATORS"]

MAX_RESPONSES = 1000
"""How many responses a behavior may have."""

_EXTENSION = re.compile(r"[\x20-\x7e\x80-\U0010ffff]+")
# A segment of a path as it is, with no escapes.
_ID = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9._-]{1,64}", re.ASCII)


@attrs.frozen(kw_only=True)
class BehaviorFields:
    """What a document says of a behavior."""

    command: Command
    response: Response | None = None
    responses: tuple[Response, ...] | None = None
    condition: Condition = attrs.field(factory=MatchAll)
    number_of_answer: int | None = None
    skip: int = 0
    per: tuple[Target | str, ...] = ()
    active_for: float | None = None
    window: float | None = None
    probability: float = 1.0
    scenario: ScenarioStep | None = None
    id: str | None = None
    tag: str | None = None


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
    ids: set[str] = set()
    for index, behavior in enumerate(behaviors):
        if behavior.id is not None and behavior.id in ids:
            raise DocumentError(Problem(f"$[{index}].id", "comes twice"))
        ids.update({behavior.id} - {None})  # type: ignore[arg-type]
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
    document: dict[str, Any] = {
        "command": behavior.command.value,
        "condition": condition_document(behavior.condition),
    }
    if behavior.in_turn:
        document["responses"] = [response_document(r, True) for r in behavior.responses]
    else:
        document["response"] = response_document(behavior.response, False)
    document["numberOfAnswer"] = behavior.number_of_answer
    names = {"id": behavior.id, "tag": behavior.tag}
    given = gate_document(behavior.gate) | names
    return document | {name: value for name, value in given.items() if value}


def _number_of_answer(value: Any, _: Any) -> int | None:
    if value is None or value == "":
        return None
    count = lenient_int(value)
    if count < 1:
        raise Refused(f"must be at least 1, or null for ever, not {count}"[:100])
    return count


def _responses(value: Any, _: Any) -> tuple[Response, ...]:
    items = strict_list(value)
    if not 1 <= len(items) <= MAX_RESPONSES:
        raise Refused(f"must have from 1 to {MAX_RESPONSES:,} responses")
    responses: tuple[Response, ...] = _converter.structure(items, tuple[Response, ...])
    for index, response in enumerate(responses[:-1]):
        if response.times is None:
            refused = Refused("null, for ever, goes with the last only", "times")
            raise within(refused, f"[{index}]")
    return responses


def _response(value: Any, _: Any) -> Response:
    if "times" in strict_dict(value):
        raise Refused("goes with responses only", "times")
    return structure_response(value)


def _id(value: Any, _: Any) -> str | None:
    if value is None:
        return None
    if not _ID.fullmatch(text := strict_str(value)):
        raise Refused(f"must be 1 to 64 letters, digits, '.', '_', '-': {shown(text)}")
    return text


def _structure_behavior(value: Any, _: Any) -> Behavior:
    fields = _read_fields(value)
    responses = _answers(fields)
    behavior = Behavior(
        fields.command,
        responses,
        fields.condition,
        fields.number_of_answer,
        Gate(
            fields.skip,
            fields.per,
            fields.active_for,
            fields.window,
            fields.probability,
            fields.scenario,
        ),
        fields.id,
        fields.tag,
        fields.responses is not None,
    )
    _check(behavior)
    return behavior


def _read_fields(value: Any) -> BehaviorFields:
    """The fields; that there is no response is told with all else that is wrong."""
    try:
        fields: BehaviorFields = _fields(value, BehaviorFields)
    except ClassValidationError as error:
        if value.keys() & {"response", "responses"}:
            raise
        missing = Refused("required, but missing", "response")
        raise ClassValidationError(
            "", [*error.exceptions, missing], BehaviorFields
        ) from None
    return fields


def _answers(fields: BehaviorFields) -> tuple[Response, ...]:
    if fields.responses is not None:
        if fields.response is not None:
            raise Refused("can't be given with response", "responses")
        return fields.responses
    if fields.response is None:
        raise Refused("required, but missing", "response")
    return (fields.response,)


def _check(behavior: Behavior) -> None:
    """Refuse what makes no sense at the behavior's command."""
    command = behavior.command
    at(".condition", lambda c: check_targets(c, command), behavior.condition)
    for index, response in enumerate(behavior.responses):
        place = f".responses[{index}]" if behavior.in_turn else ".response"
        at(place, lambda r: check_response(r, command), response)
    for index, part in enumerate(behavior.gate.per):
        if not key_known_at(part, command):
            place = ".per" + (f"[{index}]" if len(behavior.gate.per) > 1 else "")
            at(place, _refuse, f"{part} can't be known at {command.value}")


def _refuse(why: str) -> None:
    raise Refused(why)


_converter = new_converter()
_converter.register_structure_hook(Response, structure_response)
_converter.register_structure_hook(Command, enum_hook("command"))
_fields = class_hook(
    _converter,
    BehaviorFields,
    response=_response,
    responses=_responses,
    condition=structure_condition,
    number_of_answer=_number_of_answer,
    skip=lambda value, _: whole(value, 0, MAX_COUNT),
    per=structure_per,
    active_for=structure_lasting,
    window=structure_lasting,
    probability=structure_probability,
    scenario=structure_scenario,
    id=_id,
    tag=lambda value, _: None if value is None else structure_name(value),
)
_converter.register_structure_hook(Behavior, _structure_behavior)
