"""Answers and responses to queries, and which are remembered."""

from __future__ import annotations

import tracemalloc

import attrs
import dns.edns
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.dns import responder
from mocksmtp.dns.message import Edns, Query
from mocksmtp.dns.responder import MOST_OCTETS, Responder, answer_query, answered
from mocksmtp.hosts.counters import OTHER
from mocksmtp.zone.answer import Answer, Rcode
from mocksmtp.zone.queries import TCP, UDP, DnsReply
from mocksmtp.zone.rdata import MX, TXT, A
from mocksmtp.zone.zone import Zone
from tests.dns.queries import flags, lines, packet, query, read, records


class ResponderTests(SynchronousTestCase):
    """`Responder`."""

    def setUp(self):
        self.zone = Zone(records(("ex.test", A("192.0.2.1"))))
        self.responder = Responder(lambda: self.zone)

    def respond(self, name: str = "ex.test", transport: str = UDP, **options):
        type_ = options.pop("type_", "A")
        return self.responder.respond(packet(name, type_, **options), transport)

    def ask(self, *arguments, **options) -> bytes:
        """What the client reads, with an ID of zero."""
        return b"\0\0" + self.respond(*arguments, **options).octets

    def test_remembered(self):
        """The same octets but for the ID are told the same, and read only once."""
        first, second = self.respond(id=1), self.respond(id=2)
        self.assertIs(first, second)
        self.assertEqual(lines(read(self.ask()).answer), ["ex.test. 60 IN A 192.0.2.1"])

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
        self.assertGreater(len(self.ask(transport=TCP)), 512)
        self.assertEqual(len(read(self.ask()).answer), 1)
        self.assertEqual(read(self.ask(type_="MX")).answer, [])

    def test_silence(self):
        """A response, and what has no header, get none, and are not remembered."""
        for octets in (b"\0\0" + self.respond().octets, packet("ex.test")[:11], b""):
            self.assertIsNone(self.responder.respond(octets, UDP))
        self.assertEqual(len(self.responder._memories[UDP].young), 1)

    def test_exchange(self):
        """What was asked and told is known, for the log."""
        self.zone = Zone(records(*(("ex.test", A(number)) for number in range(100))))
        options = {"use_edns": 0, "payload": 1000, "want_dnssec": True}
        exchange = self.respond(**options).exchange
        self.assertEqual(str(exchange.question), "ex.test A")
        self.assertEqual((exchange.edns_size, exchange.dnssec_ok), (1000, True))
        first = self.zone.records[:20]
        self.assertEqual(exchange.reply, DnsReply(Rcode.NOERROR, 60, True, first))
        exchange = self.respond("no.test", TCP).exchange
        self.assertEqual((exchange.edns_size, exchange.dnssec_ok), (None, False))
        self.assertEqual(exchange.reply, DnsReply(Rcode.NXDOMAIN, 0, False))
        exchange = self.respond(use_edns=1).exchange
        self.assertEqual(exchange.reply, DnsReply(Rcode.BADVERS, 0, False))

    def test_records_for_the_log(self):
        """The log has the records that were sent, but none of a large reply."""
        sent = self.respond().exchange.reply.records
        self.assertEqual(sent, records(("ex.test", A("192.0.2.1"))))
        text = "x" * 255
        self.zone = Zone(
            records(("ex.test", TXT([text] * 3)), ("big.test", TXT([text] * 20)))
        )
        options = {"type_": "TXT", "use_edns": 0, "payload": 1232}
        self.assertEqual(len(self.respond(**options).exchange.reply.records), 1)
        for transport in (UDP, TCP):
            reply = self.respond("big.test", transport, **options).exchange.reply
            self.assertEqual(reply.records, ())

    def test_kinds(self):
        """A response tells as what it is counted: by type and rcode."""
        for options, kind in (
            ({}, (1, 0)),
            ({"name": "no.test"}, (1, 3)),
            ({"type_": "MX"}, (15, 0)),
            ({"type_": "TYPE65280"}, (OTHER, 0)),
            ({"use_edns": 1}, (1, 16)),
        ):
            self.assertEqual(self.respond(**options).kind, kind)

    def test_bounded(self):
        """However many questions there are, no more are remembered than are set."""
        self.patch(responder, "MOST_REMEMBERED", 3)
        for number in range(10):
            self.assertEqual(read(self.ask(f"a{number}.test")).rcode(), 3)
        told = self.responder._memories[UDP]
        self.assertEqual((len(told.young), len(told.old)), (1, 3))

    def test_bounded_in_octets(self):
        """Long queries, all different, take no more memory than is allowed for."""
        self.patch(responder, "MOST_REMEMBERED_OCTETS", 2**20)
        padding = dns.edns.GenericOption(dns.edns.OptionType.PADDING, bytes(900))
        asked = [
            packet(f"{'x' * 60}.{number}.test", options=[padding], payload=1232)
            for number in range(3000)
        ]
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        for query_ in asked:
            self.responder.respond(query_, UDP)
        self.assertLess(tracemalloc.get_traced_memory()[0], 2.5 * 2**20)

    def test_what_is_asked_for_stays(self):
        """A response is forgotten when many others were asked for since."""
        self.patch(responder, "MOST_REMEMBERED", 3)
        first = self.respond()
        for number in range(20):
            self.respond(f"a{number}.test")
            self.assertIs(self.respond(), first)
        for number in range(10):
            self.respond(f"a{number}.test")
        self.assertIsNot(self.respond(), first)

    def test_long_ones_are_not_kept(self):
        """What no datagram holds is read, or written, again each time."""
        self.zone = Zone(records(*(("ex.test", A(number)) for number in range(100))))
        self.ask(transport=TCP)
        self.responder.respond(packet("ex.test") + bytes(MOST_OCTETS), TCP)
        self.assertEqual(self.responder._memories[TCP].young, {})


class AnsweredTests(SynchronousTestCase):
    """`answered`."""

    def test_silence(self):
        """No answer is silence, which is not counted."""
        response = answered(query("ex.test", use_edns=0), None)
        self.assertEqual((response.octets, response.kind), (b"", None))
        self.assertIsNone(response.exchange.reply)
        self.assertEqual(str(response.exchange.question), "ex.test MX")


ZONE = Zone(records(("ex.test", MX(10, "mx.ex.test"))))


class ResolveTests(SynchronousTestCase):
    """`answer_query`."""

    def test_zone(self):
        """A question of class IN, or of any, gets what the zone answers."""
        for class_ in ("IN", "ANY"):
            asked = query("ex.test", rdclass=class_)
            self.assertEqual(answer_query(asked, ZONE), ZONE.answer(asked.question))

    def test_refusals(self):
        """What is no such question gets no answer, and no authority."""
        asked = query("ex.test", use_edns=0)
        for shows, refused, rcode in (
            ("NOTIFY", attrs.evolve(asked, flags=4 << 11), Rcode.NOTIMP),
            ("an opcode that cannot be read", Query(1, 15 << 11), Rcode.NOTIMP),
            ("what cannot be read", Query(1, 0), Rcode.FORMERR),
            ("EDNS 1", attrs.evolve(asked, edns=Edns(512, 1, False)), Rcode.BADVERS),
            ("class CH", query("version.bind", "TXT", rdclass="CH"), Rcode.REFUSED),
            ("AXFR", query("ex.test", "AXFR"), Rcode.REFUSED),
            ("IXFR", attrs.evolve(query("ex.test", "IXFR")), Rcode.REFUSED),
        ):
            with self.subTest(shows):
                self.assertEqual(answer_query(refused, ZONE), Answer(rcode))
