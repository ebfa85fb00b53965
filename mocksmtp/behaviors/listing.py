"""The documents of behaviors in force, with their ids and counters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from mocksmtp.behaviors.behavior import Behavior
from mocksmtp.behaviors.counts import Key
from mocksmtp.behaviors.rule import Rule
from mocksmtp.behaviors.target import Target
from mocksmtp.documents.units import timestamp

B = TypeVar("B", bound=Behavior[Any, Any, Any])

MAX_LISTED_KEYS = 100
"""The maximum number of keys in a document; the newest are listed."""


def rule_document(
    rule: Rule[B], describe: Callable[[B], dict[str, Any]], now: float
) -> dict[str, Any]:
    """
    Return the document of a behavior in force, with its id and its counters.

    :param describe: returns the document of a behavior
    :param now: the time, in seconds since the epoch
    """
    return {
        "id": rule.id,
        **{n: v for n, v in describe(rule.behavior).items() if n != "id"},
        "seen": rule.seen,
        "fired": rule.fired,
        "remaining": rule.remaining(now),
        "lastFiredAt": None if rule.last_fired is None else timestamp(rule.last_fired),
    }


def counted_document(
    rule: Rule[B], describe: Callable[[B], dict[str, Any]], now: float
) -> dict[str, Any]:
    """Return the `rule_document`, with the counts of the newest keys if it has keys."""
    if not rule.is_keyed:
        return rule_document(rule, describe, now)
    counts = list(rule.counts(now))
    keys = [
        {
            "key": _key_document(rule.behavior.per, key),
            "seen": found.seen,
            "fired": found.fired,
            "remaining": rule.remaining_of(found, now),
        }
        for key, found in reversed(counts[-MAX_LISTED_KEYS:])
    ]
    document = rule_document(rule, describe, now)
    return {**document, "keyCount": len(counts), "keys": keys}


def _key_document(per: tuple[Target | str, ...], key: Key) -> dict[str, str | None]:
    return {str(name): _shown(part) for name, part in zip(per, key, strict=True)}


def _shown(part: object) -> str | None:
    """Return a part of a key as text; a long value is its digest."""
    match part:
        case bytes():
            return part.decode(errors="backslashreplace")
        case tuple():
            return ", ".join(str(_shown(each)) for each in part) or None
        case None:
            return None
        case _:
            return str(part)
