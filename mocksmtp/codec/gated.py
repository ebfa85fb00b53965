"""What documents of behaviors have in common, whatever it is that they answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Generic, Protocol, TypeVar

import attrs
from cattrs import (
    ClassValidationError,
    IterableValidationError,
    IterableValidationNote,
)

from mocksmtp.codec.conditions import condition_document
from mocksmtp.codec.gates import (
    gate_document,
    structure_lasting,
    structure_name,
    structure_probability,
    structure_scenario,
)
from mocksmtp.codec.leniency import MAX_COUNT, lenient_int, whole
from mocksmtp.documents.problems import DocumentError, Problem, Refused, shown
from mocksmtp.documents.structure import strict_dict, strict_list, strict_str
from mocksmtp.model.condition import Condition, MatchAll
from mocksmtp.model.gate import Gate, ScenarioStep
from mocksmtp.model.target import Target
from mocksmtp.model.turns import Timed

MAX_RESPONSES = 1000
"""How many responses a behavior may have."""

ONCE = 1
"""How often a response is given before the next one, unless it says otherwise."""

# A segment of a path as it is, with no escapes.
_ID = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9._-]{1,64}", re.ASCII)

R = TypeVar("R", bound=Timed)
F = TypeVar("F", bound="GatedFields")


def own_first(
    _: type, fields: list[attrs.Attribute[Any]]
) -> list[attrs.Attribute[Any]]:
    """The fields of a class before those that it has from another."""
    return sorted(fields, key=lambda field: bool(getattr(field, "inherited", False)))


@attrs.frozen(kw_only=True)
class GatedFields:
    """What a document says of any behavior, besides when and what it answers."""

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

    @property
    def gate(self) -> Gate:
        """How often it fires."""
        return Gate(
            self.skip,
            self.per,
            self.active_for,
            self.window,
            self.probability,
            self.scenario,
        )


S = TypeVar("S", bound=Timed, covariant=True)


class Told(Protocol[S]):
    """A behavior, as far as its document is like that of any other."""

    @property
    def condition(self) -> Condition:
        """When it fires."""

    @property
    def gate(self) -> Gate:
        """How often it does."""

    @property
    def responses(self) -> tuple[S, ...]:
        """What it answers."""

    @property
    def in_turn(self) -> bool:
        """Whether one response comes after the other."""

    @property
    def number_of_answer(self) -> int | None:
        """How many times it fires."""

    @property
    def id(self) -> str | None:
        """By which it is found."""

    @property
    def tag(self) -> str | None:
        """What groups it with others."""


class Named(Protocol):
    """What may have an id."""

    @property
    def id(self) -> str | None:
        """By which it is found."""


B = TypeVar("B", bound=Named)


def check_ids(behaviors: tuple[B, ...]) -> tuple[B, ...]:
    """
    The behaviors of an array, no two of which have the same id.

    :raises DocumentError: two have
    """
    ids: set[str] = set()
    for index, behavior in enumerate(behaviors):
        if behavior.id is not None:
            if behavior.id in ids:
                raise DocumentError(Problem(f"$[{index}].id", "comes twice"))
            ids.add(behavior.id)
    return behaviors


def gated_document(
    head: dict[str, Any],
    behavior: Told[R],
    response_document: Callable[[R, bool], dict[str, Any]],
) -> dict[str, Any]:
    """
    The document that describes `behavior`, with the fields that it uses.

    :param head: what it begins with
    :param response_document: makes that of a response, in turn with others or not
    """
    document = {**head, "condition": condition_document(behavior.condition)}
    if behavior.in_turn:
        document["responses"] = [response_document(r, True) for r in behavior.responses]
    else:
        document["response"] = response_document(behavior.responses[0], False)
    document["numberOfAnswer"] = behavior.number_of_answer
    names = {"id": behavior.id, "tag": behavior.tag}
    given = gate_document(behavior.gate) | names
    return document | {name: value for name, value in given.items() if value}


class ResponseHooks(Generic[R]):
    """
    Hooks for the fields ``response`` and ``responses``.

    :param structure_response: reads a response, with or without ``times``
    """

    def __init__(self, structure_response: Callable[[Any], R]) -> None:
        self._structure = structure_response

    def one(self, value: Any, _: Any) -> R:
        """A single response."""
        if "times" in strict_dict(value):
            raise Refused("goes with responses only", "times")
        return self._structure(value)

    def several(self, value: Any, _: Any) -> tuple[R, ...]:
        """Those that come one after the other."""
        items = strict_list(value)
        if not 1 <= len(items) <= MAX_RESPONSES:
            raise Refused(f"must have from 1 to {MAX_RESPONSES:,} responses")
        responses = self._each(items)
        for index, response in enumerate(responses[:-1]):
            if response.times is None:
                error = Refused("null, for ever, goes with the last only")
                error.place = f"[{index}].times"
                raise error
        return tuple(responses)

    def _each(self, items: list[Any]) -> list[R]:
        """All of them; what is wrong with each is told with its number."""
        responses, errors = [], []
        for index, item in enumerate(items):
            try:
                responses.append(self._structure(item))
            except (ClassValidationError, ValueError) as error:
                error.add_note(IterableValidationNote("", index, dict))
                errors.append(error)
        if errors:
            raise IterableValidationError("", errors, list)
        return responses


def structure_times(value: Any, _: Any) -> int | None:
    """How often a response is given before the next one, or None for ever."""
    return None if value is None else whole(value, 1)


def read_fields(hook: Callable[[Any, Any], F], kind: type[F], value: Any) -> F:
    """The fields; that there is no response is told with all else that is wrong."""
    try:
        return hook(value, kind)
    except ClassValidationError as error:
        if value.keys() & {"response", "responses"}:
            raise
        missing = Refused("required, but missing", "response")
        raise ClassValidationError("", [*error.exceptions, missing], kind) from None


def answers_of(response: R | None, responses: tuple[R, ...] | None) -> tuple[R, ...]:
    """
    What is answered, be it one response or several.

    :raises Refused: they do not, or twice
    """
    if responses is not None:
        if response is not None:
            raise Refused("can't be given with response", "responses")
        return responses
    if response is None:
        raise Refused("required, but missing", "response")
    return (response,)


def _number_of_answer(value: Any, _: Any) -> int | None:
    if value is None or value == "":
        return None
    count = lenient_int(value)
    if count < 1:
        raise Refused(f"must be at least 1, or null for ever, not {count}"[:100])
    return count


def _id(value: Any, _: Any) -> str | None:
    if value is None:
        return None
    if not _ID.fullmatch(text := strict_str(value)):
        raise Refused(f"must be 1 to 64 letters, digits, '.', '_', '-': {shown(text)}")
    return text


GATED_HOOKS: Mapping[str, Callable[[Any, Any], Any]] = {
    "number_of_answer": _number_of_answer,
    "skip": lambda value, _: whole(value, 0, MAX_COUNT),
    "active_for": structure_lasting,
    "window": structure_lasting,
    "probability": structure_probability,
    "scenario": structure_scenario,
    "id": _id,
    "tag": lambda value, _: None if value is None else structure_name(value),
}
"""Hooks for the fields that are read the same for every kind of behavior."""
