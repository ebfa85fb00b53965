"""The recipes of docs/cookbook.md, with their documents."""

from __future__ import annotations

import functools
import json
import re
from typing import Any

import attrs

from tests.markdown import ROOT

_RECIPE = re.compile(r"^### ([^\n]+)\n(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
_DOCUMENT = re.compile(r"^```json\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@attrs.frozen
class Call:
    """What is to be sent where."""

    path: str
    document: Any


@attrs.frozen
class Recipe:
    """One of them; `calls` set up what it tells of."""

    title: str
    calls: tuple[Call, ...]


@functools.cache
def recipes() -> dict[str, Recipe]:
    """
    All of them by title.

    :raises AssertionError: a title is there twice
    """
    text = (ROOT / "docs/cookbook.md").read_text()
    found = {title: _recipe(title, body) for title, body in _RECIPE.findall(text)}
    if len(found) != len(_RECIPE.findall(text)):
        raise AssertionError("two recipes have the same title")
    return found


def _recipe(title: str, body: str) -> Recipe:
    host, calls = "default", []
    for text in _DOCUMENT.findall(body):
        document = json.loads(text)
        if isinstance(document, dict):
            host = document.get("name", host)
            calls.append(Call(f"/hosts/{host}", document))
        elif host == "default":
            calls.append(Call("/smtpBehaviors", document))
        else:
            calls.append(Call(f"/hosts/{host}/smtpBehaviors", document))
    return Recipe(title, tuple(calls))
