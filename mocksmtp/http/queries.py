"""``/dnsQueries``: what DNS was asked, by whom, and what it told them.

A client that waits is told of each query as it comes, and counts; when it has as many
as it wants, or its time is up, it gets those that are kept then.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs
import orjson
from twisted.internet.defer import Deferred

from mocksmtp.documents.problems import listed
from mocksmtp.http.describing import answers, array
from mocksmtp.http.listing import Slices, array_pieces, send_pieces
from mocksmtp.http.mails import MAX_WAIT
from mocksmtp.http.params import duration_up_to, parameter, reads, whole_number
from mocksmtp.http.routing import Answer, Call, Route
from mocksmtp.http.schema import NAME, TEXT, TYPE
from mocksmtp.http.sessions import client_address
from mocksmtp.zone.names import Name, parse_name
from mocksmtp.zone.queries import QUERY, TCP, UDP, DnsQuery, QueryFilter, QueryLog
from mocksmtp.zone.rdata import type_number

_name = reads(NAME)(parse_name)
_type = reads(TYPE)(type_number)
_TRANSPORTS = [UDP, TCP]


@reads({**TEXT, "enum": _TRANSPORTS})
def transport_name(text: str) -> str:
    """``udp`` or ``tcp``."""
    if text not in _TRANSPORTS:
        raise ValueError(f"unknown value {text!r}; {listed(_TRANSPORTS)}"[:200])
    return text


@attrs.frozen
class QuerySelection:
    """
    Which queries are meant, and how many to wait for.

    :ivar count: how many are waited for; one, where only a time is given
    :ivar wait: seconds; 0 answers at once
    """

    name: Name | None = parameter("name", _name)  # noqa: RUF009 - read-only
    type: int | None = parameter("type", _type)
    client_ip: str | None = parameter("clientIp", client_address)
    transport: str | None = parameter("transport", transport_name)
    count: int = parameter("count", whole_number, default=1)
    wait: float = parameter("wait", duration_up_to(MAX_WAIT), default=0.0)

    @property
    def filter(self) -> QueryFilter:
        """What they have in common."""
        return QueryFilter(self.name, self.type, self.client_ip, self.transport)


async def list_queries(call: Call[QuerySelection]) -> Answer:
    """Those that are asked for, the newest last, once there are enough."""
    log, wanted = call.api.mock.query_log, call.parameters
    if wanted.wait:
        await _wait(call, log)
    matches = wanted.filter.matches
    return await _send(call, (query for query in log.queries() if matches(query)))


async def delete_queries(call: Call[Any]) -> Answer:
    """Forget all queries, and tell which they were."""
    return await _send(call, iter(call.api.mock.query_log.clear()))


async def _send(call: Call[Any], queries: Iterator[DnsQuery]) -> Answer:
    documents = ((orjson.dumps(QUERY.write(query)),) for query in queries)
    return await send_pieces(call.request, array_pieces(documents), call.api.clock)


async def _wait(call: Call[QuerySelection], log: QueryLog) -> None:
    """Wait until as many have come as are wanted, or the time is up."""
    counter = _Counter(call.parameters.filter, call.parameters.count)
    clock = call.api.clock
    timer = clock.callLater(call.parameters.wait, counter.be_done)
    kept = log.queries()
    log.listeners.append(counter.look_at)
    try:
        slices = Slices(clock)
        for query in kept:
            counter.look_at(query)
            if counter.done.called:
                break
            if slices.over:
                await slices.next()
        await counter.done
    finally:
        log.listeners.remove(counter.look_at)
        if timer.active():
            timer.cancel()


class _Counter:
    """
    Counts queries.

    :ivar done: fires when there are enough, or no more are waited for
    """

    def __init__(self, wanted: QueryFilter, count: int) -> None:
        self.done: Deferred[None] = Deferred()
        self._matches = wanted.matches
        self._left = count

    def look_at(self, query: DnsQuery) -> None:
        """There is a query."""
        if self._matches(query):
            self._left -= 1
            if self._left <= 0:
                self.be_done()

    def be_done(self) -> None:
        """Wait no longer."""
        if not self.done.called:
            self.done.callback(None)


ROUTES = (
    Route(
        "GET",
        "/dnsQueries",
        list_queries,
        QuerySelection,
        answers=answers(array("DnsQuery")),
    ),
    Route("DELETE", "/dnsQueries", delete_queries, answers=answers(array("DnsQuery"))),
)
