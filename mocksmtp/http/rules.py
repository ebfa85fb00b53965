"""Lists of behaviors over HTTP, whatever it is that they answer.

A module of a resource says with a `RuleRoom` where its list is and how its documents
read; its handlers are these, with names and words of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, Generic, TypeVar

import attrs
import orjson

from mocksmtp.codec.gated import check_ids
from mocksmtp.codec.rules import counted_document, rule_document
from mocksmtp.core.rule import Gated, Rule
from mocksmtp.core.rules import Rules
from mocksmtp.documents.problems import DocumentError, Problem
from mocksmtp.http.answers import send_json, send_nothing
from mocksmtp.http.describing import DONE, answers, array, document, one_or_more
from mocksmtp.http.documents import ItemReader, read_document, read_items
from mocksmtp.http.listing import array_pieces, send_pieces
from mocksmtp.http.params import any_text, one_of, parameter
from mocksmtp.http.problems import HttpProblem, not_found
from mocksmtp.http.routing import Answer, Call, Handler, Route

B = TypeVar("B", bound=Gated)

MAX_RULES = 10_000
"""How many behaviors a list may have: after a change, the next command finds out which
of all of them it may be answered by."""


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


@attrs.frozen
class RuleRoom(Generic[B]):
    """
    A list of behaviors, as the API has it.

    :ivar rules: the list that a call is about
    :ivar parse_all: reads an array of documents, or one
    :ivar parse_one: reads one
    :ivar describe: makes the document of a behavior
    """

    rules: Callable[[Call[Any]], Rules[Any, B, Any]]
    parse_all: Callable[[Any], tuple[B, ...]]
    parse_one: Callable[[Any], B]
    describe: Callable[[B], dict[str, Any]]

    async def list(self, call: Call[ListParameters]) -> Answer:
        """Those that can still answer, as they were given; or all, with counters."""
        tag = call.parameters.tag
        behaviors, describe = self.rules(call), self.describe
        now = call.api.clock.seconds()
        rules = iter(behaviors if tag is None else behaviors.tagged(tag))
        if call.parameters.view is View.FULL:
            documents = (rule_document(rule, describe, now) for rule in rules)
        else:
            documents = (describe(r.behavior) for r in rules if not r.exhausted(now))
        pieces = array_pieces((orjson.dumps(document),) for document in documents)
        return await send_pieces(call.request, pieces, call.api.clock)

    async def put(self, call: Call[Any]) -> None:
        """Replace all of them by an array, or set the one that an object describes."""
        single, behaviors = await self._read(call)
        if single:
            self._check_room(call, 1)
            self.rules(call).put(behaviors[0])
        else:
            self.rules(call).replace_all(behaviors)
        send_nothing(call.request)

    async def add(self, call: Call[AddParameters]) -> bytes:
        """Add one or more, and tell their ids."""
        _, behaviors = await self._read(call)
        self._check_room(call, len(behaviors))
        front = call.parameters.at is Place.FRONT
        added = self.rules(call).extend(behaviors, front)
        if len(added) == 1:
            place = f"{call.request.path.decode()}/{added[0].id}"
            call.request.setHeader("Location", place)
        return send_json(call.request, {"ids": [rule.id for rule in added]}, 201)

    def clear(self, call: Call[ClearParameters]) -> None:
        """Take all out, or those of a tag."""
        tag = call.parameters.tag
        if tag is None:
            self.rules(call).clear()
        else:
            self.rules(call).remove_tagged(tag)
        send_nothing(call.request)

    def get(self, call: Call[Any], rule_id: str) -> bytes:
        """One of them, with its counters, and those of its keys."""
        rule = self._find(call, rule_id)
        now = call.api.clock.seconds()
        return send_json(call.request, counted_document(rule, self.describe, now))

    async def put_one(self, call: Call[Any], rule_id: str) -> None:
        """Another behavior under the same id, in the same place, counted afresh."""
        self._find(call, rule_id)
        behavior = await read_document(call, self.parse_one)
        if behavior.id not in (None, rule_id):
            raise DocumentError(Problem("$.id", f"must be {rule_id!r}, or left out"))
        try:
            self.rules(call).replace(rule_id, behavior)
        except KeyError:
            raise _unknown(rule_id) from None
        send_nothing(call.request)

    def delete(self, call: Call[Any], rule_id: str) -> None:
        """Take one out."""
        self.rules(call).remove(self._find(call, rule_id).id)
        send_nothing(call.request)

    async def _read(self, call: Call[Any]) -> tuple[bool, tuple[B, ...]]:
        """Whether it is a single one, and the behaviors."""
        reader = ItemReader(self.parse_all, self.parse_one, check_ids, MAX_RULES)
        return await read_items(call, reader)

    def _check_room(self, call: Call[Any], more: int) -> None:
        """Refuse what would make the list too long."""
        if len(self.rules(call)) + more > MAX_RULES:
            raise HttpProblem(409, f"a list has at most {MAX_RULES:,} behaviors")

    def _find(self, call: Call[Any], rule_id: str) -> Rule[B]:
        try:
            return self.rules(call).get(rule_id)
        except KeyError:
            raise _unknown(rule_id) from None


def _unknown(rule_id: str) -> HttpProblem:
    return not_found(f"there is no behavior with the id {rule_id!r}"[:200])


@attrs.frozen
class RuleHandlers:
    """The handlers of a list's routes, in the order of the routes."""

    list: Handler
    put: Handler
    add: Handler
    clear: Handler
    get: Handler
    put_one: Handler
    delete: Handler


def rule_routes(path: str, prefix: str, do: RuleHandlers) -> tuple[Route, ...]:
    """
    The routes of a list of behaviors.

    :param path: where it is
    :param prefix: what the names of its documents begin with
    """
    listed = array(f"{prefix}Behavior", f"{prefix}Rule")
    taken = (one_or_more(f"New{prefix}Behavior"),)
    counted = answers(document(f"{prefix}CountedRule"))
    ids = answers(document("Ids"), status=201)
    one, single = f"{path}/<rule_id>", (document(f"New{prefix}Behavior"),)
    return (
        Route("GET", path, do.list, ListParameters, answers=answers(listed)),
        Route("PUT", path, do.put, takes=taken, answers=DONE, problems=(409,)),
        Route(
            *("POST", path, do.add, AddParameters),
            takes=taken,
            answers=ids,
            problems=(409,),
        ),
        Route("DELETE", path, do.clear, ClearParameters, answers=DONE),
        Route("GET", one, do.get, answers=counted),
        Route("PUT", one, do.put_one, takes=single, answers=DONE),
        Route("DELETE", one, do.delete, answers=DONE),
    )
