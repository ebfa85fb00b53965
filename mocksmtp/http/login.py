"""``/login`` and ``/logout``: the token as a cookie, for browsers.

Scripts, pages and event streams of a browser can then call the API although they cannot
send `Authorization`. The cookie does not contain the token, and ends with the service.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

import attrs

from mocksmtp.documents.document import Document, field, parse
from mocksmtp.documents.kinds import Text
from mocksmtp.documents.problems import DocumentError, Problem
from mocksmtp.documents.reading import parse_json
from mocksmtp.http.bodies import read_body
from mocksmtp.http.guard import is_token, unauthorized
from mocksmtp.http.parameters import any_text, parameter
from mocksmtp.http.problems import HttpProblem
from mocksmtp.http.responses import send_nothing
from mocksmtp.http.routing import (
    DONE,
    Agreement,
    BodyType,
    Call,
    ResponseBody,
    Route,
    at_root,
    document,
)
from mocksmtp.http.screens.serving import (
    local_path,
    redirect,
    send_screen,
    wants_page,
)

FORM = "application/x-www-form-urlencoded"

MAX_BODY = 16 * 1024
"""Octets of a form."""


@attrs.frozen(kw_only=True)
class LoginFields:
    """What a browser sends to get the cookie."""

    token: str = field(
        Text(samples=("secret",)), "the token of the service", repr=False
    )
    next: str = field(
        Text(), "path of the service to which a browser is redirected", default="/"
    )


LOGIN = Document(LoginFields, "Login", example={"token": "secret"})


async def log_in(call: Call[Any]) -> ResponseBody:
    """Set a cookie that authenticates like the token.

    The body is a form or a JSON object with the token. Without ``--token`` there is
    nothing to authenticate, and no cookie is set. A browser that shows the response is
    redirected to the path in ``next``.
    """
    api, request = call.api, call.request
    given = _read(read_body(call))
    token = api.settings.token
    if token is not None:
        if not is_token(given.token, token):
            if wants_page(request):
                return await send_login_page(call, given.next, failed=True)
            raise unauthorized(request)
        _set_cookie(call, api.guard.cookie_value)
    if wants_page(request):
        raise redirect(local_path(given.next))
    send_nothing(request)
    return None


def log_out(call: Call[Any]) -> None:
    """Remove the cookie; a browser that shows the response is redirected."""
    _set_cookie(call, "", "Max-Age=0")
    if wants_page(call.request):
        raise redirect("/login")
    send_nothing(call.request)


@attrs.frozen
class LoginPageParameters:
    """
    Where to go from the login page.

    :ivar next: a path of this service
    """

    next: str = parameter("next", any_text, default="/")


async def get_login_page(call: Call[LoginPageParameters]) -> ResponseBody:
    """The page with the form for the token."""
    if call.api.settings.token is None:
        raise redirect(local_path(call.parameters.next))
    return await send_login_page(call, call.parameters.next)


async def send_login_page(
    call: Call[Any], to: str, failed: bool = False
) -> ResponseBody:
    """
    Send the form for the token.

    :param to: the path to go to afterwards
    :param failed: whether a wrong token was sent
    """
    status = 401 if failed else 200
    to = local_path(to)
    return await send_screen(
        call, "ui/login.html", status=status, next=to, failed=failed
    )


def _read(body: bytes) -> LoginFields:
    """
    The token in a form or a JSON document, whatever the Content-Type.

    :raises DocumentError: it is neither
    """
    if len(body) > MAX_BODY:
        raise HttpProblem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the form is too large")
    if body.lstrip()[:1] in (b"{", b"[", b'"') or not body.strip():
        return parse(LOGIN, parse_json(body))
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict")
    except ValueError:
        raise DocumentError(Problem("$", "must be a form in UTF-8")) from None
    return parse(LOGIN, dict(pairs))


def _set_cookie(call: Call[Any], value: str, *more: str) -> None:
    attributes = ["Path=/", "HttpOnly", "SameSite=Lax", *more]
    if call.request.isSecure():
        attributes.append("Secure")
    cookie = "; ".join([f"{call.api.guard.cookie_name}={value}", *attributes])
    call.request.setHeader("Set-Cookie", cookie)


ROUTES = at_root(
    Route(
        *("POST", "/login", log_in),
        takes=(document(LOGIN), BodyType(LOGIN, FORM)),
        answers=DONE,
        problems=(401,),
        agreement=Agreement.NOTHING,
    ),
    Route(*("POST", "/logout", log_out), answers=DONE, agreement=Agreement.NOTHING),
)

PAGE_ROUTES = at_root(
    Route(
        *("GET", "/login", get_login_page, LoginPageParameters),
        agreement=Agreement.NOTHING,
    )
)
"""The form, which is a part of the page."""
