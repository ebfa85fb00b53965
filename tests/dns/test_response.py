"""How answers are written."""

from __future__ import annotations

import attrs
import dns.rcode
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.dns.message import AD, CD, MAX_TCP, Query, udp_limit, write_response
from mocksmtp.zone.answer import Answer, Rcode
from mocksmtp.zone.rdata import AAAA, CNAME, MX, TXT, A
from mocksmtp.zone.records import Record
from mocksmtp.zone.zone import DEFAULT_SOA
from tests.dns.queries import flags, lines, query, read, records

MX_AND_A = Answer(
    Rcode.NOERROR,
    True,
    records(("ex.test", MX(10, "mx.ex.test"))),
    (),
    records(("mx.ex.test", A("192.0.2.1"))),
)


class ResponseTests(SynchronousTestCase):
    """`write_response` where there is room."""

    def test_whole(self):
        """A response repeats ID and question, and has the records of the answer."""
        asked = query("eX.test")
        message = read(write_response(asked, MX_AND_A, 512))
        self.assertEqual(message.id, asked.id)
        self.assertEqual(message.question[0].name.labels, (b"eX", b"test", b""))
        self.assertEqual(lines(message.answer), ["eX.test. 60 IN MX 10 mx.ex.test."])
        self.assertEqual(lines(message.additional), ["mx.ex.test. 60 IN A 192.0.2.1"])
        self.assertEqual(message.edns, -1)

    def test_flags(self):
        """A response offers recursion, and repeats whether it and CD were asked for."""
        asked = query("ex.test")
        for sent, aa, expected in (
            (asked.flags, True, "QR AA RD RA"),
            (0, False, "QR RA"),
            (CD, True, "QR AA RA CD"),
            (0xFFFF & ~0xF800, False, "QR RD RA CD"),
        ):
            answer = Answer(aa=aa)
            octets = write_response(attrs.evolve(asked, flags=sent), answer, 512)
            self.assertEqual(flags(octets), expected)

    def test_authentic(self):
        """AD is set where the answer is signed, whatever the query said of it."""
        for sent in ("ex.test", "other.test"):
            asked = attrs.evolve(query(sent), flags=AD)
            for ad, expected in ((True, "QR RA AD"), (False, "QR RA")):
                octets = write_response(asked, Answer(ad=ad), 512)
                self.assertEqual(flags(octets), expected)

    def test_opcode(self):
        """The opcode is repeated."""
        asked = attrs.evolve(query("ex.test"), flags=4 << 11)
        octets = write_response(asked, Answer(Rcode.NOTIMP), 512)
        self.assertEqual(octets[2:4], b"\xa0\x84")

    def test_negative(self):
        """That there is none is told with an SOA in its section."""
        answer = Answer(Rcode.NXDOMAIN, True, (), (DEFAULT_SOA,))
        message = read(write_response(query("ex.test"), answer, 512))
        self.assertEqual(message.rcode(), dns.rcode.NXDOMAIN)
        self.assertEqual(len(message.authority), 1)

    def test_what_cannot_be_read(self):
        """To what cannot be read the answer is a header."""
        octets = write_response(Query(0xBEEF, 0x0100), Answer(Rcode.FORMERR), 512)
        self.assertEqual(octets, b"\xbe\xef\x81\x81" + bytes(8))

    def test_edns(self):
        """Who sends an OPT gets one: version 0, our size, DO as it came."""
        for want_dnssec in (False, True):
            asked = query("ex.test", use_edns=0, want_dnssec=want_dnssec)
            message = read(write_response(asked, MX_AND_A, 512))
            self.assertEqual((message.edns, message.payload), (0, 4096))
            self.assertEqual(bool(message.ednsflags), want_dnssec)

    def test_extended_rcode(self):
        """An rcode over 15 has its upper bits in the OPT."""
        asked = query("ex.test", use_edns=0)
        message = read(write_response(asked, Answer(Rcode.BADVERS), 512))
        self.assertEqual(message.rcode(), dns.rcode.BADVERS)


class LimitTests(SynchronousTestCase):
    """How large a response may be."""

    def test_udp(self):
        """512 octets without EDNS; with it what the client takes, from 512 to 4096."""
        self.assertEqual(udp_limit(query("ex.test")), 512)
        for size, limit in ((0, 512), (511, 512), (900, 900), (9000, 4096)):
            asked = query("ex.test", use_edns=0, payload=size)
            self.assertEqual(udp_limit(asked), limit)

    def test_answers_cut(self):
        """Answers that do not fit are left out, and TC is set (RFC 2181 §9)."""
        answer = attrs.evolve(
            MX_AND_A,
            answers=records(*(("ex.test", A(number)) for number in range(100))),
            authority=(DEFAULT_SOA,),
        )
        for options, limit in (({}, 512), ({"use_edns": 0}, 512), ({}, 1232)):
            octets = write_response(query("ex.test", "A", **options), answer, limit)
            self.assertEqual(flags(octets), "QR AA TC RD RA")
            self.assertLessEqual(len(octets), limit)
            self.assertGreater(len(octets), limit - 16)
            message = read(octets)
            self.assertEqual(lines(message.answer)[0], "ex.test. 60 IN A 0.0.0.0")
            self.assertEqual((message.authority, message.additional), ([], []))
            self.assertEqual(message.edns, 0 if options else -1)

    def test_smaller_answer_behind(self):
        """Nothing that would fit comes after what did not."""
        some = records(("ex.test", TXT("x" * 600)), ("ex.test", A("192.0.2.1")))
        octets = write_response(query("ex.test", "ANY"), Answer(answers=some), 512)
        self.assertEqual(read(octets).answer, [])
        self.assertIn("TC", flags(octets))

    def test_authority_cut(self):
        """An SOA that does not fit is missed, and TC is set."""
        some = records(("ex.test", CNAME("a" * 60 + ".test")))
        answer = Answer(Rcode.NXDOMAIN, True, some, (DEFAULT_SOA,))
        whole = write_response(query("ex.test"), answer, 512)
        octets = write_response(query("ex.test"), answer, len(whole) - 1)
        self.assertIn("TC", flags(octets))
        self.assertEqual(len(read(octets).answer), 1)

    def test_additional_cut(self):
        """Additional records are left out by whole sets, and nobody is told."""
        additional = (
            *records(("a.test", A("192.0.2.1")), ("a.test", AAAA("2001:db8::1"))),
            *records(("b.test", A("192.0.2.1")), ("b.test", A("192.0.2.2"))),
        )
        answer = attrs.evolve(MX_AND_A, additional=additional)
        whole = write_response(query("ex.test"), answer, 512)
        for less, count in ((0, 4), (1, 2), (34, 2), (35, 1), (62, 1), (63, 0)):
            octets = write_response(query("ex.test"), answer, len(whole) - less)
            self.assertNotIn("TC", flags(octets))
            self.assertEqual(len(lines(read(octets).additional)), count, less)

    def test_tcp(self):
        """Over TCP a response goes up to 65535 octets, and is cut there."""
        for count, cut in ((4000, False), (4500, True)):
            some = tuple(Record("ex.test", A(number)) for number in range(count))
            octets = write_response(
                query("ex.test", "A"), Answer(answers=some), MAX_TCP
            )
            self.assertEqual("TC" in flags(octets), cut)
            self.assertLessEqual(len(octets), MAX_TCP)
