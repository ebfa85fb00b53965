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
from mocksmtp.http.problems import HttpProblem
from mocksmtp.http.responses import send_nothing
from mocksmtp.http.routing import DONE, BodyType, Call, Route, at_root, document

FORM = "application/x-www-form-urlencoded"

MAX_BODY = 16 * 1024
"""Octets of a form."""


@attrs.frozen(kw_only=True)
class LoginFields:
    """What a browser sends to get the cookie."""

    token: str = field(
        Text(samples=("secret",)), "the token of the service", repr=False
    )


LOGIN = Document(LoginFields, "Login", example={"token": "secret"})


def log_in(call: Call[Any]) -> None:
    """Set a cookie that authenticates like the token.

    The body is a form or a JSON object with the token. Without ``--token`` there is
    nothing to authenticate, and no cookie is set.
    """
    api, request = call.api, call.request
    given = _read(read_body(call)).token
    token = api.settings.token
    if token is not None:
        if not is_token(given, token):
            raise unauthorized(request)
        _set_cookie(call, api.guard.cookie_value)
    send_nothing(request)


def log_out(call: Call[Any]) -> None:
    """Remove the cookie."""
    _set_cookie(call, "", "Max-Age=0")
    send_nothing(call.request)


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
    ),
    Route("POST", "/logout", log_out, answers=DONE),
)
