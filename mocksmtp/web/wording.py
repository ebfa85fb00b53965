"""Behaviors in words: ``RCPT TO containing bob@ → 450 4.2.1 Busy, 1 of 2 left``.

Each field of the documents of behaviors, conditions and responses has its phrase. A
field without one is shown by its name and value, so that a new field is never hidden.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import attrs

from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.target import natural_subject
from mocksmtp.web.shown import (
    MAX_SHOWN_TEXT,
    ShownDocument,
    counted,
    duration_words,
)

MAX_CONDITIONS_SHOWN = 20
"""Conditions of a behavior that are described."""

MAX_RESPONSES_SHOWN = 5
"""Responses of a behavior that are described."""

_HAS_SUBJECT = frozenset(
    command.value for command in Command if natural_subject(command) is not None
)
"""The commands whose conditions need no target."""

_COMPARISONS = {
    "contains": "containing",
    "equals": "equal to",
    "startsWith": "beginning with",
    "endsWith": "ending with",
    "matches": "matching",
    "lessThan": "below",
    "atLeast": "of at least",
    "inNetwork": "in",
}
"""How operators are written between a target and a value."""

_CONDITION_FIELDS = frozenset(
    {"operator", "target", "matchingValue", "ignoreCase", "condition", "conditions"}
)
_LABELS = frozenset({"id", "name", "tag"})
"""Fields that say how a behavior is called, not what it does."""

_NEEDS_QUOTES = re.compile(r"^$|\s|[(),→]")


@attrs.frozen
class BehaviorWords:
    """
    A behavior in words.

    :ivar when: the command and its condition
    :ivar reply: what it answers, and what it does besides
    :ivar gates: what limits it: counts, keys, times, chance, states
    :ivar labels: its name, tag and id, as far as it has them
    """

    when: str
    reply: str
    gates: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ", ".join((f"{self.when} → {self.reply}", *self.gates))


def span_words(milliseconds: float) -> str:
    """A time span of a field, without the parts of it that are zero."""
    words = duration_words(milliseconds)
    return re.sub(r"(?<=\d)\.0(?= s)| 0 (?:min|s)$", "", words)


def behavior_words(document: ShownDocument) -> BehaviorWords:
    """
    What a behavior does, in words.

    :param document: as the API has it, with or without counters
    """
    return BehaviorWords(
        _when(document),
        _replies(document),
        tuple(_gates(document)),
        tuple(str(document[name]) for name in sorted(_LABELS) if document.get(name)),
    )


def value_words(value: object) -> str:
    """A value of a field; in quotes if it could be misread."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {value_words(one)}" for name, one in value.items())
    if isinstance(value, list):
        return ", ".join(map(value_words, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)[: MAX_SHOWN_TEXT + 1]
    return f"“{text}”" if _NEEDS_QUOTES.search(text) else text


def _when(document: ShownDocument) -> str:
    at = document.get("command") or document.get("query") or "any query"
    point = " or ".join(at) if isinstance(at, list) else str(at)
    if point == "ANY":
        point = "any command" if "command" in document else "any query"
    elif "query" in document:
        point = f"query for {point}"
    condition = document.get("condition")
    if condition is None:
        return point
    has_subject = "query" in document or at in _HAS_SUBJECT
    words = condition_words(condition, has_subject, [MAX_CONDITIONS_SHOWN])
    return f"{point} {words}".rstrip()


def condition_words(
    condition: ShownDocument, has_subject: bool, room: list[int]
) -> str:
    """
    A condition in words, as they follow a command; none for one that is always true.

    :param has_subject: whether a condition without a target is about that command
    :param room: how many more conditions are described
    """
    return _condition(condition, room, "" if has_subject else "the value")


def _condition(condition: ShownDocument, room: list[int], subject: str) -> str:
    room[0] -= 1
    if room[0] < 0:
        return "…"
    operator = str(condition.get("operator", "matchAll"))
    target = condition.get("target")
    about = subject if target is None else f"with {target}"
    several, inner = condition.get("conditions"), condition.get("condition")
    if several is not None:
        joint = " or " if operator == "any" else " and "
        each = [_condition(one, room, subject) for one in several[: room[0] + 1]]
        words = f"({joint.join(one or 'always' for one in each)})"
    elif inner is not None:
        words = f"not {_condition(inner, room, subject) or 'always'}"
    elif operator == "matchAll":
        words = "" if target is None else f"whatever {target}"
    elif operator in ("exists", "absent"):
        about = target or subject or "the argument"
        words = f"with {about}" if operator == "exists" else f"without {about}"
    else:
        value = value_words(condition.get("matchingValue", ""))
        if operator == "matches":
            value = f"/{condition.get('matchingValue', '')}/"
        words = f"{about} {_COMPARISONS.get(operator, operator)} {value}".lstrip()
    if condition.get("ignoreCase"):
        words += " (ignoring case)"
    return words + _others(condition, _CONDITION_FIELDS)


def _replies(document: ShownDocument) -> str:
    several = document.get("responses")
    if several is None:
        return response_words(document.get("response") or {})
    shown = [response_words(one) for one in several[:MAX_RESPONSES_SHOWN]]
    for index, one in enumerate(several[:MAX_RESPONSES_SHOWN]):
        times = one.get("times", 1)
        if times != 1:
            shown[index] += (
                " always" if times is None else f" ({counted(times, 'time')})"
            )
    if len(several) > len(shown):
        shown.append(f"{len(several) - len(shown)} more")
    return ", then ".join(shown)


def response_words(response: ShownDocument) -> str:
    """A response in words: the reply, and what happens besides."""
    words = [_reply(response)]
    for name, value in response.items():
        if name in _PHRASES:
            words.append(_PHRASES[name](value))
        elif name not in _IN_REPLY:
            words.append(f"{name} {value_words(value)}")
    if response.get("thenDelay") and not response.get("then"):
        words.append(f"after {span_words(response['thenDelay'])}")
    return ", ".join(filter(None, words)) or "the server's own reply"


_IN_REPLY = frozenset(
    {"code", "enhancedCode", "message", "raw", "rcode", "records", "times", "thenDelay"}
)
"""Fields that `_reply` or the caller of `response_words` describe."""


def _reply(response: ShownDocument) -> str:
    if "raw" in response:
        raw = response["raw"]
        return f"raw octets {raw[:MAX_SHOWN_TEXT]!r}" if raw else "no reply"
    words = [response[name] for name in ("code", "enhancedCode") if name in response]
    message = response.get("message")
    if message is not None:
        own = "" if "code" in response else "the server's own code with "
        words.append(own + str(message).replace("\n", " / ")[:MAX_SHOWN_TEXT])
    if "rcode" in response:
        words.append(response["rcode"])
    records = response.get("records")
    if records is not None:
        words.append(
            "with " + (counted(len(records), "record") if records else "no records")
        )
        words += [f"({_record(one)})" for one in records[:3]]
    reply = " ".join(map(str, words))
    if not reply and response.get("then", "continue") not in ("continue", "truncate"):
        return "no reply"
    return reply or ("the server's own reply" if response else "")


def _record(record: ShownDocument) -> str:
    data = [v for k, v in record.items() if k not in ("name", "ttl", "id", "tag")]
    return " ".join([str(record.get("name", "")), *map(value_words, data)])[:120]


def delay_words(delay: Any) -> str:
    """A delay, fixed or drawn."""
    if isinstance(delay, dict):
        kind = delay.get("type")
        if kind == "uniform":
            first, last = delay.get("lower", 0), delay.get("upper", 0)
            return f"{span_words(first)} to {span_words(last)}"
        if kind == "lognormal":
            most = delay.get("maxValue")
            bound = "" if most is None else f", at most {span_words(most)}"
            return (
                f"about {span_words(delay.get('median', 0))}"
                f" (lognormal, sigma {delay.get('sigma')}{bound})"
            )
        return value_words(delay)
    return span_words(delay)


def _drip(drip: ShownDocument) -> str:
    octets = counted(drip.get("bytes", 1), "octet")
    return f"sent {octets} every {span_words(drip['interval'])}"


_THEN = {
    "continue": "",
    "close": "then closes the connection",
    "reset": "then resets the connection (RST)",
    "hang": "then hangs",
    "drop": "drops the query",
    "truncate": "truncated over UDP",
}
_EFFECT = {
    "apply": "yet the command is executed",
    "none": "the command is not executed",
    "discard": "but nothing is kept",
}

_PHRASES: dict[str, Callable[[Any], str]] = {
    "delay": lambda value: f"delayed by {delay_words(value)}" if value else "",
    "drip": _drip,
    "then": lambda value: _THEN.get(value, f"then {value}"),
    "effect": lambda value: _EFFECT.get(value, f"effect {value}"),
    "template": lambda value: "filled in from the command" if value else "",
    "ad": lambda value: "marked as signed (AD)" if value else "not marked as signed",
    "wrong": lambda value: f"with a wrong {value}",
}
"""The fields of responses, other than those of the reply itself."""


def _gates(document: ShownDocument) -> Iterator[str]:
    limit, left = document.get("numberOfAnswer"), document.get("remaining")
    if left is not None and not document.get("per"):
        total = left + document.get("fired", 0) if limit is None else limit
        yield f"{left} of {total} left"
    elif limit is not None:
        each = " for each key" if document.get("per") else ""
        yield counted(limit, "time") + each
    for name, value in document.items():
        if name in _GATES:
            yield _GATES[name](value)
        elif name not in _ELSEWHERE:
            yield f"{name} {value_words(value)}"


def _per(names: Any) -> str:
    parts = [names] if isinstance(names, str) else list(names)
    joined = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    return f"counted for each {joined}"


def _scenario(step: ShownDocument) -> str:
    state, after = step.get("state"), step.get("next")
    words = f"scenario {value_words(step.get('name', ''))}"
    if state is not None:
        words += f" in state {value_words(state)}"
    return words if after is None else f"{words}, which becomes {value_words(after)}"


def _others(document: ShownDocument, known: frozenset[str]) -> str:
    """The fields that have no phrase."""
    return "".join(
        f", {name} {value_words(value)}"
        for name, value in document.items()
        if name not in known
    )


_GATES: dict[str, Callable[[Any], str]] = {
    "skip": lambda value: f"after the first {counted(value, 'match', 'matches')}",
    "per": _per,
    "activeFor": lambda value: f"within {span_words(value)} of the first match",
    "window": lambda value: f"counts start again after {span_words(value)}",
    "probability": lambda value: f"with probability {value * 100:g} %",
    "scenario": _scenario,
    "enabled": lambda value: "enabled" if value else "disabled",
    "persistent": lambda value: "kept over a restart" if value else "not kept",
}
"""The fields of behaviors that limit them."""

_ELSEWHERE = frozenset(
    {"command", "query", "condition", "response", "responses", "numberOfAnswer"}
    | _LABELS
    | {"seen", "fired", "remaining", "lastFiredAt", "keyCount", "keys"}
)
"""Fields that are described elsewhere, and counters."""
