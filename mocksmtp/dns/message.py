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
from mocksmtp.documents.problems import FIELD
from mocksmtp.zone.fields import kind_of
from mocksmtp.zone.rdata import RDATA, Raw, Rdata

if TYPE_CHECKING:
    from mocksmtp.zone.names import Name
    from mocksmtp.zone.records import Record

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
        for value_of, write in _WRITERS[type(rdata)]:
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


def _writers(cls: type[Rdata]) -> list[tuple[Callable[[Rdata], Any], _Write]]:
    """The getter and the writer of each field of `cls`."""
    compressed = cls is not Raw and cls.TYPE <= _LAST_COMPRESSED
    writers: list[tuple[Callable[[Rdata], Any], _Write]] = []
    for attribute in attrs.fields(cls):  # type: ignore[arg-type]
        if FIELD in attribute.metadata:
            kind = kind_of(attribute)
            write = kind.to_compressed_wire if compressed else kind.to_wire
            writers.append((attrgetter(attribute.name), write))
    return writers


_Write: TypeAlias = Callable[["MessageWriter", Any], None]

_WRITERS = {cls: _writers(cls) for cls in (*RDATA.values(), Raw)}
