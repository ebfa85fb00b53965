"""``/smtpExtensions``: further lines of a host's answer to EHLO."""

from __future__ import annotations

from typing import Any

from mocksmtp.hosts.capabilities import parse_extensions
from mocksmtp.http.describing import DONE, Content, answers
from mocksmtp.http.documents import read_document
from mocksmtp.http.responses import send_json, send_nothing
from mocksmtp.http.routing import Call, Route
from mocksmtp.http.schema import LINE, array_of


def list_extensions(call: Call[Any]) -> bytes:
    """All of them, in order."""
    return send_json(call.request, call.host.extensions)


async def put_extensions(call: Call[Any]) -> None:
    """Replace all of them."""
    call.host.extensions = await read_document(call, parse_extensions)
    send_nothing(call.request)


def clear_extensions(call: Call[Any]) -> None:
    """Take all out."""
    call.host.extensions = ()
    send_nothing(call.request)


LINES = Content(array_of(LINE))

ROUTES = (
    Route("GET", "/smtpExtensions", list_extensions, answers=answers(LINES)),
    Route("PUT", "/smtpExtensions", put_extensions, takes=(LINES,), answers=DONE),
    Route("DELETE", "/smtpExtensions", clear_extensions, answers=DONE),
)
