"""What records can say."""

from __future__ import annotations

from ipaddress import IPv4Address

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.model.name import Name
from mocksmtp.model.rdata import AAAA, CNAME, MX, NS, RDATA, SOA, TXT, A, Raw


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
        for rdata in (CNAME(host), A("192.0.2.1"), Raw(15, b"\0\1\0")):
            self.assertIsNone(rdata.host)

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
            ("a type for questions", lambda: Raw(255, b"")),
            ("more than 65535 octets", lambda: Raw(65280, bytes(65536))),
        ):
            with self.subTest(shows):
                self.assertRaises(ValueError, make)

    def test_longest(self):
        """Data may have 65535 octets."""
        self.assertEqual(len(TXT("x" * 255 * 255).strings), 255)
        self.assertEqual(len(Raw(65280, bytes(65535)).data), 65535)
