"""``/dnsBehaviors``: what DNS answers by its test's wish, one list for all hosts."""

from __future__ import annotations

from typing import Any

from mocksmtp.codec.dns_behaviors import (
    dns_behavior_document,
    parse_dns_behavior,
    parse_dns_behaviors,
)
from mocksmtp.http.routing import Answer, Call
from mocksmtp.http.rules import (
    AddParameters,
    ClearParameters,
    ListParameters,
    RuleHandlers,
    RuleRoom,
    rule_routes,
)

_ROOM = RuleRoom(
    lambda call: call.api.mock.dns_behaviors,
    parse_dns_behaviors,
    parse_dns_behavior,
    dns_behavior_document,
)


async def list_dns_behaviors(call: Call[ListParameters]) -> Answer:
    """Those that can still answer, as they were given; or all, with counters."""
    return await _ROOM.list(call)


async def put_dns_behaviors(call: Call[Any]) -> None:
    """Replace all of them by an array, or set the one that an object describes."""
    await _ROOM.put(call)


async def add_dns_behaviors(call: Call[AddParameters]) -> bytes:
    """Add one or more, and tell their ids."""
    return await _ROOM.add(call)


def clear_dns_behaviors(call: Call[ClearParameters]) -> None:
    """Take all out, or those of a tag."""
    _ROOM.clear(call)


def get_dns_behavior(call: Call[Any], rule_id: str) -> bytes:
    """One of them, with its counters, and those of its keys."""
    return _ROOM.get(call, rule_id)


async def put_dns_behavior(call: Call[Any], rule_id: str) -> None:
    """Another behavior under the same id, in the same place, counted afresh."""
    await _ROOM.put_one(call, rule_id)


def delete_dns_behavior(call: Call[Any], rule_id: str) -> None:
    """Take one out."""
    _ROOM.delete(call, rule_id)


ROUTES = rule_routes(
    "/dnsBehaviors",
    "Dns",
    RuleHandlers(
        list_dns_behaviors,
        put_dns_behaviors,
        add_dns_behaviors,
        clear_dns_behaviors,
        get_dns_behavior,
        put_dns_behavior,
        delete_dns_behavior,
    ),
)
