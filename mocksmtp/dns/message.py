"""Messages (RFC 1035 §4.1): queries that are read, and responses that are written.

A query is a header, one question and at most an OPT record (RFC 6891 §6.1). Responses
are truncated if they don't fit (RFC 2181 §9), and names are compressed (§4.1.4). The
kinds of fields write the data of records, so a new type needs no change here.

twisted.names is not used for this. Its `dns.Message` constructs an object for each
part, joins labels with dots, so that it echoes a label with a dot as two labels, and
raises exceptions of any class for malformed octets. Its compression writes wrong
pointers beyond 16 KiB, it supports neither TLSA nor CAA, and fails for a TXT over 255
octets.

dnspython was measured for names and data, in place of `mocksmtp.zone.names` and
`mocksmtp.zone.rdata`: an MX query that never repeats took 46 µs for reading the name
and writing question, MX and A alone (82 µs with its messages), where this server takes
19 µs in all, and that of twisted.names 21 µs. Its RRsets need 17 % more memory for
each record. It reads zone files (`mocksmtp.zone.text`), where time matters less.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs

from mocksmtp.documents.problems import FIELD
from mocksmtp.zone.answer import Question
from mocksmtp.zone.names import MAX_LABEL, MAX_NAME, Name
from mocksmtp.zone.rdata import RDATA, Raw, Rdata, RRType
from mocksmtp.zone.rdata_fields import kind_of

if TYPE_CHECKING:
    from mocksmtp.zone.answer import Answer
    from mocksmtp.zone.records import Record

QR = 0x8000
AA = 0x0400
TC = 0x0200
RD = 0x0100
RA = 0x0080
AD = 0x0020
CD = 0x0010
OPCODE = 0x7800
"""Flags of a header (RFC 1035 §4.1.1; AD, CD: RFC 4035 §3)."""

HEADER = struct.Struct(">6H")
ID_SIZE = 2
"""Octets of the ID at the beginning of a message."""

FIXED = struct.Struct(">HHIH")
"""Type, class, TTL and data length of a record (RFC 1035 §4.1.3)."""

DNSSEC_OK = 0x8000
"""The DO flag of an OPT record (RFC 3225 §3)."""

_QUESTION = struct.Struct(">HH")
_POINTER_OCTET = 0xC0

CLASS_IN = 1

_U16 = struct.Struct(">H")

_POINTER = _POINTER_OCTET << 8
_FAR = 0x4000
"""The first offset that a pointer of 14 bits can't reach."""

_ASKED = _U16.pack(_POINTER | HEADER.size)
"""A pointer to the name of the question."""

_TYPE_AND_CLASS = 4
"""Octets of a question after its name."""

_LAST_COMPRESSED = 16
"""The last type of RFC 1035; only their names are compressed (RFC 3597 §4)."""

MAX_TCP = 0xFFFF
"""Maximum octets of a message over TCP, whose length has 16 bits (RFC 1035 §4.2.2)."""

PLAIN_UDP = 512
"""Maximum octets of a datagram for a client without EDNS (RFC 1035 §4.2.1)."""

EDNS_UDP = 4096
"""Maximum octets of any datagram, and the size we advertise (RFC 6891 §6.2.5)."""

_OPT_SIZE = 11


class _Malformed(Exception):
    """Octets that are not a DNS message."""


@attrs.frozen
class Edns:
    """
    A client's OPT record (RFC 6891 §6.1.3).

    :ivar size: octets of UDP payload that the client accepts
    :ivar dnssec_ok: whether DO is set, which the response repeats
    """

    size: int
    version: int
    dnssec_ok: bool


@attrs.frozen
class Query:
    """
    A message from a client.

    :ivar flags: the second field of the header
    :ivar question: None if there is not exactly one, or it cannot be read
    :ivar section: the octets of the question, which the response repeats
    """

    id: int
    flags: int
    question: Question | None = None
    question_class: int = 0
    section: bytes = b""
    edns: Edns | None = None

    @property
    def opcode(self) -> int:
        """The kind of the query; 0 is a standard query."""
        return (self.flags & OPCODE) >> 11


def read_query(packet: bytes) -> Query | None:
    """Return the query in `packet`; None if it must not be answered.

    Packets without a whole header, and responses, are not answered: two servers that
    answer each other's responses would loop. For a query that is malformed after its
    header, only the header is returned, which suffices for FORMERR.
    """
    if len(packet) < HEADER.size:
        return None
    id_, flags, questions, *records = HEADER.unpack_from(packet)
    if flags & QR:
        return None
    if questions != 1:
        return Query(id_, flags)
    try:
        return _read_body(packet, id_, flags, *records)
    except (_Malformed, IndexError, struct.error):
        return Query(id_, flags)


def _read_body(
    packet: bytes, id_: int, flags: int, answers: int, authority: int, additional: int
) -> Query:
    end = _skip_labels(packet, HEADER.size)
    if end - HEADER.size > MAX_NAME:
        raise _Malformed
    type_, class_ = _QUESTION.unpack_from(packet, end)
    question = Question(Name(packet[HEADER.size : end]), type_)
    end += _QUESTION.size
    section = packet[HEADER.size : end]
    edns = None
    if additional:
        end = _skip_records(packet, end, answers + authority)
        edns = _read_edns(packet, end, additional)
    return Query(id_, flags, question, class_, section, edns)


def _skip_labels(packet: bytes, at: int) -> int:
    """The index after the name at `at`, which has no compression (RFC 1035 §4.1.4)."""
    while length := packet[at]:
        if length > MAX_LABEL:
            raise _Malformed
        at += 1 + length
    return at + 1


def _skip_name(packet: bytes, at: int) -> int:
    """The index after the name at `at`, which may end in a pointer."""
    while 0 < packet[at] < _POINTER_OCTET:
        at += 1 + packet[at]
    return at + (1 if packet[at] == 0 else 2)


_Fixed: TypeAlias = tuple[int, int, int, int]


def _read_record(packet: bytes, at: int) -> tuple[_Fixed, int]:
    """Type, class, TTL and length of the record at `at`, and the index after it."""
    at = _skip_name(packet, at)
    type_, class_, ttl, length = FIXED.unpack_from(packet, at)
    at += FIXED.size + length
    if at > len(packet):
        raise _Malformed
    return (type_, class_, ttl, length), at


def _skip_records(packet: bytes, at: int, count: int) -> int:
    for _ in range(count):
        _, at = _read_record(packet, at)
    return at


def _read_edns(packet: bytes, at: int, count: int) -> Edns | None:
    """The OPT among `count` records; more than one is an error (RFC 6891 §6.1.1)."""
    edns = None
    for _ in range(count):
        owner = packet[at]
        (type_, size, ttl, _), at = _read_record(packet, at)
        if type_ == RRType.OPT:
            if edns is not None or owner != 0:
                raise _Malformed
            edns = Edns(size, ttl >> 16 & 0xFF, bool(ttl & DNSSEC_OK))
    return edns


class MessageWriter:
    """Writes a message: first its question, then its records."""

    __slots__ = ("_asked", "_octets", "_offsets", "_questions", "_room")

    def __init__(self, section: bytes, room: int) -> None:
        """Begin with the question; the message has at most `room` octets."""
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
        """The offset of the next record."""
        return len(self._octets)

    @property
    def is_full(self) -> bool:
        """Whether the message is too long; `record` then truncates it."""
        return len(self._octets) > self._room

    def record(self, record: Record) -> bool:
        """Write `record`, or nothing if it does not fit."""
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
        """Remove all octets after `place`; only `opt` may follow.

        A further record could contain pointers to names that were removed.
        """
        del self._octets[place:]

    def opt(self, type_: int, size: int, ttl: int) -> None:
        """Write an OPT record, for which octets were reserved (RFC 6891 §6.1.2)."""
        self._octets += b"\0" + FIXED.pack(type_, size, ttl, 0)

    def finish(self, id_: int, flags: int, *counts: int) -> bytes:
        """Return the message; `counts` are the numbers of records per section."""
        HEADER.pack_into(self._octets, 0, id_, flags, self._questions, *counts)
        return bytes(self._octets)

    def append(self, octets: bytes) -> None:
        """Write `octets`."""
        self._octets += octets

    def name(self, name: Name) -> None:
        """Write `name`; a pointer replaces a suffix that was written before.

        The suffix must have the same case, because names keep it.
        """
        self._octets += self._compressed(name.wire, len(self._octets))

    def _compressed(self, wire: bytes, offset: int) -> bytes:
        """`wire` compressed; later names may point to its labels at `offset`."""
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
            write = kind_of(attribute).wire_writer(compressed)
            writers.append((attrgetter(attribute.name), write))
    return writers


_Write: TypeAlias = Callable[["MessageWriter", Any], None]

_WRITERS = {cls: _writers(cls) for cls in (*RDATA.values(), Raw)}


def udp_limit(query: Query) -> int:
    """Maximum octets of the datagram that answers `query` (RFC 6891 §6.2.3)."""
    if query.edns is None:
        return PLAIN_UDP
    return min(max(query.edns.size, PLAIN_UDP), EDNS_UDP)


def write_response(
    query: Query, answer: Answer, limit: int, truncated: bool = False
) -> bytes:
    """The message that answers `query`, of at most `limit` octets.

    Records that don't fit are omitted from the end, and TC is set, unless only
    additional records are missing, on which no client may rely.

    :param truncated: whether TC is set in any case
    """
    edns = query.edns
    writer = MessageWriter(query.section, limit - (_OPT_SIZE if edns else 0))
    flags = QR | RA | query.flags & (OPCODE | RD | CD) | answer.rcode & 0xF
    if answer.aa:
        flags |= AA
    if answer.ad:
        flags |= AD
    answers, all_answers = _fill(writer, answer.answers)
    authority, all_authority = (
        _fill(writer, answer.authority) if all_answers else (0, False)
    )
    additional = 0
    if truncated or not all_authority:
        flags |= TC
    elif answer.additional:
        additional = _fill_whole_sets(writer, answer.additional)
    if edns is not None:
        additional += 1
        _write_edns(writer, edns, answer.rcode)
    return writer.finish(query.id, flags, answers, authority, additional)


def _fill(writer: MessageWriter, records: tuple[Record, ...]) -> tuple[int, bool]:
    """Write `records` that fit; return their number, and whether all were written."""
    count = 0
    for record in records:
        if not writer.record(record):
            return count, False
        count += 1
    return count, True


def _fill_whole_sets(writer: MessageWriter, records: tuple[Record, ...]) -> int:
    """Write the whole RRsets that fit; return the number of records (RFC 2181 §5)."""
    count = whole = 0
    place, last = writer.place, records[0]
    for record in records:
        if record.type != last.type or record.name != last.name:
            whole, place, last = count, writer.place, record
        if not writer.record(record):
            writer.cut(place)
            return whole
        count += 1
    return count


def _write_edns(writer: MessageWriter, edns: Edns, rcode: int) -> None:
    """An OPT of version 0, with the upper bits of the rcode (RFC 6891 §6.1.3)."""
    ttl = rcode >> 4 << 24 | (DNSSEC_OK if edns.dnssec_ok else 0)
    writer.opt(RRType.OPT, EDNS_UDP, ttl)
