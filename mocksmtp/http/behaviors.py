"""``/smtpBehaviors``: what a host answers by its test's wish."""

from __future__ import annotations

from enum import Enum
from typing import Any

import attrs
import orjson

from mocksmtp.codec.behaviors import (
    behavior_document,
    parse_behavior,
    parse_behaviors,
)
from mocksmtp.codec.rules import counted_document, rule_document
from mocksmtp.codec.structure import DocumentError, Problem
from mocksmtp.core.rule import Rule
from mocksmtp.http.answers import send_json, send_nothing
from mocksmtp.http.describing import DONE, answers, array, document, one_or_more
from mocksmtp.http.documents import read_document
from mocksmtp.http.listing import array_pieces, send_pieces
from mocksmtp.http.params import any_text, one_of, parameter
from mocksmtp.http.problems import HttpProblem, not_found
from mocksmtp.http.routing import Answer, Call, Route
from mocksmtp.model.behavior import Behavior


class View(Enum):
    """How much a listing tells."""

    FULL = "full"


class Place(Enum):
    """Where new behaviors go, if not behind the others."""

    FRONT = "front"


@attrs.frozen
class ListParameters:
    """``?view=full`` tells ids and counters, and lists exhausted ones too.

    ``?tag=x`` lists those of that tag only.
    """

    tag: str | None = parameter("tag", any_text)
    view: View | None = parameter("view", one_of(View))  # noqa: RUF009 - read-only


@attrs.frozen
class ClearParameters:
    """``?tag=x`` takes out those of that tag only."""

    tag: str | None = parameter("tag", any_text)


@attrs.frozen
class AddParameters:
    """``?at=front`` puts what is added before the others."""

    at: Place | None = parameter("at", one_of(Place))  # noqa: RUF009 - read-only


async def list_behaviors(call: Call[ListParameters]) -> Answer:
    """Those that can still answer, as they were given; or all, with counters."""
    tag = call.parameters.tag
    behaviors = call.host.behaviors
    rules = iter(behaviors if tag is None else behaviors.tagged(tag))
    if call.parameters.view is View.FULL:
        documents = (rule_document(rule) for rule in rules)
    else:
        documents = (behavior_document(r.behavior) for r in rules if not r.exhausted)
    pieces = array_pieces((orjson.dumps(document),) for document in documents)
    return await send_pieces(call.request, pieces, call.api.clock)


async def put_behaviors(call: Call[Any]) -> None:
    """Replace all of them by an array, or set the one that an object describes."""
    single, behaviors = await read_document(call, _parse)
    if single:
        call.host.behaviors.put(behaviors[0])
    else:
        call.host.behaviors.replace_all(behaviors)
    send_nothing(call.request)


async def add_behaviors(call: Call[AddParameters]) -> bytes:
    """Add one or more, and tell their ids."""
    _, behaviors = await read_document(call, _parse)
    front = call.parameters.at is Place.FRONT
    added = call.host.behaviors.extend(behaviors, front)
    if len(added) == 1:
        place = f"{call.request.path.decode()}/{added[0].id}"
        call.request.setHeader("Location", place)
    return send_json(call.request, {"ids": [rule.id for rule in added]}, 201)


def clear_behaviors(call: Call[ClearParameters]) -> None:
    """Take all out, or those of a tag."""
    tag = call.parameters.tag
    if tag is None:
        call.host.behaviors.clear()
    else:
        call.host.behaviors.remove_tagged(tag)
    send_nothing(call.request)


def get_behavior(call: Call[Any], rule_id: str) -> bytes:
    """One of them, with its counters, and those of its keys."""
    return send_json(call.request, counted_document(_find(call, rule_id)))


async def put_behavior(call: Call[Any], rule_id: str) -> None:
    """Another behavior under the same id, in the same place, counted afresh."""
    _find(call, rule_id)
    behavior = await read_document(call, parse_behavior)
    if behavior.id not in (None, rule_id):
        raise DocumentError(Problem("$.id", f"must be {rule_id!r}, or left out"))
    try:
        call.host.behaviors.replace(rule_id, behavior)
    except KeyError:
        raise _unknown(rule_id) from None
    send_nothing(call.request)


def delete_behavior(call: Call[Any], rule_id: str) -> None:
    """Take one out."""
    call.host.behaviors.remove(_find(call, rule_id).id)
    send_nothing(call.request)


def _parse(document: Any) -> tuple[bool, tuple[Behavior, ...]]:
    """Whether it is a single one, and the behaviors."""
    return isinstance(document, dict), parse_behaviors(document)


def _find(call: Call[Any], rule_id: str) -> Rule[Behavior]:
    try:
        return call.host.behaviors.get(rule_id)
    except KeyError:
        raise _unknown(rule_id) from None


def _unknown(rule_id: str) -> HttpProblem:
    return not_found(f"there is no behavior with the id {rule_id!r}"[:200])


ROUTES = (
    Route(
        "GET",
        "/smtpBehaviors",
        list_behaviors,
        ListParameters,
        answers=answers(array("Behavior", "Rule")),
    ),
    Route(
        "PUT",
        "/smtpBehaviors",
        put_behaviors,
        takes=(one_or_more("NewBehavior"),),
        answers=DONE,
        problems=(409,),
    ),
    Route(
        "POST",
        "/smtpBehaviors",
        add_behaviors,
        AddParameters,
        takes=(one_or_more("NewBehavior"),),
        answers=answers(document("Ids"), status=201),
        problems=(409,),
    ),
    Route("DELETE", "/smtpBehaviors", clear_behaviors, ClearParameters, answers=DONE),
    Route(
        "GET",
        "/smtpBehaviors/<rule_id>",
        get_behavior,
        answers=answers(document("CountedRule")),
    ),
    Route(
        "PUT",
        "/smtpBehaviors/<rule_id>",
        put_behavior,
        takes=(document("NewBehavior"),),
        answers=DONE,
    ),
    Route("DELETE", "/smtpBehaviors/<rule_id>", delete_behavior, answers=DONE),
)
