"""What the screen of behaviors shows: rows, states of scenarios, drafts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.scenarios import STARTED
from mocksmtp.grammar.command import PathCommand, parse_mail, parse_rcpt
from mocksmtp.web.shown import ShownDocument
from mocksmtp.web.wording import BehaviorWords, behavior_words

_COMPACT = 66
"""Characters up to which an object or array is written in one line."""

_BY_VERB = {
    "MAIL": Command.MAIL_FROM,
    "RCPT": Command.RCPT_TO,
    "LHLO": Command.EHLO,
} | {
    command.value: command
    for command in Command
    if command.value.isalpha() and command not in (Command.CONNECT, Command.TLS)
}
"""The reply points by the first word of a line."""

_WITH_ARGUMENT = {"HELO", "EHLO", "LHLO", "VRFY", "EXPN", "NOOP"}
"""The verbs whose argument tells one line from another."""


@attrs.frozen
class BehaviorRow:
    """
    A behavior in the list.

    :ivar document: as the API has it, with its counters
    :ivar state: ``active``, ``exhausted`` or ``disabled``
    """

    document: ShownDocument
    words: BehaviorWords
    state: str

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.document["id"])

    @property
    def name(self) -> str:
        """Its name, which may be empty."""
        return str(self.document.get("name", ""))

    @property
    def tag(self) -> str:
        """Its tag, which may be empty."""
        return str(self.document.get("tag", ""))

    @property
    def counts(self) -> list[ShownDocument] | None:
        """The counts of its newest keys; None if it has no keys."""
        return self.document.get("keys")


def behavior_row(document: ShownDocument, exhausted: bool) -> BehaviorRow:
    """What the list shows of a behavior; `document` has its counters."""
    state = "exhausted" if exhausted else "active"
    if document.get("enabled") is False:
        state = "disabled"
    return BehaviorRow(document, behavior_words(document), state)


@attrs.frozen
class ScenarioRow:
    """
    A scenario.

    :ivar known: the states that behaviors name, and the first one
    """

    name: str
    state: str
    known: tuple[str, ...]


def scenario_rows(
    states: Mapping[str, str], documents: Iterable[ShownDocument]
) -> list[ScenarioRow]:
    """The scenarios with their states, and the states that they can be set to."""
    known: dict[str, dict[str, None]] = {name: {STARTED: None} for name in states}
    for document in documents:
        step = document.get("scenario")
        if step is not None:
            of = known.setdefault(step["name"], {STARTED: None})
            of.update(
                dict.fromkeys(filter(None, (step.get("state"), step.get("next"))))
            )
    return [
        ScenarioRow(name, state, tuple(dict.fromkeys([*known[name], state])))
        for name, state in states.items()
    ]


def draft_of_line(line: str) -> dict[str, Any]:
    """A behavior that answers a command line like this one, once, by 450."""
    verb, _, argument = line.strip().partition(" ")
    verb, argument = verb.upper(), argument.strip()
    command = _BY_VERB.get(verb)
    response = {"code": 450, "message": "4.2.0 Try again later"}
    if command is None:
        condition = {"target": "verb", "operator": "equals", "matchingValue": verb}
        draft = {"command": "ANY", "condition": {**condition, "ignoreCase": True}}
        return {**draft, "response": {"code": 500}, "numberOfAnswer": 1}
    draft = {"command": command.value}
    value = _address(command, argument)
    if value is None and verb in _WITH_ARGUMENT and argument:
        value = argument
    if value is not None:
        draft["condition"] = {"operator": "equals", "matchingValue": value}
    if command in (Command.EHLO, Command.HELO, Command.STARTTLS, Command.AUTH):
        response = {"code": 454, "message": "4.7.0 Temporarily not available"}
    return {**draft, "response": response, "numberOfAnswer": 1}


def _address(command: Command, argument: str) -> str | None:
    """The address of a MAIL or RCPT, or None."""
    parsers = {Command.MAIL_FROM: parse_mail, Command.RCPT_TO: parse_rcpt}
    if command not in parsers:
        return None
    octets = argument.encode(errors="surrogateescape")
    read: Any = parsers[command]
    made = read(octets, True) if command is Command.RCPT_TO else read(octets)
    return made.address.text if isinstance(made, PathCommand) else None


def without_counters(document: ShownDocument) -> dict[str, Any]:
    """A behavior as it is sent, from its listing."""
    counters = ("seen", "fired", "remaining", "lastFiredAt", "keyCount", "keys")
    return {name: value for name, value in document.items() if name not in counters}


def pretty(value: Any, indent: str = "") -> str:
    """A document as JSON for people: short objects in one line."""
    line = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(line) <= _COMPACT or not isinstance(value, dict | list):
        return line
    deeper = indent + "  "
    if isinstance(value, dict):
        parts = [
            f"{json.dumps(name, ensure_ascii=False)}: {pretty(each, deeper)}"
            for name, each in value.items()
        ]
        first, last = "{", "}"
    else:
        parts, first, last = [pretty(each, deeper) for each in value], "[", "]"
    body = ",\n".join(deeper + part for part in parts)
    return f"{first}\n{body}\n{indent}{last}"


def coded(text: str) -> list[tuple[bool, str]]:
    """Pieces of a text of the cookbook, each with whether it is code."""
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return [(at % 2 == 1, piece) for at, piece in enumerate(plain.split("`")) if piece]


def matches_words(search: str, *texts: str) -> bool:
    """Whether all words of a search are in one of the texts; case is ignored."""
    within = " ".join(texts).casefold()
    return all(word in within for word in search.casefold().split())
