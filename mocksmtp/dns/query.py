"""A query off the wire (RFC 1035 §4.1), with its EDNS record (RFC 6891 §6.1).

Not by twisted.names' `dns.Message`: it builds an object for each part, joins labels
with dots, so that a label with a dot in it is echoed as two, and raises whatever
the octets lead it to. A query is a header, one question and at most an OPT.
"""

from __future__ import annotations

import struct
from typing import TypeAlias

import attrs

from mocksmtp.zone.answer import Question
from mocksmtp.zone.names import MAX_LABEL, MAX_NAME, Name
from mocksmtp.zone.rdata import RRType

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
"""Octets of the ID that a message begins with."""

FIXED = struct.Struct(">HHIH")
"""What a record has between its name and its data (RFC 1035 §4.1.3)."""

DNSSEC_OK = 0x8000
"""The DO flag of an OPT record (RFC 3225 §3)."""

_QUESTION = struct.Struct(">HH")
_POINTER = 0xC0


class Malformed(Exception):
    """Octets that are no DNS message."""


@attrs.frozen
class Edns:
    """
    What a client's OPT record says (RFC 6891 §6.1.3).

    :ivar size: octets of UDP payload that the client takes
    :ivar dnssec_ok: whether DO is set, which the response repeats
    """

    size: int
    version: int
    dnssec_ok: bool


@attrs.frozen
class Query:
    """
    A message from a client.

    :ivar flags: the second field of the header, as it came
    :ivar question: None where there is not exactly one, or it cannot be read
    :ivar section: the question as it came, to be echoed octet by octet
    """

    id: int
    flags: int
    question: Question | None = None
    question_class: int = 0
    section: bytes = b""
    edns: Edns | None = None

    @property
    def opcode(self) -> int:
        """What kind of query it is; 0 is the ordinary one."""
        return (self.flags & OPCODE) >> 11


def read_query(packet: bytes) -> Query | None:
    """The query in `packet`; None if it is to be met with silence.

    That is what has no whole header, or is a response: two servers that answer
    each other's answers never end. Of what is malformed behind a header that much
    is told as it takes to say so.
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
    except (Malformed, IndexError, struct.error):
        return Query(id_, flags)


def _read_body(
    packet: bytes, id_: int, flags: int, answers: int, authority: int, additional: int
) -> Query:
    end = _skip_labels(packet, HEADER.size)
    if end - HEADER.size > MAX_NAME:
        raise Malformed
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
    """The index behind the name at `at`, which has no compression (RFC 1035 §4.1.4)."""
    while length := packet[at]:
        if length > MAX_LABEL:
            raise Malformed
        at += 1 + length
    return at + 1


def _skip_name(packet: bytes, at: int) -> int:
    """The index behind the name at `at`, whose last part may be a pointer."""
    while 0 < packet[at] < _POINTER:
        at += 1 + packet[at]
    return at + (1 if packet[at] == 0 else 2)


_Fixed: TypeAlias = tuple[int, int, int, int]


def _read_record(packet: bytes, at: int) -> tuple[_Fixed, int]:
    """Type, class, TTL and length of the record at `at`, and the index behind it."""
    at = _skip_name(packet, at)
    type_, class_, ttl, length = FIXED.unpack_from(packet, at)
    at += FIXED.size + length
    if at > len(packet):
        raise Malformed
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
                raise Malformed
            edns = Edns(size, ttl >> 16 & 0xFF, bool(ttl & DNSSEC_OK))
    return edns
