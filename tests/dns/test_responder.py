"""Responses that are remembered."""

from __future__ import annotations

import attrs
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.core.counters import OTHER, new_queries
from mocksmtp.core.zone import Zone
from mocksmtp.dns import responder
from mocksmtp.dns.responder import Responder
from mocksmtp.dns.response import MAX_TCP
from mocksmtp.model.rdata import A
from tests.dns.queries import flags, lines, query, read, records


class ResponderTests(SynchronousTestCase):
    """`Responder`."""

    def setUp(self):
        self.zone = Zone(records(("ex.test", A("192.0.2.1"))))
        self.responder = Responder(lambda: self.zone)

    def ask(self, name: str = "ex.test", limit: int = 512, **options) -> bytes:
        return self.responder.respond(query(name, "A", **options), limit)

    def test_own_id(self):
        """The same question again gets the same answer, under its own ID."""
        first, second = self.ask(id=1), self.ask(id=2)
        self.assertEqual(first[2:], second[2:])
        self.assertEqual((first[:2], second[:2]), (b"\0\1", b"\0\2"))

    def test_another_zone(self):
        """Another zone takes effect with the next query."""
        self.ask()
        self.zone = self.zone.with_records(records(("ex.test", A("192.0.2.2"))))
        self.assertEqual(len(lines(read(self.ask()).answer)), 2)

    def test_other_queries(self):
        """A query that differs in anything but its ID gets an answer of its own."""
        self.zone = Zone(records(*(("ex.test", A(number)) for number in range(100))))
        plain = self.ask()
        self.assertNotEqual(self.ask("eX.test")[12:], plain[12:])
        self.assertEqual(read(self.ask(use_edns=0)).edns, 0)
        self.assertEqual(read(self.ask(use_edns=0, want_dnssec=True)).ednsflags, 0x8000)
        self.assertNotIn("RD", flags(self.ask(flags=0)))
        self.assertGreater(len(self.ask(limit=MAX_TCP)), 512)
        self.assertEqual(len(read(self.ask()).answer), 1)
        other = attrs.evolve(query("ex.test", "MX", id=0))
        self.assertEqual(read(self.responder.respond(other, 512)).answer, [])

    def test_counted(self):
        """By type and rcode, whether or not the answer was remembered."""
        counts = new_queries()
        self.responder = Responder(lambda: self.zone, counts)
        for name in "ex.test", "ex.test", "no.test":
            self.ask(name)
        for kind in "MX", "TYPE65280":
            self.responder.respond(query("ex.test", kind), 512)
        self.ask(use_edns=1)
        self.assertEqual(
            counts,
            {(1, 0): 2, (1, 3): 1, (15, 0): 1, (OTHER, 0): 1, (1, 16): 1},
        )

    def test_bounded(self):
        """However many questions there are, no more are remembered than are set."""
        self.patch(responder, "MOST_REMEMBERED", 3)
        for number in range(10):
            self.assertEqual(read(self.ask(f"a{number}.test")).rcode(), 3)
        self.assertLessEqual(len(self.responder._remembered), 3)

    def test_long_ones_are_not_kept(self):
        """A response that no datagram holds is made again each time."""
        self.zone = Zone(records(*(("ex.test", A(number)) for number in range(100))))
        self.assertEqual(self.ask(limit=MAX_TCP, id=1), self.ask(limit=MAX_TCP, id=1))
        self.assertEqual(self.responder._remembered, {})
