"""The API as one resource: its routes, access checks and errors.

All errors become responses in one function, `problem_of`.
"""

from __future__ import annotations

from difflib import SequenceMatcher
from functools import cache
from typing import Any
from urllib.parse import unquote

from klein import Klein
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.resource import IResource, Resource
from twisted.web.server import Request
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import RequestRedirect

from mocksmtp.behaviors.rules import IdTaken
from mocksmtp.documents.problems import DocumentError, listed, shown
from mocksmtp.documents.reading import TooManyValues
from mocksmtp.http import (
    added_mails,
    attempts,
    behaviors,
    content,
    deliveries,
    hosts,
    login,
    mails,
    manual,
    metrics,
    mtasts,
    queries,
    records,
    report,
    route,
    sessions,
)
from mocksmtp.http import status as service
from mocksmtp.http.guard import MANUAL_PATH
from mocksmtp.http.openapi import openapi_routes, template
from mocksmtp.http.problems import (
    HttpProblem,
    abort,
    answer_problem,
    not_found,
    refused_document,
)
from mocksmtp.http.routing import (
    Api,
    HasApi,
    Mount,
    Route,
    Scope,
    at_root,
    mount,
)
from mocksmtp.http.screens import SCREEN_ROUTES, is_screen
from mocksmtp.http.screens.actions import begin_action, is_action, is_sent_by_form
from mocksmtp.http.screens.serving import (
    answer_with_page,
    login_path,
    redirect,
    wants_page,
)
from mocksmtp.http.stand_ins import stand_in_mounts
from mocksmtp.mail.documents import StandIn
from mocksmtp.mock import CannotListen, NameTaken
from mocksmtp.store.interface import StoreError

_log = Logger()

RESOURCES = (
    behaviors,
    mails,
    added_mails,
    content,
    sessions,
    attempts,
    deliveries,
    hosts,
    records,
    route,
    queries,
    mtasts,
    report,
    service,
    login,
    metrics,
)
"""The modules of the resources, in the order of the OpenAPI document."""

ALL_ROUTES = (
    *(route for resource in RESOURCES for route in resource.ROUTES),
    *at_root(*openapi_routes(lambda: MOUNTS)),
)


def _routes(*scopes: Scope) -> tuple[Route, ...]:
    return tuple(route for route in ALL_ROUTES if route.scope in scopes)


MOUNTS: tuple[Mount, ...] = (
    Mount(_routes(Scope.ROOT, Scope.BOTH)),
    Mount(_routes(Scope.HOST, Scope.BOTH), hosts.PREFIX, hosts.find_host),
)
"""All that the API serves, and where."""

PAGE = Mount((*SCREEN_ROUTES, *login.PAGE_ROUTES, *manual.ROUTES))
"""The page and the documentation, which are no part of the API's description."""


METHODS = frozenset(
    b"GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH QUERY".split()
)
"""The registered methods of HTTP that a client may send (RFC 9110 §9.1, RFC 5789,
and QUERY); any other is answered 501."""

_METHOD_NAMES = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

LONGEST_COMPARED = 200
"""Characters of a path that is compared with those of the routes."""


def make_resource(api: Api) -> Guarded:
    """The whole API, guarded."""
    return Guarded(api, make_app(api).resource())


def make_app(api: Api) -> Klein:
    """The API without its guard."""
    app: Klein = _shared_app(tuple(api.settings.stand_ins))(api).app
    return app


@cache
def _shared_app(stand_ins: tuple[StandIn, ...]) -> type[Any]:
    """
    Return a class whose instances have an `Api` and the app that serves it.

    All services of a process share the routes, whose compilation takes 45 ms.
    """
    routes = Klein()
    # A path is what it is: no redirect from what is nearly one.
    routes.url_map.merge_slashes = False
    for one in (*MOUNTS, PAGE, *stand_in_mounts(stand_ins)):
        mount(routes, one.routes, one.prefix, one.find_host)

    def answer_failure(
        bound: HasApi, request: Request, failure: Failure
    ) -> bytes | None:
        return _answer_failure(bound.api, request, failure)

    routes.handle_errors(Exception)(answer_failure)  # type: ignore[arg-type]

    class Application:
        app = routes

        def __init__(self, api: Api) -> None:
            self.api = api

    return Application


def problem_of(error: BaseException, path: str = "") -> HttpProblem:
    """
    Return the problem document for an error.

    :param path: the path of the request
    """
    match error:
        case HttpProblem():
            return error
        case DocumentError():
            return refused_document(error)
        case TooManyValues():
            return HttpProblem(413, str(error))
        case NameTaken() | IdTaken() | CannotListen():
            return _conflict(error)
        case StoreError():
            return HttpProblem(503, f"the store failed: {error}")
        case MethodNotAllowed():
            allowed = ", ".join(sorted(error.valid_methods or ()))
            return HttpProblem(405, f"allowed: {allowed}", headers={"Allow": allowed})
        case HTTPException() if error.code == 404 or isinstance(error, RequestRedirect):
            return unknown_route(path)
        case HTTPException():
            return HttpProblem(error.code or 500, error.name)
        case _:
            return HttpProblem(500, "internal error; see the log")


def _conflict(error: NameTaken | IdTaken | CannotListen) -> HttpProblem:
    match error:
        case NameTaken():
            return HttpProblem(409, f"the host name {str(error)!r} is in use")
        case IdTaken():
            return HttpProblem(409, f"the behavior id {str(error)!r} is in use")
    return HttpProblem(409, str(error))


def unknown_route(path: str) -> HttpProblem:
    """There is no such route; the nearest one is named."""
    nearest = nearest_route(path)
    hint = "" if nearest is None else f" (did you mean {nearest}?)"
    return not_found(f"no such route {shown(path)}{hint}; see /openapi.json")


def nearest_route(path: str) -> str | None:
    """The route whose path is most like `path`, in OpenAPI's notation, if one is."""
    if len(path) > LONGEST_COMPARED:
        return None
    segments = [unquote(part) for part in path.split("/") if part]
    best, found = 0.6, None
    for known, parts in _route_segments():
        # What a variable stands for is right, whatever it is.
        wanted = "/".join(
            segments[at] if part.startswith("{") and at < len(segments) else part
            for at, part in enumerate(parts)
        )
        matcher = SequenceMatcher(None, "/".join(segments).lower(), wanted.lower())
        if matcher.real_quick_ratio() > best and matcher.quick_ratio() > best:
            ratio = matcher.ratio()
            if ratio > best:
                best, found = ratio, known
    return found


@cache
def _route_segments() -> tuple[tuple[str, list[str]], ...]:
    """All routes, with the parts of their paths."""
    routes = dict.fromkeys(
        template(mount.prefix + route.path)
        for mount in MOUNTS
        for route in mount.routes
    )
    return tuple((route, route.strip("/").split("/")) for route in routes)


def _answer_failure(api: Api, request: Request, failure: Failure) -> bytes | None:
    assert failure.value is not None
    problem = problem_of(failure.value, request.path.decode(errors="replace"))
    known = problem is failure.value or isinstance(failure.value, StoreError)
    if problem.status >= 500 and not known:
        # A store reports itself that it fails.
        _log.failure("While answering {request}", failure, request=request)
    if request.startedWriting:
        abort(request)
        return None
    is_page = is_screen(request) and wants_page(request)
    if (is_page or is_sent_by_form(request)) and problem.status >= 400:
        return answer_with_page(api, request, problem)
    return answer_problem(request, problem)


class Guarded(Resource):
    """Passes to the app what may be passed to it."""

    isLeaf = True

    def __init__(self, api: Api, app: IResource) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.api = api
        self._app = app

    @property
    def _on_loopback(self) -> bool:
        told = self.api.settings.loopback
        return self.api.info.http_on_loopback if told is None else told

    def check(self, request: Request) -> None:
        """
        Check the header of a request.

        :raises HttpProblem: 400, 401, 403 or 501
        """
        for name, value in self.api.guard.cors_fields(request).items():
            request.setHeader(name, value)
        try:
            self.api.guard.check(request, self._on_loopback)
        except HttpProblem as problem:
            if problem.status == 401 and is_screen(request) and wants_page(request):
                raise redirect(login_path(request)) from None
            raise
        if request.method not in METHODS:
            method = request.method.decode("latin-1")
            detail = f"unknown method {shown(method)}; {listed(_METHOD_NAMES)}"
            raise HttpProblem(501, detail)

    def render(self, request: Request) -> bytes | int:
        """Check a request, and pass it to its handler."""
        request.setHeader("Cache-Control", "no-store")
        request.setHeader("X-Content-Type-Options", "nosniff")
        try:
            if not getattr(request, "checked", False):
                self.check(request)
            # In line: most requests have another method, and save the call.
            if request.method == b"POST" and is_action(request):
                question = begin_action(self.api, request)
                if question is not None:
                    return question
            _check_path(request)
        except (HttpProblem, DocumentError) as error:
            return answer_problem(request, problem_of(error))
        if self.api.guard.is_preflight(request):
            for name, value in self.api.guard.preflight_fields(request).items():
                request.setHeader(name, value)
            request.setResponseCode(204)
            return b""
        answer: bytes | int = self._app.render(request)
        return answer


def _check_path(request: Request) -> None:
    """Refuse a path that is not UTF-8, or has empty parts or an escaped slash."""
    assert request.postpath is not None
    try:
        segments = [segment.decode() for segment in request.postpath]
    except UnicodeDecodeError:
        raise HttpProblem(400, "the path is not UTF-8") from None
    if segments in ([""], [MANUAL_PATH[1:], ""]):
        return
    if any("/" in segment or not segment for segment in segments):
        raise unknown_route(request.path.decode())
