"""Helpers to build JSON Schemas."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Any, TypeAlias

Schema: TypeAlias = dict[str, Any]

MAX_INTEGER = 2**64 - 1
"""The largest integer in a document."""

TEXT: Schema = {"type": "string"}
NULL: Schema = {"type": "null"}
NUMBER: Schema = {"type": "number"}
BOOLEAN: Schema = {"type": "boolean"}
DOMAIN_NAME: Schema = {**TEXT, "format": "domain-name"}
"""A domain name; no regular expression can check its letters and length."""

IP_ADDRESSES: tuple[Schema, ...] = (
    {**TEXT, "format": "ipv4"},
    {**TEXT, "format": "ipv6"},
)
"""An address of either family."""

LINE: Schema = {**TEXT, "pattern": "^[^\\u0000-\\u001f\\u007f]+$"}
"""A string without control characters, such as a line of the EHLO reply."""


def ref(name: str) -> Schema:
    """A reference to the schema `name`."""
    return {"$ref": f"#/components/schemas/{name}"}


def array_of(*schemas: Schema) -> Schema:
    """An array of items that match one of these schemas."""
    return {"type": "array", "items": any_of(*schemas)}


def any_of(*schemas: Schema) -> Schema:
    """A value that matches one of these schemas."""
    return schemas[0] if len(schemas) == 1 else {"anyOf": list(schemas)}


def whole(least: int, most: int) -> Schema:
    """An integer from `least` to `most`, inclusive."""
    return {"type": "integer", "minimum": least, "maximum": most}


def enum_of(kind: type[Enum], *but: Enum) -> Schema:
    """The value of a member of an enumeration, except for these."""
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


def given(name: str, schema: Schema | None = None) -> Schema:
    """An object in which this field is not null, and matches `schema`."""
    return {"properties": {name: schema or {"not": NULL}}, "required": [name]}


def not_given(*names: str) -> Schema:
    """An object in which these fields are absent or null."""
    return {"properties": dict.fromkeys(names, NULL)}
