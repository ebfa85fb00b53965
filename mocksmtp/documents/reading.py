"""Parses JSON documents (RFC 8259).

It uses the standard library's decoder, not orjson, for three reasons: an object with a
duplicate key is refused, a number keeps its spelling for string fields (``5.10``), and
other threads can run between objects, while orjson holds the interpreter for a whole
zone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import orjson

from mocksmtp.documents.problems import MAX_SHOWN, DocumentError, Problem

MAX_VALUES = 100_000
"""Default maximum of JSON values in a document."""

_WINDOW = 2**20
_TOKEN = re.compile(
    rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[{][ \t\r\n]*+[\]}]|([,\[{])', re.DOTALL
)
_BOM = b"\xef\xbb\xbf"
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_MINUS_ZERO = re.compile(r"-0(?![0-9.eE])")


class TooManyValues(Exception):
    """A document has more JSON values than its reader accepts."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the document has more than {limit:,} JSON values")


class Real(float):
    """A number with a fraction or an exponent, which keeps its spelling."""

    __slots__ = ("text",)

    def __new__(cls, text: str) -> Real:
        """The number that `text` spells."""
        made = super().__new__(cls, text)
        made.text = text
        return made

    text: str


class Whole(int):
    """An integer whose spelling differs from Python's, which keeps its spelling."""

    text: str

    def __new__(cls, text: str) -> Whole:
        """The number that `text` spells."""
        made = super().__new__(cls, text)
        made.text = text
        return made


def spelling(number: float) -> str:
    """A number as spelled in its document."""
    return getattr(number, "text", None) or str(number)


class _DuplicateKey(Exception):
    """An object has two members of the same name."""


class _Twice(dict[str, Any]):
    """An object with a duplicate key.

    :ivar key: the duplicate key
    """

    key: str


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _DuplicateKey
    return made


def _marked(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    names: set[str] = set()
    twice = _Twice(made)
    twice.key = next(n for n, _ in pairs if n in names or names.add(n))  # type: ignore[func-returns-value]
    return twice


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON value")


_decoder = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=Real, parse_constant=_no_number
)
_spelling_decoder = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_float=Real,
    parse_int=Whole,
    parse_constant=_no_number,
)
_marking_decoder = json.JSONDecoder(object_pairs_hook=_marked)


def parse_json(body: bytes, limit: int = MAX_VALUES) -> Any:
    """
    Read one JSON document; a byte order mark before it is ignored.

    The number of values is limited before parsing, by counting commas and brackets,
    because parsing 16 MiB of ``[]`` takes seconds.

    :raises DocumentError: it is not JSON, is nested too deeply, or has an object with
        a duplicate key
    :raises TooManyValues: it has more than `limit` values
    """
    _count_values(body, limit)
    try:
        text = body.removeprefix(_BOM).decode()
        if _SURROGATE.search(text):
            # Only orjson refuses a lone surrogate (RFC 8259 §8.2).
            orjson.loads(body.removeprefix(_BOM))
        decoder = _spelling_decoder if _MINUS_ZERO.search(text) else _decoder
        return decoder.decode(text)
    except _DuplicateKey:
        raise DocumentError(_duplicate(text)) from None
    except (ValueError, RecursionError) as error:
        raise DocumentError(Problem("$", _no_json(body, error))) from None


def _no_json(body: bytes, error: Exception) -> str:
    match error:
        case UnicodeDecodeError():
            line = 1 + body.count(b"\n", 0, error.start)
            column = error.start - body.rfind(b"\n", 0, error.start)
            what = f"not UTF-8 (line {line}, column {column})"
        case json.JSONDecodeError():
            what = f"{error.msg} (line {error.lineno}, column {error.colno})"
        case RecursionError():
            what = "nested too deeply (line 1, column 1)"
        case _:
            what = f"{error} (line 1, column 1)"
    return f"not a JSON document: {what}"


def _duplicate(text: str) -> Problem:
    """The error for a duplicate key, with its path."""
    for path, value in _walk(_marking_decoder.decode(text), "$"):
        if isinstance(value, _Twice):
            return Problem(f"{path}.{value.key[:MAX_SHOWN]}", "duplicate key")
    raise AssertionError("no duplicate key")


def _walk(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    waiting = [(path, value)]
    while waiting:
        path, value = waiting.pop()
        yield path, value
        if isinstance(value, dict):
            inner = [(f"{path}.{n[:MAX_SHOWN]}", each) for n, each in value.items()]
        elif isinstance(value, list):
            inner = [(f"{path}[{n}]", each) for n, each in enumerate(value)]
        else:
            continue
        waiting += reversed(inner)


def _count_values(body: bytes, limit: int) -> None:
    """Raise `TooManyValues` if `body` has more than `limit` values.

    Every value but the first follows a comma, or the opening bracket of a container.
    The text is read token by token only if a cheap count, which includes those within
    strings, exceeds the limit.
    """
    if len(body) <= limit or _separators(body) < limit:
        return
    values = 1
    for tokens, match in enumerate(_TOKEN.finditer(body)):
        values += match[1] is not None
        # So many values can't have more tokens than that: two strings for each, an
        # empty container, and what it follows.
        if values > limit or tokens > 4 * limit:
            raise TooManyValues(limit)


def _separators(text: bytes) -> int:
    """Count commas and opening brackets; other threads can run between windows."""
    windows = (text[at : at + _WINDOW] for at in range(0, len(text), _WINDOW))
    return sum(w.count(b",") + w.count(b"[") + w.count(b"{") for w in windows)
