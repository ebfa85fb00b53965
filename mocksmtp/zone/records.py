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
from types import MappingProxyType
from typing import Any, Protocol, TypeAlias

import attrs

from mocksmtp.documents.document import Document, field, parse
from mocksmtp.documents.kinds import (
    ID,
    LABEL,
    Array,
    Integer,
    Kind,
    Named,
    Text,
    foreign,
    name,
    with_nulls,
    without_nulls,
)
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
from mocksmtp.zone.names import MAX_NAME, Name, parse_name, to_name
from mocksmtp.zone.rdata import (
    CAA,
    RDATA,
    TXT,
    HostTLSA,
    Raw,
    Rdata,
    RRType,
    is_data_type,
    read_rdata,
    type_name,
    type_number,
)
from mocksmtp.zone.rdata_fields import NAME, U32, default_in_documents, kind_of

DEFAULT_TTL = 60
"""The default TTL, in seconds."""

MAX_TTL = 2**31 - 1
"""RFC 2181 §8."""

MAX_ZONE_VALUES = 250_000
"""Maximum JSON values of a zone; for `parse_json`."""

HostReferences: TypeAlias = list[tuple[str, str]]
"""Records made from hosts: the path of each in its document, and the host's name."""

_TTL = Integer(0, MAX_TTL)


def _check_ttl(_: object, attribute: attrs.Attribute[int], value: int) -> None:
    if not 0 <= value <= MAX_TTL:
        raise ValueError(f"ttl must be from 0 to {MAX_TTL:,}, got {value}")


@attrs.frozen
class Record:
    """
    A resource record of class IN: data of `name`, cached for `ttl` seconds.

    :ivar id: its id in the API; empty until a zone contains it
    :ivar tag: selects records in the API
    """

    name: Name = attrs.field(converter=to_name)
    rdata: Rdata
    ttl: int = attrs.field(default=DEFAULT_TTL, validator=_check_ttl)
    id: str = attrs.field(default="", eq=False)
    tag: str | None = attrs.field(default=None, eq=False)

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

    :ivar type: the type in its document, such as ``MTA-STS``
    :ivar field: the name of the field with its value
    :ivar pattern: a regular expression for the value
    :ivar meaning: its description in the reference
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
    The type of a record, which is read before the other fields.

    :param schema: the schema of the types of the document
    """

    def __init__(self, schema: Schema) -> None:
        self._schema = schema

    def read(self, value: Any, _: object = None) -> str:
        """The type, unchanged."""
        return str(value)

    def written_schema(self, named: Named) -> Schema:
        """The given schema."""
        return self._schema


def _document(
    title: str, kind: Schema, fields: Mapping[str, Any], labels: Mapping[str, Any]
) -> Document[Any]:
    """Make the document of records with these fields and those of all records."""
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
        **{title: label for title, label in labels.items() if title not in fields},
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


def _rdata_document(cls: type[Rdata], labels: Mapping[str, Any]) -> Document[Any]:
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
        labels,
    )


def _shorthand_document(
    shorthand: Shorthand, labels: Mapping[str, Any]
) -> Document[Any]:
    kind = Text(
        shorthand.pattern,
        f"must be a match of {shorthand.pattern}",
        samples=(shorthand.example,),
        misfits=("a b",),
    )
    fields = {shorthand.field: field(kind, shorthand.meaning)}
    return _document(shorthand.type, {"const": shorthand.type}, fields, labels)


TYPE: Schema = {**TEXT, "format": "rrtype"}
"""The schema of a type: ``MX``, ``TYPE65280``."""

_CLASSES: tuple[type[Rdata], ...] = (*RDATA.values(), Raw)

_LABELS = {
    "id": field(ID, "its id in the API", default="", shown="assigned"),
    "tag": field(
        LABEL,
        "selects records: `?tag=` on GET and DELETE. A CAA record has none: its `tag` "
        "is that of RFC 8659",
        default=None,
        shown="none",
    ),
}

_WRITERS: dict[type[Rdata], list[tuple[str, str, Callable[[Any], Any]]]] = {
    cls: [
        (attribute.name, json_name(attribute), kind_of(attribute).write)
        for attribute in _rdata_fields(cls)
    ]
    for cls in _CLASSES
}

_TYPES = [
    *sorted([*map(type_name, RDATA.keys() - {RRType.TLSAFROM}), *SHORTHANDS]),
    "any other with data",
]


class RecordKind(Kind[Record]):
    """
    A record, with the fields of its type.

    :param title: the name of its schema
    :param labels: fields of all records, unless their type has one of the same name
    :param refused: types that are refused, with the field and the error
    """

    def __init__(
        self,
        title: str,
        labels: Mapping[str, Any] = MappingProxyType({}),
        refused: Mapping[int, tuple[str, str]] | None = None,
    ) -> None:
        self._title = title
        self._refused = dict(refused or {})
        self._foreign: dict[Document[Any], frozenset[str]] = {}
        self._labels = labels
        self._documents: dict[type[Rdata] | Shorthand, Document[Any]] = {}
        self.samples = ({"name": "*", "type": "A", "address": "192.0.2.1"},)
        self.misfits = (
            5,
            {"name": "a"},
            {"name": "*", "type": "A", "address": "x", "more": 1},
        )

    def read(self, value: Any, _: object = None) -> Record:
        """Read a record from an object."""
        if type(value) is not dict:
            raise Refused(f"must be an object, got {json_type(value)}")
        if value.get("owner") is not None:
            raise Refused("a record that a host adds can't be set; omit it", "owner")
        kind = value.get("type")
        if type(kind) is str and kind in SHORTHANDS:
            return self._read_shorthand(SHORTHANDS[kind], value)
        number = _type_number(value)
        if number == RRType.TLSA and value.get("fromHost") is not None:
            number = RRType.TLSAFROM.value
        if number in self._refused:
            title, message = self._refused[number]
            raise Refused(message, title)
        return self._read(number, value)

    def _read(self, number: int, value: dict[str, Any]) -> Record:
        cls = RDATA.get(number, Raw)
        if str(value.get("data", "")).startswith(r"\#"):
            cls = Raw
        document = self._document_of(cls)
        made = document.read(without_nulls(value, self._of_others, document))
        if cls is Raw:
            rdata = read_rdata(number, made.data)
        else:
            rdata = cls(*(getattr(made, each) for each, *_ in _WRITERS[cls]))
        return Record(made.name, rdata, made.ttl, *_labels(made, cls))

    def _read_shorthand(self, shorthand: Shorthand, value: dict[str, Any]) -> Record:
        document = self._document_of(shorthand)
        made = document.read(without_nulls(value, self._of_others, document))
        try:
            text = getattr(made, shorthand.field)
            record = shorthand.record(made.name, text, made.ttl)
        except ValueError as error:
            raise Refused(str(error), "name") from None
        return attrs.evolve(record, tag=getattr(made, "tag", None))

    def write(self, value: Record) -> dict[str, Any]:
        """Write a record, with its fields always in the same order."""
        return record_document(value)

    def accepted_schema(self, named: Named) -> Schema:
        """One of the types, or a shorthand; by its name."""
        return name(named, f"New{self._title}", lambda: self._taken(named))

    def written_schema(self, named: Named) -> Schema:
        """One of the types; by its name."""
        return name(named, self._title, lambda: any_of(*self._told(named)))

    def _taken(self, named: Named) -> Schema:
        return any_of(
            *(
                with_nulls(each.accepted_members(named), self._of_others(each))
                for each in self._all()
            )
        )

    def _document_of(self, kind: type[Rdata] | Shorthand) -> Document[Any]:
        """
        The document of the records of a class, or of a shorthand.

        It is made when it is first used: all would take a tenth of the start.
        """
        document = self._documents.get(kind)
        if document is None:
            make: Any = _rdata_document
            if isinstance(kind, Shorthand):
                make = _shorthand_document
            document = self._documents[kind] = make(kind, self._labels)
        return document

    @property
    def documents(self) -> dict[type[Rdata], Document[Any]]:
        """The documents of records, by the class of their data."""
        return {
            cls: self._document_of(cls)
            for cls in _CLASSES
            if cls is Raw or cls.TYPE not in self._refused
        }

    def _all(self) -> tuple[Document[Any], ...]:
        shorthands = map(self._document_of, SHORTHANDS.values())
        return (*self.documents.values(), *shorthands)

    def _of_others(self, document: Document[Any]) -> frozenset[str]:
        """The members of records of other types; and that of a host's record."""
        found = self._foreign.get(document)
        if found is None:
            found = self._foreign[document] = foreign(self._all(), document) | {"owner"}
        return found

    def _told(self, named: Named) -> list[Schema]:
        return [each.written_members(named) for each in self.documents.values()]


class ListedRecordKind(RecordKind):
    """A record in a list with ids, which also contains the records of hosts."""

    def _told(self, named: Named) -> list[Schema]:
        owned = {"owner": {**TEXT, "description": "the host that adds the record"}}
        return [
            {**schema, "properties": {**schema["properties"], **owned}}
            for schema in super()._told(named)
        ]


def _labels(made: Any, cls: type[Rdata]) -> tuple[str, str | None]:
    """The id and tag of a document; for CAA, `tag` is a field of the data."""
    return getattr(made, "id", ""), None if cls is CAA else getattr(made, "tag", None)


RECORD = RecordKind("Record", _LABELS)
"""The document of a record of the zone."""

LISTED_RECORD = ListedRecordKind("ListedRecord", _LABELS)
"""The document of a record in a list with ids."""

SENT_RECORD = RecordKind(
    "DnsRecord",
    refused={
        RRType.SECURE: ("type", "can't be sent; ad marks a signed answer"),
        RRType.TLSAFROM: ("fromHost", "only allowed in /dnsRecords"),
    },
)
"""The document of a record in the response of a behavior."""

_RECORDS = Array(RECORD)


def parse_records(document: Any) -> tuple[Record, ...]:
    """
    Read records from an array, or from one object.

    :raises DocumentError: the document is invalid
    """
    if isinstance(document, dict):
        return (parse(RECORD, document),)
    return check_record_ids(parse(_RECORDS, document))


def parse_record(document: Any) -> Record:
    """
    Read one record.

    :raises DocumentError: the document is invalid
    """
    return parse(RECORD, document)


def check_record_ids(records: tuple[Record, ...]) -> tuple[Record, ...]:
    """
    Check that no two records have the same id; return `records`.

    :raises DocumentError: two records have the same id
    """
    ids: set[str] = set()
    for index, record in enumerate(records):
        if record.id:
            if record.id in ids:
                raise DocumentError(Problem(f"$[{index}].id", "used twice"))
            ids.add(record.id)
    return records


def record_document(record: Record) -> dict[str, Any]:
    """The document of `record` without its id, its fields always in the same order."""
    rdata = record.rdata
    document = {
        "name": str(record.name),
        "type": type_name(record.listed_type),
        "ttl": record.ttl,
    }
    for attribute, title, write in _WRITERS[type(rdata)]:
        document[title] = write(getattr(rdata, attribute))
    if record.tag is not None:
        document["tag"] = record.tag
    return document


def listed_document(record: Record, owner: str | None = None) -> dict[str, Any]:
    """
    The document of `record` with its id.

    :param owner: the host that adds it; such a record has no id
    """
    if owner is None:
        return {"id": record.id, **record_document(record)}
    return {**record_document(record), "owner": owner}


RecordCondition: TypeAlias = Callable[[Record], bool]
"""Whether a record has a value in a field."""


def _field_condition(places: Iterable[tuple[type[Rdata], str, Any]]) -> Any:
    """
    Reads a condition on fields of record data that have the same name in documents.

    :param places: the classes with such a field, its name there, and its kind
    """
    found = tuple(places)

    def read(text: str) -> RecordCondition:
        wanted: dict[type[Rdata], tuple[str, Any, Any]] = {}
        error = None
        for cls, attribute, kind in found:
            try:
                wanted[cls] = attribute, kind.matches, kind.parse(text)
            except ValueError as refused:
                error = refused
        if error is not None and not wanted:
            raise error

        def matches(record: Record) -> bool:
            place = wanted.get(type(record.rdata))
            if place is None:
                return False
            attribute, fits, value = place
            return bool(fits(value, getattr(record.rdata, attribute)))

        return matches

    return read


def _conditions() -> dict[str, tuple[Callable[[str], RecordCondition], Schema]]:
    places: dict[str, list[tuple[type[Rdata], str, Any]]] = {}
    for cls in _CLASSES:
        for attribute in _rdata_fields(cls):
            place = cls, attribute.name, kind_of(attribute)
            places.setdefault(json_name(attribute), []).append(place)
    made: dict[str, tuple[Callable[[str], RecordCondition], Schema]] = {
        "id": (lambda text: lambda record: record.id == text, TEXT),
        "name": (_name_condition, NAME.written_schema({})),
        "type": (_type_condition, TYPE),
        "ttl": (_ttl_condition, _TTL.written_schema({})),
    }
    for title, found in places.items():
        kinds = {kind: None for _, _, kind in found}
        schemas: list[Schema] = []
        for kind in kinds:
            schema = kind.written_schema({})
            schema = TEXT if schema.get("type") == "array" else schema
            if schema not in schemas:
                schemas.append(schema)
        made[title] = _field_condition(found), any_of(*schemas)
    made["tag"] = _tag_condition(made["tag"][0]), TEXT
    return made


def _name_condition(text: str) -> RecordCondition:
    wanted = parse_name(text)
    return lambda record: record.name == wanted


def _type_condition(text: str) -> RecordCondition:
    wanted = type_number(text)
    return lambda record: record.listed_type == wanted


def _ttl_condition(text: str) -> RecordCondition:
    wanted = _TTL.read(U32.parse(text))
    return lambda record: record.ttl == wanted


def _tag_condition(
    read: Callable[[str], RecordCondition],
) -> Callable[[str], RecordCondition]:
    """A condition on the tag of any record, which in CAA is a field of the data."""

    def read_tag(text: str) -> RecordCondition:
        try:
            of_data = read(text)
        except ValueError:
            return lambda record: record.tag == text
        return lambda record: record.tag == text or of_data(record)

    return read_tag


RECORD_CONDITIONS = _conditions()
"""The reader of a condition on each field of documents, and the schema of its text."""


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
