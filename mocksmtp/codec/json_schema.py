"""Parts that JSON Schemas are made of."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Any, TypeAlias

Schema: TypeAlias = dict[str, Any]

MAX_INTEGER = 2**64 - 1
"""The largest whole number that is read as one."""

TEXT: Schema = {"type": "string"}
NULL: Schema = {"type": "null"}
NUMBER: Schema = {"type": "number"}
NAME: Schema = {**TEXT, "format": "domain-name"}
"""A domain name; with which letters and how long is for no regular expression."""

IP_ADDRESSES: tuple[Schema, ...] = (
    {**TEXT, "format": "ipv4"},
    {**TEXT, "format": "ipv6"},
)
"""An address of either family."""

LINE: Schema = {**TEXT, "pattern": "^[^\\u0000-\\u001f\\u007f]+$"}
"""One line, as an extension is one of EHLO's answer."""

LINES: Schema = {**TEXT, "pattern": "^(?:[^\\r]|\\r\\n)*$"}

NAMED: Schema = {**TEXT, "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]{1,100}$"}
"""The name of a scenario or of a state, or a tag."""

STATES: Schema = {
    "type": "object",
    "propertyNames": NAMED,
    "additionalProperties": NAMED,
}
"""The states of scenarios, by name."""

DURATION: Schema = {
    **TEXT,
    "pattern": "^(?=.*[1-9])(?:[0-9]{1,9}(?:[.][0-9]{1,6})?(?:ms)?"
    "|[0-9]{1,6}(?:[.][0-9]{1,6})?s|[0-9]{1,4}(?:[.][0-9]{1,6})?m"
    "|[0-9]{1,2}(?:[.][0-9]{1,6})?h)$",
}


def ref(name: str) -> Schema:
    """The schema of that name."""
    return {"$ref": f"#/components/schemas/{name}"}


def array_of(*schemas: Schema) -> Schema:
    """An array of what fits one of these."""
    return {"type": "array", "items": any_of(*schemas)}


def any_of(*schemas: Schema) -> Schema:
    """What fits one of these."""
    return schemas[0] if len(schemas) == 1 else {"anyOf": list(schemas)}


def whole(least: int, most: int) -> Schema:
    """A whole number of a range, both ends within."""
    return {"type": "integer", "minimum": least, "maximum": most}


def up_to(most: int, schema: Schema) -> Schema:
    """An array of no more than so many."""
    return {**array_of(schema), "maxItems": most}


def one_of(kind: type[Enum], *but: Enum) -> Schema:
    """The value of a member of an enumeration, but for these."""
    return {**TEXT, "enum": [member.value for member in kind if member not in but]}


def object_of(properties: dict[str, Schema], required: Iterable[str]) -> Schema:
    """An object with these properties and no others."""
    needed = frozenset(required)
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name in needed],
        "additionalProperties": False,
    }
