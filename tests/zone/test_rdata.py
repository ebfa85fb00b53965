"""What records can say."""

from __future__ import annotations

from ipaddress import IPv4Address

from twisted.trial.unittest import SynchronousTestCase

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
)


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
