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

from mocksmtp.documents.problems import (
    MAX_ERRORS,
    DocumentError,
    Problem,
    Refused,
    camel_case,
    listed,
    shown,
)
from mocksmtp.documents.structure import (
    class_hook,
    new_converter,
    strict_dict,
    strict_int,
    strict_str,
    structure,
)
from mocksmtp.zone.answer import DEFAULT_TTL, MAX_TTL, Record
from mocksmtp.zone.generic import generic_text, parse_generic, read_rdata
from mocksmtp.zone.kinds import MAX_STRING, TAG_TEXT, Kind, kind_of
from mocksmtp.zone.names import Name
from mocksmtp.zone.rdata import HOST_TLSA_VALUES, RDATA, HostTLSA, Raw, Rdata
from mocksmtp.zone.shorthand import SHORTHANDS, Shorthand
from mocksmtp.zone.types import RRType, is_data_type, type_name, type_number

Hook: TypeAlias = Callable[[Any, Any], Any]

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
        return (structure(_converter, document, Record),)
    records: tuple[Record, ...] = structure(_converter, document, tuple[Record, ...])
    return records


def parse_record(document: Any) -> Record:
    """
    One record.

    :raises DocumentError: the document describes none
    """
    record: Record = structure(_converter, document, Record)
    return record


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
    text = strict_str(value)
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


def _bounded(limit: int) -> Hook:
    """A hook for whole numbers from 0 to `limit`."""

    def structure_number(value: Any, _: Any) -> int:
        if not 0 <= strict_int(value) <= limit:
            raise Refused(f"must be a number from 0 to {limit}, got {value}")
        return int(value)

    return structure_number


def _one_of(values: tuple[int, ...]) -> Hook:
    """A hook for some whole numbers."""

    def structure_number(value: Any, _: Any) -> int:
        if strict_int(value) not in values:
            known = listed([*map(str, values)])
            raise Refused(f"unknown value {shown(str(value))}; {known}")
        return int(value)

    return structure_number


def _address(kind: type[IPv4Address | IPv6Address], name: str) -> Hook:
    """A hook for addresses."""

    def structure_address(value: Any, _: Any) -> Any:
        text = strict_str(value)
        try:
            # An interface's name behind a percent sign is not for others.
            return kind(text.replace("%", " "))
        except ValueError:
            raise Refused(f"not an {name} address: {text[:64]!r}") from None

    return structure_address


def _structure_string(value: Any, _: Any) -> str:
    text = strict_str(value)
    if len(text.encode()) > MAX_STRING:
        raise Refused(f"a string has at most {MAX_STRING} octets")
    return text


def _structure_tag(value: Any, _: Any) -> str:
    text = strict_str(value)
    if not TAG_TEXT.fullmatch(text):
        raise Refused(f"must be ASCII letters and digits, got {shown(text)}")
    return text


def _structure_hex(value: Any, _: Any) -> bytes:
    text = strict_str(value)
    if not _HEX.fullmatch(text):
        raise Refused(f"must be octets in hexadecimal, got {shown(text)}")
    return bytes.fromhex(text)


def _structure_strings(value: Any, _: Any) -> tuple[str, ...]:
    if value == []:
        raise Refused("expected at least one string")
    strings: tuple[str, ...] = _converter.structure(value, tuple[str, ...])
    return strings


def _structure_octets(value: Any, _: Any) -> bytes:
    try:
        return parse_generic(strict_str(value))
    except ValueError as error:
        raise Refused(str(error)) from None


_HOOKS: dict[Kind, Hook] = {
    Kind.U8: _bounded(0xFF),
    Kind.U16: _bounded(0xFFFF),
    Kind.U32: _bounded(0xFFFFFFFF),
    Kind.IPV4: _address(IPv4Address, "IPv4"),
    Kind.IPV6: _address(IPv6Address, "IPv6"),
    Kind.NAME: parse_name,
    Kind.STRING: _structure_string,
    Kind.TAG: _structure_tag,
    Kind.STRINGS: _structure_strings,
    Kind.TEXT: strict_str,
    Kind.HEX: _structure_hex,
    Kind.OCTETS: _structure_octets,
}

_VALUES: dict[Kind, Callable[[Any], Any]] = {
    Kind.U8: int,
    Kind.U16: int,
    Kind.U32: int,
    Kind.IPV4: str,
    Kind.IPV6: str,
    Kind.NAME: str,
    Kind.STRING: str,
    Kind.TAG: str,
    Kind.STRINGS: list,
    Kind.TEXT: str,
    Kind.HEX: bytes.hex,
    Kind.OCTETS: generic_text,
}

_CLASSES = (*RDATA.values(), Raw)


def _kinds(cls: type[Rdata]) -> dict[str, Kind]:
    """The fields of `cls` that a document has, with their kinds."""
    fields = attrs.fields(cls)  # type: ignore[arg-type]
    return {field.name: kind_of(field) for field in fields if field.metadata}


_FIELDS = {
    cls: [(name, camel_case(name), _VALUES[kind]) for name, kind in _kinds(cls).items()]
    for cls in _CLASSES
}


def _document_hook(cls: type[Rdata]) -> Hook:
    """A hook for the documents of records with that data."""
    hooks = {name: _HOOKS[kind] for name, kind in _kinds(cls).items()}
    if cls is HostTLSA:
        hooks |= {name: _one_of(values) for name, values in HOST_TLSA_VALUES.items()}
    return _class_hook(cls.__name__, hooks)


def _class_hook(title: str, hooks: dict[str, Hook]) -> Hook:
    """A hook for documents that have these fields, besides those that all have."""
    fields: dict[str, Any] = {
        "name": attrs.field(type=Name),
        "type": attrs.field(type=str),
        "ttl": attrs.field(type=int, default=DEFAULT_TTL),
        **{name: attrs.field(type=object) for name in hooks},
    }
    document: type[Any] = attrs.make_class(
        f"{title.replace('-', '')}Document",
        fields,
        frozen=True,
        slots=True,
        kw_only=True,
    )
    return class_hook(
        _converter, document, name=parse_name, ttl=_bounded(MAX_TTL), **hooks
    )


def structure_record(value: Any, _: object = None) -> Record:
    """
    A record.

    :raises Refused: the document describes none
    """
    document = strict_dict(value)
    if document.get("ttl", 0) is None:
        document = {n: v for n, v in document.items() if n != "ttl"}
    kind = document.get("type")
    if isinstance(kind, str) and kind in SHORTHANDS:
        return _structure_shorthand(SHORTHANDS[kind], document)
    number = _type_number(document)
    if number == RRType.TLSA and "fromHost" in document:
        number, document = RRType.TLSAFROM.value, {**_DANE, **document}
    cls = RDATA.get(number, Raw)
    if str(document.get("data", "")).startswith(r"\#"):
        cls = Raw
    fields = _DOCUMENT_HOOKS[cls](document, None)
    if cls is Raw:
        return Record(fields.name, read_rdata(number, fields.data), fields.ttl)
    values = (getattr(fields, name) for name, *_ in _FIELDS[cls])
    return Record(fields.name, cls(*values), fields.ttl)


_DANE = {"usage": 3, "selector": 1, "matchingType": 1}
"""What is said of a mail server's certificate mostly (RFC 7672 §3.1.1)."""


def _structure_shorthand(shorthand: Shorthand, document: dict[str, Any]) -> Record:
    fields = _SHORTHAND_HOOKS[shorthand](document, None)
    try:
        value = getattr(fields, shorthand.field)
        return shorthand.record(fields.name, value, fields.ttl)
    except ValueError as error:
        raise Refused(str(error), "name") from None


def _shorthand_hook(shorthand: Shorthand) -> Hook:
    """A hook for the documents of `shorthand`."""

    def structure_value(value: Any, _: Any) -> str:
        text = strict_str(value)
        if not shorthand.pattern.fullmatch(text):
            wanted = shorthand.pattern.pattern
            raise Refused(f"must be a match of {wanted}, got {shown(text)}")
        return text

    return _class_hook(shorthand.type, {shorthand.field: structure_value})


def _type_number(document: dict[str, Any]) -> int:
    if "type" not in document:
        raise Refused("required, but missing", "type")
    try:
        number = type_number(strict_str(document["type"]))
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

_converter = new_converter()
_converter.register_structure_hook(Record, structure_record)
_DOCUMENT_HOOKS = {cls: _document_hook(cls) for cls in _CLASSES}
_SHORTHAND_HOOKS = {one: _shorthand_hook(one) for one in SHORTHANDS.values()}
