"""Queries: the log, filters and documents."""

from __future__ import annotations

from typing import Any

import attrs
from openapi_schema_validator import OAS31Validator
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.documents.kinds import Named
from mocksmtp.zone.answer import Question
from mocksmtp.zone.names import Name
from mocksmtp.zone.queries import (
    QUERY,
    TCP,
    UDP,
    DnsExchange,
    DnsQuery,
    DnsReply,
    QueryFilter,
    QueryLog,
)
from mocksmtp.zone.rdata import MX
from mocksmtp.zone.records import Record

EXCHANGE = DnsExchange(Question("Ex.test", 15), 1232, True, DnsReply(3, 0, False))
NOTHING = DnsExchange(None, None, False, None)
CLIENT = ("192.0.2.1", 5353)


def logged(*arguments: Any) -> DnsQuery:
    log = QueryLog()
    log.add(*arguments)
    (query,) = log.queries()
    return query


QUERIED = logged(1_700_000_000.125, CLIENT, UDP, EXCHANGE)
UNREADABLE = logged(0.0, CLIENT, TCP, NOTHING, "b")


class QueryLogTests(SynchronousTestCase):
    """`QueryLog`."""

    def setUp(self):
        self.log = QueryLog(3)

    def numbers(self) -> list[int]:
        return [query.number for query in self.log.queries()]

    def note(self, times: int = 1) -> None:
        for _ in range(times):
            self.log.add(0.0, CLIENT, UDP, EXCHANGE)

    def test_kept(self):
        """Queries are returned in their order."""
        self.log.add(1.0, CLIENT, UDP, EXCHANGE)
        self.log.add(2.0, ("::1", 7), TCP, EXCHANGE, "b1")
        first, second = self.log.queries()
        self.assertEqual(
            (first.number, first.at, first.client_ip, first.client_port),
            (1, 1.0, *CLIENT),
        )
        self.assertEqual((first.transport, first.behavior), (UDP, None))
        self.assertEqual((second.number, second.client_ip), (2, "::1"))
        self.assertEqual((second.transport, second.behavior), (TCP, "b1"))

    def test_bounded(self):
        """The oldest are removed first."""
        self.note(5)
        self.assertEqual((self.numbers(), len(self.log)), ([3, 4, 5], 3))

    def test_clear(self):
        """Clearing returns what it removed, and numbers continue."""
        self.note(2)
        self.assertEqual([query.number for query in self.log.clear()], [1, 2])
        self.assertEqual(self.log.queries(), [])
        self.note()
        self.assertEqual(self.numbers(), [3])

    def test_listeners(self):
        """They are called with each query; one may remove itself meanwhile."""
        heard = []

        def once(query: DnsQuery) -> None:
            self.log.listeners.remove(once)
            heard.append(("once", query.number))

        self.log.listeners += [once, lambda query: heard.append(query.number)]
        self.note(2)
        self.assertEqual(heard, [("once", 1), 1, 2])


class QueryFilterTests(SynchronousTestCase):
    """`QueryFilter`."""

    def test_everything(self):
        """Without conditions every query matches."""
        self.assertTrue(QueryFilter().matches(QUERIED))
        self.assertTrue(QueryFilter().matches(UNREADABLE))

    def test_fields(self):
        """All conditions must hold; names are compared without case."""
        for good, bad in (
            ({"name": Name.parse("eX.test")}, {"name": Name.parse("mx.ex.test")}),
            ({"type": 15}, {"type": 255}),
            ({"client_ip": "192.0.2.1"}, {"client_ip": "192.0.2.2"}),
            ({"transport": UDP}, {"transport": TCP}),
        ):
            self.assertTrue(QueryFilter(**good).matches(QUERIED), good)
            self.assertFalse(QueryFilter(**bad).matches(QUERIED), bad)
        self.assertFalse(QueryFilter(type=15, transport=TCP).matches(QUERIED))

    def test_unreadable(self):
        """A query that could not be read has neither a name nor a type."""
        self.assertFalse(QueryFilter(name=Name.parse(".")).matches(UNREADABLE))
        self.assertFalse(QueryFilter(type=15).matches(UNREADABLE))
        self.assertTrue(QueryFilter(transport=TCP).matches(UNREADABLE))


class DocumentTests(SynchronousTestCase):
    """`QUERY`."""

    def test_answered(self):
        """A query has its client, its question and its reply."""
        self.assertEqual(
            QUERY.write(QUERIED),
            {
                "id": "1",
                "receivedAt": "2023-11-14T22:13:20.125Z",
                "clientIp": "192.0.2.1",
                "clientPort": 5353,
                "transport": "udp",
                "name": "Ex.test",
                "type": "MX",
                "ednsSize": 1232,
                "dnssecOk": True,
                "rcode": "NXDOMAIN",
                "answer": {
                    "rcode": "NXDOMAIN",
                    "answers": 0,
                    "truncated": False,
                    "records": [],
                },
                "behavior": None,
            },
        )

    def test_neither_read_nor_answered(self):
        """What could not be read, and silence, is null."""
        document = QUERY.write(UNREADABLE)
        for field in "name", "type", "ednsSize", "rcode", "answer":
            self.assertIsNone(document[field])
        self.assertEqual((document["dnssecOk"], document["behavior"]), (False, "b"))

    def test_schema(self):
        """Documents fit the declared schema, and every field has its meaning."""
        named: Named = {}
        schema = {**QUERY.written_schema(named), "components": {"schemas": named}}
        answered = DnsReply(0, 1, False, (Record("a.test", MX(10, "b.test")),))
        for query in (
            QUERIED,
            UNREADABLE,
            attrs.evolve(QUERIED, type=65280),
            attrs.evolve(QUERIED, answer=answered),
        ):
            OAS31Validator(schema).validate(QUERY.write(query))
        self.assertTrue(all(meaning for _, _, meaning in QUERY.rows()))
