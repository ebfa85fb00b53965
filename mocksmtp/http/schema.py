"""JSON Schemas of the documents, made from the classes that the documents are of.

A class that is read (attrs) gives the schema of what is taken, in which `TAKEN`
stands for the few fields that take more than their type says. Documents that are only
told are typed dictionaries (`documents`).
"""

from __future__ import annotations

import types
import typing
from enum import Enum
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import attrs

from mocksmtp.behaviors.dns import DNS, DNS_EVALUATION
from mocksmtp.behaviors.editing import patch_schema
from mocksmtp.behaviors.scenarios import STATES
from mocksmtp.behaviors.smtp import SMTP
from mocksmtp.documents.kinds import Named
from mocksmtp.documents.problems import camel_case
from mocksmtp.documents.schema import (
    IP_ADDRESSES,
    LINE,
    NAME,
    NULL,
    NUMBER,
    TEXT,
    Schema,
    any_of,
    array_of,
    object_of,
    one_of,
    ref,
)
from mocksmtp.hosts.documents import HOST
from mocksmtp.hosts.evaluation import EVALUATION
from mocksmtp.hosts.policies import POLICY
from mocksmtp.http import document_types as documents
from mocksmtp.sessions.delivery_documents import ATTEMPT, DELIVERY
from mocksmtp.zone.names import Name
from mocksmtp.zone.queries import QUERY, RESOLUTION
from mocksmtp.zone.records import LISTED_RECORD, RECORD, SENT_RECORD, TYPE

__all__ = [
    "LINE",
    "NAME",
    "STATES",
    "TEXT",
    "TYPE",
    "Schema",
    "Schemas",
    "any_of",
    "array_of",
    "named_schemas",
    "ref",
]


class Schemas:
    """
    Schemas by name, with those that they refer to.

    :param prefix: what goes before the name of an attrs class
    :param lenient: schemas of fields, in the place of what their type says
    """

    def __init__(
        self, prefix: str = "", lenient: dict[tuple[type, str], Schema] | None = None
    ) -> None:
        self.named: dict[str, Schema] = {}
        self._prefix = prefix
        self._lenient = lenient or {}

    def of(self, kind: Any) -> Schema:
        """The schema of a type; of a class it is a reference."""
        if kind in _PLAIN:
            return _PLAIN[kind]
        if typing.is_typeddict(kind):
            name = kind.__name__.removesuffix("Document")
            return self._name(name, lambda: self._document(kind))
        if isinstance(kind, type) and attrs.has(kind):
            name = kind.__name__.removesuffix("Fields")
            return self._name(name, lambda: self._class(kind))
        if isinstance(kind, type) and issubclass(kind, Enum):
            return one_of(kind)
        return self._generic(typing.get_origin(kind), typing.get_args(kind))

    def _generic(self, origin: Any, arguments: tuple[Any, ...]) -> Schema:
        if origin in (typing.Union, types.UnionType):
            return any_of(*map(self.of, arguments))
        if origin is typing.Literal:
            return {"enum": list(arguments)}
        if origin is dict:
            return {
                "type": "object",
                "additionalProperties": self.of(arguments[1]),
            }
        if origin in (list, tuple):
            return array_of(self.of(arguments[0]))
        raise TypeError(f"no schema for {origin}")

    def _name(self, name: str, make: Any) -> Schema:
        name = self._prefix + name
        if name not in self.named:
            self.named[name] = {}  # lest a class that has itself is made for ever
            self.named[name] = make()
        return ref(name)

    def _document(self, kind: Any) -> Schema:
        hints = typing.get_type_hints(kind, include_extras=True)
        optional = [
            name
            for name, hint in hints.items()
            if typing.get_origin(hint) is typing.NotRequired
        ]
        plain = typing.get_type_hints(kind)
        properties = {name: self.of(hint) for name, hint in plain.items()}
        return object_of(properties, plain.keys() - optional)

    def _class(self, kind: type) -> Schema:
        attrs.resolve_types(kind)
        fields = [field for field in attrs.fields(kind) if field.init]
        properties = {
            camel_case(field.name): self._lenient.get((kind, field.name))
            or self.of(field.type)
            for field in fields
        }
        required = [camel_case(f.name) for f in fields if f.default is attrs.NOTHING]
        return object_of(properties, required)


_PLAIN: dict[Any, Schema] = {
    Name: NAME,
    IPv4Address: IP_ADDRESSES[0],
    IPv6Address: IP_ADDRESSES[1],
    object: {},
    str: TEXT,
    int: {"type": "integer"},
    float: NUMBER,
    bool: {"type": "boolean"},
    type(None): NULL,
    None: NULL,
    Any: {},
}


def named_schemas() -> dict[str, Schema]:
    """Every schema that has a name."""
    told = Schemas()
    for document in documents.ALL:
        told.of(document)
    declared: Named = {}
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
    return {**told.named, **declared}
