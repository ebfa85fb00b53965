"""The types of records, and their data."""

from __future__ import annotations

from ipaddress import IPv4Address

import dns.message
import dns.rdatatype
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.dns.message import MessageWriter
from mocksmtp.zone.names import Name
from mocksmtp.zone.rdata import (
    AAAA,
    CAA,
    CNAME,
    MX,
    NAPTR,
    NS,
    RDATA,
    SOA,
    SRV,
    TLSA,
    TXT,
    A,
    Raw,
    Rdata,
    RRType,
    Secure,
    is_data_type,
    read_rdata,
    type_name,
    type_number,
)
from mocksmtp.zone.records import Record
from tests.zone.strategies import BROKEN, rdatas


class RdataTests(SynchronousTestCase):
    """The class of each type."""

    def test_texts_become_values(self):
        """Addresses and names may be given as texts."""
        self.assertEqual(A("192.0.2.1").address, IPv4Address("192.0.2.1"))
        self.assertEqual(MX(10, "mx.test").exchange, Name.parse("mx.test"))

    def test_equality(self):
        """Data that differs in the case of a name is the same."""
        self.assertEqual(MX(10, "MX.test"), MX(10, "mx.TEST"))
        self.assertNotEqual(MX(10, "mx.test"), MX(20, "mx.test"))
        self.assertNotEqual(NS("a.test"), CNAME("a.test"))

    def test_types(self):
        """Each class stands in the table under its type, and says it."""
        for number, cls in RDATA.items():
            self.assertEqual(cls.TYPE, number)
        self.assertEqual(A("192.0.2.1").type, 1)
        self.assertEqual(Raw(65280, b"").type, 65280)

    def test_hosts(self):
        """Mail exchanges and name servers have addresses that are wanted next."""
        host = Name.parse("a.test")
        self.assertEqual(MX(10, host).host, host)
        self.assertEqual(NS(host).host, host)
        self.assertEqual(SRV(0, 0, 25, host).host, host)
        for rdata in (CNAME(host), A("192.0.2.1"), Raw(15, b"\0\1\0")):
            self.assertIsNone(rdata.host)

    def test_digests(self):
        """A digest that is too short or too long can be told apart."""
        for type_, size, good in (
            *((0, 7, True), (1, 32, True), (1, 31, False)),
            *((2, 64, True), (2, 32, False), (255, 1, True)),
        ):
            tlsa = TLSA(3, 1, type_, bytes(size))
            self.assertEqual(tlsa.has_length_of_its_type, good, (type_, size))

    def test_refused(self):
        """What does not fit a type is no such data."""
        for shows, make in (
            ("a preference of 17 bits", lambda: MX(65536, "a")),
            ("a negative number", lambda: SOA("a", "b", -1, 0, 0, 0, 0)),
            ("no address", lambda: A("192.0.2")),
            ("an address of an interface", lambda: AAAA("fe80::1%eth0")),
            ("no name", lambda: CNAME("a..b")),
            ("no string", lambda: TXT(())),
            ("too many strings", lambda: TXT(["x" * 255] * 256 + ["x"])),
            ("a usage of 9 bits", lambda: TLSA(256, 0, 0, b"x")),
            ("no certificate", lambda: TLSA(3, 1, 1, b"")),
            ("too much of one", lambda: TLSA(3, 1, 1, bytes(65533))),
            ("a string of 256", lambda: NAPTR(0, 0, "x" * 256, "", "", ".")),
            ("a tag with a hyphen", lambda: CAA(0, "a-b", "")),
            ("tag and value too long", lambda: CAA(0, "issue", "x" * 65529)),
            ("a type for questions", lambda: Raw(255, b"")),
            ("more than 65535 octets", lambda: Raw(65280, bytes(65536))),
        ):
            with self.subTest(shows):
                self.assertRaises(ValueError, make)

    def test_longest(self):
        """Data may have 65535 octets."""
        self.assertEqual(len(TXT("x" * 255 * 255).strings), 255)
        self.assertEqual(len(CAA(0, "issue", "x" * 65528).value), 65528)
        self.assertEqual(len(TLSA(3, 1, 1, bytes(65532)).data), 65532)
        self.assertEqual(len(Raw(65280, bytes(65535)).data), 65535)


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


class RRTypeTests(SynchronousTestCase):
    """`type_name` and `type_number`."""

    def test_known(self):
        """A type that is met has its name."""
        self.assertEqual(type_name(15), "MX")
        self.assertEqual(type_number("MX"), 15)
        self.assertEqual(type_number("TYPE15"), 15)

    def test_unknown(self):
        """Any other has its number (RFC 3597 §5)."""
        self.assertEqual(type_name(65280), "TYPE65280")
        self.assertEqual(type_number("TYPE65280"), 65280)

    def test_no_types(self):
        """What names no type of 16 bits is refused, with a part of what it was."""
        numbers = ("", "65536", "01", "-1", "\u0661")
        for text in ("", "mx", "MXX", *(f"TYPE{number}" for number in numbers)):
            with self.subTest(text):
                self.assertRaises(ValueError, type_number, text)
        with self.assertRaises(ValueError) as caught:
            type_number("X" * 100_000)
        self.assertLess(len(str(caught.exception)), 100)

    @given(st.integers(0, 0xFFFF))
    def test_round_trip(self, number: int):
        """Every number is read from its name."""
        self.assertEqual(type_number(type_name(number)), number)

    def test_names_are_those_of_others(self):
        """IANA's types have the names that dnspython has, so that zone files agree."""
        for member in set(RRType) - {RRType.SECURE, RRType.TLSAFROM}:
            self.assertEqual(dns.rdatatype.to_text(member.value), member.name)

    def test_types_of_records(self):
        """Records have types for data alone (RFC 6895 §3.1)."""
        for number in (1, 15, 99, 127, 256, 257, 65280, 65535):
            self.assertTrue(is_data_type(number), number)
        for number in (0, 41, 128, 249, 252, 255, -1, 65536):
            self.assertFalse(is_data_type(number), number)
