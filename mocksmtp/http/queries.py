"""``/dnsQueries``: the DNS queries, with their clients and answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import attrs
import orjson

from mocksmtp.documents.kinds import Array
from mocksmtp.documents.problems import listed
from mocksmtp.documents.schema import DOMAIN_NAME, TEXT
from mocksmtp.documents.view import View, view_field
from mocksmtp.http.explaining import (
    find_explained,
    near_view,
    nearest_entries,
    send_explained,
)
from mocksmtp.http.paging import Listing, Page, Span, WaitingKey, only, send_page
from mocksmtp.http.parameters import flag, group, parameter, reads
from mocksmtp.http.responses import array_pieces, send_body, send_pieces
from mocksmtp.http.routing import (
    Agreement,
    Call,
    ResponseBody,
    Route,
    answers,
    array,
    at_root,
    document,
)
from mocksmtp.http.sessions import client_address
from mocksmtp.http.waiting import Waiting
from mocksmtp.mock import Mock
from mocksmtp.sessions.search import FilterComparison
from mocksmtp.zone.names import Name, parse_name
from mocksmtp.zone.queries import QUERY, TCP, UDP, DnsQuery, QueryFilter
from mocksmtp.zone.rdata import type_name, type_number
from mocksmtp.zone.records import TYPE

_name = reads(DOMAIN_NAME)(parse_name)
_type = reads(TYPE)(type_number)
_TRANSPORTS = [UDP, TCP]


@reads({**TEXT, "enum": _TRANSPORTS})
def transport_name(text: str) -> str:
    """``udp`` or ``tcp``."""
    if text not in _TRANSPORTS:
        raise ValueError(f"unknown value {text!r}; {listed(_TRANSPORTS)}"[:200])
    return text


class QueryListing(Listing[DnsQuery, DnsQuery]):
    """The DNS queries that match a filter."""

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
    def keys(change: DnsQuery) -> Iterable[WaitingKey]:
        """Return one key for all: every waiting request tests every query."""
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

    def compare(self, query: DnsQuery) -> list[FilterComparison]:
        """How each filter compares with a query."""
        compared: tuple[tuple[str, Any, Any, Callable[[Any], str]], ...] = (
            ("name", self.name, query.name, str),
            ("type", self.type, query.type, type_name),
            ("clientIp", self.client_ip, query.client_ip, str),
            ("transport", self.transport, query.transport, str),
        )
        return [
            FilterComparison(
                name,
                write(wanted),
                () if found is None else (write(found),),
                wanted == found,
            )
            for name, wanted, found, write in compared
            if wanted is not None
        ]


NEAR_QUERY = near_view("NearQuery", "query", lambda query: str(query.number))
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


async def list_queries(call: Call[ListParameters]) -> ResponseBody:
    """List the queries that match, in order of arrival; wait for ``count`` of them."""
    wanted, api = call.parameters, call.api
    listing = wanted.filters.listing(call)
    if not wanted.explain:
        found = await api.watches.find(listing, wanted.page, wanted.waiting)
        return await send_page(call.request, api.clock, found, query_pieces)
    found, enough = await find_explained(call, listing, wanted.page, wanted.waiting)
    nearest: list[dict[str, Any]] = []
    if not enough:
        queries = listing.entries(wanted.page.span, newest_first=True)
        near = await nearest_entries(call, queries, wanted.filters.compare)
        nearest = list(map(NEAR_QUERY.write, near))
    return await send_explained(call, "queries", found, query_pieces, nearest)


async def newest_query(call: Call[MatchParameters]) -> ResponseBody:
    """The newest query that matches; with ``wait`` it waits for one."""
    wanted, api = call.parameters, call.api
    listing = wanted.filters.listing(call)
    query = only(await api.watches.newest(listing, wanted.waiting), "query")
    return send_body(call.request, b"".join(query_pieces(query)))


async def delete_queries(call: Call[Any]) -> ResponseBody:
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
    Route(
        *("DELETE", "/dnsQueries", delete_queries),
        answers=answers(array("DnsQuery")),
        agreement=Agreement.PAST,
    ),
    Route(
        *("GET", "/dnsQueries/latest", newest_query, MatchParameters),
        answers=answers(document("DnsQuery")),
        problems=(404,),
    ),
)
