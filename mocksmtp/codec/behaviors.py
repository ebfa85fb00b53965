"""Behaviors and extensions: documents to model and back."""

from __future__ import annotations

import re
from typing import Any

import attrs

from mocksmtp.codec.conditions import check_targets, structure_condition
from mocksmtp.codec.gated import (
    GATED_HOOKS,
    GatedFields,
    ResponseHooks,
    answers_of,
    check_ids,
    gated_document,
    own_first,
    read_fields,
)
from mocksmtp.codec.gates import structure_per
from mocksmtp.codec.leniency import at, enum_hook
from mocksmtp.codec.responses import (
    check_response,
    response_document,
    structure_response,
)
from mocksmtp.documents.problems import DocumentError, Problem, Refused
from mocksmtp.documents.structure import class_hook, new_converter, structure
from mocksmtp.model.behavior import Behavior, Command, Response
from mocksmtp.model.condition import OPERATORS
from mocksmtp.model.target import key_known_at

__all__ = ["OPERATORS"]

MAX_EXTENSIONS = 1000
"""How many further lines an answer to EHLO may have."""

MAX_EXTENSION = 2000
"""Characters of one of them; more than clients must accept (RFC 5321 §4.5.3.1.5)."""

_EXTENSION = re.compile(r"[\x20-\x7e\x80-\U0010ffff]+")


@attrs.frozen(kw_only=True, field_transformer=own_first)
class BehaviorFields(GatedFields):
    """What a document says of a behavior."""

    command: Command
    response: Response | None = None
    responses: tuple[Response, ...] | None = None


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
    return check_ids(behaviors)


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
    if len(extensions) > MAX_EXTENSIONS:
        message = f"must have at most {MAX_EXTENSIONS:,} lines, got {len(extensions):,}"
        raise DocumentError(Problem("$", message))
    problems = [
        Problem(f"$[{index}]", f"must have at most {MAX_EXTENSION:,} characters")
        for index, extension in enumerate(extensions)
        if len(extension) > MAX_EXTENSION
    ] or [
        Problem(f"$[{index}]", "must be one line of text, and not empty")
        for index, extension in enumerate(extensions)
        if not _EXTENSION.fullmatch(extension)
    ]
    if problems:
        raise DocumentError(*problems)
    return extensions


def behavior_document(behavior: Behavior) -> dict[str, Any]:
    """The document that describes `behavior`, with the fields that it uses."""
    head = {"command": behavior.command.value}
    return gated_document(head, behavior, response_document)


def _structure_behavior(value: Any, _: Any) -> Behavior:
    fields = read_fields(_fields, BehaviorFields, value)
    responses = answers_of(fields.response, fields.responses)
    behavior = Behavior(
        fields.command,
        responses,
        fields.condition,
        fields.number_of_answer,
        fields.gate,
        fields.id,
        fields.tag,
        fields.responses is not None,
    )
    _check(behavior)
    return behavior


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


_responses = ResponseHooks(structure_response)
_converter = new_converter()
_converter.register_structure_hook(Command, enum_hook("command"))
_fields = class_hook(
    _converter,
    BehaviorFields,
    response=_responses.one,
    responses=_responses.several,
    condition=structure_condition,
    per=structure_per,
    **GATED_HOOKS,
)
_converter.register_structure_hook(Behavior, _structure_behavior)
