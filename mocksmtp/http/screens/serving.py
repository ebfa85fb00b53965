"""Serves screens, their parts, and static files."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, urlsplit

import attrs
from twisted.web.server import Request

from mocksmtp.documents.units import timestamp
from mocksmtp.http.guard import STATIC_PREFIX
from mocksmtp.http.manual import has_manual
from mocksmtp.http.parameters import parameter
from mocksmtp.http.problems import HttpProblem, not_found
from mocksmtp.http.responses import HTML, send_body, send_pieces
from mocksmtp.http.routing import Agreement, Api, Call, ResponseBody, Route, at_root
from mocksmtp.web.pages import prepare
from mocksmtp.web.shell import (
    PAGE_POLICY,
    WORKER_POLICY,
    Shell,
    part_pieces,
    screen_pieces,
    static_digest,
    static_files,
)

_PART = re.compile(r"[a-z][a-zA-Z]*(,[a-z][a-zA-Z]*){0,19}", re.ASCII)

_FOREVER = "public, max-age=31536000, immutable"


def part_names(text: str) -> tuple[str, ...]:
    """Names of parts, separated by commas."""
    if not _PART.fullmatch(text):
        raise ValueError(f"must be names of parts, got {text!r}"[:100])
    return tuple(dict.fromkeys(text.split(",")))


@attrs.frozen
class PartParameters:
    """
    What of a screen is requested.

    :ivar names: the parts; without it the whole screen
    """

    names: tuple[str, ...] | None = parameter("part", part_names)

    def has(self, *parts: str) -> bool:
        """Whether one of these parts is requested, or the whole screen."""
        return self.names is None or bool({*self.names} & {*parts})


def shell_of(api: Api, request: Request, current: str = "") -> Shell:
    """The shell of a screen, as the browser calls the service."""
    host = request.getHeader("Host") or "localhost"
    scheme = "https" if request.isSecure() else "http"
    token = api.settings.token is not None
    base = f"{scheme}://{host}"
    today = timestamp(api.clock.seconds())[:10]
    return Shell(current, base, api.info.instance, token, has_manual(), today)


async def send_screen(
    call: Call[Any],
    template: str,
    current: str = "",
    parts: PartParameters | None = None,
    status: int = 200,
    **context: Any,
) -> ResponseBody:
    """
    Send a screen, or those parts of it that the request names; in slices.

    :param template: such as ``ui/overview.html``
    :param current: the key of the screen in the navigation
    :param context: what the template shows
    """
    request, api = call.request, call.api
    await api.in_thread(prepare, template)
    shell = shell_of(api, request, current)
    set_fields(request)
    if parts is None or parts.names is None:
        pieces = screen_pieces(template, shell, context)
    else:
        try:
            pieces = part_pieces(template, shell, parts.names, context)
        except KeyError as error:
            raise not_found(f"this screen has no part {error}"[:200]) from None
    return await send_pieces(request, pieces, api.clock, HTML, status)


def set_fields(request: Request) -> None:
    """Set the fields of a response that is a screen."""
    request.setHeader("Content-Security-Policy", PAGE_POLICY)
    # With `no-referrer`, forms would have the Origin `null`, which the guard refuses.
    request.setHeader("Referrer-Policy", "same-origin")
    request.setHeader("X-Page", static_digest())


def answer_with_page(api: Api, request: Request, problem: HttpProblem) -> bytes:
    """Turn a response that has not begun into `problem` as a page; return its body."""
    set_fields(request)
    context = {"problem": problem.title, "detail": problem.detail}
    pieces = screen_pieces("ui/problem.html", shell_of(api, request), context)
    return send_body(request, b"".join(pieces), HTML, problem.status)


def wants_page(request: Request) -> bool:
    """Whether a response is to be shown to a person: by a browser that navigates."""
    accepted = request.getHeader("Accept") or ""
    mode = request.getHeader("Sec-Fetch-Mode")
    return "text/html" in accepted and mode in (None, "navigate")


def redirect(location: str) -> HttpProblem:
    """303 to a path of this service."""
    return HttpProblem(303, f"see {location}"[:200], headers={"Location": location})


def local_path(text: str) -> str:
    """A path of this service; the overview if it is anything else."""
    is_local = re.fullmatch(r"/(?![/\\])[\x21-\x7e]*", text, re.ASCII)
    return text if is_local else "/"


def referer(request: Request) -> str:
    """The path of the page that has sent a request; the overview if it is unknown."""
    parts = urlsplit(request.getHeader("Referer") or "")
    return local_path(f"{parts.path}?{parts.query}" if parts.query else parts.path)


def login_path(request: Request) -> str:
    """The login page, which returns to what was requested, or to the page of a form."""
    is_form = request.method == b"POST"
    path = referer(request) if is_form else request.uri.decode("latin-1")
    return f"/login?next={quote(path, safe='/')}"


def get_static(call: Call[Any], digest: str, name: str) -> ResponseBody:
    """A file that the page refers to, by the digest of all files."""
    file = static_files().get(name)
    if file is None:
        raise not_found(f"no static file {name!r}"[:200])
    request = call.request
    request.setHeader("Content-Security-Policy", WORKER_POLICY)
    if digest == static_digest():
        request.setHeader("Cache-Control", _FOREVER)
    if request.setETag(b'"%s"' % static_digest().encode()):
        return b""
    return send_body(request, file.content, file.type)


ROUTES = at_root(
    Route(
        *("GET", f"{STATIC_PREFIX}<digest>/<name>", get_static),
        agreement=Agreement.NOTHING,
    )
)
