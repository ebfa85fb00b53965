"""``/ui/behaviors``: the behaviors of a host or of DNS, an editor, and the recipes."""

from __future__ import annotations

from enum import Enum
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

import attrs

from mocksmtp.behaviors.dns import DNS
from mocksmtp.behaviors.listing import counted_document, rule_document
from mocksmtp.behaviors.smtp import SMTP
from mocksmtp.hosts.documents import host_path
from mocksmtp.hosts.host import MailHost
from mocksmtp.http.parameters import (
    any_text,
    group,
    natural_number,
    one_of,
    parameter,
)
from mocksmtp.http.problems import not_found
from mocksmtp.http.responses import Slices
from mocksmtp.http.routing import Call, ResponseBody, Route, at_root
from mocksmtp.http.screens.serving import PartParameters, send_screen
from mocksmtp.mock import DEFAULT_HOST
from mocksmtp.recipes import Recipe, UnknownRecipe, find_recipe, recipes
from mocksmtp.web.behaviorview import (
    behavior_row,
    coded,
    draft_of_line,
    matches_words,
    pretty,
    scenario_rows,
    without_counters,
)
from mocksmtp.web.wording import behavior_words

PAGE_SIZE = 200
"""Behaviors of one page of the list."""

MAX_EDITED = 1000
"""Behaviors of a list that is edited as one document."""


class Protocol(Enum):
    """Which behaviors."""

    SMTP = "smtp"
    DNS = "dns"


@attrs.frozen
class BehaviorScope:
    """
    Which list of behaviors.

    :ivar host: the host, by default the default host; DNS has one list
    """

    host: str | None = parameter("host", any_text)
    protocol: Protocol = parameter("for", one_of(Protocol), default=Protocol.SMTP)


@attrs.frozen
class BehaviorScreenParameters:
    """
    Which behaviors are listed.

    :ivar tag: only those with this tag
    :ivar first: how many are passed over
    """

    parts: PartParameters = group(PartParameters)
    scope: BehaviorScope = group(BehaviorScope)
    tag: str | None = parameter("tag", any_text)
    first: int = parameter("first", natural_number, default=0)


@attrs.frozen
class DraftParameters:
    """
    What the editor begins with.

    :ivar line: a command line that the behavior is to answer
    :ivar clone: the id of a behavior
    :ivar recipe: the name of a recipe
    """

    scope: BehaviorScope = group(BehaviorScope)
    line: str | None = parameter("line", any_text)
    clone: str | None = parameter("clone", any_text)
    recipe: str | None = parameter("recipe", any_text)


@attrs.frozen
class OneParameters:
    """Which list the behavior is of."""

    parts: PartParameters = group(PartParameters)
    scope: BehaviorScope = group(BehaviorScope)


@attrs.frozen
class RecipeParameters:
    """Which recipes are listed."""

    host: str | None = parameter("host", any_text)
    search: str | None = parameter("q", any_text)


@attrs.frozen
class _List:
    """A list of behaviors, with where the API and the page have it."""

    host: MailHost
    rules: Any
    document: Any
    is_dns: bool

    @property
    def path(self) -> str:
        """Its path in the API."""
        if self.is_dns:
            return "/dnsBehaviors"
        return f"{self.api}/smtpBehaviors"

    @property
    def api(self) -> str:
        """The path below which the API has the resources of its host."""
        name = self.host.name
        return "" if name == DEFAULT_HOST else host_path(name)

    @property
    def query(self) -> str:
        """The query that selects it in the page."""
        if self.is_dns:
            return "for=dns"
        return urlencode({"host": self.host.name})

    def link(self, more: str = "", **query: str) -> str:
        """A screen about it."""
        added = f"&{urlencode(query)}" if query else ""
        return f"/ui/behaviors{more}?{self.query}{added}"


def _list(call: Call[Any], scope: BehaviorScope) -> _List:
    mock = call.api.mock
    name = scope.host or DEFAULT_HOST
    host = mock.hosts.get(name)
    if host is None:
        raise not_found(f"no host {name!r}"[:200])
    if scope.protocol is Protocol.DNS:
        return _List(mock.default, mock.dns_behaviors, DNS, True)
    return _List(host, host.behaviors, SMTP, False)


def _find(of: _List, rule_id: str) -> Any:
    try:
        return of.rules.get(rule_id)
    except KeyError:
        raise not_found(f"no behavior with the id {rule_id!r}"[:200]) from None


async def get_behaviors(call: Call[BehaviorScreenParameters]) -> ResponseBody:
    """The behaviors in words, with their counters."""
    wanted, api = call.parameters, call.api
    of = _list(call, wanted.scope)
    now = api.clock.seconds()
    chosen = list(of.rules if wanted.tag is None else of.rules.tagged(wanted.tag))
    rows, slices = [], Slices(api.clock)
    for rule in chosen[wanted.first : wanted.first + PAGE_SIZE]:
        document = rule_document(rule, of.document.write, now)
        rows.append(behavior_row(document, rule.exhausted(now)))
        if slices.over:
            await slices.next()
    tags: dict[str, int] = {}
    steps = []
    for rule in tuple(of.rules):
        behavior = rule.behavior
        if behavior.tag is not None:
            tags[behavior.tag] = tags.get(behavior.tag, 0) + 1
        if behavior.scenario is not None:
            steps.append(of.document.write(behavior))
        if slices.over:
            await slices.next()
    return await send_screen(
        call,
        "ui/behaviors.html",
        "behaviors",
        wanted.parts,
        of=of,
        rows=rows,
        first=wanted.first,
        total=len(chosen),
        page_size=PAGE_SIZE,
        tag=wanted.tag,
        tags=dict(sorted(tags.items())),
        scenarios=scenario_rows(of.rules.scenarios(), steps),
        hosts=list(api.mock.hosts),
        dns_count=len(api.mock.dns_behaviors),
        quote=quote,
    )


async def get_behavior_screen(call: Call[OneParameters], rule_id: str) -> ResponseBody:
    """One behavior: its words, its counters, its keys, and an editor."""
    of = _list(call, call.parameters.scope)
    rule = _find(of, rule_id)
    now = call.api.clock.seconds()
    document = counted_document(rule, of.document.write, now)
    return await send_screen(
        call,
        "ui/behavior.html",
        "behaviors",
        call.parameters.parts,
        of=of,
        row=behavior_row(document, rule.exhausted(now)),
        path=f"{of.path}/{rule_id}",
        source=pretty(without_counters(document)),
    )


async def get_draft(call: Call[DraftParameters]) -> ResponseBody:
    """An editor for a new behavior: empty, of a line, a copy, or of a recipe."""
    wanted = call.parameters
    of = _list(call, wanted.scope)
    about = "A new behavior"
    if wanted.clone is not None:
        copied = of.document.write(_find(of, wanted.clone).behavior)
        draft: Any = {name: value for name, value in copied.items() if name != "id"}
        about = f"A copy of {wanted.clone}"
    elif wanted.recipe is not None:
        recipe = _recipe(wanted.recipe)
        calls = [each for each in recipe.documents if each.kind == "behaviors"]
        draft = [one for each in calls for one in each.document]
        about = f"Recipe: {recipe.title}"
    elif wanted.line is not None:
        draft = draft_of_line(wanted.line)
        about = "A behavior for this line"
    elif of.is_dns:
        draft = {"query": "MX", "response": {"rcode": "SERVFAIL"}, "numberOfAnswer": 1}
    else:
        draft = draft_of_line("RCPT TO:<bob@x.test>")
    return await send_screen(
        call,
        "ui/draft.html",
        "behaviors",
        of=of,
        about=about,
        line=wanted.line,
        hosts=list(call.api.mock.hosts),
        source=pretty(draft),
    )


async def get_all(call: Call[OneParameters]) -> ResponseBody:
    """An editor for the whole list: to export and import it."""
    of = _list(call, call.parameters.scope)
    documents, slices = [], Slices(call.api.clock)
    total = len(of.rules)
    for rule in tuple(of.rules) if total <= MAX_EDITED else ():
        documents.append({"id": rule.id, **of.document.write(rule.behavior)})
        if slices.over:
            await slices.next()
    return await send_screen(
        call,
        "ui/behavior_list.html",
        "behaviors",
        of=of,
        total=total,
        is_large=total > MAX_EDITED,
        source=await call.api.in_thread(pretty, documents) if documents else "[]",
    )


@attrs.frozen
class ShownRecipe:
    """
    A recipe in the gallery.

    :ivar text: pieces of its description, each with whether it is code
    :ivar words: what its behaviors do
    """

    recipe: Recipe
    text: list[tuple[bool, str]]
    words: list[str]

    @property
    def searched(self) -> tuple[str, ...]:
        """The texts in which a search looks for its words."""
        recipe = self.recipe
        return (recipe.title, recipe.description, recipe.name, *recipe.tags)


@cache
def shown_recipes() -> tuple[ShownRecipe, ...]:
    """All recipes; reading their behaviors takes about 50 ms, once."""
    return tuple(map(_shown, recipes().values()))


async def get_recipes(call: Call[RecipeParameters]) -> ResponseBody:
    """The recipes of the cookbook, searchable."""
    wanted = call.parameters
    of = _list(call, BehaviorScope(wanted.host))
    search = wanted.search or ""
    gallery = await call.api.in_thread(shown_recipes)
    found = [one for one in gallery if matches_words(search, *one.searched)]
    return await send_screen(
        call,
        "ui/recipes.html",
        "behaviors",
        of=of,
        found=found,
        search=search,
        total=len(recipes()),
    )


def _shown(recipe: Recipe) -> ShownRecipe:
    words = [
        str(behavior_words(SMTP.write(SMTP.parse_one(behavior))))
        for each in recipe.documents
        if each.kind == "behaviors"
        for behavior in each.document
    ]
    return ShownRecipe(recipe, coded(recipe.description), words)


def _recipe(name: str) -> Recipe:
    try:
        return find_recipe(name)
    except UnknownRecipe as error:
        raise not_found(str(error)[:200]) from None


ROUTES = at_root(
    Route("GET", "/ui/behaviors", get_behaviors, BehaviorScreenParameters),
    Route("GET", "/ui/behaviors/new", get_draft, DraftParameters),
    Route("GET", "/ui/behaviors/all", get_all, OneParameters),
    Route("GET", "/ui/recipes", get_recipes, RecipeParameters),
    Route("GET", "/ui/behaviors/<rule_id>", get_behavior_screen, OneParameters),
)
