"""The recipes of the cookbook as data: name, title, documents and parameters.

``recipes.json``, which this module reads, is made from ``docs/cookbook.md`` and
``docs/providers.md`` by `mocksmtp.recipes.cookbook`. Importing this module is cheap;
it needs only attrs.

.. code-block:: python

    for call in find_recipe("greylist").calls(activeFor="2s"):
        print(call.kind, call.host, call.document)
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from importlib import resources
from typing import Any

import attrs

TIMES = "times"
"""A parameter of all recipes with behaviors: how often each of them answers."""

TAG = "tag"
"""A parameter of all recipes with behaviors: the tag of each of them."""


class UnknownRecipe(KeyError):
    """There is no recipe, or no parameter of a recipe, of that name."""

    def __str__(self) -> str:
        return str(self.args[0])


@attrs.frozen
class Call:
    """
    A document of a recipe.

    :ivar kind: ``host`` for a host's document (``PUT /hosts/{name}``), ``behaviors``
        for an array of behaviors (``/smtpBehaviors`` of the host)
    :ivar host: the name of the host that the recipe creates, or None for the host that
        the recipe is applied to
    """

    kind: str
    host: str | None
    document: Any

    @property
    def path(self) -> str:
        """The path for a PUT to a service whose default host is to be used."""
        if self.kind == "host":
            return f"/hosts/{self.host or 'default'}"
        return "/smtpBehaviors" if self.host is None else f"{self._of_host}"

    @property
    def _of_host(self) -> str:
        return f"/hosts/{self.host}/smtpBehaviors"


@attrs.frozen
class Parameter:
    """
    A value of a recipe that may be replaced.

    :ivar name: in camelCase, as the fields of documents
    :ivar default: the value that the page has
    :ivar places: paths into the documents
    """

    name: str
    meaning: str
    default: Any
    places: tuple[tuple[int | str, ...], ...] = attrs.field(repr=False)


@attrs.frozen
class Recipe:
    """
    A delivery failure, and the documents that reproduce it.

    :ivar name: in snake_case; as a command-line name it has ``-``
    :ivar section: the section of the page, for example ``TLS`` or ``Gmail``
    :ivar description: what happens, and what a sender must do
    :ivar documents: the documents as the page has them
    """

    name: str
    title: str
    section: str
    description: str
    documents: tuple[Call, ...]
    parameters: tuple[Parameter, ...] = ()

    @property
    def tags(self) -> tuple[str, ...]:
        """The section and what the documents change, for filters of a gallery."""
        kinds = dict.fromkeys(call.kind for call in self.documents)
        commands = dict.fromkeys(
            behavior["command"]
            for call in self.documents
            if call.kind == "behaviors"
            for behavior in call.document
        )
        return (self.section, *kinds, *commands)

    @property
    def creates_hosts(self) -> bool:
        """Whether it creates hosts of its own, with listeners."""
        return any(call.host is not None for call in self.documents)

    @property
    def has_behaviors(self) -> bool:
        """Whether one of its documents contains behaviors."""
        return any(call.kind == "behaviors" for call in self.documents)

    def calls(self, **values: Any) -> tuple[Call, ...]:
        """
        The documents with other values.

        :param values: by the names of the parameters; also ``times`` and ``tag``, which
            set ``numberOfAnswer`` and ``tag`` of each behavior. None is the default of
            lists and objects
        :raises UnknownRecipe: the recipe has no such parameter
        """
        times, tag = values.pop(TIMES, None), values.pop(TAG, None)
        documents = copy.deepcopy([call.document for call in self.documents])
        parameters = {one.name: one for one in self.parameters}
        for name, value in values.items():
            if name not in parameters:
                known = [*parameters, *([TIMES, TAG] if self.has_behaviors else [])]
                raise UnknownRecipe(
                    f"recipe {self.name} has no parameter {name!r}; "
                    f"{_listed(name, known)}"
                )
            if value is None and isinstance(parameters[name].default, list | dict):
                continue
            for place in parameters[name].places:
                _put(documents, place, value)
        for behavior in _behaviors(self.documents, documents):
            if times is not None:
                behavior["numberOfAnswer"] = times
            if tag is not None:
                behavior["tag"] = tag
        return tuple(
            attrs.evolve(call, document=document)
            for call, document in zip(self.documents, documents, strict=True)
        )


def _behaviors(
    calls: tuple[Call, ...], documents: list[Any]
) -> Iterator[dict[str, Any]]:
    for call, document in zip(calls, documents, strict=True):
        if call.kind == "behaviors":
            yield from document


def _put(documents: Any, place: tuple[int | str, ...], value: Any) -> None:
    """Set one value; a condition gets another ``matchingValue``, or is removed."""
    *parents, last = place
    target = documents
    for key in parents:
        target = target[key]
    if last != "condition":
        target[last] = value
    elif value is None:
        del target[last]
    else:
        target[last]["matchingValue"] = value


def _listed(name: str, known: list[str]) -> str:
    nearest = get_close_matches(name, known, 1)
    hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
    return f"one of: {', '.join(known) or 'none'}{hint}"


@cache
def recipes() -> Mapping[str, Recipe]:
    """All recipes by name, in the order of the pages."""
    text = resources.files(__name__).joinpath("recipes.json").read_text("utf-8")
    found = (
        Recipe(
            one["name"],
            one["title"],
            one["section"],
            one["description"],
            tuple(Call(**call) for call in one["calls"]),
            tuple(map(_parameter, one["parameters"])),
        )
        for one in json.loads(text)
    )
    return {recipe.name: recipe for recipe in found}


def _parameter(document: dict[str, Any]) -> Parameter:
    places = tuple(map(tuple, document["places"]))
    return Parameter(**{**document, "places": places})


def find_recipe(name: str) -> Recipe:
    """
    The recipe of that name.

    :param name: with ``_`` or ``-``
    :raises UnknownRecipe: there is none; the nearest name is suggested
    """
    known = recipes()
    try:
        return known[name.replace("-", "_").lower()]
    except KeyError:
        nearest = get_close_matches(name.replace("-", "_"), known, 1, 0.5)
        hint = f"; did you mean {nearest[0]!r}?" if nearest else ""
        raise UnknownRecipe(f"no recipe {name!r}{hint}") from None
