r"""DNS records: JSON documents to model and back.

A document has ``name``, ``type``, ``ttl`` and the fields of its type's class, or is a
`Shorthand`, of which a record is made. Data
of any other type, and data that its class cannot hold, is ``data`` in RFC 3597's
form: ``{"type": "TYPE65280", "data": "\\# 2 cafe"}``. Names are absolute; one with
letters beyond ASCII becomes its A-labels (RFC 5890 §2.3.2.1), which is what mail
servers ask for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Protocol, TypeAlias

import attrs
import idna

from mocksmtp.documents.document import Document, field, parse
from mocksmtp.documents.kinds import Array, Integer, Kind, Named, Text
from mocksmtp.documents.kinds import name as named_schema
from mocksmtp.documents.problems import (
    MAX_ERRORS,
    DocumentError,
    Problem,
    Refused,
    camel_case,
    json_type,
    listed,
    shown,
)
from mocksmtp.documents.schema import NAME, TEXT, Schema, any_of
from mocksmtp.zone.answer import DEFAULT_TTL, MAX_TTL, Record
from mocksmtp.zone.generic import generic_text, parse_generic, read_rdata
from mocksmtp.zone.kinds import MAX_STRING, TAG_TEXT, kind_of
from mocksmtp.zone.kinds import Kind as FieldKind
from mocksmtp.zone.names import Name
from mocksmtp.zone.rdata import HOST_TLSA_VALUES, RDATA, HostTLSA, Raw, Rdata, Secure
from mocksmtp.zone.shorthand import SHORTHANDS, Shorthand
from mocksmtp.zone.types import RRType, is_data_type, type_name, type_number

Made: TypeAlias = list[tuple[str, str]]
"""Records to be made from hosts: the place of each in its document, and the host."""

MAX_ZONE_VALUES = 250_000
"""How many JSON values a zone may have; for `parse_json`."""

_HEX = re.compile("(?:[0-9A-Fa-f]{2})+")

_LONGEST_NAME = 1020
"""Characters of a name with all its 255 octets escaped."""


def parse_records(document: Any) -> tuple[Record, ...]:
    """
    Records from an array, or from one object.

    :raises DocumentError: the document describes none
    """
    if isinstance(document, dict):
        return (parse(RECORD, document),)
    return parse(Array(RECORD), document)


def parse_record(document: Any) -> Record:
    """
    One record.

    :raises DocumentError: the document describes none
    """
    return parse(RECORD, document)


def to_be_made(records: Iterable[Record], place: str = "$[{0}].fromHost") -> Made:
    """
    Those that are made from a host's certificate, with their places in a document.

    :param place: how a place is told, ``{0}`` being its number from 0, ``{1}`` from 1
    """
    return [
        (place.format(index, index + 1), record.rdata.from_host)
        for index, record in enumerate(records)
        if isinstance(record.rdata, HostTLSA)
    ]


class HasTls(Protocol):
    """What the records of a host's certificate depend on."""

    @property
    def tls(self) -> object:
        """How it does TLS, or None."""


def check_hosts(made: Made, hosts: Mapping[str, HasTls]) -> None:
    """
    Refuse to make records of a host that has no certificate.

    :raises DocumentError: there is no such host, or it has no TLS
    """
    problems = []
    for place, name in made:
        host = hosts.get(name)
        if host is None or host.tls is None:
            what = "there is no host" if host is None else "no TLS is set on host"
            problems.append(Problem(place, f"{what} {shown(name)}"))
    if problems:
        raise DocumentError(*problems[:MAX_ERRORS])


def records_document(records: Iterable[Record]) -> list[dict[str, Any]]:
    """The document of all `records`, from which the same are read again."""
    return [record_document(record) for record in records]


def record_document(record: Record) -> dict[str, Any]:
    """The document of `record`, its fields always in the same order."""
    rdata = record.rdata
    document = {
        "name": str(record.name),
        "type": type_name(shown_type(record)),
        "ttl": record.ttl,
    }
    for name, camel, value_of in _FIELDS[type(rdata)]:
        document[camel] = value_of(getattr(rdata, name))
    return document


def shown_type(record: Record) -> int:
    """The type that `record` is listed by: of one to be made, that which it will be."""
    is_made = isinstance(record.rdata, HostTLSA)
    return RRType.TLSA.value if is_made else record.type


def parse_name(value: Any, _: object = None) -> Name:
    """
    A domain name, in its U-labels or A-labels.

    :raises Refused: `value` is none
    """
    text = _text(value)
    if len(text) > _LONGEST_NAME:
        raise Refused("a domain name has at most 255 octets")
    try:
        return Name.parse(".".join(map(_a_label, text.split("."))))
    except idna.IDNAError as error:
        raise Refused(f"{text!r} is not a domain name: {error}") from None
    except ValueError as error:
        raise Refused(str(error)) from None


def _a_label(label: str) -> str:
    """`label`, or what stands for it in ASCII, with upper case mapped (UTS #46).

    idna refuses much that DNS allows, as an underscore: it gets nothing else.
    """
    return label if label.isascii() else idna.encode(label, uts46=True).decode()


class NameKind(Kind[Name]):
    """A domain name."""

    samples = ("ex.test",)
    misfits = (5, "x..test", "")

    def read(self, value: Any, _: object = None) -> Name:
        """The name that a text is, in U-labels or A-labels."""
        return parse_name(value)

    def write(self, value: Name) -> str:
        """Its text."""
        return str(value)

    def told(self, named: Named) -> Schema:
        """A text in a format that has no regular expression."""
        return NAME


class _AddressKind(Kind[Any]):
    """An IP address of one family."""

    def __init__(self, kind: type[IPv4Address | IPv6Address], family: str) -> None:
        self._kind = kind
        self._family = family
        self.misfits = ("x", 5)

    def read(self, value: Any, _: object = None) -> Any:
        """The address that a text is."""
        text = _text(value)
        try:
            # An interface's name behind a percent sign is not for others.
            return self._kind(text.replace("%", " "))
        except ValueError:
            raise Refused(f"not an {self._family} address: {shown(text)}") from None

    def write(self, value: Any) -> str:
        """Its text."""
        return str(value)

    def told(self, named: Named) -> Schema:
        """A text in the format of the family."""
        return {**TEXT, "format": self._family.lower()}


class _StringKind(Text):
    """One character-string (RFC 1035 §3.3)."""

    def read(self, value: Any, _: object = None) -> str:
        """A text of at most 255 octets."""
        text = _text(value)
        if len(text.encode()) > MAX_STRING:
            raise Refused(f"a string has at most {MAX_STRING} octets")
        return text

    def _schema(self) -> Schema:
        return {**TEXT, "maxLength": MAX_STRING}


class _OctetsKind(Kind[bytes]):
    """
    Octets as a text.

    :param read: reads them, or raises `ValueError`
    :param write: writes them
    :param schema: describes the text
    """

    def __init__(
        self,
        read: Callable[[str], bytes],
        write: Callable[[bytes], str],
        schema: Schema,
    ) -> None:
        self._read = read
        self._write = write
        self._schema = schema

    def read(self, value: Any, _: object = None) -> bytes:
        """The octets that a text stands for."""
        return self._read(_text(value))

    def write(self, value: bytes) -> str:
        """The text for octets."""
        return self._write(value)

    def told(self, named: Named) -> Schema:
        """A text."""
        return self._schema


def _parse_hex(text: str) -> bytes:
    if not _HEX.fullmatch(text):
        raise Refused(f"must be octets in hexadecimal, got {shown(text)}")
    return bytes.fromhex(text)


class _NumberKind(Kind[int]):
    """One of some whole numbers."""

    def __init__(self, values: tuple[int, ...], remark: str = "") -> None:
        self._values = values
        self._remark = {"description": remark} if remark else {}

    def read(self, value: Any, _: object = None) -> int:
        """One of them."""
        number = _INTEGER.read(value)
        if number not in self._values:
            known = listed([*map(str, self._values)])
            raise Refused(f"unknown value {number}; {known}")
        return number

    def told(self, named: Named) -> Schema:
        """One of them."""
        return {"enum": list(self._values), **self._remark}


class _TypeKind(Kind[str]):
    """The type of a record, which has been read already."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema

    def read(self, value: Any, _: object = None) -> str:
        """The type as it is."""
        return str(value)

    def told(self, named: Named) -> Schema:
        """The name of the type."""
        return self._schema


class _StringsKind(Array[str]):
    """Character-strings, one or more."""

    def __init__(self) -> None:
        super().__init__(Text(), 1, noun="strings")


def _text(value: Any) -> str:
    if type(value) is not str:
        raise Refused(f"must be a string, got {json_type(value)}")
    return value


NAME_KIND = NameKind()
TYPE: Schema = {**TEXT, "format": "rrtype"}
"""``MX``, ``TYPE65280``."""

_INTEGER = Integer(-(2**63), 2**63)
_OCTETS = _OctetsKind(parse_generic, generic_text, {**TEXT, "format": "rdata"})

FIELD_KINDS: dict[FieldKind, Kind[Any]] = {
    FieldKind.U8: Integer(0, 0xFF),
    FieldKind.U16: Integer(0, 0xFFFF),
    FieldKind.U32: Integer(0, 0xFFFFFFFF),
    FieldKind.IPV4: _AddressKind(IPv4Address, "IPv4"),
    FieldKind.IPV6: _AddressKind(IPv6Address, "IPv6"),
    FieldKind.NAME: NAME_KIND,
    FieldKind.STRING: _StringKind(),
    FieldKind.TAG: Text(TAG_TEXT.pattern, "must be ASCII letters and digits"),
    FieldKind.STRINGS: _StringsKind(),
    FieldKind.TEXT: Text(),
    FieldKind.HEX: _OctetsKind(
        _parse_hex, bytes.hex, {**TEXT, "pattern": f"^{_HEX.pattern}$"}
    ),
    FieldKind.OCTETS: _OCTETS,
}
"""What the fields of rdata are in documents."""

_CLASSES = (*RDATA.values(), Raw)


def _kinds(cls: type[Rdata]) -> dict[str, Kind[Any]]:
    """The fields of `cls` that a document has, with their kinds."""
    fields = attrs.fields(cls)  # type: ignore[arg-type]
    return {each.name: FIELD_KINDS[kind_of(each)] for each in fields if each.metadata}


_FIELDS = {
    cls: [(n, camel_case(n), kind.write) for n, kind in _kinds(cls).items()]
    for cls in _CLASSES
}


def _document(title: str, kind: Schema, fields: dict[str, Any]) -> Document[Any]:
    """The document of records with these fields, besides those that all have."""
    members: dict[str, Any] = {
        "name": field(NAME_KIND, "the owner"),
        "type": field(_TypeKind(kind), "the type"),
        "ttl": field(Integer(0, MAX_TTL), "seconds", default=DEFAULT_TTL, always=True),
        **fields,
    }
    name = f"{title.replace('-', '')}Document"
    made: type[Any] = attrs.make_class(
        name, members, frozen=True, slots=True, kw_only=True
    )
    return Document(made)


def _rdata_document(cls: type[Rdata]) -> Document[Any]:
    """The document of records with that data."""
    kind: Schema = TYPE if cls is Raw else {"const": type_name(cls.TYPE)}
    fields = {name: field(each, "its data") for name, each in _kinds(cls).items()}
    if cls is HostTLSA:
        kind = {"const": type_name(RRType.TLSA)}
        remark = {"usage": "0 and 1 are unusable for SMTP (RFC 7672 §3.1.3)"}
        fields |= {
            name: field(
                _NumberKind(values, remark.get(name, "")),
                "of the TLSA record",
                default=_DANE[name],
                always=True,
            )
            for name, values in HOST_TLSA_VALUES.items()
        }
    return _document(cls.__name__, kind, fields)


_DANE = {"usage": 3, "selector": 1, "matching_type": 1}
"""What is said of a mail server's certificate mostly (RFC 7672 §3.1.1)."""


def _shorthand_document(shorthand: Shorthand) -> Document[Any]:
    """The document of `shorthand`."""
    pattern = shorthand.pattern.pattern
    value = Text(pattern, f"must be a match of {pattern}")
    fields = {shorthand.field: field(value, "what the policy says")}
    return _document(shorthand.type, {"const": shorthand.type}, fields)


DOCUMENTS = {cls: _rdata_document(cls) for cls in _CLASSES}
"""The documents of records, by the class of their data."""

_SHORTHANDS = {each: _shorthand_document(each) for each in SHORTHANDS.values()}


def structure_record(value: Any, _: object = None) -> Record:
    """
    A record.

    :raises Refused: the document describes none
    """
    if type(value) is not dict:
        raise Refused(f"must be an object, got {json_type(value)}")
    document = value
    kind = document.get("type")
    if isinstance(kind, str) and kind in SHORTHANDS:
        return _structure_shorthand(SHORTHANDS[kind], document)
    number = _type_number(document)
    if number == RRType.TLSA and "fromHost" in document:
        number = RRType.TLSAFROM.value
    cls = RDATA.get(number, Raw)
    if str(document.get("data", "")).startswith(r"\#"):
        cls = Raw
    fields = DOCUMENTS[cls].read(document)
    if cls is Raw:
        return Record(fields.name, read_rdata(number, fields.data), fields.ttl)
    values = (getattr(fields, name) for name, *_ in _FIELDS[cls])
    return Record(fields.name, cls(*values), fields.ttl)


def _structure_shorthand(shorthand: Shorthand, document: dict[str, Any]) -> Record:
    fields = _SHORTHANDS[shorthand].read(document)
    try:
        value = getattr(fields, shorthand.field)
        return shorthand.record(fields.name, value, fields.ttl)
    except ValueError as error:
        raise Refused(str(error), "name") from None


def _type_number(document: dict[str, Any]) -> int:
    if "type" not in document:
        raise Refused("required, but missing", "type")
    try:
        number = type_number(_text(document["type"]))
    except Refused as error:
        raise Refused(str(error), "type") from None
    except ValueError as error:
        raise Refused(f"{error}; {listed(_KNOWN)}", "type") from None
    if not is_data_type(number):
        raise Refused("not a type that a record can have", "type")
    return number


_KNOWN = [
    *sorted([*map(type_name, RDATA.keys() - {RRType.TLSAFROM}), *SHORTHANDS]),
    "any other with data",
]


class RecordKind(Kind[Record]):
    """A record, or a shorthand for one."""

    title = "Record"
    samples = ({"name": "*", "type": "A", "address": "192.0.2.1"},)
    misfits = (5, {"name": "a"}, {"name": "*", "type": "A", "address": "x", "more": 1})
    classes: tuple[type[Rdata], ...] = (
        *(cls for cls in RDATA.values() if cls is not HostTLSA),
        Raw,
        HostTLSA,
    )

    def read(self, value: Any, _: object = None) -> Record:
        """The record."""
        return structure_record(value)

    def write(self, value: Record) -> Any:
        """Its document."""
        return record_document(value)

    def taken(self, named: Named) -> Schema:
        """A record of any type, or a shorthand."""
        documents = [DOCUMENTS[cls] for cls in self.classes]
        documents += _SHORTHANDS.values()
        schemas = [document.taken_members(named) for document in documents]
        return named_schema(named, f"New{self.title}", lambda: any_of(*schemas))

    def told(self, named: Named) -> Schema:
        """A record of any type."""
        schemas = [DOCUMENTS[cls].told_members(named) for cls in self.classes]
        return named_schema(named, self.title, lambda: any_of(*schemas))


class SentRecordKind(RecordKind):
    """A record that an answer can contain."""

    title = "DnsRecord"
    classes = tuple(cls for cls in RecordKind.classes if cls not in (Secure, HostTLSA))

    def read(self, value: Any, _: object = None) -> Record:
        """A record that can be sent as it is."""
        record = super().read(value)
        if record.type == RRType.SECURE:
            raise Refused("can't be sent; ad marks a signed answer", "type")
        if isinstance(record.rdata, HostTLSA):
            raise Refused("only allowed in /dnsRecords", "fromHost")
        return record


RECORD = RecordKind()
SENT_RECORD = SentRecordKind()
