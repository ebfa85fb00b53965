"""Requests and answers of the API as values; nothing here sends them.

A `Request` knows its method, path, parameters and body, and how its answer is read. A
client sends it and passes the `Answer` to `Request.result`.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Generic, NoReturn, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import attrs

from mocksmtp import __version__
from mocksmtp.client.errors import (
    ApiError,
    InvalidUrl,
    NotMocksmtp,
    OlderService,
    WrongToken,
)
from mocksmtp.client.values import D, Entries, camel_case

T = TypeVar("T")

JsonObject = Mapping[str, Any]
"""A document to send."""

Duration = str | float | timedelta
"""A text with a unit (``"2s"``, ``"250ms"``, ``"5m"``), or milliseconds."""

DEFAULT_URL = "http://127.0.0.1:8000"

URL_VARIABLE = "MOCKSMTP_URL"
TOKEN_VARIABLE = "MOCKSMTP_TOKEN"
"""Environment variables that name the service, and its token."""

_UNITS = {"ms": 0.001, "": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|)\s*")

_NAMES = {"sender": "from", "recipient": "to", "type_": "type"}
"""Parameters whose names are not those of the API in snake_case."""

_TIMES = {"wait", "settle"}
"""Parameters that are durations, which have a unit in a query."""

_NO_ROUTE = "no such route"


def service_url(url: str | None) -> str:
    """
    The root of the API, without a slash at the end.

    :param url: by default that of MOCKSMTP_URL; without a scheme it is that of HTTP
    :raises InvalidUrl: it is no URL of HTTP
    """
    given = url or os.environ.get(URL_VARIABLE) or DEFAULT_URL
    found = (given if "://" in given else f"http://{given}").rstrip("/")
    try:
        parts = urlsplit(found)
        _ = parts.port  # raises ValueError
    except ValueError as error:
        raise InvalidUrl(given, error) from None
    if parts.scheme not in ("http", "https"):
        raise InvalidUrl(given, f"the scheme {parts.scheme!r} is not http or https")
    if not parts.hostname:
        raise InvalidUrl(given, "it names no host")
    return found


def seconds(duration: Duration) -> float:
    """
    A duration in seconds.

    :raises ValueError: it is no duration
    """
    if isinstance(duration, timedelta):
        return duration.total_seconds()
    found = _DURATION.fullmatch(str(duration))
    if found is None:
        raise ValueError(
            f"not a duration: {duration!r}; for example '2s', '250ms', or milliseconds"
        )
    return float(found[1]) * _UNITS[found[2]]


def plain(value: Any) -> Any:
    """A value as JSON has it: durations in milliseconds, times in RFC 3339."""
    match value:
        case timedelta():
            return value.total_seconds() * 1000
        case datetime():
            return value.astimezone().isoformat()
        case Mapping():
            return {key: plain(one) for key, one in value.items()}
        case list() | tuple():
            return [plain(one) for one in value]
        case _:
            return value


def fields(values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a document from keywords: ``clientIp`` from ``client_ip``."""
    return {camel_case(name): plain(value) for name, value in values.items()}


def _parameter(value: Any) -> str:
    value = plain(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def parameters(values: Mapping[str, Any]) -> dict[str, str]:
    """The query parameters from keywords; None is left out."""
    return {
        _NAMES.get(name, camel_case(name)): (
            f"{seconds(value) * 1000:.0f}ms" if name in _TIMES else _parameter(value)
        )
        for name, value in values.items()
        if value is not None
    }


@attrs.frozen
class Answer:
    """
    An answer as it was received.

    :ivar headers: by their names in lower case
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


@attrs.frozen
class Request(Generic[T]):
    """
    A request of the API.

    :ivar path: below the URL of the API, escaped
    :ivar query: parameters, by their names in the API
    :ivar read: makes the result from an answer with a status of 2xx
    :ivar known: whether it is for a route that the service should have
    """

    method: str
    path: str
    read: Callable[[Answer], T] = attrs.field(repr=False)
    query: Mapping[str, str] = attrs.field(factory=dict)
    body: bytes | None = attrs.field(default=None, repr=False)
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    known: bool = True

    @property
    def target(self) -> str:
        """The path with its query."""
        if not self.query:
            return self.path
        return f"{self.path}{'&' if '?' in self.path else '?'}{urlencode(self.query)}"

    @property
    def wait(self) -> float:
        """The seconds that the service may wait before it answers."""
        try:
            return seconds(self.query.get("wait", 0))
        except ValueError:
            return 0.0

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def result(self, answer: Answer, url: str, has_token: bool = False) -> T:
        """
        The result of an answer.

        :param url: where the service is, for errors
        :raises ApiError: the service refused the request
        :raises NotMocksmtp: the answer is not from mocksmtp
        """
        if answer.status // 100 != 2:
            self._refuse(answer, url, has_token)
        try:
            return self.read(answer)
        except Foreign as error:
            raise NotMocksmtp(url, str(self), str(error)) from None
        except json.JSONDecodeError as error:
            found = f"is {_kind(answer)}, not JSON"
            raise NotMocksmtp(url, str(self), found) from error
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            found = f"is unreadable ({error})"
            raise NotMocksmtp(url, str(self), found) from error

    def _refuse(self, answer: Answer, url: str, has_token: bool) -> NoReturn:
        problem = _problem(answer)
        if problem is None:
            found = f"is {answer.status} {_kind(answer)}, not a problem document"
            place = answer.headers.get("location")
            if place is not None:
                found = f"is {answer.status}, a redirect to {place}"
            raise NotMocksmtp(url, str(self), found)
        if answer.status == 401:
            raise WrongToken(url, str(self), problem, has_token)
        detail = str(problem.get("detail"))
        if self.known and (answer.status == 405 or detail.startswith(_NO_ROUTE)):
            raise OlderService(url, str(self), answer.status, problem, __version__)
        raise ApiError(str(self), answer.status, problem)


def _kind(answer: Answer) -> str:
    return answer.headers.get("content-type") or "without a Content-Type"


def _problem(answer: Answer) -> dict[str, Any] | None:
    try:
        problem = json.loads(answer.body)
    except ValueError:
        return None
    known = isinstance(problem, dict) and "status" in problem
    return problem if known else None


def segment(text: str) -> str:
    """A part of a path, escaped."""
    return quote(str(text), safe="")


def encode(document: Any) -> bytes:
    """A document as JSON."""
    return json.dumps(plain(document), separators=(",", ":")).encode()


# How answers are read


class Foreign(ValueError):
    """
    An answer that mocksmtp does not send.

    :param expected: what it would be instead
    """

    def __init__(self, answer: Answer, expected: str) -> None:
        super().__init__(f"is {answer.status} {_kind(answer)}, not {expected}")


def nothing(answer: Answer) -> None:
    """
    The answer has no content: another server's may have, for any request.

    :raises Foreign: it may have
    """
    if answer.status != 204:
        raise Foreign(answer, "204")


def content(answer: Answer) -> bytes:
    """The octets of the answer, whatever they are."""
    return answer.body


def octets(kind: str) -> Callable[[Answer], bytes]:
    """The octets of an answer of this media type."""

    def read(answer: Answer) -> bytes:
        if _kind(answer).partition(";")[0].strip().lower() != kind:
            raise Foreign(answer, kind)
        return answer.body

    return read


def text(kind: str) -> Callable[[Answer], str]:
    """The text of an answer of this media type."""
    read = octets(kind)
    return lambda answer: read(answer).decode()


def as_json(answer: Answer) -> Any:
    """The JSON of the answer, whatever it is."""
    return json.loads(answer.body)


def mapping(answer: Answer) -> dict[str, Any]:
    """A JSON object."""
    found = json.loads(answer.body)
    if not isinstance(found, dict):
        raise TypeError("an object expected")
    return found


def texts(answer: Answer) -> list[str]:
    """A JSON array of texts."""
    found = json.loads(answer.body)
    if not isinstance(found, list):
        raise TypeError("an array expected")
    return [str(one) for one in found]


def ids(answer: Answer) -> list[str]:
    """The ids of what was added."""
    return [str(one) for one in mapping(answer)["ids"]]


def number(answer: Answer) -> int:
    """A number."""
    return int(json.loads(answer.body))


def _document(cls: type[D], document: Any) -> D:
    """
    A document.

    :raises TypeError: it is that of another program, with none of the fields
    """
    read = cls.read(document)
    if not read.knows(document):
        raise TypeError(f"{cls.__name__} expected, got an object with other fields")
    return read


def one(cls: type[D]) -> Callable[[Answer], D]:
    """A document."""
    return lambda answer: _document(cls, json.loads(answer.body))


_NEXT = re.compile(r'<([^>]*)>;\s*rel="next"')


def many(cls: type[D]) -> Callable[[Answer], Entries[D]]:
    """A list of documents, with what its headers say about the rest."""

    def read(answer: Answer) -> Entries[D]:
        found = json.loads(answer.body)
        if not isinstance(found, list):
            raise TypeError("an array expected")
        entries = Entries(_document(cls, each) for each in found)
        total = answer.headers.get("x-total-count")
        entries.total = None if total is None else int(total)
        link = _NEXT.search(answer.headers.get("link", ""))
        entries.next = None if link is None else link[1]
        return entries

    return read


def member(name: str, cls: type[D]) -> Callable[[Answer], list[D]]:
    """A list of documents in a field of an object."""
    return lambda answer: list(map(cls.read, json.loads(answer.body)[name]))
