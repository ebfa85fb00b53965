"""Queries as they are remembered."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.zone.answer import Question
from mocksmtp.zone.names import Name
from mocksmtp.zone.query import TCP, UDP, DnsExchange, DnsQuery, QueryFilter

QUERY = DnsQuery(
    1,
    0.0,
    "192.0.2.1",
    53,
    UDP,
    DnsExchange(Question("Ex.test", 15), None, False, None),
)
NOTHING = DnsExchange(None, None, False, None)
UNREADABLE = DnsQuery(2, 0.0, "192.0.2.1", 53, TCP, NOTHING)


class QueryFilterTests(SynchronousTestCase):
    """`QueryFilter`."""

    def test_everything(self):
        """Without anything to look at every query is meant."""
        self.assertTrue(QueryFilter().matches(QUERY))
        self.assertTrue(QueryFilter().matches(UNREADABLE))

    def test_fields(self):
        """All that is told must fit; names are compared without case."""
        for good, bad in (
            ({"name": Name.parse("eX.test")}, {"name": Name.parse("mx.ex.test")}),
            ({"type": 15}, {"type": 255}),
            ({"client_ip": "192.0.2.1"}, {"client_ip": "192.0.2.2"}),
            ({"transport": UDP}, {"transport": TCP}),
        ):
            self.assertTrue(QueryFilter(**good).matches(QUERY), good)
            self.assertFalse(QueryFilter(**bad).matches(QUERY), bad)
        self.assertFalse(QueryFilter(type=15, transport=TCP).matches(QUERY))

    def test_unreadable(self):
        """A query that could not be read has neither a name nor a type."""
        self.assertFalse(QueryFilter(name=Name.parse(".")).matches(UNREADABLE))
        self.assertFalse(QueryFilter(type=15).matches(UNREADABLE))
        self.assertTrue(QueryFilter(transport=TCP).matches(UNREADABLE))
