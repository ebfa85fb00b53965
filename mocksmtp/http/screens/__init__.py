"""The routes of the page: one module per screen, with what several of them share.

They are HTML for people and no part of the API: `/openapi.json` does not list them.
"""

from twisted.web.server import Request

from mocksmtp.http.screens import (
    behaviors,
    deliveries,
    dns,
    hosts,
    mails,
    overview,
    serving,
)

_SCREENS = (overview, deliveries, mails, behaviors, dns, hosts, serving)

SCREEN_ROUTES = tuple(route for screen in _SCREENS for route in screen.ROUTES)
"""The routes of all screens and of the static files."""


def is_screen(request: Request) -> bool:
    """Whether the path of a request is that of a screen, or of the documentation."""
    path: bytes = request.path
    return path == b"/" or path.startswith((b"/ui/", b"/docs/"))
