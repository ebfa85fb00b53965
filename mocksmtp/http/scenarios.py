"""``/scenarios``: the states that behaviors ask for and bring about."""

from __future__ import annotations

from typing import Any

from mocksmtp.behaviors.scenarios import parse_states
from mocksmtp.http.describing import DONE, Content, answers
from mocksmtp.http.documents import read_document
from mocksmtp.http.responses import send_json, send_nothing
from mocksmtp.http.routing import Call, Route
from mocksmtp.http.schema import STATES


def list_scenarios(call: Call[Any]) -> bytes:
    """The state of each scenario that a behavior names, or that was set."""
    states, mock = call.host.behaviors.scenarios(), call.api.mock
    if call.host is mock.default:
        # Those of DNS are the default host's, too.
        states |= mock.dns_behaviors.scenarios()
    return send_json(call.request, dict(sorted(states.items())))


async def put_scenarios(call: Call[Any]) -> None:
    """Set the states of those that are named; others stay as they are."""
    call.host.scenarios.set(await read_document(call, parse_states))
    send_nothing(call.request)


def reset_scenarios(call: Call[Any]) -> None:
    """Have all be in the state in which they start."""
    call.host.scenarios.clear()
    send_nothing(call.request)


_STATES = Content(STATES)

ROUTES = (
    Route("GET", "/scenarios", list_scenarios, answers=answers(_STATES)),
    Route("PUT", "/scenarios", put_scenarios, takes=(_STATES,), answers=DONE),
    Route("DELETE", "/scenarios", reset_scenarios, answers=DONE),
)
