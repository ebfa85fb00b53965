"""``/dnsQueries``: the DNS queries, with their clients and answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import attrs
import orjson

from mocksmtp.documents.kinds import Array, Text
from mocksmtp.documents.problems import listed
from mocksmtp.documents.schema import DOMAIN_NAME, TEXT
from mocksmtp.documents.view import View, view_field
from mocksmtp.http.paging import Key, Listing, Page, Span, cut, only, send_page
from mocksmtp.http.parameters import flag, group, parameter, reads
from mocksmtp.http.responses import Slices, array_pieces, send_body, send_pieces
from mocksmtp.http.routing import Answer, Call, Route, answers, array, at_root, document
from mocksmtp.http.sessions import client_address
from mocksmtp.http.waiting import Waiting
from mocksmtp.mail.documents import DIFFERENCE
from mocksmtp.mail.nearest import Difference
from mocksmtp.mock import Mock
from mocksmtp.zone.names import Name, parse_name
from mocksmtp.zone.queries import QUERY, TCP, UDP, DnsQuery, QueryFilter
from mocksmtp.zone.rdata import type_name, type_number
from mocksmtp.zone.records import TYPE

_name = reads(DOMAIN_NAME)(parse_name)
_type = reads(TYPE)(type_number)
_TRANSPORTS = [UDP, TCP]

MAX_NEAREST = 5
"""How many of the nearest queries are shown."""


@reads({**TEXT, "enum": _TRANSPORTS})
def transport_name(text: str) -> str:
    """``udp`` or ``tcp``."""
    if text not in _TRANSPORTS:
        raise ValueError(f"unknown value {text!r}; {listed(_TRANSPORTS)}"[:200])
    return text


class QueryListing(Listing[DnsQuery, DnsQuery]):
    """The DNS queries that a filter asks for."""

    def __init__(self, mock: Mock, wanted: QueryFilter) -> None:
        self.is_everything = wanted == QueryFilter()
        self._log = mock.query_log
        self._wanted = wanted

    def __len__(self) -> int:
        return len(self._log)

    def entries(self, span: Span, newest_first: bool) -> Iterator[DnsQuery]:
        """The queries of a range, whether or not they match."""
        if newest_first:
            queries = self._log.older(span.before)
        else:
            queries = self._log.newer(span.after)
        for query in queries:
            if not span.has(query.number):
                return
            yield query

    def number(self, entry: DnsQuery) -> int:
        """The number of a query."""
        return entry.number

    def look(self, entry: DnsQuery) -> Iterator[bool]:
        """Whether a query matches."""
        yield self._wanted.matches(entry)

    def kept(self, numbers: Sequence[int]) -> list[DnsQuery]:
        """The queries with these numbers that are kept."""
        found = []
        for number in numbers:
            with suppress(KeyError):
                found.append(self._log.get(number))
        return found

    def has(self, number: int) -> bool:
        """Whether a query is kept."""
        return bool(self.kept([number]))

    @property
    def evicted(self) -> int:
        """The number of the last query that was evicted."""
        return self._log.evicted

    @property
    def last(self) -> int:
        """The number of the last query."""
        return self._log.last

    def matched_by(self, change: DnsQuery) -> int | None:
        """The number of a new query, if it matches."""
        return change.number if self._wanted.matches(change) else None

    @staticmethod
    def keys(change: DnsQuery) -> Iterable[Key]:
        """None: every waiting request looks at every query."""
        return (None,)

    @staticmethod
    def listen(mock: Mock, note: Callable[[DnsQuery], None]) -> Callable[[], None]:
        """Report each query."""
        listeners = mock.query_log.listeners
        listeners.append(note)
        return lambda: listeners.remove(note)


@attrs.frozen
class QueryFilters:
    """Which queries are meant."""

    name: Name | None = parameter("name", _name)
    type: int | None = parameter("type", _type)
    client_ip: str | None = parameter("clientIp", client_address)
    transport: str | None = parameter("transport", transport_name)

    def listing(self, call: Call[Any]) -> QueryListing:
        """The queries that match."""
        wanted = QueryFilter(self.name, self.type, self.client_ip, self.transport)
        return QueryListing(call.api.mock, wanted)


@attrs.frozen
class NearQuery:
    """
    A query that a filter excludes, and why.

    :ivar matched: the filters that it matches
    """

    query: DnsQuery
    matched: list[str]
    differences: list[Difference]

    @classmethod
    def of(cls, query: DnsQuery, filters: QueryFilters) -> NearQuery:
        """How each filter compares with a query."""
        near = cls(query, [], [])
        compared: tuple[tuple[str, Any, Any, Callable[[Any], str]], ...] = (
            ("name", filters.name, query.name, str),
            ("type", filters.type, query.type, type_name),
            ("clientIp", filters.client_ip, query.client_ip, str),
            ("transport", filters.transport, query.transport, str),
        )
        for name, wanted, found, write in compared:
            if wanted is not None and wanted == found:
                near.matched.append(name)
            elif wanted is not None:
                there = () if found is None else (write(found),)
                near.differences.append(Difference(name, write(wanted), there))
        return near


NEAR_QUERY: View[NearQuery] = View(
    "NearQuery",
    view_field(
        "query", Text(), lambda near: str(near.query.number), "the id of the query"
    ),
    view_field("matched", Array(Text()), "matched", "the filters that it matches"),
    view_field("failed", Array(DIFFERENCE), "differences", "the others"),
)
"""A query that a filter excludes, and why."""

QUERY_EXPLANATION: View[Any] = View(
    "QueryExplanation",
    view_field("queries", Array(QUERY), "queries", "the queries that match"),
    view_field("nearest", Array(NEAR_QUERY), "nearest", "the nearest queries"),
)
"""A list of queries, and the nearest others if there are too few."""


@attrs.frozen
class ListParameters:
    """
    Which queries are listed, and how.

    :ivar explain: whether the nearest of the other queries are shown, if there are too
        few
    """

    filters: QueryFilters = group(QueryFilters)
    page: Page = group(Page)
    waiting: Waiting = group(Waiting)
    explain: bool = parameter("explain", flag, default=False)


@attrs.frozen
class MatchParameters:
    """Which queries the newest one is of."""

    filters: QueryFilters = group(QueryFilters)
    waiting: Waiting = group(Waiting)


async def list_queries(call: Call[ListParameters]) -> Answer:
    """List the queries that match, in order of arrival; wait for ``count`` of them."""
    wanted, api = call.parameters, call.api
    listing = wanted.filters.listing(call)
    if not wanted.explain:
        found = await api.watches.find(listing, wanted.page, wanted.waiting)
        return await send_page(call.request, api.clock, found, query_pieces)
    # How many there are is only known without the limit.
    page = attrs.evolve(wanted.page, limit=None)
    every = await api.watches.find(listing, page, wanted.waiting)
    enough = len(every.entries) >= wanted.waiting.count
    found = cut(listing, wanted.page, every.entries)
    found.total = every.total
    nearest = [] if enough else await _nearest(call, listing)

    def explained(queries: Iterator[bytes]) -> Iterator[bytes]:
        yield b'{"queries":'
        yield from queries
        yield b',"nearest":' + orjson.dumps(nearest) + b"}"

    return await send_page(call.request, api.clock, found, query_pieces, explained)


async def _nearest(
    call: Call[ListParameters], listing: QueryListing
) -> list[dict[str, Any]]:
    """The queries that match most of the filters, the newest first, and the rest."""
    best: list[NearQuery] = []
    slices = Slices(call.api.clock)
    for query in listing.entries(call.parameters.page.span, newest_first=True):
        near = NearQuery.of(query, call.parameters.filters)
        if near.differences:
            best = sorted([*best, near], key=lambda one: len(one.differences))
            best = best[:MAX_NEAREST]
        if slices.over:
            await slices.next()
    return list(map(NEAR_QUERY.write, best))


async def newest_query(call: Call[MatchParameters]) -> Answer:
    """The newest query that matches; with ``wait`` it waits for one."""
    wanted, api = call.parameters, call.api
    listing = wanted.filters.listing(call)
    query = only(await api.watches.newest(listing, wanted.waiting), "query")
    return send_body(call.request, b"".join(query_pieces(query)))


async def delete_queries(call: Call[Any]) -> Answer:
    """Remove all queries, and return them."""
    removed = call.api.mock.query_log.clear()
    pieces = array_pieces(map(query_pieces, removed))
    return await send_pieces(call.request, pieces, call.api.clock)


def query_pieces(query: DnsQuery) -> Iterable[bytes]:
    """The JSON document of a query."""
    return (orjson.dumps(QUERY.write(query)),)


ROUTES = at_root(
    Route(
        *("GET", "/dnsQueries", list_queries, ListParameters),
        answers=answers(document(Array(QUERY), QUERY_EXPLANATION)),
        problems=(410,),
    ),
    Route("DELETE", "/dnsQueries", delete_queries, answers=answers(array("DnsQuery"))),
    Route(
        *("GET", "/dnsQueries/latest", newest_query, MatchParameters),
        answers=answers(document("DnsQuery")),
        problems=(404,),
    ),
)
