"""The description of the API, generated from its routes and documents (OpenAPI 3.1).

``/openapi-strict.json`` describes exactly what is accepted and returned.
``/openapi.json`` is derived from it for generators of clients
(`mocksmtp.http.portable`).

Paths, parameters, bodies and responses are those of the `Route` values; the summary of
an operation is the first line of the docstring of its handler. Only further
explanations are written by hand, in `mocksmtp.http.reference`.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from http import HTTPStatus
from inspect import getdoc
from typing import Any
from urllib.parse import urlencode

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
from mocksmtp.http.portable import portable
from mocksmtp.http.problems import CONTENT_TYPE, PROBLEM
from mocksmtp.http.reference import (
    EXPLAINED,
    MEANINGS,
    PATH_EXAMPLES,
    PATH_MEANINGS,
    TAGS,
    Explained,
)
from mocksmtp.http.responses import send_body
from mocksmtp.http.routing import (
    Agreement,
    Answers,
    BodyType,
    Call,
    Mount,
    Route,
    answers,
)
from mocksmtp.sessions.delivery_documents import ATTEMPT, DELIVERY
from mocksmtp.zone.queries import QUERY, RESOLUTION
from mocksmtp.zone.records import LISTED_RECORD, RECORD, SENT_RECORD

_Document = dict[str, Any]

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

_VARIABLES = {"name": HOST_NAME.written_schema({})}

_VARIABLE = re.compile(r"<(\w+)>")


def describe_api(mounts: Iterable[Mount], guarded: bool) -> _Document:
    """
    Return the description of the routes of `mounts`.

    :param guarded: whether requests need a token
    """
    paths: dict[str, _Document] = {}
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
            "description": "Set how mail is answered, wait for it, and find out why.",
            "version": __version__,
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
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
        "security": [{"token": []}, {"basic": []}] if guarded else [],
    }


def named_schemas() -> dict[str, Schema]:
    """The schemas that routes refer to by name."""
    declared: Named = {}
    PROBLEM.written_schema(declared)
    SMTP.schemas(declared)
    DNS.schemas(declared)
    for told_only in (QUERY, RESOLUTION, LISTED_RECORD):
        told_only.written_schema(declared)
    EVALUATION.accepted_schema(declared)
    DNS_EVALUATION.accepted_schema(declared)
    for prefix, behavior in ("", SMTP), ("Dns", DNS):
        declared[f"{prefix}BehaviorPatch"] = patch_schema(behavior, declared)
        declared[f"{prefix}BehaviorsPatch"] = patch_schema(behavior, declared, False)
    ATTEMPT.written_schema(declared)
    DELIVERY.written_schema(declared)
    for each in (HOST, POLICY, RECORD, SENT_RECORD):
        each.accepted_schema(declared)
        each.written_schema(declared)
    return declared


def template(path: str) -> str:
    """A path in OpenAPI's notation: ``/smtpMails/{id}``."""
    return _VARIABLE.sub(lambda match: "{" + _shown(match[1]) + "}", path)


def _shown(variable: str) -> str:
    return _NAMES.get(variable, camel_case(variable))


def _operation(mount: Mount, route: Route, guarded: bool, named: Named) -> _Document:
    path = mount.prefix + route.path
    summary, *more = (getdoc(route.handler) or "").split("\n\n", 1)
    explained = explanation(route)
    texts = [*(text for text in more if ":param" not in text), explained.meaning]
    tag = route.path.strip("/").partition("/")[0]
    operation: _Document = {
        "operationId": _operation_id(mount, route),
        "tags": [tag if tag in TAGS else "service"],
        "summary": " ".join(summary.split()),
        "description": " ".join(" ".join(texts).split()),
        "parameters": [*_path_parameters(path), *_query_parameters(route)],
        "responses": {
            **{str(one.status): _answer(one, named) for one in route.answers},
            **{
                str(status): {"$ref": f"#/components/responses/{_problem_name(status)}"}
                for status in _problems(path, route, guarded)
            },
        },
    }
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
    return camel_case("_".join([*where, _name(route)]))


def _name(route: Route) -> str:
    name: str = getattr(route.handler, "__name__", route.path)
    return route.name or name


def explanation(route: Route) -> Explained:
    """Return the explanation of a route, besides its summary."""
    return EXPLAINED.get(camel_case(_name(route)), Explained(""))


def _path_parameters(path: str) -> Iterator[_Document]:
    for name in map(_shown, _VARIABLE.findall(path)):
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "description": PATH_MEANINGS[name],
            "schema": _VARIABLES.get(name, {**TEXT, "minLength": 1}),
        }


def _query_parameters(route: Route) -> Iterator[_Document]:
    for field in parameters_of(route.parameters):
        name = field.metadata["name"]
        yield {
            "name": name,
            "in": "query",
            "required": field.default is attrs.NOTHING,
            "description": MEANINGS.get(name, f"the field `{name}` of the record"),
            "schema": schema_of(field),
        }


def _content(content: tuple[BodyType, ...], named: Named) -> _Document:
    return {one.type: {"schema": _schema(one.schema, named)} for one in content}


def _schema(found: Schema | Kind[Any], named: Named) -> Schema:
    """Return a schema, and add the schemas that it refers to to `named`."""
    return found.written_schema(named) if isinstance(found, Kind) else found


def _answer(answers: Answers, named: Named) -> _Document:
    answer: _Document = {"description": HTTPStatus(answers.status).phrase}
    if answers.content:
        answer["content"] = _content(answers.content, named)
    return answer


def _problems(path: str, route: Route, guarded: bool) -> list[int]:
    """Return the status codes of the errors of a route."""
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


def _problem(status: int) -> _Document:
    return {
        "description": PROBLEMS[status],
        "content": {CONTENT_TYPE: {"schema": PROBLEM.written_schema({})}},
    }


def with_examples(document: _Document, mounts: Iterable[Mount]) -> _Document:
    """The description with a request for each operation, as values and as a command."""
    for mount in mounts:
        for route in mount.routes:
            path = template(mount.prefix + route.path)
            operation = document["paths"][path][route.method.lower()]
            explained = explanation(route)
            values = dict(explained.query)
            for before, name in re.findall(r"(\w+)/{(\w+)}", path):
                values[name] = explained.path.get(name, PATH_EXAMPLES[before])
            for parameter in operation["parameters"]:
                if parameter["name"] in values:
                    text = values[parameter["name"]]
                    parameter["example"] = _typed(parameter["schema"], text)
            if explained.body is not None:
                (content,) = operation["requestBody"]["content"].values()
                content["example"] = explained.body
            source = _command(route.method, path, values, explained)
            operation["x-codeSamples"] = [{"lang": "Shell", "source": source}]
    return document


def _typed(schema: Schema, text: str) -> Any:
    if schema.get("type") == "boolean":
        return text == "true"
    return int(text) if schema.get("type") == "integer" else text


def _command(
    method: str, path: str, values: dict[str, str], explained: Explained
) -> str:
    """The request with curl."""
    url = "http://127.0.0.1:8000" + path.format_map(values)
    if explained.query:
        url += "?" + urlencode(explained.query, safe="@")
    words = ["curl", "-s", *(["-X", method] if method != "GET" else []), url]
    if explained.body is not None:
        is_text = isinstance(explained.body, str)
        text = explained.body if is_text else orjson.dumps(explained.body).decode()
        words += ["--data", text]
    return shlex.join(words)


def openapi_routes(mounts: Callable[[], Iterable[Mount]]) -> tuple[Route, ...]:
    """
    Return the routes of the description.

    :param mounts: returns all mounts, including that of these routes
    """

    @cache
    def strict(guarded: bool) -> bytes:
        return orjson.dumps(describe_api(mounts(), guarded))

    @cache
    def for_generators(guarded: bool) -> bytes:
        made = portable(describe_api(mounts(), guarded))
        return orjson.dumps(with_examples(made, mounts()))

    def get_openapi(call: Call[Any]) -> bytes:
        """The description of this API for generators of clients (OpenAPI 3.1)."""
        made = for_generators(call.api.settings.token is not None)
        return send_body(call.request, made)

    def get_strict_openapi(call: Call[Any]) -> bytes:
        """The exact description of this API (OpenAPI 3.1)."""
        return send_body(call.request, strict(call.api.settings.token is not None))

    told = answers(BodyType({"type": "object"}))
    return (
        *(
            Route(*one, answers=told, agreement=Agreement.NOTHING)
            for one in (
                ("GET", "/openapi.json", get_openapi),
                ("GET", "/openapi-strict.json", get_strict_openapi),
            )
        ),
    )
