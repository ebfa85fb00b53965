"""Behaviors in force as documents: with their ids, and their counters."""

from __future__ import annotations

from typing import Any

from mocksmtp.codec.behaviors import behavior_document
from mocksmtp.core.keys import Key
from mocksmtp.core.rule import Rule
from mocksmtp.model.behavior import Behavior
from mocksmtp.model.target import Target

MAX_LISTED_KEYS = 100
"""Of how many keys the counts are told, the newest ones."""


def rule_document(rule: Rule[Behavior]) -> dict[str, Any]:
    """The document of a behavior in force, with its id and its counters."""
    return {
        "id": rule.id,
        **{n: v for n, v in behavior_document(rule.behavior).items() if n != "id"},
        "seen": rule.seen,
        "fired": rule.fired,
        "remaining": rule.remaining,
    }


def counted_document(rule: Rule[Behavior]) -> dict[str, Any]:
    """The same with the counts of its newest keys, where it has keys."""
    if not rule.is_keyed:
        return rule_document(rule)
    counts = list(rule.counts())
    keys = [
        {
            "key": _key_document(rule.behavior.gate.per, key),
            "seen": found.seen,
            "fired": found.fired,
            "remaining": None if rule.limit is None else rule.limit - found.fired,
        }
        for key, found in reversed(counts[-MAX_LISTED_KEYS:])
    ]
    return {**rule_document(rule), "keyCount": len(counts), "keys": keys}


def _key_document(per: tuple[Target | str, ...], key: Key) -> dict[str, str | None]:
    return {str(name): _shown(part) for name, part in zip(per, key, strict=True)}


def _shown(part: object) -> str | None:
    """A part of a key; a long value stands there by its digest."""
    match part:
        case bytes():
            return part.decode(errors="backslashreplace")
        case tuple():
            return ", ".join(str(_shown(each)) for each in part) or None
        case None:
            return None
        case _:
            return str(part)
