"""An answer onto the wire (RFC 1035 §4.1), cut where the message ends (RFC 2181 §9).

Written here and not by twisted.names, whose compression makes wrong pointers past
16 KiB, which knows neither TLSA nor CAA and fails on a TXT over 255 octets; nor by
dnspython, whose answer to an MX costs more than all the rest of a query.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mocksmtp.dns.message import MessageWriter
from mocksmtp.dns.query import AA, AD, CD, DNSSEC_OK, OPCODE, QR, RA, RD, TC
from mocksmtp.zone.rdata import RRType

if TYPE_CHECKING:
    from mocksmtp.dns.query import Edns, Query
    from mocksmtp.zone.answer import Answer
    from mocksmtp.zone.records import Record

MAX_TCP = 0xFFFF
"""Octets of a message over TCP: its length has 16 bits (RFC 1035 §4.2.2)."""

PLAIN_UDP = 512
"""Octets of a datagram for a client without EDNS (RFC 1035 §4.2.1)."""

EDNS_UDP = 4096
"""Octets of a datagram for any client, however many it takes (RFC 6891 §6.2.5).

It is also what we say that we take ourselves.
"""

_OPT_SIZE = 11


def udp_limit(query: Query) -> int:
    """How large the datagram that answers `query` may be (RFC 6891 §6.2.3)."""
    if query.edns is None:
        return PLAIN_UDP
    return min(max(query.edns.size, PLAIN_UDP), EDNS_UDP)


def write_response(
    query: Query, answer: Answer, limit: int, truncated: bool = False
) -> bytes:
    """The message that answers `query`, of at most `limit` octets.

    What does not fit is left out from the end. TC says so, unless nothing is
    missing but additional records, which nobody may rely on.

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
    """How many of `records` were written, and whether that is all of them."""
    count = 0
    for record in records:
        if not writer.record(record):
            return count, False
        count += 1
    return count, True


def _fill_whole_sets(writer: MessageWriter, records: tuple[Record, ...]) -> int:
    """How many of `records` were written: no part of an RRset (RFC 2181 §5)."""
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
