"""``/events``: what happens, as it happens (Server-Sent Events, HTML §9.2)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, update_wrapper
from typing import Any

from mocksmtp.http.describing import Content, answers
from mocksmtp.http.feed import Reader
from mocksmtp.http.routing import Answer, Call, Route
from mocksmtp.http.schema import TEXT

CONTENT_TYPE = "text/event-stream"


async def tell_events(named: bool, call: Call[Any]) -> Answer:
    """What happens, as it happens, for as long as the client stays."""
    request, feed = call.request, call.api.events
    request.setHeader("Content-Type", CONTENT_TYPE)
    request.setHeader("X-Accel-Buffering", "no")
    if request.method == b"HEAD":
        return b""
    last_id = request.getHeader("Last-Event-ID")
    feed.bus.activate()
    seen, missed = feed.start_of(last_id)
    host = call.host.name if named else None
    await Reader(request, feed, host, seen, missed).run()
    return None


def _routes(named: bool) -> tuple[Route, ...]:
    handler: Callable[..., Any] = partial(tell_events, named)
    update_wrapper(handler, tell_events)
    stream = Content(TEXT, CONTENT_TYPE)
    return (Route("GET", "/events", handler, answers=answers(stream)),)


ROOT_ROUTES = _routes(named=False)
"""Of all hosts, and of what belongs to none."""

HOST_ROUTES = _routes(named=True)
"""Of the host that the path names."""
