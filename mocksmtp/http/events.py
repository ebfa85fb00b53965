"""``/events``: what happens, as it happens (Server-Sent Events, HTML §9.2)."""

from __future__ import annotations

from typing import Any

from mocksmtp.http.describing import Content, answers
from mocksmtp.http.feed import Reader
from mocksmtp.http.routing import Answer, Call, Route
from mocksmtp.http.schema import TEXT

CONTENT_TYPE = "text/event-stream"


async def tell_events(call: Call[Any]) -> Answer:
    """What happens, as it happens, for as long as the client stays."""
    request, feed = call.request, call.api.events
    request.setHeader("Content-Type", CONTENT_TYPE)
    request.setHeader("X-Accel-Buffering", "no")
    if request.method == b"HEAD":
        return b""
    last_id = request.getHeader("Last-Event-ID")
    feed.bus.activate()
    seen, missed = feed.start_of(last_id)
    await Reader(request, feed, call.scope, seen, missed).run()
    return None


ROUTES = (
    Route("GET", "/events", tell_events, answers=answers(Content(TEXT, CONTENT_TYPE))),
)
