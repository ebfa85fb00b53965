"""Query parameters, read strictly into a typed value.

A class lists its parameters as fields, and groups of parameters that several routes
have. All errors of a query are reported together, each with a path such as ``?wait``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from enum import Enum
from functools import cache
from typing import Any, TypeVar, cast
from urllib.parse import parse_qsl

import attrs

from mocksmtp.documents.kinds import Duration
from mocksmtp.documents.problems import MAX_ERRORS, DocumentError, Problem, listed
from mocksmtp.documents.schema import TEXT, Schema
from mocksmtp.documents.units import (
    SIZE_OR_ZERO_PATTERN,
    duration_pattern,
    parse_size,
    parse_time,
)

T = TypeVar("T")
E = TypeVar("E", bound=Enum)

Reader = Callable[[str], T]
"""Reads a parameter's text; a `ValueError` says what is wrong with it."""

MAX_PARAMETERS = 100
"""How many parameters a query may have."""

ALL_HOSTS = "*"
"""The value of ``host`` for all hosts."""

_DIGITS = re.compile(r"[0-9]{1,18}", re.ASCII)


@attrs.frozen
class NoParameters:
    """The parameters of a route without parameters."""


@attrs.frozen
class AnyParameters:
    """
    The query of a route that ignores unknown parameters.

    :ivar values: the first value of each name
    """

    values: dict[str, str] = attrs.field(factory=dict)


_SCHEMAS: dict[Reader[Any], Schema] = {}


def reads(schema: Schema) -> Callable[[Reader[T]], Reader[T]]:
    """Declare the JSON Schema of the text that a reader reads, or of its value."""

    def remember(read: Reader[T]) -> Reader[T]:
        _SCHEMAS[read] = schema
        return read

    return remember


def schema_of(field: attrs.Attribute[Any]) -> Schema:
    """The schema of a parameter."""
    return _SCHEMAS.get(field.metadata["read"], TEXT)


def parameter(name: str, read: Reader[Any], default: Any = None) -> Any:
    """
    Declare a field that is read from the parameter `name`.

    :param default: its value without the parameter; `attrs.NOTHING` if it is required
    """
    return attrs.field(default=default, metadata={"name": name, "read": read})


def group(kind: type[Any]) -> Any:
    """A field with the parameters of another class."""
    return attrs.field(factory=kind, metadata={"group": kind})


def parameters_of(kind: type[Any]) -> Iterator[attrs.Attribute[Any]]:
    """The parameters of a class, those of its groups included."""
    for field in attrs.fields(kind):
        if "group" in field.metadata:
            yield from parameters_of(field.metadata["group"])
        else:
            yield field


def read_parameters(kind: type[T], uri: bytes) -> T:
    """
    Read the parameters of a URI into an instance of `kind`.

    :raises DocumentError: a parameter is unknown, repeated, invalid, or missing
    """
    if kind is AnyParameters:
        return cast(T, AnyParameters(dict(reversed(list(_pairs(uri))))))
    required = _required(kind)  # type: ignore[arg-type]
    if b"?" not in uri and not required:
        return kind()
    fields = {field.metadata["name"]: field for field in parameters_of(kind)}
    values: dict[str, Any] = {}
    problems = []
    pairs = list(_pairs(uri))
    for name, text in pairs:
        try:
            if name not in fields:
                raise ValueError(_unknown(fields))
            if name in values:
                raise ValueError("given more than once")
            values[name] = fields[name].metadata["read"](text)
        except ValueError as error:
            problems.append(Problem(f"?{name}", str(error)))
    given = {name for name, _ in pairs}
    problems += [
        Problem(f"?{name}", "required, but missing")
        for name in required
        if name not in given
    ]
    if problems:
        raise DocumentError(*problems[:MAX_ERRORS])
    made: T = _make(kind, values)
    return made


@cache
def _required(kind: type[Any]) -> tuple[str, ...]:
    """The names of the parameters that a query must have."""
    return tuple(
        field.metadata["name"]
        for field in parameters_of(kind)
        if field.default is attrs.NOTHING
    )


def _make(kind: type[Any], values: dict[str, Any]) -> Any:
    arguments = {}
    for field in attrs.fields(kind):
        if "group" in field.metadata:
            arguments[field.name] = _make(field.metadata["group"], values)
        elif field.metadata["name"] in values:
            arguments[field.name] = values[field.metadata["name"]]
    return kind(**arguments)


def _unknown(known: dict[str, Any]) -> str:
    return f"unknown parameter; {listed(list(known)) if known else 'there is none'}"


def _pairs(uri: bytes) -> Iterator[tuple[str, str]]:
    # Twisted's own reading of the query takes ";" for "&".
    query = uri.partition(b"?")[2]
    try:
        pairs = parse_qsl(
            query.decode(),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MAX_PARAMETERS,
        )
    except UnicodeDecodeError:
        raise DocumentError(Problem("?", "must be UTF-8")) from None
    except ValueError:
        message = f"must have {MAX_PARAMETERS} parameters at most"
        raise DocumentError(Problem("?", message)) from None
    yield from pairs


@reads(TEXT)
def any_text(text: str) -> str:
    """Any text."""
    return text


@reads(TEXT)
def host_name(text: str) -> str | None:
    """The name of a host; None for ``*``, all hosts."""
    return None if text == ALL_HOSTS else text


@reads({"type": "integer", "minimum": 1, "maximum": 10**18 - 1})
def whole_number(text: str) -> int:
    """A number from 1."""
    if not _DIGITS.fullmatch(text) or int(text) < 1:
        raise ValueError(f"must be an integer of at least 1, got {text!r}"[:100])
    return int(text)


@reads({"type": "integer", "minimum": 0, "maximum": 10**18 - 1})
def natural_number(text: str) -> int:
    """A number from 0."""
    if not _DIGITS.fullmatch(text):
        raise ValueError(f"must be an integer of at least 0, got {text!r}"[:100])
    return int(text)


def duration_up_to(limit: float) -> Reader[float]:
    """Seconds, at most `limit`, from a duration such as ``250ms``, ``2s``, ``5m``."""
    kind = Duration(most=limit)

    @reads({**TEXT, "pattern": f"^{duration_pattern()}$"})
    def read(text: str) -> float:
        return kind.read(text)

    return read


@reads({**TEXT, "pattern": f"^{SIZE_OR_ZERO_PATTERN}$"})
def size(text: str) -> int:
    """Octets, from a size such as ``1000``, ``64KiB``."""
    return parse_size(text)


@reads({**TEXT, "format": "date-time"})
def time(text: str) -> float:
    """Seconds since the epoch, from a time as in RFC 3339."""
    return parse_time(text)


def one_of(kind: type[E]) -> Reader[E]:
    """A member of an enumeration, by its value."""

    @reads({**TEXT, "enum": [member.value for member in kind]})
    def member(text: str) -> E:
        try:
            return kind(text)
        except ValueError:
            known = listed([member.value for member in kind])
            raise ValueError(f"unknown value {text!r}; {known}"[:200]) from None

    return member


@reads({"type": "boolean"})
def flag(text: str) -> bool:
    """``true`` or ``false``; ``1`` and ``0`` mean the same."""
    if text not in ("true", "false", "1", "0"):
        raise ValueError(f"must be true or false, got {text!r}"[:100])
    return text in ("true", "1")


def address(text: str) -> str:
    """
    A mailbox, with or without angle brackets.

    An unquoted one has no space: that is a ``+`` which its sender did not escape.
    """
    if text.startswith("<") and text.endswith(">"):
        text = text[1:-1]
    return text if '"' in text else text.replace(" ", "+")


@reads({**TEXT, "minLength": 1, "not": {"const": "<>"}})
def recipient(text: str) -> str:
    """The address of a recipient, which can't be null."""
    if address(text) == "":
        raise ValueError("must be an address")
    return address(text)


@reads({**TEXT, "minLength": 1})
def sender(text: str) -> str:
    """The address of a sender; ``""`` for ``<>``, the null one."""
    if text == "":
        raise ValueError("must be an address, or <> for the null sender")
    return address(text)
