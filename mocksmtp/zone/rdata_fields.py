r"""The kinds of fields that record data consists of (RFC 1035 §3.3).

A kind declares every notation of a field once: JSON with its schema (as any
`mocksmtp.documents.kinds.Kind`), the wire format, and zone-file text. A class of record
data declares its fields with `rdata_field`::

    @attrs.frozen
    class MX(Rdata):
        preference: int = rdata_field(U16, "the lowest is tried first")
        exchange: Name = rdata_field(NAME, "the mail server")

Data that no class describes is written as RFC 3597 §5 defines for every type:
``\# 4 0a000001`` is four octets in hexadecimal.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import attrs

from mocksmtp.documents.document import Field
from mocksmtp.documents.kinds import Integer, Kind, Named, Text
from mocksmtp.documents.problems import FIELD, Refused, json_type, places_of, shown
from mocksmtp.documents.problems import Refusals as ManyRefused
from mocksmtp.documents.schema import DOMAIN_NAME as NAME_SCHEMA
from mocksmtp.documents.schema import IP_ADDRESSES, Schema
from mocksmtp.documents.schema import TEXT as TEXT_SCHEMA
from mocksmtp.zone.names import MAX_LABEL, MAX_NAME, Name, parse_name, to_name

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

MAX_RDATA = 0xFFFF
"""Octets of one record's data (RFC 1035 §3.2.1)."""

MAX_STRING = 255
"""Octets of one character-string (RFC 1035 §3.3)."""

_ABSENT = "default in documents"

_CONTROL = re.compile(r'["\\\x00-\x1f\x7f]')
_QUOTED = re.compile(rb'["\\]|[^ -~]')
_GENERIC = re.compile(r"\\#[ \t\r\n]+([0-9]{1,5})((?:[ \t\r\n]+[0-9A-Fa-f]+)*+)")


class WireWriter(Protocol):
    """A message being written, as fields see it."""

    @property
    def is_full(self) -> bool:
        """Whether more was written than the message may have."""

    def append(self, octets: bytes) -> None:
        """Write `octets`."""

    def name(self, name: Name) -> None:
        """Write `name`, compressed where possible."""


class DataKind(Kind[T]):
    """A kind of field: all notations of its values."""

    def convert(self, value: Any) -> T:
        """The value for an argument of a class of record data."""
        return value  # type: ignore[no-any-return]

    def check(self, _: object, field: attrs.Attribute[T], value: T) -> None:
        """
        Check a value of a class of record data.

        :raises ValueError: it can't be written to the wire
        """

    def parse(self, text: str) -> T:
        """
        The value that a query parameter describes.

        :raises ValueError: it describes none
        """
        return self.read(text)

    def matches(self, wanted: T, value: T) -> bool:
        """Whether a record with `value` is meant by a query parameter."""
        return value == wanted

    def from_wire(self, data: bytes, at: int) -> tuple[Any, int]:
        """
        An argument of the class, and the index after it.

        :raises ValueError: there is no such value at `at`; or IndexError, struct.error
        """
        return data[at:], len(data)

    def to_wire(self, writer: WireWriter, value: T) -> None:
        """Write a value, without compressed names."""
        raise NotImplementedError

    def wire_writer(self, compressed: bool) -> Callable[[WireWriter, T], None]:
        """
        The function that writes a value.

        :param compressed: whether names in its type may be compressed (RFC 3597 §4)
        """
        return self.to_wire

    def to_text(self, value: T) -> str:
        """The value in a zone file."""
        return str(value)


def rdata_field(
    kind: DataKind[Any],
    meaning: str,
    *,
    absent: Any = attrs.NOTHING,
    validator: Callable[..., None] | None = None,
) -> Any:
    """
    A field of record data.

    :param meaning: its row in the reference
    :param absent: the value where a JSON document does not have the field
    :param validator: replaces the check of the kind
    """
    converts = type(kind).convert is not DataKind.convert
    checks = type(kind).check is not DataKind.check
    return attrs.field(
        converter=kind.convert if converts else None,
        validator=validator or (kind.check if checks else None),
        metadata={
            FIELD: Field(kind=kind, meaning=meaning, always=True),
            _ABSENT: absent,
        },
    )


def kind_of(field: attrs.Attribute[Any]) -> DataKind[Any]:
    """The kind of a field of record data."""
    kind: DataKind[Any] = field.metadata[FIELD].kind
    return kind


def default_in_documents(field: attrs.Attribute[Any]) -> Any:
    """The value of a field that a document does not have; NOTHING if it must."""
    return field.metadata[_ABSENT]


class Unsigned(DataKind[int]):
    """
    An unsigned integer of 8, 16 or 32 bits.

    :param layout: its format for `struct`
    :param known: the values that are allowed, or None for all
    """

    def __init__(self, layout: str, known: tuple[int, ...] | None = None) -> None:
        self._form = struct.Struct(layout)
        self._known = known
        self._json = Integer(0, 256**self._form.size - 1)
        self.samples, self.misfits = self._json.samples, self._json.misfits
        if known is not None:
            self.samples, self.misfits = known, (-1, max(known) + 1, "0", True)

    def check(self, _: object, field: attrs.Attribute[int], value: int) -> None:
        """Check that the value is within its bits, and allowed."""
        if not 0 <= value <= self._json.most:
            raise ValueError(
                f"{field.name} must be from 0 to {self._json.most:,}, got {value}"
            )
        if self._known is not None and value not in self._known:
            raise ValueError(f"{field.name} must be {self._listed()}, got {value}")

    def _listed(self) -> str:
        return "one of: " + ", ".join(map(str, self._known or ()))

    def read(self, value: Any, _: object = None) -> int:
        """An integer."""
        number = self._json.read(value)
        if self._known is not None and number not in self._known:
            raise Refused(f"must be {self._listed()}; got {number}")
        return number

    def parse(self, text: str) -> int:
        """An integer from its digits."""
        if not text.isascii() or not text.isdecimal() or len(text) > 10:
            raise Refused(f"must be an integer, got {shown(text)}")
        return self.read(int(text))

    def written_schema(self, named: Named) -> Schema:
        """An integer."""
        if self._known is not None:
            return {"enum": list(self._known)}
        return self._json.written_schema(named)

    def from_wire(self, data: bytes, at: int) -> tuple[int, int]:
        """An integer of its size."""
        return self._form.unpack_from(data, at)[0], at + self._form.size

    def to_wire(self, writer: WireWriter, value: int) -> None:
        """Its octets."""
        writer.append(self._form.pack(value))


class _Address(DataKind[Any]):
    """
    An address.

    :param kind: the class of its values
    """

    def __init__(self, kind: type[IPv4Address | IPv6Address]) -> None:
        self._kind = kind
        self._name = "IPv4" if kind is IPv4Address else "IPv6"
        self._schema = IP_ADDRESSES[0 if kind is IPv4Address else 1]
        self._size = 4 if kind is IPv4Address else 16
        good = "192.0.2.1", "2001:db8::1"
        self.samples = (good[0 if kind is IPv4Address else 1],)
        self.misfits = (good[1 if kind is IPv4Address else 0], "x", 5)

    def convert(self, value: Any) -> Any:
        """An address from its text or octets."""
        # An address stays the object that it is: constructing one is slow.
        return value if isinstance(value, self._kind) else self._kind(value)

    def check(self, _: object, field: attrs.Attribute[Any], value: Any) -> None:
        """Check that the address has no scope."""
        if getattr(value, "scope_id", None) is not None:
            raise ValueError(f"{value} has a scope, which DNS can't contain")

    def read(self, value: Any, _: object = None) -> Any:
        """An address without a scope."""
        text = _text(value)
        try:
            return self._kind(text.replace("%", " "))
        except ValueError:
            raise Refused(
                f"must be an {self._name} address, got {shown(text)}"
            ) from None

    def write(self, value: Any) -> str:
        """Its text."""
        return str(value)

    def written_schema(self, named: Named) -> Schema:
        """A string."""
        return self._schema

    def from_wire(self, data: bytes, at: int) -> tuple[bytes, int]:
        """Its octets."""
        return data[at : at + self._size], at + self._size

    def to_wire(self, writer: WireWriter, value: Any) -> None:
        """Its octets."""
        writer.append(value.packed)


class _Name(DataKind[Name]):
    """A domain name."""

    samples = ("a.test", ".")
    misfits = ("a..b", "", 5)

    def convert(self, value: Any) -> Name:
        """A name from its text."""
        return to_name(value)

    def read(self, value: Any, _: object = None) -> Name:
        """A name in its U-labels or A-labels."""
        return parse_name(_text(value))

    def write(self, value: Name) -> str:
        """The name without a dot at its end."""
        return str(value)

    def written_schema(self, named: Named) -> Schema:
        """A string."""
        return NAME_SCHEMA

    def from_wire(self, data: bytes, at: int) -> tuple[Name, int]:
        """A name without compression."""
        start = at
        while length := data[at]:
            if length > MAX_LABEL:
                raise ValueError("not a label")
            at += 1 + length
        if at + 1 - start > MAX_NAME:
            raise ValueError("not a name")
        return Name(data[start : at + 1]), at + 1

    def to_wire(self, writer: WireWriter, value: Name) -> None:
        """The whole name."""
        writer.append(value.wire)

    def wire_writer(self, compressed: bool) -> Callable[[WireWriter, Name], None]:
        """The function that writes a whole name, or one with a pointer."""
        return _write_compressed if compressed else self.to_wire

    def to_text(self, value: Name) -> str:
        """The name with a dot at its end."""
        return absolute(value)


class _String(DataKind[str]):
    """One character-string."""

    samples: tuple[Any, ...] = ("", "x" * MAX_STRING)
    misfits: tuple[Any, ...] = ("x" * (MAX_STRING + 1), 5)

    def check(self, _: object, field: attrs.Attribute[str], value: str) -> None:
        """Check its length."""
        if len(value.encode()) > MAX_STRING:
            raise ValueError(f"{field.name} must have at most {MAX_STRING} octets")

    def read(self, value: Any, _: object = None) -> str:
        """A string of at most 255 octets."""
        text = _text(value)
        if len(text.encode()) > MAX_STRING:
            raise Refused(f"must have at most {MAX_STRING} octets")
        return text

    def written_schema(self, named: Named) -> Schema:
        """A string; characters may have several octets."""
        return {**TEXT_SCHEMA, "maxLength": MAX_STRING}

    def from_wire(self, data: bytes, at: int) -> tuple[str, int]:
        """Its length, and so many octets of UTF-8."""
        end = at + 1 + data[at]
        if end > len(data):
            raise ValueError("not a string")
        return data[at + 1 : end].decode(), end

    def to_wire(self, writer: WireWriter, value: str) -> None:
        """Its length and octets."""
        octets = value.encode()
        writer.append(bytes([len(octets)]) + octets)

    def to_text(self, value: str) -> str:
        """
        The string in quotes, its letters unchanged.

        Where dnspython reads a single string, it reads characters, not octets.
        """
        return f'"{_CONTROL.sub(_escaped_character, value)}"'


class _Tag(_String):
    """A property tag: a character-string of letters and digits (RFC 8659 §4.1)."""

    samples = ("issue",)
    misfits = ("a-b", "", 5)

    def __init__(self) -> None:
        self._json = Text(
            f"[0-9A-Za-z]{{1,{MAX_STRING}}}", "must be ASCII letters and digits"
        )

    def check(self, _: object, field: attrs.Attribute[str], value: str) -> None:
        """Check its letters."""
        try:
            self._json.read(value)
        except ValueError as error:
            raise ValueError(f"{field.name} {error}") from None

    def read(self, value: Any, _: object = None) -> str:
        """Letters and digits."""
        return self._json.read(value)

    def written_schema(self, named: Named) -> Schema:
        """A string."""
        return self._json.written_schema(named)

    def to_text(self, value: str) -> str:
        """The letters, without quotes."""
        return value


class _Strings(DataKind[tuple[str, ...]]):
    """One or more character-strings, to the end of the data."""

    samples = (["a"], ["", "x" * 300])
    misfits = ([], "a", [5])

    def convert(self, value: Any) -> tuple[str, ...]:
        """Strings of a text or of several."""
        return character_strings(value)

    def check(
        self, _: object, field: attrs.Attribute[tuple[str, ...]], value: tuple[str, ...]
    ) -> None:
        """Check that there is one, and that all are no longer than data may be."""
        if not value:
            raise ValueError(f"{field.name} must have at least one string")
        if sum(1 + len(text.encode()) for text in value) > MAX_RDATA:
            raise ValueError(f"{field.name} must have at most {MAX_RDATA:,} octets")

    def read(self, value: Any, _: object = None) -> tuple[str, ...]:
        """An array of texts; one over 255 octets is split by the class."""
        if type(value) is not list:
            raise Refused(f"must be an array, got {json_type(value)}")
        if not value:
            raise Refused("must have at least one string")
        errors: list[tuple[str, str]] = []
        for index, text in enumerate(value):
            try:
                _text(text)
            except Refused as error:
                errors += places_of(error, f"[{index}]")
        if errors:
            raise ManyRefused(errors)
        return tuple(value)

    def write(self, value: tuple[str, ...]) -> list[str]:
        """An array."""
        return list(value)

    def parse(self, text: str) -> tuple[str, ...]:
        """All strings together."""
        return (text,)

    def matches(self, wanted: tuple[str, ...], value: tuple[str, ...]) -> bool:
        """Whether the strings together are the text."""
        return "".join(value) == wanted[0]

    def written_schema(self, named: Named) -> Schema:
        """An array."""
        return {"type": "array", "items": TEXT_SCHEMA, "minItems": 1}

    def from_wire(self, data: bytes, at: int) -> tuple[list[str], int]:
        """Strings to the end."""
        texts = []
        while at < len(data):
            text, at = STRING.from_wire(data, at)
            texts.append(text)
        return texts, at

    def to_wire(self, writer: WireWriter, value: tuple[str, ...]) -> None:
        """Each string, until the message is full."""
        for text in value:
            if writer.is_full:
                break
            STRING.to_wire(writer, text)

    def to_text(self, value: tuple[str, ...]) -> str:
        """Each in quotes, octets beyond ASCII as decimal numbers (RFC 1035 §5.1)."""
        return " ".join(
            f'"{_QUOTED.sub(_escaped_octet, text.encode()).decode()}"' for text in value
        )


class _LongText(DataKind[str]):
    """A text, to the end of the data."""

    samples = ("", "x")
    misfits = (5,)

    def check(self, _: object, field: attrs.Attribute[str], value: str) -> None:
        """Check its length."""
        if len(value.encode()) > MAX_RDATA:
            raise ValueError(f"{field.name} must have at most {MAX_RDATA:,} octets")

    def read(self, value: Any, _: object = None) -> str:
        """A string."""
        return _text(value)

    def written_schema(self, named: Named) -> Schema:
        """A string."""
        return TEXT_SCHEMA

    def from_wire(self, data: bytes, at: int) -> tuple[str, int]:
        """All octets, as UTF-8."""
        return data[at:].decode(), len(data)

    def to_wire(self, writer: WireWriter, value: str) -> None:
        """Its octets."""
        writer.append(value.encode())

    def to_text(self, value: str) -> str:
        """The text in quotes."""
        return STRING.to_text(value)


class _Hex(DataKind[bytes]):
    """One or more octets, to the end of the data, in hexadecimal."""

    samples = ("cafe", "0A")
    misfits = ("caf", "", 5)
    _pattern = re.compile("(?:[0-9A-Fa-f]{2})+")

    def read(self, value: Any, _: object = None) -> bytes:
        """Pairs of hexadecimal digits."""
        text = _text(value)
        if not self._pattern.fullmatch(text):
            raise Refused(f"must be octets in hexadecimal, got {shown(text)}")
        return bytes.fromhex(text)

    def write(self, value: bytes) -> str:
        """Two digits for each octet."""
        return value.hex()

    def written_schema(self, named: Named) -> Schema:
        """A string."""
        return {**TEXT_SCHEMA, "pattern": f"^{self._pattern.pattern}$"}

    def to_wire(self, writer: WireWriter, value: bytes) -> None:
        """The octets."""
        writer.append(value)

    def to_text(self, value: bytes) -> str:
        """Two digits for each octet."""
        return value.hex()


class _Octets(DataKind[bytes]):
    """Any octets, to the end of the data, in the form of RFC 3597."""

    samples = (r"\# 2 cafe", r"\# 0")
    misfits = ("cafe", r"\# 3 cafe", 5)

    def read(self, value: Any, _: object = None) -> bytes:
        """The octets of the text."""
        return parse_generic(_text(value))

    def write(self, value: bytes) -> str:
        """Their number, and two digits for each."""
        return generic_text(value)

    def written_schema(self, named: Named) -> Schema:
        """A string."""
        return {**TEXT_SCHEMA, "format": "rdata"}

    def to_wire(self, writer: WireWriter, value: bytes) -> None:
        """The octets."""
        writer.append(value)

    def to_text(self, value: bytes) -> str:
        """Their number, and two digits for each."""
        return generic_text(value)


_text = Text().read

U8 = Unsigned(">B")
U16 = Unsigned(">H")
U32 = Unsigned(">I")
IPV4 = _Address(IPv4Address)
IPV6 = _Address(IPv6Address)
NAME = _Name()
STRING = _String()
TAG = _Tag()
STRINGS = _Strings()
LONG_TEXT = _LongText()
HEX = _Hex()
OCTETS = _Octets()


def _write_compressed(writer: WireWriter, value: Name) -> None:
    writer.name(value)


def absolute(name: Name) -> str:
    """A name in a zone file, with the dot at its end."""
    text = str(name)
    return text if text == "." else text + "."


def character_strings(value: str | Iterable[str]) -> tuple[str, ...]:
    """
    The character-strings of a text or of several.

    One over 255 octets is split between two characters.
    """
    texts = (value,) if isinstance(value, str) else value
    return tuple(piece for text in texts for piece in _split(text.encode()))


def _split(octets: bytes) -> Iterator[str]:
    start = 0
    while start + MAX_STRING < len(octets):
        # The character that the end cuts is ignored here, and begins the next piece.
        piece = octets[start : start + MAX_STRING].decode(errors="ignore")
        yield piece
        start += len(piece.encode())
    yield octets[start:].decode()


def generic_text(octets: bytes) -> str:
    r"""`octets` in the form for every type: ``\# 4 0a000001``."""
    return rf"\# {len(octets)} {octets.hex()}".rstrip()


def parse_generic(text: str) -> bytes:
    r"""
    The octets that ``\# 4 0a000001`` describes.

    :raises Refused: `text` is not of that form, or the length is wrong
    """
    match = _GENERIC.fullmatch(text)
    if match is None:
        raise Refused(
            r"must be \#, the number of octets, and the octets in hexadecimal"
        )
    digits = "".join(match[2].split())
    if len(digits) != 2 * int(match[1]):
        raise Refused(f"must have {match[1]} octets, got {len(digits) / 2:g}")
    return bytes.fromhex(digits)


def _escaped(octet: bytes) -> bytes:
    return b"\\" + octet if octet in b'"\\' else b"\\%03d" % octet[0]


def _escaped_octet(match: re.Match[bytes]) -> bytes:
    return _escaped(match[0])


def _escaped_character(match: re.Match[str]) -> str:
    return _escaped(match[0].encode()).decode()
