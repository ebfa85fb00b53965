"""Responses to queries, the last ones remembered.

A zone never changes, and what a response says follows from the zone and the query
alone: to a query that differs in nothing but its ID the same octets are sent again,
at a quarter of the cost. Mail servers ask the same all the time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from mocksmtp.core.counters import OTHER, Queries, new_queries
from mocksmtp.core.zone import Zone
from mocksmtp.dns.resolver import resolve
from mocksmtp.dns.response import EDNS_UDP, write_response
from mocksmtp.model.rrtype import RRType

if TYPE_CHECKING:
    from mocksmtp.dns.query import Edns, Query

MOST_REMEMBERED = 1000
"""How many responses are kept; then all are forgotten. Those over TCP may be long,
and are kept only where they would fit a datagram."""

_ID_SIZE = 2

_NAMED = frozenset(RRType)

_Asked: TypeAlias = "tuple[bytes, int, Edns | None, int]"
_Told: TypeAlias = tuple[bytes, tuple[int, int]]


class Responder:
    """
    Answers queries from the zone that there is when they come.

    :param zone: tells the zone; another one takes effect with the next query
    :param counts: counts the queries; `OTHER` for a type that has no name
    """

    def __init__(self, zone: Callable[[], Zone], counts: Queries | None = None) -> None:
        self._zone = zone
        self._counts = new_queries() if counts is None else counts
        self._remembered: dict[_Asked, _Told] = {}
        self._of_zone: Zone | None = None

    def respond(self, query: Query, limit: int) -> bytes:
        """The message that answers `query`, of at most `limit` octets."""
        zone = self._zone()
        if zone is not self._of_zone:
            self._of_zone = zone
            self._remembered.clear()
        asked = (query.section, query.flags, query.edns, limit)
        told = self._remembered.get(asked)
        if told is None:
            answer = resolve(query, zone)
            response = write_response(query, answer, limit)[_ID_SIZE:]
            told = response, (_type_of(query), answer.rcode)
            self._remember(asked, told)
        response, kind = told
        self._counts[kind] += 1
        return query.id.to_bytes(_ID_SIZE, "big") + response

    def _remember(self, asked: _Asked, told: _Told) -> None:
        if len(told[0]) > EDNS_UDP:
            return
        if len(self._remembered) >= MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[asked] = told


def _type_of(query: Query) -> int:
    """The type that is asked for; any that has no name is counted as one."""
    question = query.question
    return question.type if question and question.type in _NAMED else OTHER
