"""The DNS queries of all replicas: numbers them, gives them to the store, reads others.

A query is answered at once, and logged once it has a number, in the order of arrival.
Those that cannot be numbered wait until the store can be used again, at most as many as
a log keeps.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

from twisted.internet.defer import Deferred, DeferredLock

from mocksmtp.documents.document import parse
from mocksmtp.documents.problems import DocumentError
from mocksmtp.store.interface import Document, StoreError, awaited
from mocksmtp.store.replicas import Replicas
from mocksmtp.zone.answer import Question
from mocksmtp.zone.names import Name
from mocksmtp.zone.queries import (
    MAX_QUERIES,
    DnsExchange,
    DnsReply,
    LoggedQuery,
    SharedQueryLog,
)
from mocksmtp.zone.records import SENT_RECORD, Record, record_document

_MAX_WRITTEN = 1000
"""Exchanges whose documents are kept: further queries are likely to be equal."""


class SharedQueries:
    """
    The queries of all replicas.

    :param log: the log of this replica
    """

    def __init__(self, log: SharedQueryLog, replicas: Replicas) -> None:
        self._log = log
        self._replicas = replicas
        self._waiting: deque[LoggedQuery] = deque(maxlen=MAX_QUERIES)
        self._lock = DeferredLock()
        self._written: dict[int, tuple[DnsExchange, Document]] = {}
        log.add_own = self._add
        log.clear_listeners.append(lambda last: replicas.log_query(last, None))

    def _add(self, logged: LoggedQuery) -> None:
        """Number a query of this replica, after those that wait."""
        self._waiting.append(logged)
        if not self._lock.locked:
            # It is numbered when it is handed over, if not before.
            self.hand_over().addErrback(lambda failure: failure.trap(StoreError))

    def hand_over(self) -> Deferred[Any]:
        """
        Number all queries that wait, and give them to the store.

        :raises StoreError: they cannot be numbered now
        """
        return self._lock.run(lambda: Deferred.fromCoroutine(self._number()))

    async def _number(self) -> None:
        while self._waiting:
            number = await awaited(self._replicas.queries.next())
            logged = self._waiting.popleft()
            self._log.insert(number, logged)
            self._replicas.log_query(number, self._to_store(logged))

    def _to_store(self, logged: LoggedQuery) -> Document:
        at, client, transport, exchange, behavior = logged
        known = self._written.get(id(exchange))
        if known is None:
            if len(self._written) >= _MAX_WRITTEN:
                self._written.clear()
            known = self._written[id(exchange)] = exchange, exchange_to_store(exchange)
        return [at, *client, transport, known[1], behavior]

    def read(self, queries: Mapping[int, Document]) -> None:
        """Other replicas have logged these queries; None removes all before it."""
        for number, document in queries.items():
            if document is None:
                self._log.remove(number)
            else:
                at, ip, port, transport, exchange, behavior = document
                asked = exchange_from_store(exchange)
                self._log.insert(number, (at, (ip, port), transport, asked, behavior))


def exchange_to_store(exchange: DnsExchange) -> Document:
    """A question and its reply."""
    question, reply = exchange.question, exchange.reply
    asked = None if question is None else [str(question.name), question.type]
    answer: list[Any] | None = None
    if reply is not None:
        answer = [reply.rcode, reply.answers, reply.truncated]
        answer.append([record_document(one) for one in reply.records])
    return [asked, exchange.edns_size, exchange.dnssec_ok, answer]


def exchange_from_store(document: Document) -> DnsExchange:
    """The question and its reply."""
    asked, edns_size, dnssec_ok, answer = document
    question = None if asked is None else Question(Name.parse(asked[0]), asked[1])
    reply = None
    if answer is not None:
        rcode, answers, is_truncated, records = answer
        reply = DnsReply(rcode, answers, is_truncated, tuple(_records(records)))
    return DnsExchange(question, edns_size, dnssec_ok, reply)


def _records(documents: list[Any]) -> list[Record]:
    """The records of an answer; those that no document can describe are left out."""
    found = []
    for document in documents:
        document.pop("tag", None)
        try:
            found.append(parse(SENT_RECORD, document))
        except DocumentError:
            continue
    return found
