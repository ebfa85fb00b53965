"""The log of DNS queries, and their documents.

The log records every query, so an entry is small: the client, the time, and an exchange
that equal queries share. Subscribers are called with each query.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from itertools import count, islice, starmap, takewhile
from typing import TypeAlias

import attrs

from mocksmtp.documents.document import Document, field
from mocksmtp.documents.kinds import (
    Array,
    Boolean,
    Integer,
    Optional,
    Text,
)
from mocksmtp.documents.schema import TEXT
from mocksmtp.documents.units import timestamp
from mocksmtp.documents.view import Written
from mocksmtp.zone.answer import Question, rcode_name
from mocksmtp.zone.names import Name
from mocksmtp.zone.rdata import type_name
from mocksmtp.zone.rdata_fields import NAME
from mocksmtp.zone.records import SENT_RECORD, TYPE, Record

UDP = "udp"
TCP = "tcp"

MAX_QUERIES = 10_000
"""Default maximum of queries in the log."""


_TYPE = Written(TYPE, type_name)
_RCODE = Written(TEXT, rcode_name)
_RECORDS = Array(SENT_RECORD)


MAX_LOGGED_RECORDS = 20
"""Maximum records of an answer in the log."""

MAX_LOGGED_OCTETS = 4096
"""Octets of a reply above which the log keeps none of its records."""


@attrs.frozen
class DnsReply:
    """
    The reply to a query.

    :ivar records: the first records of the answer section, at most `MAX_LOGGED_RECORDS`
    """

    rcode: int = field(_RCODE, "`NOERROR`, `NXDOMAIN` …")
    answers: int = field(Integer(), "records in the answer section")
    truncated: bool = field(Boolean(), "whether TC was set")
    records: tuple[Record, ...] = field(
        _RECORDS, "the first 20 of them", default=(), shown="none", always=True
    )


@attrs.frozen
class Resolution:
    """The answer of DNS to a question, without a query."""

    name: Name = field(NAME, "the name in the question")
    type: int = field(_TYPE, "the type in the question")
    rcode: int = field(_RCODE, "`NOERROR`, `NXDOMAIN` …")
    authoritative: bool = field(Boolean(), "whether AA is set")
    authenticated: bool = field(Boolean(), "whether AD is set: the answer is signed")
    answer: tuple[Record, ...] = field(_RECORDS, "the answer section")
    authority: tuple[Record, ...] = field(_RECORDS, "the authority section")
    additional: tuple[Record, ...] = field(_RECORDS, "the additional section")


RESOLUTION = Document(Resolution, "DnsResolution")
"""The document of the answer to a question."""


DNS_REPLY = Document(DnsReply, "DnsReply")
"""The document of a reply."""


@attrs.frozen
class DnsExchange:
    """
    A question and its reply; equal queries share it.

    :ivar question: the question; None if it is malformed
    :ivar edns_size: the octets that the client accepts over UDP; None without EDNS
    :ivar dnssec_ok: whether DO was set (RFC 3225 §3)
    :ivar reply: the reply; None for silence, and for octets without a whole header
    """

    question: Question | None
    edns_size: int | None
    dnssec_ok: bool
    reply: DnsReply | None


@attrs.frozen
class DnsQuery:
    """
    A query that was received.

    :ivar number: ascends with each query, from 1
    :ivar at: the time of its arrival, in seconds since the epoch
    """

    number: int = field(
        Written(TEXT, str), "its place in the order of arrival", name="id"
    )
    at: float = field(Written(TEXT, timestamp), "when it arrived", name="receivedAt")
    client_ip: str = field(Text(), "the address of the client")
    client_port: int = field(Integer(0, 0xFFFF), "the port of the client")
    transport: str = field(Written(TEXT, str), "`udp` or `tcp`")
    name: Name | None = field(
        Optional(NAME), "the name in the question; null if it could not be read"
    )
    type: int | None = field(Optional(_TYPE), "the type in the question, or null")
    edns_size: int | None = field(
        Optional(Integer()),
        "octets that the client accepts over UDP; null without EDNS",
    )
    dnssec_ok: bool = field(Boolean(), "whether DO was set")
    rcode: int | None = field(Optional(_RCODE), "that of the reply, or null")
    answer: DnsReply | None = field(
        Optional(DNS_REPLY), "the reply, or null for silence"
    )
    behavior: str | None = field(
        Optional(Text()), "the behavior that decided, or null for the zone"
    )


QUERY = Document(DnsQuery, "DnsQuery")
"""The document of a query."""


@attrs.frozen
class QueryFilter:
    """
    A filter for queries; a field that is None matches all.

    The type is that of the question: `ANY` matches only queries for the type ANY.
    """

    name: Name | None = None
    type: int | None = None
    client_ip: str | None = None
    transport: str | None = None

    def matches(self, query: DnsQuery) -> bool:
        """Whether `query` matches all conditions."""
        return (
            self.name in (None, query.name)
            and self.type in (None, query.type)
            and self.client_ip in (None, query.client_ip)
            and self.transport in (None, query.transport)
        )


Subscriber: TypeAlias = Callable[[DnsQuery], None]

LoggedQuery: TypeAlias = tuple[float, tuple[str, int], str, DnsExchange, str | None]
"""A query in the log: when it arrived, the client, ``udp`` or ``tcp``, the exchange,
and the behavior that decided."""


class QueryLog:
    """
    The last queries.

    :param max_queries: the maximum number of queries; the oldest are removed first

    :ivar last: the number of the last query, 0 before the first
    :ivar listeners: called with each query
    """

    def __init__(self, max_queries: int = MAX_QUERIES) -> None:
        self.last = 0
        self._cleared = self._evicted = 0
        self.listeners: list[Subscriber] = []
        self._logged: deque[LoggedQuery] = deque(maxlen=max_queries)

    def __len__(self) -> int:
        return len(self._logged)

    def add(
        self,
        at: float,
        client: tuple[str, int],
        transport: str,
        exchange: DnsExchange,
        behavior: str | None = None,
    ) -> None:
        """Add a query; the parameters are described at `DnsQuery`."""
        logged = (at, client, transport, exchange, behavior)
        self.last += 1
        self._logged.append(logged)
        if self.listeners:
            query = _query(self.last, logged)
            for listener in tuple(self.listeners):
                listener(query)

    @property
    def evicted(self) -> int:
        """The number of the last query that was removed to make room, 0 for none."""
        before = self.last - len(self._logged)
        return before if before > self._cleared else self._evicted

    def queries(self) -> list[DnsQuery]:
        """All queries that are kept, the oldest first."""
        return list(self.newer(0))

    def newer(self, number: int) -> Iterator[DnsQuery]:
        """The queries above `number` that are kept now, the oldest first."""
        first = self.last - len(self._logged) + 1
        kept = list(islice(self._logged, max(0, number - first + 1), None))
        return map(_query, count(self.last - len(kept) + 1), kept)

    def older(self, number: int) -> Iterator[DnsQuery]:
        """The queries below `number` that are kept now, the newest first."""
        skipped = max(0, self.last - number + 1)
        kept = list(islice(reversed(self._logged), skipped, None))
        return map(_query, count(self.last - skipped, -1), kept)

    def get(self, number: int) -> DnsQuery:
        """
        The query with this number.

        :raises KeyError: it is not kept
        """
        place = number - (self.last - len(self._logged) + 1)
        if not 0 <= place < len(self._logged):
            raise KeyError(number)
        return _query(number, self._logged[place])

    def clear(self) -> list[DnsQuery]:
        """Remove all queries and return them; numbers continue."""
        removed = self.queries()
        self._evicted, self._cleared = self.evicted, self.last
        self._logged.clear()
        return removed


class SharedQueryLog(QueryLog):
    """
    The last queries of several replicas, whose numbers come from what they share.

    :ivar add_own: called with each query of this replica, which is to be inserted under
        its number
    :ivar clear_listeners: called with the last number when all queries are removed
    """

    def __init__(self, max_queries: int = MAX_QUERIES) -> None:
        super().__init__(max_queries)
        self.add_own: Callable[[LoggedQuery], None] = lambda _: None
        self.clear_listeners: list[Callable[[int], None]] = []
        self._max_queries = max_queries
        self._kept: dict[int, LoggedQuery] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def add(
        self,
        at: float,
        client: tuple[str, int],
        transport: str,
        exchange: DnsExchange,
        behavior: str | None = None,
    ) -> None:
        """Number and insert a query of this replica."""
        self.add_own((at, client, transport, exchange, behavior))

    def insert(self, number: int, logged: LoggedQuery) -> None:
        """Insert a query; those with higher numbers may be there already."""
        if number <= self._cleared or number in self._kept:
            return
        later = list(takewhile(lambda other: other > number, reversed(self._kept)))
        self._kept[number] = logged
        for other in reversed(later):
            self._kept[other] = self._kept.pop(other)
        self.last = max(self.last, number)
        if len(self._kept) > self._max_queries:
            self._evicted = next(iter(self._kept))
            del self._kept[self._evicted]
        if self.listeners:
            query = _query(number, logged)
            for listener in tuple(self.listeners):
                listener(query)

    @property
    def evicted(self) -> int:
        """The highest number of a query that was removed to make room, 0 for none."""
        return self._evicted

    def newer(self, number: int) -> Iterator[DnsQuery]:
        """The queries above `number` that are kept now, the oldest first."""
        found = list(takewhile(lambda other: other > number, reversed(self._kept)))
        kept = [(one, self._kept[one]) for one in reversed(found)]
        return starmap(_query, kept)

    def older(self, number: int) -> Iterator[DnsQuery]:
        """The queries below `number` that are kept now, the newest first."""
        kept = [one for one in reversed(self._kept.items()) if one[0] < number]
        return starmap(_query, kept)

    def get(self, number: int) -> DnsQuery:
        """
        The query with this number.

        :raises KeyError: it is not kept
        """
        return _query(number, self._kept[number])

    def clear(self) -> list[DnsQuery]:
        """Remove all queries, on all replicas, and return them; numbers continue."""
        removed = self.queries()
        self.remove(self.last)
        for listener in tuple(self.clear_listeners):
            listener(self.last)
        return removed

    def remove(self, number: int) -> None:
        """Remove the queries up to a number, also those that arrive later."""
        self._cleared = max(self._cleared, number)
        self._kept = {one: n for one, n in self._kept.items() if one > number}


def _query(number: int, logged: LoggedQuery) -> DnsQuery:
    at, (client_ip, client_port), transport, exchange, behavior = logged
    question = exchange.question
    return DnsQuery(
        number,
        at,
        client_ip,
        client_port,
        transport,
        None if question is None else question.name,
        None if question is None else question.type,
        exchange.edns_size,
        exchange.dnssec_ok,
        None if exchange.reply is None else exchange.reply.rcode,
        exchange.reply,
        behavior,
    )
