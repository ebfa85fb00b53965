"""Responses to queries, the last ones remembered.

A zone never changes, and what a response says follows from the zone and the query
alone: to a query that differs in nothing but its ID the same octets are sent again,
at a quarter of the cost. Mail servers ask the same all the time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from mocksmtp.core.zone import Zone
from mocksmtp.dns.resolver import resolve
from mocksmtp.dns.response import EDNS_UDP, write_response

if TYPE_CHECKING:
    from mocksmtp.dns.query import Edns, Query

MOST_REMEMBERED = 1000
"""How many responses are kept; then all are forgotten. Those over TCP may be long,
and are kept only where they would fit a datagram."""

_ID_SIZE = 2

_Asked: TypeAlias = "tuple[bytes, int, Edns | None, int]"


class Responder:
    """
    Answers queries from the zone that there is when they come.

    :param zone: tells the zone; another one takes effect with the next query
    """

    def __init__(self, zone: Callable[[], Zone]) -> None:
        self._zone = zone
        self._remembered: dict[_Asked, bytes] = {}
        self._of_zone: Zone | None = None

    def respond(self, query: Query, limit: int) -> bytes:
        """The message that answers `query`, of at most `limit` octets."""
        zone = self._zone()
        if zone is not self._of_zone:
            self._of_zone = zone
            self._remembered.clear()
        asked = (query.section, query.flags, query.edns, limit)
        response = self._remembered.get(asked)
        if response is None:
            response = write_response(query, resolve(query, zone), limit)[_ID_SIZE:]
            self._remember(asked, response)
        return query.id.to_bytes(_ID_SIZE, "big") + response

    def _remember(self, asked: _Asked, response: bytes) -> None:
        if len(response) > EDNS_UDP:
            return
        if len(self._remembered) >= MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[asked] = response
