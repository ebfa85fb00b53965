"""``/smtpBehaviors`` and ``/dnsBehaviors``: those of a host, and those of DNS."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from enum import Enum
from functools import partial
from typing import Any, Generic, TypeAlias, TypeVar

import attrs
import orjson

from mocksmtp.behaviors.behavior import Behavior, BehaviorDocument, check_ids
from mocksmtp.behaviors.dns import DNS, DNS_EVALUATED, DNS_EVALUATION
from mocksmtp.behaviors.editing import Patch, Place, placed, read_patch
from mocksmtp.behaviors.listing import counted_document, rule_document
from mocksmtp.behaviors.rule import Rule
from mocksmtp.behaviors.rules import Rules
from mocksmtp.behaviors.scenarios import STATES, parse_states
from mocksmtp.behaviors.smtp import SMTP
from mocksmtp.documents.document import parse
from mocksmtp.documents.kinds import Array, Text
from mocksmtp.documents.problems import DocumentError, Problem
from mocksmtp.documents.view import View, view_field
from mocksmtp.hosts.evaluation import (
    EVALUATED,
    EVALUATION,
    Evaluation,
    evaluated_document,
    evaluation_of,
)
from mocksmtp.hosts.host import MailHost
from mocksmtp.http.bodies import ItemReader, Work, read_body, read_document, read_items
from mocksmtp.http.parameters import any_text, natural_number, one_of, parameter
from mocksmtp.http.problems import HttpProblem, not_found
from mocksmtp.http.responses import array_pieces, send_json, send_nothing, send_pieces
from mocksmtp.http.routing import (
    DONE,
    Agreement,
    BodyType,
    Call,
    ResponseBody,
    Route,
    answers,
    array,
    at_root,
    document,
    one_or_more,
)
from mocksmtp.http.sessions import Contents
from mocksmtp.sessions.recall import recall
from mocksmtp.steps import Steps, finish

B = TypeVar("B", bound=Behavior[Any, Any, Any])

Changes: TypeAlias = list[tuple[Rule[B], B]]
"""Behaviors in force, and what becomes of them."""

MAX_RULES = 10_000
"""How many behaviors a list may have: after a change, the next command finds out which
of all of them it may be answered by."""


IDS: View[Sequence[Any]] = View(
    "Ids",
    view_field("ids", Array(Text()), lambda added: [one.id for one in added]),
)
"""The ids of the behaviors or mails that were added."""


class Detail(Enum):
    """How much a listing tells."""

    FULL = "full"


@attrs.frozen
class ListParameters:
    """``?view=full`` tells ids and counters, and lists exhausted ones too.

    ``?tag=x`` lists those of that tag only, ``?fired=0`` those that never answered.
    """

    tag: str | None = parameter("tag", any_text)
    fired: int | None = parameter("fired", natural_number)
    view: Detail | None = parameter("view", one_of(Detail))


@attrs.frozen
class ClearParameters:
    """``?tag=x`` takes out those of that tag only."""

    tag: str | None = parameter("tag", any_text)


@attrs.frozen
class PatchParameters:
    """``?tag=x`` changes those of that tag; it is required."""

    tag: str = parameter("tag", any_text, default=attrs.NOTHING)


@attrs.frozen
class AddParameters:
    """``?at=front`` puts what is added before the others."""

    at: Place | None = parameter("at", one_of(Place))


@attrs.frozen
class BehaviorList(Generic[B]):
    """
    The routes of a list of behaviors.

    :ivar path: the path of the list
    :ivar prefix: the prefix of the names of its schemas and operations
    :ivar rules: returns the list of a call
    :ivar document: the document of one of its behaviors
    """

    path: str
    prefix: str
    rules: Callable[[Call[Any]], Rules[Any, B, Any]]
    document: BehaviorDocument[B]

    async def list(self, call: Call[ListParameters]) -> ResponseBody:
        """List the behaviors that can still answer.

        With ``view=full`` or ``fired`` also those that are exhausted or disabled.
        """
        tag = call.parameters.tag
        behaviors, describe = self.rules(call), self.document.write
        now = call.api.clock.seconds()
        rules = iter(behaviors if tag is None else behaviors.tagged(tag))
        fired = call.parameters.fired
        if fired is not None:
            rules = (rule for rule in rules if rule.fired == fired)
        if call.parameters.view is Detail.FULL:
            documents = (rule_document(rule, describe, now) for rule in rules)
        else:
            documents = (
                describe(rule.behavior)
                for rule in rules
                if fired is not None or rule.can_answer(now)
            )
        pieces = array_pieces((orjson.dumps(document),) for document in documents)
        return await send_pieces(call.request, pieces, call.api.clock)

    async def put(self, call: Call[Any]) -> None:
        """Replace all behaviors by an array, or set the one of an object."""
        single, behaviors = await self._read(call)
        if single:
            self._check_room(call, 1)
            self.rules(call).put(behaviors[0])
        else:
            self.rules(call).replace_all(behaviors)
        send_nothing(call.request)

    async def add(self, call: Call[AddParameters]) -> bytes:
        """Add one or several behaviors, and return their ids."""
        _, behaviors = await self._read(call)
        self._check_room(call, len(behaviors))
        front = call.parameters.at is Place.FRONT
        added = self.rules(call).extend(behaviors, front)
        if len(added) == 1:
            place = f"{call.request.path.decode()}/{added[0].id}"
            call.request.setHeader("Location", place)
        return send_json(call.request, IDS.write(added), 201)

    def clear(self, call: Call[ClearParameters]) -> None:
        """Remove all behaviors, or those with a tag."""
        tag = call.parameters.tag
        if tag is None:
            self.rules(call).clear()
        else:
            self.rules(call).remove_tagged(tag)
        send_nothing(call.request)

    def get(self, call: Call[Any], rule_id: str) -> bytes:
        """One behavior with its counters, and those of its keys."""
        rule = self._find(call, rule_id)
        now = call.api.clock.seconds()
        return send_json(call.request, counted_document(rule, self.document.write, now))

    async def put_one(self, call: Call[Any], rule_id: str) -> None:
        """Replace a behavior, in the same place; its counters start again."""
        self._find(call, rule_id)
        behavior = await read_document(call, self.document.parse_one)
        if behavior.id not in (None, rule_id):
            raise DocumentError(Problem("$.id", f"must be {rule_id!r}, or left out"))
        try:
            self.rules(call).replace(rule_id, behavior)
        except KeyError:
            raise _unknown(rule_id) from None
        send_nothing(call.request)

    async def patch(self, call: Call[Any], rule_id: str) -> bytes:
        """Change fields of one behavior (RFC 7396), which keeps its counters.

        ``"move": {"before": ID}``, ``{"after": ID}`` or ``{"to": "front"}`` changes its
        place in the list.
        """
        self._find(call, rule_id)
        patch = await read_document(call, partial(read_patch, document=self.document))
        rule = self._find(call, rule_id)
        behavior = patch.apply(rule, self.document)
        move = patch.move

        def arrange(rules: Sequence[Rule[B]], changed: Sequence[Rule[B]]) -> Any:
            return rules if move is None else placed(rules, changed[0], move)

        (rule,) = self.rules(call).change([(rule, behavior)], arrange)
        now = call.api.clock.seconds()
        return send_json(call.request, counted_document(rule, self.document.write, now))

    async def patch_tagged(self, call: Call[PatchParameters]) -> ResponseBody:
        """Change fields of all behaviors with a tag, which keep their counters."""
        tag = call.parameters.tag
        body = read_body(call)
        async with Work(call.api, len(body)) as work:
            document = await work.read_json(body)
            patch = read_patch(document, self.document, single=False)
            rules = self.rules(call)
            before = rules.points
            changes = await work.in_slices(self._changes(call, tag, patch))
        if rules.points is not before:
            # The list was changed meanwhile, which nobody is to lose.
            changes = finish(self._changes(call, tag, patch))
        changed = rules.change(changes)
        await call.stored()
        describe, now = self.document.write, call.api.clock.seconds()
        documents = (rule_document(rule, describe, now) for rule in changed)
        pieces = array_pieces((orjson.dumps(document),) for document in documents)
        return await send_pieces(call.request, pieces, call.api.clock)

    def _changes(self, call: Call[Any], tag: str, patch: Patch) -> Steps[Changes[B]]:
        """What becomes of each behavior with a tag, one with each step."""
        changes: Changes[B] = []
        for rule in self.rules(call).tagged(tag):
            changes.append((rule, patch.apply(rule, self.document)))
            yield
        return changes

    def delete(self, call: Call[Any], rule_id: str) -> None:
        """Remove a behavior."""
        self.rules(call).remove(self._find(call, rule_id).id)
        send_nothing(call.request)

    async def _read(self, call: Call[Any]) -> tuple[bool, tuple[B, ...]]:
        """Whether it is a single one, and the behaviors."""
        document = self.document
        reader = ItemReader(
            document.parse_all, document.parse_one, check_ids, MAX_RULES
        )
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

    @property
    def routes(self) -> tuple[Route, ...]:
        """The routes of the list, and of one behavior in it."""
        prefix, path = self.prefix, self.path
        listed = array(f"{prefix}Behavior", f"{prefix}Rule")
        taken = (one_or_more(f"New{prefix}Behavior"),)
        counted = answers(document(f"{prefix}CountedRule"))
        ids = answers(document(IDS), status=201)
        one, single = f"{path}/<rule_id>", (document(f"New{prefix}Behavior"),)

        def name(verb: str, noun: str = "behavior") -> str:
            return "_".join(filter(None, [verb, prefix.lower(), noun]))

        return (
            Route(
                *("GET", path, self.list, ListParameters),
                answers=answers(listed),
                name=name("list", "behaviors"),
            ),
            Route(
                *("PUT", path, self.put),
                takes=taken,
                answers=DONE,
                problems=(409,),
                name=name("put", "behaviors"),
            ),
            Route(
                *("POST", path, self.add, AddParameters),
                takes=taken,
                answers=ids,
                problems=(409,),
                name=name("add", "behaviors"),
            ),
            Route(
                *("DELETE", path, self.clear, ClearParameters),
                answers=DONE,
                name=name("clear", "behaviors"),
            ),
            Route("GET", one, self.get, answers=counted, name=name("get")),
            Route(
                *("PUT", one, self.put_one),
                takes=single,
                answers=DONE,
                name=name("put"),
            ),
            Route(
                *("PATCH", one, self.patch),
                takes=(document(f"{prefix}BehaviorPatch"),),
                answers=counted,
                name=name("patch"),
            ),
            Route(
                *("PATCH", path, self.patch_tagged, PatchParameters),
                takes=(document(f"{prefix}BehaviorsPatch"),),
                answers=answers(array(f"{prefix}Rule")),
                name=name("patch", "behaviors"),
            ),
            Route("DELETE", one, self.delete, answers=DONE, name=name("delete")),
        )


def _unknown(rule_id: str) -> HttpProblem:
    return not_found(f"no behavior with the id {rule_id!r}"[:200])


SMTP_BEHAVIORS = BehaviorList(
    "/smtpBehaviors", "", lambda call: call.host.behaviors, SMTP
)
"""The behaviors of a host."""

DNS_BEHAVIORS = BehaviorList(
    "/dnsBehaviors", "Dns", lambda call: call.api.mock.dns_behaviors, DNS
)
"""The behaviors of DNS, one list for all hosts."""


async def evaluate(call: Call[Any]) -> bytes:
    """The reply that the service would send to a command; no counter changes.

    A command with what is known on its connection, or an exchange that is recorded,
    which is evaluated with the behaviors as they are now.
    """
    asked = await read_document(call, EVALUATION_READER)
    host = call.host
    if asked.session is not None:
        host, asked = await _recorded(call, asked)
    compute = call.api.mock.evaluate
    if compute is None:
        raise HttpProblem(409, "this service can't evaluate commands")
    evaluated = compute(host, asked, call.api.clock.seconds())
    return send_json(call.request, evaluated_document(evaluated, asked))


EVALUATION_READER = partial(parse, EVALUATION)


async def _recorded(call: Call[Any], asked: Evaluation) -> tuple[MailHost, Evaluation]:
    """Return the host of a recorded exchange, and its evaluation."""
    assert asked.session is not None
    hosts = [call.host]
    if call.host is call.api.mock.default:
        hosts = [*call.api.mock.hosts.values()]
    for host in hosts:
        with suppress(KeyError):
            session = host.journal.get(asked.session)
            break
    else:
        raise not_found(f"no session with the id {asked.session!r} is kept"[:200])
    find = Contents(call.api.mock, host.name)
    for recalled in recall(session, find):
        if recalled.number == asked.exchange:
            return host, await find.complete(partial(evaluation_of, recalled))
    message = f"session {session.id} has no exchange {asked.exchange}"
    raise DocumentError(Problem("$.exchange", message))


async def evaluate_query(call: Call[Any]) -> bytes:
    """The answer that DNS would send to a query; no counter changes."""
    asked = await read_document(call, partial(parse, DNS_EVALUATION))
    mock = call.api.mock
    if mock.evaluate_query is None:
        raise HttpProblem(409, "this service can't evaluate queries")
    now = call.api.clock.seconds()
    told = mock.evaluate_query(mock.served, mock.dns_behaviors, asked, now)
    return send_json(call.request, told)


def list_scenarios(call: Call[Any]) -> bytes:
    """List the states of the scenarios that behaviors use, or that were set."""
    states, mock = call.host.behaviors.scenarios(), call.api.mock
    if call.host is mock.default:
        # Those of DNS are the default host's, too.
        states |= mock.dns_behaviors.scenarios()
    return send_json(call.request, dict(sorted(states.items())))


async def put_scenarios(call: Call[Any]) -> None:
    """Set the states of scenarios; others do not change."""
    call.host.scenarios.set(await read_document(call, parse_states))
    send_nothing(call.request)


def reset_scenarios(call: Call[Any]) -> None:
    """Reset all scenarios to their first state."""
    call.host.scenarios.clear()
    send_nothing(call.request)


EVALUATE_QUERY = (
    Route(
        *("POST", "/dnsBehaviors/evaluate", evaluate_query),
        takes=(document("NewDnsEvaluation"),),
        answers=answers(document(DNS_EVALUATED)),
        problems=(409,),
        agreement=Agreement.PAST,
    ),
)
"""What DNS would answer."""

EVALUATE = (
    Route(
        *("POST", "/smtpBehaviors/evaluate", evaluate),
        takes=(document("NewEvaluation"),),
        answers=answers(document(EVALUATED)),
        problems=(404, 409),
        agreement=Agreement.PAST,
    ),
)
"""What a host would reply."""

_STATES = BodyType(STATES)

ROUTES = (
    *SMTP_BEHAVIORS.routes,
    *EVALUATE,
    *at_root(*DNS_BEHAVIORS.routes, *EVALUATE_QUERY),
    Route("GET", "/scenarios", list_scenarios, answers=answers(_STATES)),
    Route("PUT", "/scenarios", put_scenarios, takes=(_STATES,), answers=DONE),
    Route("DELETE", "/scenarios", reset_scenarios, answers=DONE),
)
