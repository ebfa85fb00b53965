"""Records as octets (RFC 1035 §4.1.3), with names compressed (§4.1.4).

Each field is written as its kind says: a new type of record needs nothing here.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs

from mocksmtp.dns.query import FIXED, HEADER
from mocksmtp.zone.kinds import Kind, kind_of
from mocksmtp.zone.rdata import RDATA, Raw, Rdata

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address

    from mocksmtp.zone.answer import Record
    from mocksmtp.zone.names import Name

CLASS_IN = 1

_U16 = struct.Struct(">H")
_U32 = struct.Struct(">I")

_POINTER = 0xC000
_FAR = 0x4000
"""Where no pointer leads: it has 14 bits."""

_ASKED = _U16.pack(_POINTER | HEADER.size)
"""A pointer to the name of the question."""

_TYPE_AND_CLASS = 4
"""Octets of a question behind its name."""

_LAST_COMPRESSED = 16
"""Names in data are compressed in the types of RFC 1035 alone (RFC 3597 §4)."""


class MessageWriter:
    """A message in the making: its question first, then its records."""

    __slots__ = ("_asked", "_octets", "_offsets", "_questions", "_room")

    def __init__(self, section: bytes, room: int) -> None:
        """Begin with `section`, the question as it came; `room` is for all."""
        self._octets = bytearray(HEADER.size) + section
        self._room = room
        self._offsets: dict[bytes, int] = {}
        self._questions = 1 if section else 0
        asked = section[:-_TYPE_AND_CLASS]
        # A pointer to the root would be longer than the root.
        self._asked = asked.lower() if len(asked) > 1 else None
        if asked:
            self._compressed(asked, HEADER.size)

    @property
    def place(self) -> int:
        """Where the next record goes."""
        return len(self._octets)

    @property
    def is_full(self) -> bool:
        """Whether more was written than there is room for, which `record` cuts."""
        return len(self._octets) > self._room

    def record(self, record: Record) -> bool:
        """Write `record`, or nothing at all where it does not fit."""
        octets, rdata = self._octets, record.rdata
        place = len(octets)
        if record.name.key == self._asked:
            octets += _ASKED
        else:
            self.name(record.name)
        octets += FIXED.pack(rdata.type, CLASS_IN, record.ttl, 0)
        start = len(octets)
        for value_of, write in _FIELDS[type(rdata)]:
            write(self, value_of(rdata))
        _U16.pack_into(octets, start - 2, len(octets) - start)
        if self.is_full:
            self.cut(place)
            return False
        return True

    def cut(self, place: int) -> None:
        """Leave out what is behind `place`; but for `opt` this is the end.

        A further record could point to names that are no longer there.
        """
        del self._octets[place:]

    def opt(self, type_: int, size: int, ttl: int) -> None:
        """Write an OPT record, for which room was left (RFC 6891 §6.1.2)."""
        self._octets += b"\0" + FIXED.pack(type_, size, ttl, 0)

    def finish(self, id_: int, flags: int, *counts: int) -> bytes:
        """The whole message; `counts` says how many records each section has."""
        HEADER.pack_into(self._octets, 0, id_, flags, self._questions, *counts)
        return bytes(self._octets)

    def append(self, octets: bytes) -> None:
        """Write `octets` as they are."""
        self._octets += octets

    def name(self, name: Name) -> None:
        """Write `name`, ending in a pointer where its end is there already.

        Spelled the same, that is: names are kept as they were written.
        """
        self._octets += self._compressed(name.wire, len(self._octets))

    def _compressed(self, wire: bytes, offset: int) -> bytes:
        """`wire` as it is written at `offset`; its labels can be pointed to then."""
        offsets = self._offsets
        at = 0
        while wire[at]:
            rest = wire[at:]
            known = offsets.get(rest)
            if known is not None:
                return wire[:at] + _U16.pack(_POINTER | known)
            if offset + at < _FAR:
                offsets[rest] = offset + at
            at += 1 + wire[at]
        return wire


def _write_u8(writer: MessageWriter, value: int) -> None:
    writer.append(bytes([value]))


def _write_u16(writer: MessageWriter, value: int) -> None:
    writer.append(_U16.pack(value))


def _write_u32(writer: MessageWriter, value: int) -> None:
    writer.append(_U32.pack(value))


def _write_address(writer: MessageWriter, value: IPv4Address | IPv6Address) -> None:
    writer.append(value.packed)


def _write_whole_name(writer: MessageWriter, value: Name) -> None:
    writer.append(value.wire)


def _write_string(writer: MessageWriter, value: str) -> None:
    octets = value.encode()
    writer.append(bytes([len(octets)]) + octets)


def _write_strings(writer: MessageWriter, value: tuple[str, ...]) -> None:
    for text in value:
        if writer.is_full:
            break
        _write_string(writer, text)


def _write_text(writer: MessageWriter, value: str) -> None:
    writer.append(value.encode())


_Write: TypeAlias = Callable[[MessageWriter, Any], None]

_WRITERS: dict[Kind, _Write] = {
    Kind.U8: _write_u8,
    Kind.U16: _write_u16,
    Kind.U32: _write_u32,
    Kind.IPV4: _write_address,
    Kind.IPV6: _write_address,
    Kind.NAME: _write_whole_name,
    Kind.STRING: _write_string,
    Kind.TAG: _write_string,
    Kind.STRINGS: _write_strings,
    Kind.TEXT: _write_text,
    Kind.HEX: MessageWriter.append,
    Kind.OCTETS: MessageWriter.append,
}


def _fields(cls: type[Rdata]) -> list[tuple[Callable[[Rdata], Any], _Write]]:
    """How each field of `cls` is got and written."""
    writers = _WRITERS
    if cls.TYPE <= _LAST_COMPRESSED:
        writers = {**_WRITERS, Kind.NAME: MessageWriter.name}
    return [
        (attrgetter(field.name), writers[kind_of(field)])
        for field in attrs.fields(cls)  # type: ignore[arg-type]
    ]


_FIELDS = {cls: _fields(cls) for cls in RDATA.values()}
_FIELDS[Raw] = [(attrgetter("data"), MessageWriter.append)]
