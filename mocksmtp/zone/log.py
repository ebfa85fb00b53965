"""The log of DNS queries: the last ones, as many as `MAX_QUERIES`.

It stands where every query passes, and so keeps what is cheap to keep: who asked and
when, and with it an exchange that all queries share that ask for the same. Listeners
are told of each query as it comes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TypeAlias

from mocksmtp.zone.query import DnsExchange, DnsQuery

MAX_QUERIES = 10_000
"""How many queries are kept, unless told otherwise."""

Listener: TypeAlias = Callable[[DnsQuery], None]

_Noted: TypeAlias = tuple[float, tuple[str, int], str, DnsExchange, str | None]


class QueryLog:
    """
    A bounded ring of queries.

    :param max_queries: how many are kept at the most; the oldest go first

    :ivar last: the number of the last query, 0 before the first
    :ivar listeners: called with each query
    """

    def __init__(self, max_queries: int = MAX_QUERIES) -> None:
        self.last = 0
        self.listeners: list[Listener] = []
        self._noted: deque[_Noted] = deque(maxlen=max_queries)

    def __len__(self) -> int:
        return len(self._noted)

    def note(
        self,
        at: float,
        client: tuple[str, int],
        transport: str,
        exchange: DnsExchange,
        behavior: str | None = None,
    ) -> None:
        """Keep a query; the fields are those of `DnsQuery`."""
        noted = (at, client, transport, exchange, behavior)
        self.last += 1
        self._noted.append(noted)
        if self.listeners:
            query = _query(self.last, noted)
            for listener in tuple(self.listeners):
                listener(query)

    def queries(self) -> list[DnsQuery]:
        """All that are kept, in the order that they came."""
        first = self.last - len(self._noted) + 1
        return [_query(*numbered) for numbered in enumerate(self._noted, first)]

    def clear(self) -> list[DnsQuery]:
        """Take all out, and answer them; numbers go on."""
        removed = self.queries()
        self._noted.clear()
        return removed


def _query(number: int, noted: _Noted) -> DnsQuery:
    at, (client_ip, client_port), transport, exchange, behavior = noted
    return DnsQuery(number, at, client_ip, client_port, transport, exchange, behavior)
