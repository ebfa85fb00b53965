"""Data from octets, and in the form that fits every type."""

from __future__ import annotations

import dns.message
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.dns.message import MessageWriter
from mocksmtp.zone.answer import Record
from mocksmtp.zone.generic import generic_text, parse_generic, read_rdata
from mocksmtp.zone.rdata import MX, TLSA, TXT, A, Raw, Rdata, Secure
from mocksmtp.zone.types import RRType
from tests.zone.strategies import BROKEN, rdatas


class GenericTests(SynchronousTestCase):
    r"""``\# 4 0a000001`` (RFC 3597 §5)."""

    def test_texts(self):
        """Octets are written with their number, in hexadecimal."""
        self.assertEqual(generic_text(b"\x0a\0\0\1"), r"\# 4 0a000001")
        self.assertEqual(generic_text(b""), r"\# 0")

    def test_parse(self):
        """The digits may be of either case, and parted anywhere."""
        for text in (r"\# 4 0a000001", r"\# 4 0A00 0001", "\\#\t4\n0 A0000 01"):
            self.assertEqual(parse_generic(text), b"\x0a\0\0\1")
        self.assertEqual(parse_generic(r"\# 0"), b"")

    def test_refused(self):
        """What is not of that form, or not of that length, is refused."""
        for text in (
            "",
            "4 00",
            r"\# 1",
            r"\# 1 0",
            r"\# 1 0000",
            r"\# 1 xx",
            r"\#1 00",
        ):
            with self.subTest(text):
                self.assertRaises(ValueError, parse_generic, text)

    @given(st.binary())
    def test_round_trip(self, data: bytes):
        """Any octets are read as they were written."""
        self.assertEqual(parse_generic(generic_text(data)), data)


class ReadTests(SynchronousTestCase):
    """`read_rdata`."""

    def test_known(self):
        """Octets of a type with a class become it."""
        self.assertEqual(read_rdata(RRType.A, b"\xc0\0\2\1"), A("192.0.2.1"))
        mx = read_rdata(RRType.MX, b"\0\x0a\2mx\4test\0")
        self.assertEqual(mx, MX(10, "mx.test"))
        self.assertEqual(read_rdata(RRType.TXT, b"\1a\0"), TXT(["a", ""]))

    def test_unknown(self):
        """Octets of any other type stay octets."""
        self.assertEqual(read_rdata(65280, b"x"), Raw(65280, b"x"))

    def test_broken(self):
        """Octets that their class would not write again stay octets."""
        for shows, number, data in (
            ("an address of 3 octets", RRType.A, b"\x0a\0\0"),
            ("an address of 5", RRType.A, b"\x0a\0\0\0\0"),
            ("half a preference", RRType.MX, b"\0"),
            ("no exchange", RRType.MX, b"\0\x0a"),
            ("a name without end", RRType.CNAME, b"\1a"),
            ("a compressed name", RRType.CNAME, b"\xc0\x0c"),
            ("octets behind a name", RRType.NS, b"\1a\0x"),
            ("a name of 256 octets", RRType.NS, b"\1a" * 127 + b"\0\0"),
            ("a long name", RRType.NS, b"\1a" * 128 + b"\0"),
            ("no string", RRType.TXT, b""),
            ("a string without end", RRType.TXT, b"\2a"),
            ("a string that is not UTF-8", RRType.TXT, b"\1\xff"),
        ):
            with self.subTest(shows):
                self.assertEqual(read_rdata(number, data), Raw(number, data))

    def test_refused(self):
        """No record has a type for questions."""
        self.assertRaises(ValueError, read_rdata, RRType.ANY, b"")

    @given(rdatas)
    def test_round_trip(self, rdata: Rdata):
        """Data is read from what is written to the wire, without compression."""
        self.assertEqual(read_rdata(rdata.type, wire(rdata)), rdata)

    @given(
        st.sampled_from([1, 2, 5, 6, 12, 15, 16, 28, 33, 35, 52, 257, 65353]),
        st.binary(max_size=60),
    )
    def test_any_octets(self, number: int, data: bytes):
        """Any octets become data that is written as the same octets."""
        self.assertEqual(wire(read_rdata(number, data)), data)

    def test_broken_examples(self):
        """The examples of broken data are such."""
        for rdata in BROKEN:
            self.assertEqual(read_rdata(rdata.type, rdata.data), rdata)


def wire(rdata: Rdata) -> bytes:
    """The octets of `rdata`, each name written out."""
    writer = MessageWriter(b"", 2**17)
    writer.record(Record(".", rdata))
    response = writer.finish(0, 0x8000, 1, 0, 0)
    if isinstance(rdata, Raw | Secure | TLSA):
        return response[12 + 11 :]
    (rrset,) = dns.message.from_wire(response).answer
    return rrset[0].to_wire()
