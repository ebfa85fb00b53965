"""The errors of the API: problem documents (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

import orjson
from twisted.web.iweb import IRequest
from twisted.web.server import Request

from mocksmtp.documents.kinds import Array, Integer, Text
from mocksmtp.documents.problems import DocumentError, Problem
from mocksmtp.documents.view import ABSENT, View, view_field

CONTENT_TYPE = "application/problem+json"


class HttpProblem(Exception):
    """
    An error response.

    :param status: the HTTP status code
    :param detail: what is wrong with the request, in one sentence
    :param errors: the places of the errors in the document or the query
    :param headers: further header fields of the response
    """

    def __init__(
        self,
        status: int,
        detail: str,
        errors: tuple[Problem, ...] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = errors
        self.headers = dict(headers or {})

    @property
    def title(self) -> str:
        """The status in words, as the type ``about:blank`` requires."""
        return HTTPStatus(self.status).phrase

    @property
    def body(self) -> bytes:
        """The problem document."""
        return orjson.dumps(PROBLEM.write(self))


_ERROR: View[Problem] = View(
    "Error",
    view_field("path", Text(), "path", "where it is, as in `$[1].command` or `?wait`"),
    view_field("message", Text(), "message", "what is wrong there"),
)

PROBLEM: View[HttpProblem] = View(
    "Problem",
    view_field("type", Text(), lambda problem: "about:blank"),
    view_field("title", Text(), "title", "the status in words"),
    view_field("status", Integer(), "status", "the HTTP status"),
    view_field("detail", Text(), "detail", "what is wrong with this request"),
    view_field(
        "errors",
        Array(_ERROR),
        lambda problem: problem.errors or ABSENT,
        "each error of a document or of the query",
        optional=True,
    ),
)
"""A problem document (RFC 9457)."""


def answer_problem(request: IRequest, problem: HttpProblem) -> bytes:
    """Turn an answer that has not begun into `problem`, whose body is answered."""
    body = problem.body
    request.setResponseCode(problem.status)
    request.setHeader("Content-Type", CONTENT_TYPE)
    request.setHeader("Content-Length", str(len(body)))
    for name, value in problem.headers.items():
        request.setHeader(name, value)
    return body


def abort(request: Request) -> None:
    """Cut off an answer that has begun: broken off, it must not look whole."""
    request.transport.abortConnection()  # type: ignore[union-attr]


def not_found(what: str) -> HttpProblem:
    """There is no such thing."""
    return HttpProblem(404, what)


def refused_document(error: DocumentError, status: int = 400) -> HttpProblem:
    """A document is refused, with all its places."""
    first, *others = error.problems
    more = f"; and {len(others)} more" if others else ""
    return HttpProblem(status, f"{first.path}: {first.message}{more}", error.problems)
