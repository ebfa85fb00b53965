"""``/``: the overview."""

from __future__ import annotations

import attrs

from mocksmtp.http.parameters import group
from mocksmtp.http.routing import Call, ResponseBody, Route, at_root
from mocksmtp.http.screens.serving import PartParameters, send_screen


@attrs.frozen
class OverviewParameters:
    """Which parts of the overview are requested."""

    parts: PartParameters = group(PartParameters)


async def get_overview(call: Call[OverviewParameters]) -> ResponseBody:
    """The overview."""
    addresses = {**call.api.mock.addresses, **call.api.info.addresses}
    parts = call.parameters.parts
    return await send_screen(
        call, "ui/overview.html", "overview", parts, addresses=addresses
    )


ROUTES = at_root(Route("GET", "/", get_overview, OverviewParameters))
