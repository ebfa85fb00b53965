"""The buttons of the page, for browsers without JavaScript.

With JavaScript a button sends its request to the API. Without it, the browser sends the
same request as a form to `ACTION_PATH`, since a form knows neither PUT nor DELETE. The
form is replaced by the request before it is routed, and a success by a redirect.

Forms need no preflight: one is only accepted with the `Origin` of the service.
"""

from __future__ import annotations

import enum
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, unquote_to_bytes

import attrs
import orjson
from twisted.web.server import Request

from mocksmtp.documents.document import Document, field, parse
from mocksmtp.documents.kinds import Choice, Text
from mocksmtp.documents.problems import DocumentError, Problem
from mocksmtp.documents.reading import parse_json
from mocksmtp.http.guard import check_same_origin
from mocksmtp.http.responses import HTML, JSON, send_body
from mocksmtp.http.routing import Api
from mocksmtp.http.screens.serving import local_path, referer, set_fields, shell_of
from mocksmtp.web.shell import ACTION_PATH, screen_pieces

_MAX_FORM = 1024 * 1024
"""Octets of a form that are read."""


class _Method(enum.Enum):
    POST = "POST"
    PUT = "PUT"
    PATCH = "PATCH"
    DELETE = "DELETE"


@attrs.frozen(kw_only=True)
class Action:
    """
    The request that a button sends.

    :ivar then: the path to go to afterwards; that of the page by default
    :ivar confirm: a question that is to be answered first
    """

    method: _Method = field(Choice(_Method, "method"), "the method of the request")
    path: str = field(Text(), "its path and query")
    body: str | None = field(Text(), "its body", default=None)
    then: str | None = field(Text(), "the path to go to afterwards", default=None)
    confirm: str | None = field(Text(), "a question to be answered first", default=None)


_ACTION = Document(
    Action, "Action", example={"method": "DELETE", "path": "/smtpMails/1"}
)


def is_action(request: Request) -> bool:
    """Whether a request of the method POST is the form of a button."""
    path: bytes = request.path
    return path == ACTION_PATH.encode()


def is_sent_by_form(request: Request) -> bool:
    """Whether a request was that of a button, before it was replaced."""
    return getattr(request, "return_to", None) is not None


def begin_action(api: Api, request: Any) -> bytes | None:
    """
    Turn the form of a button into the request of the button, or ask its question.

    :return: the page with the question; None if the request is to be routed
    :raises HttpProblem: the form is not that of a page of this service
    :raises DocumentError: it is no action
    """
    hosts = request.requestHeaders.getRawHeaders("Host", [None])
    check_same_origin(request, hosts[0])
    action = parse(_ACTION, parse_json(_document_in(request)))
    path = local_path(action.path)
    if path != action.path or path.partition("?")[0] == ACTION_PATH:
        raise DocumentError(Problem("$.path", "must be a path of the API"))
    back = referer(request) if action.then is None else local_path(action.then)
    if action.confirm is not None:
        return _ask(api, request, attrs.evolve(action, then=back))
    _become(request, action)
    request.redirect_to(back)
    return None


def _document_in(request: Request) -> bytes:
    assert request.content is not None
    body: bytes = request.content.read(_MAX_FORM)
    form = parse_qs(body, max_num_fields=10)
    return form.get(b"action", [b""])[0]


def _ask(api: Api, request: Request, action: Action) -> bytes:
    """Return the page with the question of an action."""
    given = {"method": action.method.value, "path": action.path, "body": action.body}
    confirmed = orjson.dumps({**given, "then": action.then}).decode()
    set_fields(request)
    shown = {"question": action.confirm, "action": confirmed, "back": action.then}
    shell = shell_of(api, request)
    pieces = screen_pieces("ui/confirm.html", shell, shown)
    return send_body(request, b"".join(pieces), HTML)


def _become(request: Any, action: Action) -> None:
    """Replace the line, the type and the body of a request."""
    path, _, query = action.path.partition("?")
    request.method = action.method.value.encode()
    request.uri, request.path = action.path.encode(), path.encode()
    request.args = parse_qs(query.encode(), keep_blank_values=True)
    request.postpath = [unquote_to_bytes(one) for one in path[1:].split("/")]
    request.content = BytesIO((action.body or "").encode())
    for name in "Accept", "Content-Type":
        request.requestHeaders.setRawHeaders(name, [JSON])
