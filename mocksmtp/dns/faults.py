"""Replies that behaviors change or delay.

A reply that is wrong in one respect is correct in all others: it has the ID and the
question of the query, EDNS if the query has it, and is truncated if it does not fit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs

from mocksmtp.behaviors.dns import DnsResponse, DnsRules, DnsThen, Wrong
from mocksmtp.dns.message import HEADER, ID_SIZE, MAX_TCP, TC, Query
from mocksmtp.dns.responder import (
    CountedResponse,
    answer_query,
    answered,
    asked_in,
    limit_of,
    type_of,
)
from mocksmtp.zone.answer import Answer, Question, Rcode
from mocksmtp.zone.names import Name
from mocksmtp.zone.queries import UDP, DnsExchange, DnsReply
from mocksmtp.zone.zone import LEAST_OCTETS

if TYPE_CHECKING:
    from mocksmtp.zone.records import Record
    from mocksmtp.zone.zone import Zone

MAX_DATAGRAM = 65_507
"""Maximum octets of a datagram over IPv4 (RFC 768, RFC 791 §3.1)."""

ASKED = Name.parse("*")
"""The owner name that stands for the name in the question."""

_OTHERS = (Name.parse("wrong.invalid"), Name.parse("other.invalid"))

_RCODE = 0xF


@attrs.frozen
class ChangedReply:
    """
    A reply that a behavior decided.

    :ivar message: the octets to send, or None for silence
    :ivar closes: whether the connection is closed afterwards
    """

    response: CountedResponse
    message: bytes | None
    closes: bool = False


def changed_reply(
    query: Query, decided: DnsResponse, zone: Zone, transport: str
) -> ChangedReply:
    """Return the reply that a behavior's response describes; ignores its delay."""
    if decided.then.is_silent:
        return ChangedReply(answered(query, None), None, decided.then is DnsThen.CLOSE)
    if decided.raw is not None:
        response = _as_it_is(query, decided.raw)
    else:
        response = _written(query, decided, zone, transport)
    id_ = query.id ^ 0xFFFF if decided.wrong is Wrong.ID else query.id
    return ChangedReply(response, id_.to_bytes(ID_SIZE, "big") + response.octets)


def _as_it_is(query: Query, octets: bytes) -> CountedResponse:
    """A response of these octets; the log records the reply in them, if readable."""
    exchange = DnsExchange(*asked_in(query), None)
    if len(octets) < HEADER.size - ID_SIZE:
        return CountedResponse(exchange, octets, None)
    _, flags, _, answers, *_ = HEADER.unpack_from(bytes(ID_SIZE) + octets)
    reply = DnsReply(flags & _RCODE, answers, bool(flags & TC))
    kind = (type_of(query), reply.rcode)
    return CountedResponse(attrs.evolve(exchange, reply=reply), octets, kind)


def _written(
    query: Query, decided: DnsResponse, zone: Zone, transport: str
) -> CountedResponse:
    limit = limit_of(query, transport)
    if decided.wrong is Wrong.SIZE and transport == UDP:
        limit = MAX_DATAGRAM
    truncated = decided.then is DnsThen.TRUNCATE and transport == UDP
    # The header is that of the complete answer over TCP.
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
    """The answer of the behavior, or the zone's, for a message of `room` octets."""
    if decided.records is None and decided.rcode is None:
        answer = answer_query(query, zone, room)
    else:
        rcode = Rcode.NOERROR if decided.rcode is None else decided.rcode
        # One record more than fits, so that the message is truncated.
        records = (decided.records or ())[: room // LEAST_OCTETS + 1]
        records = _owned(records, query.question)
        answer = Answer(rcode, rcode in _AUTHORITATIVE, records)
        if not records and rcode in _AUTHORITATIVE and query.question is not None:
            answer = zone.negative(query.question.name, Rcode(rcode))
    return answer if decided.ad is None else attrs.evolve(answer, ad=decided.ad)


_AUTHORITATIVE = (Rcode.NOERROR, Rcode.NXDOMAIN)
"""The rcodes of authoritative answers; without records they have an SOA."""


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
    """A copy of the query with another name in its question, if it has one."""
    if query.question is None:
        return query
    name = next(one for one in _OTHERS if one != query.question.name)
    section = name.wire + query.section[len(query.question.name.wire) :]
    question = Question(name, query.question.type)
    return attrs.evolve(query, question=question, section=section)


_MAX_WAITING = 10_000
"""Maximum replies delayed at a time; further ones are sent at once."""


class DelayedResponse:
    """
    A reply that is delayed.

    :param all_: all delayed replies
    :param rules: the ids of the behaviors that delay it
    """

    def __init__(
        self,
        all_: DelayedReplies,
        seconds: float,
        rules: tuple[str, ...],
        send: Callable[[], None],
    ) -> None:
        self.rules = rules
        self._all = all_
        self._send = send
        self._timer = all_.clock.callLater(seconds, self._go)

    def release(self, rule: str) -> None:
        """Send it now, because one of its behaviors was removed or replaced."""
        self._go()

    def _go(self) -> None:
        self.forget()
        self._send()

    def forget(self) -> None:
        """Never send it."""
        if self._timer.active():
            self._timer.cancel()
        self._all.discard(self)


class DelayedReplies:
    """
    All replies that are delayed.

    :param clock: the reactor, or a clock in its place
    :param behaviors: a reply is sent when one of the behaviors that delay it is removed
    """

    def __init__(
        self, clock: Any, behaviors: DnsRules, limit: int = _MAX_WAITING
    ) -> None:
        self.clock = clock
        self._behaviors = behaviors
        self._limit = limit
        self._waiting: set[DelayedResponse] = set()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(
        self, seconds: float, rules: tuple[str, ...], send: Callable[[], None]
    ) -> DelayedResponse | None:
        """
        Call `send` after the delay; return None if too many replies are delayed.

        :param rules: the ids of the behaviors that delay it
        """
        if len(self._waiting) >= self._limit:
            return None
        waiting = DelayedResponse(self, seconds, rules, send)
        self._waiting.add(waiting)
        self._behaviors.held.add(rules, waiting.release)
        return waiting

    def discard(self, waiting: DelayedResponse) -> None:
        """Remove a reply that was sent or dropped."""
        self._waiting.discard(waiting)
        self._behaviors.held.discard(waiting.rules, waiting.release)

    def forget(self) -> None:
        """Send none of them."""
        for waiting in tuple(self._waiting):
            waiting.forget()
