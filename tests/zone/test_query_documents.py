"""DNS queries as documents."""

from __future__ import annotations

import attrs
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.zone.answer import Question
from mocksmtp.zone.query import UDP, DnsExchange, DnsQuery, DnsReply
from mocksmtp.zone.query_documents import query_document, rcode_name

QUERY = DnsQuery(
    7,
    1_700_000_000.125,
    "192.0.2.1",
    5353,
    UDP,
    DnsExchange(Question("Ex.test", 15), 1232, True, DnsReply(3, 0, False)),
)


class QueryTests(SynchronousTestCase):
    """`query_document`."""

    def test_answered(self):
        """All that is known of a query is told."""
        self.assertEqual(
            query_document(QUERY),
            {
                "id": "7",
                "receivedAt": "2023-11-14T22:13:20.125Z",
                "clientIp": "192.0.2.1",
                "clientPort": 5353,
                "transport": "udp",
                "name": "Ex.test",
                "type": "MX",
                "ednsSize": 1232,
                "dnssecOk": True,
                "answer": {"rcode": "NXDOMAIN", "answers": 0, "truncated": False},
                "behavior": None,
            },
        )

    def test_neither_read_nor_answered(self):
        """What there is not is null."""
        exchange = DnsExchange(None, None, False, None)
        document = query_document(attrs.evolve(QUERY, exchange=exchange, behavior="b"))
        for field in "name", "type", "ednsSize", "answer":
            self.assertIsNone(document[field])
        self.assertEqual((document["dnssecOk"], document["behavior"]), (False, "b"))

    def test_rcodes(self):
        """An rcode has its name, or its number where it has none."""
        names = [rcode_name(number) for number in (0, 2, 16, 15)]
        self.assertEqual(names, ["NOERROR", "SERVFAIL", "BADVERS", "RCODE15"])
