"""From JSON values to frozen model classes, strictly, with the place of every error.

cattrs does the walking; what is added here is what its defaults lack: no
coercion (``"3"`` is not a number, ``None`` is not a string), JSON's camelCase
names for Python's snake_case fields, and all the errors of a document at once,
each with its path (``$[1].condition.operator``).

This package is the only one that imports cattrs.
"""

from __future__ import annotations

import heapq
import re
import typing
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import attrs
import orjson
from cattrs import (
    AttributeValidationNote,
    ClassValidationError,
    Converter,
    ForbiddenExtraKeysError,
    IterableValidationError,
    IterableValidationNote,
)
from cattrs.gen import make_dict_structure_fn, override

T = TypeVar("T")

Hook = Callable[[Any, Any], Any]
"""Reads a JSON value as a type: ``hook(value, type)``."""

MAX_VALUES = 100_000
"""How many JSON values a document may have, unless its reader says otherwise."""

MAX_ERRORS = 100
"""How many errors of one document are told; a longer list helps nobody."""


MAX_SHOWN = 64
"""Characters of a value, or of a field's name, that an error gives back."""

_WINDOW = 2**20
_TOKEN = re.compile(
    rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[{][ \t\r\n]*+[\]}]|([,\[{])', re.DOTALL
)


@attrs.frozen
class Problem:
    """One thing that is wrong with a document: where it is, and what it is."""

    path: str
    message: str


class DocumentError(Exception):
    """A document was refused as a whole; nothing of it has taken effect.

    Of many problems the first `MAX_ERRORS` are kept.
    """

    def __init__(self, *problems: Problem) -> None:
        problems = problems[:MAX_ERRORS]
        super().__init__("; ".join(f"{p.path}: {p.message}" for p in problems))
        self.problems = problems


class TooManyValues(Exception):
    """A document has more JSON values than its reader takes."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the document has more than {limit:,} JSON values")


class Refused(ValueError):
    """Raised by a hook: its text is the message, its `place` goes to the path."""

    def __init__(self, message: str, *place: str) -> None:
        super().__init__(message)
        self.place = "".join(f".{name}" for name in place)


def parse_json(body: bytes, limit: int = MAX_VALUES) -> Any:
    """
    Read one JSON document.

    The number of values is bounded before any of them is built, by the commas
    and brackets that there are: 16 MiB of ``[]`` take a JSON parser seconds.

    :raises DocumentError: it is no JSON, or nested too deeply
    :raises TooManyValues: it has more than `limit` values
    """
    _count_values(body, limit)
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise DocumentError(
            Problem("$", f"not a JSON document: {error.msg} ({place})")
        ) from None


def _count_values(body: bytes, limit: int) -> None:
    """Raise `TooManyValues` where `body` has more than `limit` values.

    Every value but the first follows a comma, or the bracket that opens a container
    which is not empty. Only where a cheap count, which takes in those within strings
    too, is over the limit, is the text looked at token by token.
    """
    if _separators(body) < limit:
        return
    values = 1
    for tokens, match in enumerate(_TOKEN.finditer(body)):
        values += match[1] is not None
        # So many values can't have more tokens than that: two strings for each, an
        # empty container, and what it follows.
        if values > limit or tokens > 4 * limit:
            raise TooManyValues(limit)


def _separators(text: bytes) -> int:
    """Commas and opening brackets, counted in windows to let other threads go on."""
    windows = (text[at : at + _WINDOW] for at in range(0, len(text), _WINDOW))
    return sum(w.count(b",") + w.count(b"[") + w.count(b"{") for w in windows)


def camel_case(name: str) -> str:
    """The JSON name of a Python field: ``number_of_answer``, ``numberOfAnswer``."""
    head, *rest = name.rstrip("_").split("_")
    return head + "".join(word.title() for word in rest)


def json_type(value: object) -> str:
    """What JSON calls the type of `value`."""
    if value is None:
        return "null"
    for kind, name in (
        (bool, "a boolean"),
        (int, "a number"),
        (float, "a number"),
        (str, "a string"),
        (list, "an array"),
        (dict, "an object"),
    ):
        if isinstance(value, kind):
            return name
    return type(value).__name__


def listed(values: Iterator[str] | list[str]) -> str:
    """Names for a message: ``one of: a, b``."""
    return "one of: " + ", ".join(values)


def shown(text: str) -> str:
    """A text that was refused, for a message; of a long one the beginning."""
    return repr(text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "…")


def strict_str(value: Any, _: object = None) -> str:
    """A string and nothing else."""
    if not isinstance(value, str):
        raise Refused(f"expected a string, not {json_type(value)}")
    return value


def strict_int(value: Any, _: object = None) -> int:
    """A whole number and nothing else; a boolean is none."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise Refused(f"expected a whole number, not {json_type(value)}")
    return value


def strict_bool(value: Any, _: object = None) -> bool:
    """A boolean and nothing else."""
    if not isinstance(value, bool):
        raise Refused(f"expected true or false, not {json_type(value)}")
    return value


def strict_list(value: Any) -> list[Any]:
    """An array and nothing else."""
    if not isinstance(value, list):
        raise Refused(f"expected an array, not {json_type(value)}")
    return value


def strict_dict(value: Any) -> dict[str, Any]:
    """An object and nothing else."""
    if not isinstance(value, dict):
        raise Refused(f"expected an object, not {json_type(value)}")
    return value


def new_converter() -> Converter:
    """A converter that refuses what it would have to guess.

    Classes get camelCase names and no unknown fields; tuples come from arrays
    only. Rooms register their own hooks on a converter of their own.
    """
    converter = Converter(forbid_extra_keys=True, detailed_validation=True)
    converter.register_structure_hook(str, strict_str)
    converter.register_structure_hook(int, strict_int)
    converter.register_structure_hook(bool, strict_bool)

    @converter.register_structure_hook_factory(attrs.has)
    def any_class_hook(cls: type[T]) -> Hook:
        return class_hook(converter, cls)

    @converter.register_structure_hook_factory(_is_variadic_tuple)
    def tuple_hook(kind: Any) -> Hook:
        item_type = typing.get_args(kind)[0]

        def structure_tuple(value: Any, _: Any) -> tuple[Any, ...]:
            return _structure_items(converter, strict_list(value), item_type)

        return structure_tuple

    return converter


def _structure_items(
    converter: Converter, values: list[Any], item_type: Any
) -> tuple[Any, ...]:
    """
    Read the items of an array, up to the error that is the last to be reported.

    cattrs reads on to the end, which takes seconds where every item is wrong.
    """
    read = converter.get_structure_hook(item_type)
    items, errors = [], []
    for index, value in enumerate(values):
        try:
            items.append(read(value, item_type))
        except Exception as error:
            note = IterableValidationNote(f"item {index}", index, item_type)
            error.__notes__ = [*getattr(error, "__notes__", ()), note]
            errors.append(error)
            if len(errors) == MAX_ERRORS:
                break
    if errors:
        raise IterableValidationError("in an array", errors, item_type)
    return tuple(items)


def class_hook(converter: Converter, cls: type[T], **hooks: Hook) -> Hook:
    """
    The hook for an attrs class: camelCase names, and no unknown fields.

    :param hooks: for fields that are not read by the hook of their type
    """
    attrs.resolve_types(cls)  # type: ignore[type-var]
    overrides: dict[str, Any] = {
        field.name: override(
            rename=camel_case(field.name),
            omit=not field.init,
            struct_hook=hooks.get(field.name),
        )
        for field in attrs.fields(cls)  # type: ignore[arg-type]
    }
    hook: Any = make_dict_structure_fn(cls, converter, **overrides)

    def structure_class(value: Any, kind: Any = cls) -> T:
        return typing.cast("T", hook(strict_dict(value), kind))

    return structure_class


def _is_variadic_tuple(kind: Any) -> bool:
    arguments = typing.get_args(kind)
    return (
        typing.get_origin(kind) is tuple
        and len(arguments) == 2
        and arguments[1] is Ellipsis
    )


def structure(converter: Converter, document: Any, kind: Any) -> Any:
    """
    The `kind` that `document`, a parsed JSON value, describes.

    :raises DocumentError: it describes none; all that is wrong is told
    """
    try:
        return converter.structure(document, kind)
    except Exception as error:
        problems = []
        for problem in _problems(error, "$"):
            problems.append(problem)
            if len(problems) == MAX_ERRORS:
                break
        raise DocumentError(*problems) from None


def _problems(error: BaseException, path: str) -> Iterator[Problem]:
    """All that `error` holds, with the path of each."""
    match error:
        case ClassValidationError() | IterableValidationError():
            for inner in error.exceptions:
                yield from _problems(inner, path + _step(inner))
        case ForbiddenExtraKeysError():
            known = sorted(
                camel_case(field.name) for field in attrs.fields(error.cl) if field.init
            )
            for name in heapq.nsmallest(MAX_ERRORS, error.extra_fields):
                place = f"{path}.{name[:MAX_SHOWN]}"
                yield Problem(place, f"unknown field; {listed(known)}")
        case KeyError():
            yield Problem(path, "required, but missing")
        case Refused():
            yield Problem(path + error.place, str(error))
        case ValueError():
            yield Problem(path, str(error))
        case _:
            raise error


def _step(error: BaseException) -> str:
    """What the notes that cattrs leaves on an inner error add to the path."""
    for note in getattr(error, "__notes__", ()):
        if isinstance(note, AttributeValidationNote):
            return f".{camel_case(note.name)}"
        if isinstance(note, IterableValidationNote):
            return f"[{note.index}]"
    return ""
