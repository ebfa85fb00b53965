"""Which answer a query gets: what the zone says, or why it is not asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mocksmtp.dns.message import CLASS_IN
from mocksmtp.zone.answer import Answer, Rcode
from mocksmtp.zone.rdata import RRType
from mocksmtp.zone.zone import MAX_ROOM

if TYPE_CHECKING:
    from mocksmtp.dns.query import Query
    from mocksmtp.zone.zone import Zone

CLASS_ANY = 255

_TRANSFERS = (RRType.AXFR, RRType.IXFR)


def resolve(query: Query, zone: Zone, room: int = MAX_ROOM) -> Answer:
    """The answer to `query`, for a message of at most `room` octets.

    NOTIMP for any opcode but QUERY, FORMERR for what cannot be read or has not
    exactly one question, BADVERS for EDNS other than 0 (RFC 6891 §6.1.3), REFUSED
    for other classes than IN and for zone transfers (RFC 5936 §2.2.1).
    """
    question = query.question
    if query.opcode != 0:
        return Answer(Rcode.NOTIMP)
    if question is None:
        return Answer(Rcode.FORMERR)
    if query.edns is not None and query.edns.version != 0:
        return Answer(Rcode.BADVERS)
    if query.question_class not in (CLASS_IN, CLASS_ANY):
        return Answer(Rcode.REFUSED)
    if question.type in _TRANSFERS:
        return Answer(Rcode.REFUSED)
    return zone.answer(question, room)
