"""HTTP APIs of other mail catchers, served for the same mails (``--stand-in``).

A suite that was written for one of these tools needs only another address. Each module
serves the API of one tool: its paths, JSON, status codes and content types, including
those of its errors. None of them is part of ``/openapi.json``. The resources of a host
are also below ``/hosts/{name}``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mocksmtp.http import hosts
from mocksmtp.http.routing import Mount, Route, Scope
from mocksmtp.http.stand_ins import mailhog, mailpit, rest_smtp_sink
from mocksmtp.mail.documents import StandIn

STAND_INS: dict[StandIn, tuple[Route, ...]] = {
    StandIn.REST_SMTP_SINK: rest_smtp_sink.ROUTES,
    StandIn.MAILHOG: mailhog.ROUTES,
    StandIn.MAILPIT: mailpit.ROUTES,
}
"""The routes of each tool."""


def stand_in_mounts(names: Iterable[StandIn]) -> Iterator[Mount]:
    """The routes of some tools, at the root and below each host."""
    for name in names:
        routes = STAND_INS[name]
        yield Mount(routes)
        of_hosts = tuple(route for route in routes if route.scope is Scope.BOTH)
        yield Mount(of_hosts, hosts.PREFIX, hosts.find_host)
