"""How records are written."""

from __future__ import annotations

import dns.message
import dns.name
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.dns.message import MessageWriter
from mocksmtp.zone.rdata import (
    AAAA,
    CAA,
    CNAME,
    MX,
    NAPTR,
    NS,
    PTR,
    SOA,
    SRV,
    TLSA,
    TXT,
    A,
    Raw,
    RRType,
)
from mocksmtp.zone.records import Record
from tests.dns.queries import lines, query

SECTION = query("Ex.test").section
HEADER = 12


def written(*some: Record, section: bytes = SECTION) -> bytes:
    """A message with these records as its answer, without its header and question."""
    writer = MessageWriter(section, 65535)
    for record in some:
        writer.record(record)
    return writer.finish(1, 0x8000, len(some), 0, 0)


def body(*some: Record) -> bytes:
    return written(*some)[HEADER + len(SECTION) :]


FIXED = b"\0\1\0\0\0\x3c"
"""Class IN and a TTL of 60."""


class RecordTests(SynchronousTestCase):
    """Each type of record, and names."""

    def test_types(self):
        """Data is written in the form of its type, as dnspython reads it."""
        for rdata, text in (
            (A("192.0.2.1"), "A 192.0.2.1"),
            (AAAA("2001:db8::1"), "AAAA 2001:db8::1"),
            (MX(10, "mx.ex.test"), "MX 10 mx.ex.test."),
            (MX(0, "."), "MX 0 ."),
            (CNAME("other.test"), "CNAME other.test."),
            (NS("ns.ex.test"), "NS ns.ex.test."),
            (TXT(["a b", "", "é"]), r'TXT "a b" "" "\195\169"'),
            (TXT("x" * 300), f'TXT "{"x" * 255}" "{"x" * 45}"'),
            (
                SOA("ns.ex.test", "root.ns.ex.test", 1, 2, 3, 4, 2**32 - 1),
                "SOA ns.ex.test. root.ns.ex.test. 1 2 3 4 4294967295",
            ),
            (Raw(65280, b"\xca\xfe"), r"TYPE65280 \# 2 cafe"),
            (TLSA(3, 1, 0, b"\xca\xfe"), "TLSA 3 1 0 cafe"),
            (PTR("mx.ex.test"), "PTR mx.ex.test."),
            (SRV(1, 2, 25, "mx.ex.test"), "SRV 1 2 25 mx.ex.test."),
            (CAA(128, "issue", "ca.test"), 'CAA 128 issue "ca.test"'),
            (
                NAPTR(1, 2, "S", "", "!a!b!", "mx.ex.test"),
                'NAPTR 1 2 "S" "" "!a!b!" mx.ex.test.',
            ),
        ):
            with self.subTest(text):
                message = dns.message.from_wire(written(Record("Ex.test", rdata)))
                self.assertEqual(lines(message.answer), [f"Ex.test. 60 IN {text}"])

    def test_broken_data(self):
        """Data that is not of its type's form is written as it is."""
        record = Record("ex.test", Raw(RRType.A, b"\x0a"))
        self.assertEqual(body(record), b"\xc0\x0c\0\1" + FIXED + b"\0\1\x0a")

    def test_owner_as_asked(self):
        """The name of the question is a pointer to it, in whatever case."""
        record = Record("eX.tESt", A("192.0.2.1"))
        self.assertEqual(body(record)[:2], b"\xc0\x0c")

    def test_root(self):
        """The root is shorter than a pointer to it."""
        section = query(".", "A").section
        octets = written(Record(".", A("192.0.2.1")), section=section)
        self.assertEqual(octets[HEADER + len(section) :][:3], b"\0\0\1")

    def test_compression(self):
        """A name ends in a pointer where the same letters are there already."""
        record = Record("Ex.test", MX(10, "mx.Ex.test"))
        self.assertEqual(body(record)[-5:], b"\2mx\xc0\x0c")

    def test_case_is_kept(self):
        """A name in data is told as it was written, not as it was asked."""
        record = Record("ex.test", MX(10, "Mx.eX.test"))
        self.assertEqual(body(record)[-8:], b"\2Mx\2eX\xc0\x0f")

    def test_newer_types_are_not_compressed(self):
        """Data of types that RFC 1035 does not know is not compressed (RFC 3597)."""
        data = b"\0\0\0\0\0\x19\2Ex\4test\0"
        self.assertTrue(body(Record("Ex.test", Raw(RRType.SRV, data))).endswith(data))

    def test_far_names(self):
        """No name points behind what 14 bits reach, and all are right."""
        some = [
            Record("Ex.test", MX(number % 1000, f"mx{number}.host{number}.test"))
            for number in range(1500)
        ]
        octets = written(*some)
        self.assertGreater(len(octets), 2 * 0x4000)
        message = dns.message.from_wire(octets)
        expected = {
            f"Ex.test. 60 IN MX {r.rdata.preference} {r.rdata.exchange}." for r in some
        }
        self.assertEqual(set(lines(message.answer)), expected)

    @given(
        st.lists(
            st.lists(
                st.sampled_from([b"a", b"A", b"b", b"\0", b"a" * 63, b"."]), max_size=5
            ).filter(lambda labels: sum(map(len, labels)) < 200),
            min_size=1,
        )
    )
    def test_any_names(self, names: list[list[bytes]]):
        """Whatever names there are, they are read as they were written."""
        dns_names = [dns.name.Name([*labels, b""]) for labels in names]
        some = [Record(name, CNAME(name)) for name in map(text_of, names)]
        message = dns.message.from_wire(written(*some), one_rr_per_rrset=True)
        self.assertEqual([rrset.name for rrset in message.answer], dns_names)
        targets = [rrset[0].target.labels for rrset in message.answer]
        self.assertEqual(targets, [name.labels for name in dns_names])


def text_of(labels: list[bytes]) -> str:
    """A name in a zone file's notation, with the number of each octet."""
    return ".".join("".join(map("\\{:03d}".format, label)) for label in labels) or "."


class RoomTests(SynchronousTestCase):
    """Messages that are full."""

    def test_does_not_fit(self):
        """A record that does not fit is not there at all."""
        record = Record("ex.test", A("192.0.2.1"))
        size = len(written(record))
        for room, fits in ((size, True), (size - 1, False)):
            writer = MessageWriter(SECTION, room)
            self.assertEqual(writer.record(record), fits)
            length = len(writer.finish(1, 0, int(fits), 0, 0))
            self.assertEqual(length, size if fits else HEADER + len(SECTION))

    def test_opt_has_its_own_room(self):
        """An OPT is written where its maker has left room."""
        writer = MessageWriter(SECTION, HEADER + len(SECTION))
        writer.opt(41, 1232, 0)
        message = dns.message.from_wire(writer.finish(1, 0x8000, 0, 0, 1))
        self.assertEqual((message.edns, message.payload), (0, 1232))

    def test_no_question(self):
        """A message without a question says so."""
        octets = MessageWriter(b"", 512).finish(1, 0x8001, 0, 0, 0)
        self.assertEqual(octets, b"\0\1\x80\1" + bytes(8))
