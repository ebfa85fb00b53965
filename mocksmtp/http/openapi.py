"""``/openapi.json``: what the API is, made from its routes and the model (OpenAPI 3.1).

Nothing of it is written by hand but what a reader needs on top: paths, parameters,
bodies and answers are those of the `Route` values, and what an operation is for is
the first line of its handler's docstring.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from http import HTTPStatus
from inspect import getdoc
from typing import Any

import attrs
import orjson

from mocksmtp import __version__
from mocksmtp.behaviors.dns import DNS, DNS_EVALUATION
from mocksmtp.behaviors.editing import patch_schema
from mocksmtp.behaviors.smtp import SMTP
from mocksmtp.documents.kinds import Kind, Named
from mocksmtp.documents.problems import camel_case
from mocksmtp.documents.schema import (
    TEXT,
    Schema,
)
from mocksmtp.hosts.documents import HOST, HOST_NAME
from mocksmtp.hosts.evaluation import EVALUATION
from mocksmtp.hosts.policies import POLICY
from mocksmtp.http.guard import is_unguarded
from mocksmtp.http.parameters import parameters_of, schema_of
from mocksmtp.http.problems import CONTENT_TYPE, PROBLEM
from mocksmtp.http.responses import send_body
from mocksmtp.http.routing import Answers, Call, Content, Mount, Route
from mocksmtp.sessions.delivery_documents import ATTEMPT, DELIVERY
from mocksmtp.zone.queries import QUERY, RESOLUTION
from mocksmtp.zone.records import LISTED_RECORD, RECORD, SENT_RECORD

Document = dict[str, Any]

PROBLEMS = {
    400: "A document, a parameter or the request is invalid; nothing has changed.",
    401: "A valid bearer token is required.",
    403: "The request comes from another origin, or its Host is unknown.",
    404: "No such route or id.",
    409: "In conflict with the current state; nothing has changed.",
    408: "The body arrives too slowly.",
    410: "The entry that the request refers to is no longer kept.",
    413: "The body exceeds the maximum size or number of values.",
    503: "The bodies of all requests together are too large; retry later.",
}
"""Answers that say why there is no other."""

_NAMES = {
    "host_name": "name",
    "mail_id": "id",
    "rule_id": "id",
    "session_id": "id",
    "number": "n",
}
"""What variables of paths are called outside."""

_VARIABLES = {"name": HOST_NAME.told({})}

_VARIABLE = re.compile(r"<(\w+)>")


def describe(mounts: Iterable[Mount], guarded: bool) -> Document:
    """
    The description of what `mounts` serve.

    :param guarded: whether a token is asked for
    """
    paths: dict[str, Document] = {}
    named = named_schemas()
    for mount in mounts:
        for route in mount.routes:
            operations = paths.setdefault(template(mount.prefix + route.path), {})
            operations[route.method.lower()] = _operation(mount, route, guarded, named)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "mocksmtp",
            "summary": "A programmable SMTP server and DNS for testing.",
            "version": __version__,
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": named,
            "responses": {
                _problem_name(status): _problem(status) for status in PROBLEMS
            },
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "basic": {"type": "http", "scheme": "basic"},
            },
        },
        **({"security": [{"token": []}, {"basic": []}]} if guarded else {}),
    }


def named_schemas() -> dict[str, Schema]:
    """The schemas that routes refer to by name."""
    declared: Named = {}
    PROBLEM.told(declared)
    SMTP.schemas(declared)
    DNS.schemas(declared)
    for told_only in (QUERY, RESOLUTION, LISTED_RECORD):
        told_only.told(declared)
    EVALUATION.taken(declared)
    DNS_EVALUATION.taken(declared)
    declared["BehaviorPatch"] = patch_schema(SMTP, declared)
    declared["DnsBehaviorPatch"] = patch_schema(DNS, declared)
    ATTEMPT.told(declared)
    DELIVERY.told(declared)
    for each in (HOST, POLICY, RECORD, SENT_RECORD):
        each.taken(declared)
        each.told(declared)
    return declared


def template(path: str) -> str:
    """A path in OpenAPI's notation: ``/smtpMails/{id}``."""
    return _VARIABLE.sub(lambda match: "{" + _shown(match[1]) + "}", path)


def _shown(variable: str) -> str:
    return _NAMES.get(variable, camel_case(variable))


def _operation(mount: Mount, route: Route, guarded: bool, named: Named) -> Document:
    path = mount.prefix + route.path
    summary, *more = (getdoc(route.handler) or "").split("\n\n", 1)
    operation: Document = {
        "operationId": _operation_id(mount, route),
        "tags": [route.path.strip("/").partition("/")[0]],
        "summary": " ".join(summary.split()),
        "parameters": [*_path_parameters(path), *_query_parameters(route)],
        "responses": {
            **{str(one.status): _answer(one, named) for one in route.answers},
            **{
                str(status): {"$ref": f"#/components/responses/{_problem_name(status)}"}
                for status in _problems(path, route, guarded)
            },
        },
    }
    if more:
        operation["description"] = more[0]
    if route.takes:
        operation["requestBody"] = {
            "content": _content(route.takes, named),
            "required": True,
        }
    if is_unguarded(path):
        operation["security"] = []
    return operation


def _operation_id(mount: Mount, route: Route) -> str:
    """The handler's name, behind the static parts of the prefix."""
    where = _VARIABLE.sub("", mount.prefix).replace("/", " ").split()
    name: str = getattr(route.handler, "__name__", route.path)
    name = route.name or name
    return camel_case("_".join([*where, name]))


def _path_parameters(path: str) -> Iterator[Document]:
    for name in map(_shown, _VARIABLE.findall(path)):
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "schema": _VARIABLES.get(name, {**TEXT, "minLength": 1}),
        }


def _query_parameters(route: Route) -> Iterator[Document]:
    for field in parameters_of(route.parameters):
        yield {
            "name": field.metadata["name"],
            "in": "query",
            "required": field.default is attrs.NOTHING,
            "schema": schema_of(field),
        }


def _content(content: tuple[Content, ...], named: Named) -> Document:
    return {one.type: {"schema": _schema(one.schema, named)} for one in content}


def _schema(found: Schema | Kind[Any], named: Named) -> Schema:
    """A schema; those that it refers to are added to `named`."""
    return found.told(named) if isinstance(found, Kind) else found


def _answer(answers: Answers, named: Named) -> Document:
    answer: Document = {"description": HTTPStatus(answers.status).phrase}
    if answers.content:
        answer["content"] = _content(answers.content, named)
    return answer


def _problems(path: str, route: Route, guarded: bool) -> list[int]:
    """What a request may be told besides what is asked for."""
    statuses = {400, 403, *route.problems}
    if guarded and not is_unguarded(path):
        statuses.add(401)
    if _VARIABLE.search(path):
        statuses.add(404)
    if route.takes:
        statuses |= {408, 413, 503}
    return sorted(statuses)


def _problem_name(status: int) -> str:
    return "".join(re.findall(r"[A-Z][a-z]*", HTTPStatus(status).phrase.title()))


def _problem(status: int) -> Document:
    return {
        "description": PROBLEMS[status],
        "content": {CONTENT_TYPE: {"schema": PROBLEM.told({})}},
    }


def openapi_route(mounts: Callable[[], Iterable[Mount]]) -> Route:
    """
    The route of the description.

    :param mounts: tells all mounts, that of this route among them
    """

    @cache
    def written(guarded: bool) -> bytes:
        return orjson.dumps(describe(mounts(), guarded))

    def tell_openapi(call: Call[Any]) -> bytes:
        """The description of this API (OpenAPI 3.1)."""
        return send_body(call.request, written(call.api.settings.token is not None))

    content = Content({"type": "object"})
    return Route(
        "GET", "/openapi.json", tell_openapi, answers=(Answers(200, (content,)),)
    )
