"""Views: documents that are only written, each field declared once.

A field has a name, a kind, and the place of its value: a path of attributes, or a
function. The document and its schema follow from these::

    ADDRESS = View(
        "Address",
        view_field("name", Text(), "name", "empty where there is none"),
        view_field("address", Text(), "address", "the address"),
    )
    ADDRESS.write(address)    # {"name": "Bob", "address": "bob@x.test"}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from functools import cached_property
from typing import Any, Generic, TypeVar

import attrs

from mocksmtp.documents.kinds import Array, Kind, Named, Optional, name
from mocksmtp.documents.schema import NUMBER, TEXT, Schema, any_of, object_of
from mocksmtp.documents.units import timestamp

T = TypeVar("T")


class _Absent(Enum):
    """The type of `ABSENT`."""

    ABSENT = 0


ABSENT = _Absent.ABSENT
"""The value of an optional field that is omitted."""


class Written(Kind[Any]):
    """
    A value that is only written.

    :param schema: the schema of written values
    :param write: returns the JSON value of a value; None if it is a JSON value itself
    :param expression: `write` as Python source, to avoid a call per field in views
    """

    def __init__(
        self,
        schema: Schema,
        write: Callable[[Any], Any] | None = None,
        expression: str | None = None,
    ) -> None:
        self._schema = schema
        self.is_json = write is None
        self.expression = expression
        if write is not None:
            self.write = write  # type: ignore[assignment, method-assign]

    def written_schema(self, named: Named) -> Schema:
        """The schema that was given."""
        return self._schema


class Mapped(Kind[Any]):
    """An object with arbitrary names, whose values are JSON values of one kind."""

    def __init__(self, kind: Kind[Any]) -> None:
        self._kind = kind

    def written_schema(self, named: Named) -> Schema:
        """An object."""
        return {
            "type": "object",
            "additionalProperties": self._kind.written_schema(named),
        }


TIME = Written({**TEXT, "format": "date-time"}, timestamp)
"""A time as in RFC 3339, from seconds since the epoch."""

MILLISECONDS = Written(
    NUMBER, lambda seconds: round(seconds * 1000, 1), "round({} * 1000, 1)"
)
"""Milliseconds, from seconds."""

NUMBER_AS_ID = Written(TEXT, str, "str({})")
"""The id of an entry, from its number."""


def value_of(kind: type[Enum], *but: Enum) -> Written:
    """The value of a member of an enumeration, except the members `but`."""
    known = [member.value for member in kind if member not in but]
    return Written({**TEXT, "enum": known}, lambda member: member.value, "{}.value")


@attrs.frozen
class ViewField(Generic[T]):
    """
    The declaration of a field; see `view_field`.

    :ivar optional: whether a document may lack it
    """

    name: str
    kind: Kind[Any]
    place: str | Callable[[T], Any]
    meaning: str
    optional: bool


def view_field(
    title: str,
    kind: Kind[Any],
    place: str | Callable[[Any], Any],
    meaning: str = "",
    *,
    optional: bool = False,
) -> ViewField[Any]:
    """
    A field of a view.

    :param place: the place of its value: ``"origin.client_ip"``, ``"[0]"``, or a
        function
    :param meaning: its description in the reference
    :param optional: whether it is omitted if its value is `ABSENT`
    """
    return ViewField(title, kind, place, meaning, optional)


class View(Kind[T]):
    """
    A document of a value.

    :param title: the name of its schema
    """

    def __init__(self, title: str, *fields: ViewField[T]) -> None:
        self.title = title
        self.fields = fields
        self._replacing: dict[frozenset[str], Callable[..., dict[str, Any]]] = {}

    @cached_property
    def write(self) -> Callable[[T], dict[str, Any]]:
        """The document of a value."""
        return _compiled(self.fields, frozenset())

    def write_with(self, value: T, instead: Mapping[str, Any]) -> dict[str, Any]:
        """Write a value, with the values of some fields replaced by `instead`."""
        names = frozenset(instead)
        write = self._replacing.get(names)
        if write is None:
            write = self._replacing[names] = _compiled(self.fields, names)
        return write(value, instead)

    def written_schema(self, named: Named) -> Schema:
        """A reference to its schema."""
        return name(named, self.title, lambda: self._members(named))

    def _members(self, named: Named) -> Schema:
        properties = {
            field.name: field.kind.written_schema(named) for field in self.fields
        }
        required = [field.name for field in self.fields if not field.optional]
        return object_of(properties, required)


class Either(Kind[Any]):
    """One of several documents; the caller decides which."""

    def __init__(self, *kinds: Kind[Any]) -> None:
        self._kinds = kinds

    def written_schema(self, named: Named) -> Schema:
        """One of their schemas."""
        return any_of(*(kind.written_schema(named) for kind in self._kinds))


def _compiled(
    fields: tuple[ViewField[Any], ...], replaced: frozenset[str]
) -> Callable[..., dict[str, Any]]:
    """
    The function that makes a document, from source code as attrs makes methods.

    A list of 100,000 mails makes as many documents: this makes 39 calls for a mail of a
    list, where functions written by hand made 37.
    """
    known: dict[str, Any] = {"ABSENT": ABSENT}
    lines = ["def write(value, instead=None):", " document = {}"]
    # Common prefixes of places are evaluated once, because they may be computed.
    parents = {
        field.place.partition(".")[0]
        for field in fields
        if isinstance(field.place, str) and "." in field.place
    }
    lines += [f" in_{parent} = value.{parent}" for parent in sorted(parents)]
    for index, field in enumerate(fields):
        known[f"find_{index}"] = field.place
        place = _place(field.place, index)
        title = repr(field.name)
        if field.name in replaced:
            lines.append(f" document[{title}] = instead[{title}]")
        elif field.optional:
            written = _written("found", field.kind, index, known)
            lines += [
                f" found = {place}",
                " if found is not ABSENT:",
                f"  document[{title}] = {written}",
            ]
        else:
            written = _written(place, field.kind, index, known)
            lines.append(f" document[{title}] = {written}")
    lines.append(" return document")
    exec("\n".join(lines), known)
    made: Callable[..., dict[str, Any]] = known["write"]
    return made


def _place(place: str | Callable[[Any], Any], index: int) -> str:
    """A Python expression for the value of a field."""
    if not isinstance(place, str):
        return f"find_{index}(value)"
    if place.startswith("["):
        return f"value{place}"
    return f"in_{place}" if "." in place else f"value.{place}"


def _written(value: str, kind: Kind[Any], index: int, known: dict[str, Any]) -> str:
    """A Python expression for the JSON value of the expression `value`."""
    if isinstance(kind, Optional):
        if _is_json(kind.kind):
            return value
        inner = _written("it", kind.kind, index, known)
        return f"(None if (it := {value}) is None else {inner})"
    if isinstance(kind, Array):
        if _is_json(kind.item):
            return f"list({value})"
        return f"[{_written('each', kind.item, index, known)} for each in {value}]"
    if _is_json(kind):
        return value
    if isinstance(kind, Written) and kind.expression is not None:
        return kind.expression.format(value)
    known[f"write_{index}"] = kind.write
    return f"write_{index}({value})"


def _is_json(kind: Kind[Any]) -> bool:
    """Whether the values of a kind are JSON values, written unchanged."""
    if isinstance(kind, Written):
        return kind.is_json
    return type(kind).write is Kind.write
