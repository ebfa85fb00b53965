r"""DNS records (RFC 1034 §3.6) and their JSON documents.

A document has ``name``, ``type``, ``ttl`` and the fields of its type's class
(`mocksmtp.zone.rdata`). A shorthand, such as ``{"type": "MTA-STS", "id": "7"}``, is
read as the TXT record that it describes. Data of any other type, and data that its
class cannot contain, is ``data`` in the form of RFC 3597: ``{"type": "TYPE65280",
"data": "\\# 2 cafe"}``. Names are absolute; letters beyond ASCII are read as A-labels
(RFC 5890 §2.3.2.1), which is what mail servers query.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, Protocol, TypeAlias

import attrs

from mocksmtp.documents.document import Document, field, parse
from mocksmtp.documents.kinds import Array, Integer, Kind, Named, Text, name
from mocksmtp.documents.problems import (
    FIELD,
    MAX_ERRORS,
    DocumentError,
    Problem,
    Refused,
    json_name,
    json_type,
    shown,
    unknown,
)
from mocksmtp.documents.schema import TEXT, Schema, any_of
from mocksmtp.zone.fields import NAME, default_in_documents, kind_of
from mocksmtp.zone.names import MAX_NAME, Name, to_name
from mocksmtp.zone.rdata import (
    RDATA,
    TXT,
    HostTLSA,
    Raw,
    Rdata,
    RRType,
    Secure,
    is_data_type,
    read_rdata,
    type_name,
    type_number,
)

DEFAULT_TTL = 60
"""Seconds that a record may be cached, unless it has a TTL of its own."""

MAX_TTL = 2**31 - 1
"""RFC 2181 §8."""

MAX_ZONE_VALUES = 250_000
"""JSON values that a zone may have; for `parse_json`."""

HostReferences: TypeAlias = list[tuple[str, str]]
"""Records made from hosts: the place of each in its document, and the host's name."""

_TTL = Integer(0, MAX_TTL)


def _check_ttl(_: object, attribute: attrs.Attribute[int], value: int) -> None:
    if not 0 <= value <= MAX_TTL:
        raise ValueError(f"ttl must be from 0 to {MAX_TTL:,}, got {value}")


@attrs.frozen
class Record:
    """A resource record of class IN: data of `name`, cached for `ttl` seconds."""

    name: Name = attrs.field(converter=to_name)
    rdata: Rdata
    ttl: int = attrs.field(default=DEFAULT_TTL, validator=_check_ttl)

    @property
    def type(self) -> int:
        """The number of the record's type."""
        return self.rdata.type

    @property
    def listed_type(self) -> int:
        """The type in documents: TLSA for a record made from a host's certificate."""
        is_made = isinstance(self.rdata, HostTLSA)
        return RRType.TLSA.value if is_made else self.type


@attrs.frozen
class Shorthand:
    """
    A policy of a domain, published as a TXT record.

    :ivar type: in the place of a record's type
    :ivar field: the name of its value
    :ivar pattern: what the value must match
    :ivar meaning: its row in the reference
    """

    type: str
    field: str
    pattern: str
    meaning: str
    example: str
    _labels: bytes
    _form: str

    def record(self, domain: Name, value: str, ttl: int) -> Record:
        """
        The TXT record that publishes `value`, which matches the pattern.

        :raises ValueError: the domain's name is too long for one below it
        """
        wire = self._labels + domain.wire
        if len(wire) > MAX_NAME:
            raise ValueError(f"{Name(wire)} is longer than {MAX_NAME} octets")
        return Record(Name(wire), TXT((self._form.format(value),)), ttl)


MTA_STS = Shorthand(
    "MTA-STS",
    "id",
    "[0-9A-Za-z]{1,32}",
    "the version of the MTA-STS policy (RFC 8461 §3.1)",
    "20261123",
    b"\x08_mta-sts",
    "v=STSv1; id={};",
)
TLSRPT = Shorthand(
    "TLSRPT",
    "rua",
    "(?:mailto|https):[!-:<-~]{1,500}",
    "where reports of TLS failures are sent: URIs with commas (RFC 8460 §3)",
    "mailto:tls@a.test",
    b"\x05_smtp\x04_tls",
    "v=TLSRPTv1; rua={}",
)
SHORTHANDS = {shorthand.type: shorthand for shorthand in (MTA_STS, TLSRPT)}


class _TypeKind(Kind[str]):
    """
    The type of a record, which was read before its document.

    :param schema: the types that the document is for
    """

    def __init__(self, schema: Schema) -> None:
        self._schema = schema

    def read(self, value: Any, _: object = None) -> str:
        """The type, unchanged."""
        return str(value)

    def told(self, named: Named) -> Schema:
        """The given schema."""
        return self._schema


def _document(title: str, kind: Schema, fields: Mapping[str, Any]) -> Document[Any]:
    """The document of records that have these fields besides those of all records."""
    members: dict[str, Any] = {
        "name": field(NAME, "the owner, absolute; the dot at its end is optional"),
        "type": field(_TypeKind(kind), "the type"),
        "ttl": field(
            _TTL,
            "seconds that the record may be cached",
            default=DEFAULT_TTL,
            always=True,
        ),
        **fields,
    }
    made: type[Any] = attrs.make_class(
        f"{title.replace('-', '')}Document", members, frozen=True, kw_only=True
    )
    return Document(made)


def _rdata_fields(cls: type[Rdata]) -> Iterator[attrs.Attribute[Any]]:
    """The fields of `cls` that a document has."""
    for attribute in attrs.fields(cls):  # type: ignore[arg-type]
        if FIELD in attribute.metadata:
            yield attribute


def _rdata_document(cls: type[Rdata]) -> Document[Any]:
    number = RRType.TLSA if cls is HostTLSA else None if cls is Raw else cls.TYPE
    return _document(
        cls.__name__,
        TYPE if number is None else {"const": type_name(number)},
        {
            attribute.name: attrs.field(
                default=default_in_documents(attribute), metadata=attribute.metadata
            )
            for attribute in _rdata_fields(cls)
        },
    )


def _shorthand_document(shorthand: Shorthand) -> Document[Any]:
    kind = Text(
        shorthand.pattern,
        f"must be a match of {shorthand.pattern}",
        samples=(shorthand.example,),
        misfits=("a b",),
    )
    fields = {shorthand.field: field(kind, shorthand.meaning)}
    return _document(shorthand.type, {"const": shorthand.type}, fields)


TYPE: Schema = {**TEXT, "format": "rrtype"}
"""The schema of a type: ``MX``, ``TYPE65280``."""

DOCUMENTS: dict[type[Rdata], Document[Any]] = {
    cls: _rdata_document(cls) for cls in (*RDATA.values(), Raw)
}
"""The documents of records, by the class of their data."""

SHORTHAND_DOCUMENTS = {
    one.type: _shorthand_document(one) for one in SHORTHANDS.values()
}
"""The documents of shorthands, by their type."""

_WRITERS: dict[type[Rdata], list[tuple[str, str, Callable[[Any], Any]]]] = {
    cls: [
        (attribute.name, json_name(attribute), kind_of(attribute).write)
        for attribute in _rdata_fields(cls)
    ]
    for cls in DOCUMENTS
}

_TYPES = [
    *sorted([*map(type_name, RDATA.keys() - {RRType.TLSAFROM}), *SHORTHANDS]),
    "any other with data",
]


class RecordKind(Kind[Record]):
    """
    A record, with the fields of its type.

    :param title: the name of its schema
    :param refused: classes of data that it can't have, with the field and the error
    """

    def __init__(
        self, title: str, refused: Mapping[type[Rdata], tuple[str, str]] | None = None
    ) -> None:
        self._title = title
        self._refused = dict(refused or {})
        self.samples = ({"name": "*", "type": "A", "address": "192.0.2.1"},)
        self.misfits = (
            5,
            {"name": "a"},
            {"name": "*", "type": "A", "address": "x", "more": 1},
        )

    def read(self, value: Any, _: object = None) -> Record:
        """The record that an object describes."""
        if type(value) is not dict:
            raise Refused(f"must be an object, got {json_type(value)}")
        kind = value.get("type")
        if type(kind) is str and kind in SHORTHANDS:
            return _read_shorthand(SHORTHANDS[kind], value)
        record = _read_record(_type_number(value), value)
        refusal = self._refused.get(type(record.rdata))
        if refusal is not None:
            title, message = refusal
            raise Refused(message, title)
        return record

    def write(self, value: Record) -> dict[str, Any]:
        """The document of a record, its fields always in the same order."""
        return record_document(value)

    def taken(self, named: Named) -> Schema:
        """One of the types, or a shorthand; by its name."""
        return name(named, f"New{self._title}", lambda: self._taken(named))

    def told(self, named: Named) -> Schema:
        """One of the types; by its name."""
        return name(named, self._title, lambda: self._told(named))

    @cached_property
    def _classes(self) -> list[type[Rdata]]:
        return [cls for cls in DOCUMENTS if cls not in self._refused]

    def _taken(self, named: Named) -> Schema:
        documents = (
            *map(DOCUMENTS.__getitem__, self._classes),
            *SHORTHAND_DOCUMENTS.values(),
        )
        return any_of(*(each.taken_members(named) for each in documents))

    def _told(self, named: Named) -> Schema:
        documents = map(DOCUMENTS.__getitem__, self._classes)
        return any_of(*(each.told_members(named) for each in documents))


RECORD = RecordKind("Record")
"""The document of a record of the zone."""

SENT_RECORD = RecordKind(
    "DnsRecord",
    {
        Secure: ("type", "can't be sent; ad marks a signed answer"),
        HostTLSA: ("fromHost", "only allowed in /dnsRecords"),
    },
)
"""The document of a record that a behavior answers."""

_RECORDS = Array(RECORD)


def parse_records(document: Any) -> tuple[Record, ...]:
    """
    Records from an array, or from one object.

    :raises DocumentError: the document describes none
    """
    if isinstance(document, dict):
        return (parse(RECORD, document),)
    return parse(_RECORDS, document)


def parse_record(document: Any) -> Record:
    """
    One record.

    :raises DocumentError: the document describes none
    """
    return parse(RECORD, document)


def record_document(record: Record) -> dict[str, Any]:
    """The document of `record`, its fields always in the same order."""
    rdata = record.rdata
    document = {
        "name": str(record.name),
        "type": type_name(record.listed_type),
        "ttl": record.ttl,
    }
    for attribute, title, write in _WRITERS[type(rdata)]:
        document[title] = write(getattr(rdata, attribute))
    return document


def _read_record(number: int, members: dict[str, Any]) -> Record:
    if number == RRType.TLSA and "fromHost" in members:
        number = RRType.TLSAFROM.value
    cls = RDATA.get(number, Raw)
    if str(members.get("data", "")).startswith(r"\#"):
        cls = Raw
    made = DOCUMENTS[cls].read(members)
    if cls is Raw:
        return Record(made.name, read_rdata(number, made.data), made.ttl)
    values = (getattr(made, attribute) for attribute, *_ in _WRITERS[cls])
    return Record(made.name, cls(*values), made.ttl)


def _read_shorthand(shorthand: Shorthand, members: dict[str, Any]) -> Record:
    made = SHORTHAND_DOCUMENTS[shorthand.type].read(members)
    try:
        value = getattr(made, shorthand.field)
        return shorthand.record(made.name, value, made.ttl)
    except ValueError as error:
        raise Refused(str(error), "name") from None


def _type_number(document: dict[str, Any]) -> int:
    kind = document.get("type")
    if kind is None:
        raise Refused("required, but missing", "type")
    if type(kind) is not str:
        raise Refused(f"must be a string, got {json_type(kind)}", "type")
    try:
        number = type_number(kind)
    except ValueError:
        raise Refused(unknown(f"type {shown(kind)}", kind, _TYPES), "type") from None
    if not is_data_type(number):
        raise Refused(f"{type_name(number)} is not a type of records", "type")
    return number


def host_references(
    records: Iterable[Record], place: str = "$[{0}].fromHost"
) -> HostReferences:
    """
    The records that are made from a host's certificate, with their places.

    :param place: the form of a place: ``{0}`` is its number from 0, ``{1}`` from 1
    """
    return [
        (place.format(index, index + 1), record.rdata.from_host)
        for index, record in enumerate(records)
        if isinstance(record.rdata, HostTLSA)
    ]


class HasTls(Protocol):
    """A host, as far as records depend on it."""

    @property
    def tls(self) -> object:
        """Its TLS settings, or None."""


def check_hosts(references: HostReferences, hosts: Mapping[str, HasTls]) -> None:
    """
    Check that hosts exist and have a certificate.

    :raises DocumentError: a host does not exist, or has no TLS
    """
    problems = []
    for place, host_name in references:
        host = hosts.get(host_name)
        if host is None:
            problems.append(Problem(place, f"no host {shown(host_name)}"))
        elif host.tls is None:
            problems.append(Problem(place, f"host {shown(host_name)} has no TLS"))
    if problems:
        raise DocumentError(*problems[:MAX_ERRORS])
