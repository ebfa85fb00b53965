"""What the fields of rdata are made of (RFC 1035 §3.3), in every notation of it.

A field of an rdata class is made with one of the tables here, as
``attrs.field(**U16)``. They check its value, and its `Kind` tells the wire
format, the zone file's and the JSON document's how to write it.
"""

from __future__ import annotations

import enum
import re
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING, Any

from mocksmtp.zone.names import to_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import attrs

MAX_RDATA = 0xFFFF
"""Octets of one record's data (RFC 1035 §3.2.1)."""

MAX_STRING = 255
"""Octets of one character-string (RFC 1035 §3.3)."""


TAG_TEXT = re.compile(f"[0-9A-Za-z]{{1,{MAX_STRING}}}")
"""A tag (RFC 8659 §4.1)."""


class Kind(enum.Enum):
    """What the value of a field is."""

    U8 = enum.auto()
    U16 = enum.auto()
    U32 = enum.auto()
    IPV4 = enum.auto()
    IPV6 = enum.auto()
    NAME = enum.auto()
    STRING = enum.auto()
    """One character-string."""
    TAG = enum.auto()
    """One character-string of ASCII letters and digits."""
    STRINGS = enum.auto()
    """Character-strings, one or more, to the end of the data."""
    TEXT = enum.auto()
    """A text, to the end of the data."""
    HEX = enum.auto()
    """Octets, one or more, to the end of the data, told in hexadecimal."""
    OCTETS = enum.auto()
    """Anything, to the end of the data."""


def kind_of(field: attrs.Attribute[Any]) -> Kind:
    """The kind of a field of an rdata class."""
    kind: Kind = field.metadata["kind"]
    return kind


def within(limit: int) -> Any:
    """A validator: a whole number from 0 to `limit`."""

    def check(_: object, field: attrs.Attribute[int], value: int) -> None:
        if not 0 <= value <= limit:
            raise ValueError(f"{field.name} is {value}, not from 0 to {limit}")

    return check


def up_to(limit: int) -> Any:
    """A validator: a text of at most `limit` octets of UTF-8, or so many octets."""

    def check(_: object, field: attrs.Attribute[Any], value: str | bytes) -> None:
        octets = value.encode() if isinstance(value, str) else value
        if len(octets) > limit:
            raise ValueError(f"{field.name} has more than {limit} octets")

    return check


def _is_tag(_: object, field: attrs.Attribute[str], value: str) -> None:
    if not TAG_TEXT.fullmatch(value):
        raise ValueError(f"{field.name} has from 1 to {MAX_STRING} letters and digits")


def character_strings(value: str | Iterable[str]) -> tuple[str, ...]:
    """`value`, a text or several, with what is over 255 octets of UTF-8 split.

    A character is never torn apart, so that each string is a text again.
    """
    texts = (value,) if isinstance(value, str) else value
    return tuple(piece for text in texts for piece in _split(text.encode()))


def _split(octets: bytes) -> Iterator[str]:
    start = 0
    while start + MAX_STRING < len(octets):
        # What is ignored is the character that the end cuts through.
        piece = octets[start : start + MAX_STRING].decode(errors="ignore")
        yield piece
        start += len(piece.encode())
    yield octets[start:].decode()


def _address(kind: type[IPv4Address | IPv6Address]) -> Any:
    """A converter that leaves an address as it is: reading it again takes long."""
    return lambda value: value if isinstance(value, kind) else kind(value)


def _of(kind: Kind, **how: Any) -> dict[str, Any]:
    return {"metadata": {"kind": kind}, **how}


U8 = _of(Kind.U8, validator=within(0xFF))
U16 = _of(Kind.U16, validator=within(0xFFFF))
U32 = _of(Kind.U32, validator=within(0xFFFFFFFF))
IPV4 = _of(Kind.IPV4, converter=_address(IPv4Address))
IPV6 = _of(Kind.IPV6, converter=_address(IPv6Address))
NAME = _of(Kind.NAME, converter=to_name)
STRING = _of(Kind.STRING, validator=up_to(MAX_STRING))
TAG = _of(Kind.TAG, validator=_is_tag)
STRINGS = _of(Kind.STRINGS, converter=character_strings)
TEXT = _of(Kind.TEXT, validator=up_to(MAX_RDATA))
HEX = _of(Kind.HEX, validator=up_to(MAX_RDATA))
OCTETS = _of(Kind.OCTETS)
