"""What a behavior has decided about a query, put into octets.

An answer that is wrong in one respect is right in all others: its ID is that of the
query, its question as it came, it has EDNS where the client has, and it is cut where it
does not fit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from mocksmtp.behaviors.dns import DnsResponse, DnsThen, Wrong
from mocksmtp.dns.query import HEADER, ID_SIZE, TC, Query
from mocksmtp.dns.resolver import resolve
from mocksmtp.dns.responder import Response, answered, asked_in, limit_of, type_of
from mocksmtp.dns.response import MAX_TCP
from mocksmtp.zone.answer import Answer, Question, Rcode
from mocksmtp.zone.names import Name
from mocksmtp.zone.queries import UDP, DnsExchange, DnsReply
from mocksmtp.zone.zone import LEAST_OCTETS

if TYPE_CHECKING:
    from mocksmtp.zone.records import Record
    from mocksmtp.zone.zone import Zone

MAX_DATAGRAM = 65_507
"""Octets of the largest datagram over IPv4 (RFC 768, RFC 791 §3.1)."""

ASKED = Name.parse("*")
"""The owner that stands for the name that is asked for."""

_OTHERS = (Name.parse("wrong.invalid"), Name.parse("other.invalid"))

_RCODE = 0xF


@attrs.frozen
class Told:
    """
    What is to be sent.

    :ivar message: None is silence
    :ivar closes: whether the connection is closed then
    """

    response: Response
    message: bytes | None
    closes: bool = False


def told(query: Query, decided: DnsResponse, zone: Zone, transport: str) -> Told:
    """What `query` is told by a behavior's response; its delay is not looked at."""
    if decided.then.is_silent:
        return Told(answered(query, None), None, decided.then is DnsThen.CLOSE)
    if decided.raw is not None:
        response = _as_it_is(query, decided.raw)
    else:
        response = _written(query, decided, zone, transport)
    id_ = query.id ^ 0xFFFF if decided.wrong is Wrong.ID else query.id
    return Told(response, id_.to_bytes(ID_SIZE, "big") + response.octets)


def _as_it_is(query: Query, octets: bytes) -> Response:
    """A response of these octets, of which is told what they say, if they do."""
    exchange = DnsExchange(*asked_in(query), None)
    if len(octets) < HEADER.size - ID_SIZE:
        return Response(exchange, octets, None)
    _, flags, _, answers, *_ = HEADER.unpack_from(bytes(ID_SIZE) + octets)
    reply = DnsReply(flags & _RCODE, answers, bool(flags & TC))
    kind = (type_of(query), reply.rcode)
    return Response(attrs.evolve(exchange, reply=reply), octets, kind)


def _written(
    query: Query, decided: DnsResponse, zone: Zone, transport: str
) -> Response:
    limit = limit_of(query, transport)
    if decided.wrong is Wrong.SIZE and transport == UDP:
        limit = MAX_DATAGRAM
    truncated = decided.then is DnsThen.TRUNCATE and transport == UDP
    # What is cut off says how its whole, over TCP, would begin.
    answer = _answer(query, decided, zone, MAX_TCP if truncated else limit)
    if truncated:
        answer = Answer(answer.rcode, answer.aa, ad=answer.ad)
    shown = _asking_otherwise(query) if decided.wrong is Wrong.QUESTION else query
    response = answered(shown, answer, limit, truncated)
    if shown is query:
        return response
    exchange = DnsExchange(*asked_in(query), response.exchange.reply)
    return attrs.evolve(response, exchange=exchange)


def _answer(query: Query, decided: DnsResponse, zone: Zone, room: int) -> Answer:
    """The answer that was decided, or the zone's, for a message of `room` octets."""
    if decided.records is None and decided.rcode is None:
        answer = resolve(query, zone, room)
    else:
        rcode = Rcode.NOERROR if decided.rcode is None else decided.rcode
        # One more than can fit shows that the message is cut.
        records = (decided.records or ())[: room // LEAST_OCTETS + 1]
        records = _owned(records, query.question)
        answer = Answer(rcode, rcode in _AUTHORITATIVE, records)
        if not records and rcode in _AUTHORITATIVE and query.question is not None:
            answer = zone.negative(query.question.name, Rcode(rcode))
    return answer if decided.ad is None else attrs.evolve(answer, ad=decided.ad)


_AUTHORITATIVE = (Rcode.NOERROR, Rcode.NXDOMAIN)
"""What is said with authority of a name; where there is nothing, with an SOA."""


def _owned(
    records: tuple[Record, ...], question: Question | None
) -> tuple[Record, ...]:
    if question is None:
        return records
    return tuple(
        attrs.evolve(record, name=question.name) if record.name == ASKED else record
        for record in records
    )


def _asking_otherwise(query: Query) -> Query:
    """The query with another name in its question; without one it is as it was."""
    if query.question is None:
        return query
    name = next(one for one in _OTHERS if one != query.question.name)
    section = name.wire + query.section[len(query.question.name.wire) :]
    question = Question(name, query.question.type)
    return attrs.evolve(query, question=question, section=section)
