"""JSON Schemas of the documents, made from the classes that the documents are of.

A class that is read (attrs) gives the schema of what is taken, in which `TAKEN`
stands for the few fields that take more than their type says. Documents that are only
told are typed dictionaries (`documents`). Records follow from the fields of rdata.
"""

from __future__ import annotations

import types
import typing
from enum import Enum
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import attrs

from mocksmtp.behaviors.dns import DNS
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
    whole,
)
from mocksmtp.hosts.documents import HOST
from mocksmtp.hosts.policies import POLICY
from mocksmtp.http import document_types as documents
from mocksmtp.zone.answer import MAX_TTL
from mocksmtp.zone.kinds import MAX_STRING, TAG_TEXT, Kind, kind_of
from mocksmtp.zone.names import Name
from mocksmtp.zone.rdata import HOST_TLSA_VALUES, RDATA, HostTLSA, Rdata, Secure
from mocksmtp.zone.shorthand import SHORTHANDS
from mocksmtp.zone.types import RRType, type_name

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

TYPE: Schema = {**TEXT, "format": "rrtype"}
"""``MX``, ``TYPE65280``."""

_TTL = whole(0, MAX_TTL)
_KINDS: dict[Kind, Schema] = {
    Kind.U8: whole(0, 0xFF),
    Kind.U16: whole(0, 0xFFFF),
    Kind.U32: whole(0, 0xFFFFFFFF),
    Kind.IPV4: IP_ADDRESSES[0],
    Kind.IPV6: IP_ADDRESSES[1],
    Kind.NAME: NAME,
    Kind.STRING: {**TEXT, "maxLength": MAX_STRING},
    Kind.TEXT: TEXT,
    Kind.HEX: {**TEXT, "pattern": "^(?:[0-9A-Fa-f]{2})+$"},
    Kind.TAG: {**TEXT, "pattern": f"^{TAG_TEXT.pattern}$"},
    Kind.STRINGS: {"type": "array", "items": TEXT, "minItems": 1},
    Kind.OCTETS: {**TEXT, "format": "rdata"},
}


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


def _record(cls: type[Rdata] | None, required: tuple[str, ...]) -> Schema:
    """A record of that data's type; None: of any, in the form that fits all."""
    if cls is None:
        kind, fields = TYPE, {"data": _KINDS[Kind.OCTETS]}
    else:
        kind = {"const": type_name(cls.TYPE)}
        fields = {
            camel_case(field.name): _KINDS[kind_of(field)]
            for field in attrs.fields(cls)  # type: ignore[arg-type]
        }
    properties = {"name": NAME, "type": kind, "ttl": _TTL, **fields}
    return object_of(properties, (*required, *fields))


def _records(*required: str, but: type[Rdata] | None = None) -> list[Schema]:
    """Records of every type, but for one."""
    kinds = [cls for cls in RDATA.values() if cls not in (HostTLSA, but)]
    return [_record(cls, required) for cls in (*kinds, None)]


def _host_tlsa(*required: str) -> Schema:
    """A TLSA record that is made from a host's certificate."""
    values: dict[str, Schema] = {
        camel_case(name): {"enum": list(found)}
        for name, found in HOST_TLSA_VALUES.items()
    }
    values["usage"]["description"] = "0 and 1 are unusable for SMTP (RFC 7672 §3.1.3)"
    kind = {"const": type_name(RRType.TLSA)}
    properties = {"name": NAME, "type": kind, "ttl": _TTL, **values, "fromHost": TEXT}
    return object_of(properties, (*required, "fromHost"))


def _shorthands() -> list[Schema]:
    """What records are made of."""
    schemas = []
    for one in SHORTHANDS.values():
        value = {**TEXT, "pattern": f"^{one.pattern.pattern}$"}
        kind = {"const": one.type}
        properties = {"name": NAME, "type": kind, "ttl": _TTL, one.field: value}
        schemas.append(object_of(properties, ("name", "type", one.field)))
    return schemas


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
    all_told = ("name", "type", "ttl")
    numbers = tuple(map(camel_case, HOST_TLSA_VALUES))
    records = {
        "Record": any_of(*_records(*all_told), _host_tlsa(*all_told, *numbers)),
        "NewRecord": any_of(
            *_records("name", "type"), _host_tlsa("name", "type"), *_shorthands()
        ),
        "DnsRecord": any_of(*_records(*all_told, but=Secure)),
        "NewDnsRecord": any_of(*_records("name", "type", but=Secure), *_shorthands()),
    }
    declared: Named = {}
    SMTP.schemas(declared)
    DNS.schemas(declared)
    for each in (HOST, POLICY):
        each.taken(declared)
        each.told(declared)
    return {**told.named, **records, **declared}
