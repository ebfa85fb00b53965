"""Where a host listens, and what DNS tells of it."""

from __future__ import annotations

from ipaddress import ip_address

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.hosts.listeners import HostDns, Listen, MailDomain, MailProtocol
from mocksmtp.tls.settings import TlsMode
from mocksmtp.zone.names import Name
from mocksmtp.zone.rdata import AAAA, MX, A
from mocksmtp.zone.records import Record

MX1, MX2 = Name.parse("mx1.x.test"), Name.parse("mx2.x.test")
V4, V6 = ip_address("192.0.2.1"), ip_address("2001:db8::1")
ANY4, ANY6 = ip_address("0.0.0.0"), ip_address("::")


class ListenTests(SynchronousTestCase):
    """`Listen`"""

    def test_it_is_shown_as_it_is_written(self) -> None:
        """IPv6 has its brackets; the usual address is on loopback."""
        for listen, shown in (
            (Listen(), "127.0.0.1:0"),
            (Listen("192.0.2.1", 25), "192.0.2.1:25"),
            (Listen("::1", 25), "[::1]:25"),
        ):
            self.assertEqual(str(listen), shown)

    def test_its_place_is_where_and_not_how(self) -> None:
        """Two that differ in what they speak can't be open at once."""
        plain = Listen("192.0.2.1", 25)
        lmtp = Listen("192.0.2.1", 25, MailProtocol.LMTP, TlsMode.IMPLICIT)
        self.assertNotEqual(plain, lmtp)
        self.assertEqual(plain.place, (V4, 25))
        self.assertEqual(lmtp.place, plain.place)


class RecordsTests(SynchronousTestCase):
    """`HostDns`"""

    def test_names_get_the_addresses_that_it_listens_on(self) -> None:
        """Each once, however many ports there are."""
        dns = HostDns((MX1, MX2))
        expected = [
            *(Record(MX1, A("192.0.2.1")), Record(MX1, AAAA("2001:db8::1"))),
            *(Record(MX2, A("192.0.2.1")), Record(MX2, AAAA("2001:db8::1"))),
        ]
        self.assertEqual(list(dns.records([V4, V6, V4])), expected)

    def test_other_addresses_can_be_told(self) -> None:
        """They take the place of those that it listens on."""
        dns = HostDns((MX1,), address=(V6,))
        expected = [Record(MX1, AAAA("2001:db8::1"))]
        self.assertEqual(list(dns.records([ANY4])), expected)

    def test_domains_name_it_as_their_exchange(self) -> None:
        """By each of its names, with the domain's preference."""
        dns = HostDns((MX1, MX2), (MailDomain(Name.parse("x.test"), 20),))
        expected = [Record("x.test", MX(20, MX1)), Record("x.test", MX(20, MX2))]
        self.assertEqual(list(dns.records([])), expected)

    def test_without_names_there_is_nothing(self) -> None:
        """Most hosts are found by their port."""
        self.assertEqual(list(HostDns().records([V4])), [])

    def test_an_address_is_needed_where_none_is_known(self) -> None:
        """Who listens on all addresses has to say by which it is reached."""
        for dns, listens, needed in (
            (HostDns((MX1,)), [V4], False),
            (HostDns((MX1,)), [], False),
            (HostDns((MX1,)), [V4, ANY4], True),
            (HostDns((MX1,)), [ANY6], True),
            (HostDns((MX1,), address=(V4,)), [ANY4], False),
            (HostDns(), [ANY4], False),
        ):
            self.assertEqual(dns.needs_address(listens), needed, (dns, listens))
