"""Answers queries, with a cache of responses.

A zone is immutable, and a response depends only on the zone and the query. So queries
that differ only in their ID get the same octets from the cache. Mail servers repeat
queries very often.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs

from mocksmtp.dns.message import (
    CLASS_IN,
    HEADER,
    ID_SIZE,
    MAX_TCP,
    TC,
    Query,
    read_query,
    udp_limit,
    write_response,
)
from mocksmtp.hosts.counters import OTHER
from mocksmtp.zone.answer import Answer, Question, Rcode
from mocksmtp.zone.queries import (
    MAX_LOGGED_OCTETS,
    MAX_LOGGED_RECORDS,
    TCP,
    UDP,
    DnsExchange,
    DnsReply,
)
from mocksmtp.zone.rdata import RRType
from mocksmtp.zone.zone import MAX_ROOM, Zone

CLASS_ANY = 255

MOST_REMEMBERED = 10_000
"""Maximum responses in one half of the cache of a transport."""

MOST_REMEMBERED_OCTETS = 8 * 2**20
"""Maximum octets of one half; two halves of two transports use at most 32 MiB."""

OVERHEAD = 600
"""Octets of the objects of a cached response, without its contents."""

RECORD_OVERHEAD = 100
"""Octets of a logged record that was synthesized from a wildcard."""

MOST_OCTETS = 1232
"""Maximum octets of a query, and of a response, to be cached."""

_NAMED = frozenset(RRType)


@attrs.frozen
class CountedResponse:
    """
    The response to a query.

    :ivar octets: the message after its ID; empty for silence
    :ivar kind: the type and rcode under which it is counted, or None
    """

    exchange: DnsExchange
    octets: bytes
    kind: tuple[int, int] | None


class _Memory:
    """
    A cache of responses by the octets of their queries, for one zone and transport.

    It has two halves: when the younger one is full, it replaces the older one. So a
    response is removed if it is not used while a half is filled.
    """

    def __init__(self) -> None:
        self.young: dict[bytes, CountedResponse] = {}
        self.old: dict[bytes, CountedResponse] = {}
        self._octets = 0

    def forget(self) -> None:
        """Remove all responses."""
        self.young, self.old = {}, {}
        self._octets = 0

    def recall(self, asked: bytes) -> CountedResponse | None:
        """Return the response if only the older half has it; move it to the younger."""
        response = self.old.get(asked)
        if response is not None:
            self.keep(asked, response)
        return response

    def keep(self, asked: bytes, response: CountedResponse) -> None:
        """Add a response, unless it or its query is too long."""
        if max(len(asked), len(response.octets)) > MOST_OCTETS:
            return
        # The question in the log contains the name of the query twice.
        octets = OVERHEAD + 3 * len(asked) + len(response.octets)
        if (reply := response.exchange.reply) is not None:
            octets += RECORD_OVERHEAD * len(reply.records)
        is_full = len(self.young) >= MOST_REMEMBERED
        if is_full or self._octets + octets > MOST_REMEMBERED_OCTETS:
            self.young, self.old = {}, self.young
            self._octets = 0
        self.young[asked] = response
        self._octets += octets


class Responder:
    """
    Answers queries from the current zone.

    :param zone: returns the zone; another one takes effect with the next query
    """

    def __init__(self, zone: Callable[[], Zone]) -> None:
        self._zone = zone
        self._memories = {UDP: _Memory(), TCP: _Memory()}
        self._of_zone: Zone | None = None

    def respond(self, packet: bytes, transport: str) -> CountedResponse | None:
        """The response to the query in `packet`; None if it must not be answered."""
        zone = self._zone()
        if zone is not self._of_zone:
            self._of_zone = zone
            for memory in self._memories.values():
                memory.forget()
        asked, memory = packet[ID_SIZE:], self._memories[transport]
        response = memory.young.get(asked) or memory.recall(asked)
        if response is None:
            query = read_query(packet)
            if query is None:
                return None
            limit = limit_of(query, transport)
            response = answered(query, answer_query(query, zone, limit), limit)
            memory.keep(asked, response)
        return response


def answered(
    query: Query, answer: Answer | None, limit: int = MAX_TCP, truncated: bool = False
) -> CountedResponse:
    """
    The response to `query` with this answer; None is silence.

    :param limit: octets that the message may have
    :param truncated: whether TC is set although nothing is omitted
    """
    if answer is None:
        return CountedResponse(DnsExchange(*asked_in(query), None), b"", None)
    octets = write_response(query, answer, limit, truncated)
    _, flags, _, answers, *_ = HEADER.unpack_from(octets)
    records = answer.answers[: min(answers, MAX_LOGGED_RECORDS)]
    if len(octets) > MAX_LOGGED_OCTETS:
        records = ()
    reply = DnsReply(answer.rcode, answers, bool(flags & TC), records)
    kind = (type_of(query), answer.rcode)
    return CountedResponse(DnsExchange(*asked_in(query), reply), octets[ID_SIZE:], kind)


def asked_in(query: Query) -> tuple[Question | None, int | None, bool]:
    """The values of `query` for the log: the question, EDNS size and DO."""
    edns = query.edns
    if edns is None:
        return query.question, None, False
    return query.question, edns.size, edns.dnssec_ok


def limit_of(query: Query, transport: str) -> int:
    """Maximum octets of the response to `query`."""
    return MAX_TCP if transport == TCP else udp_limit(query)


def type_of(query: Query) -> int:
    """The type in the question for the counters; unknown types are one."""
    question = query.question
    return question.type if question and question.type in _NAMED else OTHER


def answer_query(query: Query, zone: Zone, room: int = MAX_ROOM) -> Answer:
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
    return zone.answer(question, room)
