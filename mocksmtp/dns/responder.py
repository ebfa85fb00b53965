"""Responses to queries, the last ones remembered.

A zone never changes, and what a response says follows from the zone and the query
alone: to octets that differ in nothing but the query's ID the same octets are sent
again, and nothing is read or written anew. Mail servers ask the same all the time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import attrs

from mocksmtp.dns.query import HEADER, ID_SIZE, TC, Query, read_query
from mocksmtp.dns.resolver import resolve
from mocksmtp.dns.response import MAX_TCP, udp_limit, write_response
from mocksmtp.hosts.counters import OTHER
from mocksmtp.zone.queries import TCP, UDP, DnsExchange, DnsReply
from mocksmtp.zone.rdata import RRType
from mocksmtp.zone.zone import Zone

if TYPE_CHECKING:
    from mocksmtp.zone.answer import Answer, Question

MOST_REMEMBERED = 10_000
"""How many responses over a transport are kept before older ones are forgotten: those
that have not been asked for while so many others were."""

MOST_OCTETS = 1232
"""Octets of a query, and of a response, beyond which it is not kept."""

_NAMED = frozenset(RRType)


@attrs.frozen
class Response:
    """
    What a query is told.

    :ivar octets: the message behind its ID; empty for silence
    :ivar kind: as what it is counted: type and rcode; None where it is not
    """

    exchange: DnsExchange
    octets: bytes
    kind: tuple[int, int] | None


class Memory:
    """
    What queries were told, by their octets; for one zone and one transport.

    It is in two halves: when the younger one is full, it becomes the older one.
    """

    def __init__(self) -> None:
        self.young: dict[bytes, Response] = {}
        self.old: dict[bytes, Response] = {}

    def forget(self) -> None:
        """Forget all."""
        self.young, self.old = {}, {}

    def recall(self, asked: bytes) -> Response | None:
        """What was told, where `young` has nothing."""
        response = self.old.get(asked)
        if response is not None:
            self.keep(asked, response)
        return response

    def keep(self, asked: bytes, response: Response) -> None:
        """Keep what `asked` was told, unless that is too long."""
        if max(len(asked), len(response.octets)) > MOST_OCTETS:
            return
        if len(self.young) >= MOST_REMEMBERED:
            self.young, self.old = {}, self.young
        self.young[asked] = response


class Responder:
    """
    Answers queries from the zone that there is when they come.

    :param zone: tells the zone; another one takes effect with the next query
    """

    def __init__(self, zone: Callable[[], Zone]) -> None:
        self._zone = zone
        self._told = {UDP: Memory(), TCP: Memory()}
        self._of_zone: Zone | None = None

    def respond(self, packet: bytes, transport: str) -> Response | None:
        """What the query in `packet` is told; None if it is met with silence."""
        zone = self._zone()
        if zone is not self._of_zone:
            self._of_zone = zone
            for told in self._told.values():
                told.forget()
        asked, told = packet[ID_SIZE:], self._told[transport]
        response = told.young.get(asked) or told.recall(asked)
        if response is None:
            query = read_query(packet)
            if query is None:
                return None
            limit = limit_of(query, transport)
            response = answered(query, resolve(query, zone, limit), limit)
            told.keep(asked, response)
        return response


def answered(
    query: Query, answer: Answer | None, limit: int = MAX_TCP, truncated: bool = False
) -> Response:
    """
    What `query` is told where this is the answer; None is silence.

    :param limit: octets that the message may have
    :param truncated: whether TC is set though nothing is left out
    """
    if answer is None:
        return Response(DnsExchange(*asked_in(query), None), b"", None)
    octets = write_response(query, answer, limit, truncated)
    _, flags, _, answers, *_ = HEADER.unpack_from(octets)
    reply = DnsReply(answer.rcode, answers, bool(flags & TC))
    kind = (type_of(query), answer.rcode)
    return Response(DnsExchange(*asked_in(query), reply), octets[ID_SIZE:], kind)


def asked_in(query: Query) -> tuple[Question | None, int | None, bool]:
    """What is remembered of `query`: the question, EDNS size and DO."""
    edns = query.edns
    if edns is None:
        return query.question, None, False
    return query.question, edns.size, edns.dnssec_ok


def limit_of(query: Query, transport: str) -> int:
    """How many octets the message may have that answers `query`."""
    return MAX_TCP if transport == TCP else udp_limit(query)


def type_of(query: Query) -> int:
    """The type that is asked for; any that has no name is counted as one."""
    question = query.question
    return question.type if question and question.type in _NAMED else OTHER
