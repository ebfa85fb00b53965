"""The mock as a whole: its hosts and its zone."""

from __future__ import annotations

from ipaddress import ip_address

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.dns import DnsBehavior, DnsResponse
from mocksmtp.hosts.host import Description, HostStart, MailHost
from mocksmtp.hosts.limits import Limits
from mocksmtp.hosts.listeners import HostDns, MailDomain
from mocksmtp.mock import DEFAULT_HOST, Mock
from mocksmtp.tls.settings import TlsSettings
from mocksmtp.zone.answer import Question, Rcode
from mocksmtp.zone.names import Name
from mocksmtp.zone.rdata import MX, TLSA, A, HostTLSA, RRType
from mocksmtp.zone.records import Record
from mocksmtp.zone.zone import Zone
from tests.hosts.test_host import receive

START_ZONE = Zone([Record("start.test", A("192.0.2.1"))])
OTHER_ZONE = Zone([Record("other.test", A("192.0.2.2"))])


class MockTests(SynchronousTestCase):
    """`Mock`"""

    def setUp(self) -> None:
        start = HostStart(extensions=("X-START",))
        self.default = MailHost("default", "mx.test", start=start)
        self.other = MailHost("mx2", "mx2.test", start=start)
        self.mock = Mock(self.default, START_ZONE)
        self.mock.hosts["mx2"] = self.other

    def test_the_default_host_is_a_host_too(self) -> None:
        """It is found by its name, and without one."""
        self.assertIs(self.mock.default, self.default)
        self.assertIs(self.mock.hosts[DEFAULT_HOST], self.default)

    def test_a_zone_is_replaced_as_one(self) -> None:
        """Who sets another zone sets all of it."""
        self.assertIs(self.mock.zone, START_ZONE)
        self.mock.zone = OTHER_ZONE
        self.assertIs(self.mock.zone, OTHER_ZONE)

    def test_a_reset_is_for_all_hosts(self) -> None:
        """What any host was given or has received is gone."""
        for host in (self.default, self.other):
            receive(host)
        self.mock.reset()
        for host in (self.default, self.other):
            self.assertEqual((len(host.mailbox), host.extensions), (0, ()))

    def test_a_reset_ends_behaviors_of_dns(self) -> None:
        """Those of the start come back with the start."""
        fails = DnsBehavior((), response=DnsResponse(2))
        mock = Mock(self.default, START_ZONE, dns_behaviors=(fails,))
        mock.dns_behaviors.replace_all([])
        mock.reset(to_start=True)
        self.assertEqual([rule.behavior for rule in mock.dns_behaviors], [fails])
        mock.reset()
        self.assertEqual(len(mock.dns_behaviors), 0)

    def test_records_are_made_of_hosts(self) -> None:
        """As long as the host is there with TLS; they are listed in any case."""
        wanted = Record("t.test", HostTLSA(3, 1, 1, "mx2"), 5)
        self.mock.zone = START_ZONE.with_records([wanted])
        asked = Question("t.test", RRType.TLSA)

        def told() -> list[Record]:
            self.assertIn(wanted, self.mock.zone.records)
            return list(self.mock.served.answer(asked).answers)

        self.mock.make_tlsa = lambda host, _: TLSA(3, 1, 1, host.hostname.encode())
        self.mock.set_records(self.other, ())
        self.assertEqual(told(), [])
        for hostname in "a.test", "b.test":
            self.other.describe(Description("mx2", hostname, tls=TlsSettings()))
            self.mock.set_records(self.other, ())
            made = Record("t.test", TLSA(3, 1, 1, hostname.encode()), 5)
            self.assertEqual(told(), [made])
        self.assertIs(self.mock.served, self.mock.served)
        self.mock.make_tlsa = lambda *_: None
        self.mock.set_records(self.other, ())
        self.assertEqual(told(), [])
        self.mock.remove("mx2")
        self.assertEqual(told(), [])

    def test_a_reset_leaves_hosts_and_records(self) -> None:
        """They are the network that a suite works in, not what one test did."""
        self.mock.zone = OTHER_ZONE
        self.mock.reset()
        self.assertIs(self.mock.zone, OTHER_ZONE)
        self.assertEqual(list(self.mock.hosts), ["default", "mx2"])

    def test_a_reset_can_go_back_to_the_start(self) -> None:
        """Then the records of the start are there again, and each host's start."""
        self.mock.reset()
        self.mock.zone = OTHER_ZONE
        receive(self.other)
        self.mock.reset(to_start=True)
        self.assertIs(self.mock.zone, START_ZONE)
        for host in (self.default, self.other):
            self.assertEqual((len(host.mailbox), host.extensions), (0, ("X-START",)))


class HostsCase(SynchronousTestCase):
    """Makes hosts."""

    def setUp(self) -> None:
        limits = Limits(recipients=3)
        default = MailHost("default", "mx.test", limits=limits)
        self.mock = Mock(default, START_ZONE)

    def add(self, name: str = "mx2", dns: HostDns | None = None) -> MailHost:
        """A further host, which listens on 192.0.2.7."""
        description = Description(name, "mx2.test", dns=dns or HostDns())
        host = self.mock.new_host(description)
        self.mock.add(host)
        records = host.dns.records([ip_address("192.0.2.7")])
        self.mock.set_records(host, tuple(records))
        return host


class HostsTests(HostsCase):
    """Hosts that come and go"""

    def test_a_new_host_is_what_is_described(self) -> None:
        """It shares numbers and bounds of mails with the others, and no mail."""
        host = self.add()
        self.assertIs(self.mock.hosts["mx2"], host)
        self.assertEqual(host.greeting.text, "mx2.test ESMTP mocksmtp")
        receive(self.mock.default)
        receive(host)
        self.assertEqual([mail.number for mail in host.mailbox.mails()], [2])
        self.assertEqual(self.mock.quota.mails, 2)

    def test_the_usual_limits_are_those_of_the_start(self) -> None:
        """They do not change with the default host's."""
        self.mock.default.describe(Description("default", "x"))
        self.assertEqual(self.mock.limits.recipients, 3)

    def test_what_a_host_kept_goes_with_it(self) -> None:
        """Its mails leave their room to others."""
        host = self.add()
        receive(host)
        self.assertIs(self.mock.remove("mx2"), host)
        self.assertEqual((self.mock.quota.mails, self.mock.quota.used), (0, 0))
        self.assertEqual(list(self.mock.hosts), ["default"])
        self.assertRaises(KeyError, self.mock.remove, "mx2")

    def test_listeners_are_told_by_host(self) -> None:
        """That of the default host has no name; a host without one is left out."""
        self.add("quiet")
        self.mock.default.addresses = ("127.0.0.1:1",)
        self.add("mx2").addresses = ("127.0.0.1:2", "[::1]:3")
        expected = {"smtp": ["127.0.0.1:1"], "smtp.mx2": ["127.0.0.1:2", "[::1]:3"]}
        self.assertEqual(self.mock.addresses, expected)


class ServedTests(HostsCase):
    """What DNS answers from"""

    DNS = HostDns((Name.parse("mx2.x.test"),), (MailDomain(Name.parse("x.test")),))
    OWNED = {
        Record("mx2.x.test", A("192.0.2.7")),
        Record("x.test", MX(10, "mx2.x.test")),
    }

    def served(self) -> set[Record]:
        """All that is answered from."""
        return set(self.mock.served.records)

    def test_without_such_hosts_it_is_the_users_zone(self) -> None:
        """Nothing is copied."""
        self.add()
        self.assertIs(self.mock.served, START_ZONE)

    def test_a_hosts_records_come_and_go_with_it(self) -> None:
        """The users' own stay, and are told apart."""
        start = set(START_ZONE.records)
        self.add(dns=self.DNS)
        self.assertEqual(self.served(), start | self.OWNED)
        self.assertIs(self.mock.zone, START_ZONE)
        self.mock.remove("mx2")
        self.assertIs(self.mock.served, START_ZONE)

    def test_they_survive_other_records(self) -> None:
        """Who replaces all records replaces the users' own."""
        self.add(dns=self.DNS)
        self.mock.zone = OTHER_ZONE
        self.assertEqual(self.served(), {*OTHER_ZONE.records, *self.OWNED})

    def test_what_two_have_stays_until_both_are_gone(self) -> None:
        """Be the other one a user: a host takes away its own."""
        self.add("a", self.DNS)
        self.add("b", self.DNS)
        self.mock.remove("a")
        self.assertEqual(self.served() - set(START_ZONE.records), self.OWNED)
        self.mock.zone = Zone(self.OWNED)
        self.mock.remove("b")
        self.assertEqual(self.served(), self.OWNED)

    def ask(self, name: str, type_: RRType) -> Rcode:
        """How DNS replies."""
        return Rcode(self.mock.served.answer(Question(name, type_)).rcode)

    def test_without_records_every_name_is_nxdomain(self) -> None:
        """Until a record is set, too, unless the mock is made otherwise."""
        self.mock = Mock(MailHost("default", "mx.test"), Zone())
        self.assertIs(self.ask("a.test", RRType.MX), Rcode.NXDOMAIN)

    def test_names_can_fail_until_a_record_is_set(self) -> None:
        """From the first record on they are NXDOMAIN, also when it is gone."""
        self.mock = Mock(MailHost("default", "mx.test"), Zone(), fails_unset=True)
        self.assertIs(self.ask("a.test", RRType.MX), Rcode.SERVFAIL)
        self.mock.zone = Zone()
        self.assertIs(self.ask("a.test", RRType.MX), Rcode.SERVFAIL)
        self.mock.zone = OTHER_ZONE
        self.assertIs(self.ask("a.test", RRType.MX), Rcode.NXDOMAIN)
        self.mock.zone = Zone()
        self.assertIs(self.ask("a.test", RRType.MX), Rcode.NXDOMAIN)
        self.mock.reset()
        self.assertIs(self.ask("a.test", RRType.MX), Rcode.NXDOMAIN)
        self.mock.reset(to_start=True)
        self.assertIs(self.ask("a.test", RRType.MX), Rcode.SERVFAIL)

    def test_a_record_of_the_start_is_one(self) -> None:
        """A service that is started with records never fails."""
        self.mock = Mock(MailHost("default", "mx.test"), START_ZONE, fails_unset=True)
        self.assertIs(self.ask("a.test", RRType.MX), Rcode.NXDOMAIN)
        self.mock.zone = Zone()
        self.mock.reset(to_start=True)
        self.assertIs(self.ask("a.test", RRType.MX), Rcode.NXDOMAIN)

    def test_records_of_hosts_are_answered_meanwhile(self) -> None:
        """They are none that users have set: all other names fail still."""
        self.mock = Mock(MailHost("default", "mx.test"), Zone(), fails_unset=True)
        self.add(dns=self.DNS)
        self.assertIs(self.ask("mx2.x.test", RRType.A), Rcode.NOERROR)
        self.assertIs(self.ask("mx2.x.test", RRType.AAAA), Rcode.NOERROR)
        self.assertIs(self.ask("no.x.test", RRType.MX), Rcode.SERVFAIL)
        self.assertIs(self.ask("test", RRType.MX), Rcode.SERVFAIL)

    def test_a_zone_is_made_when_it_is_asked_for(self) -> None:
        """And it is the same one, until something changes."""
        host = self.add(dns=self.DNS)
        served = self.mock.served
        self.assertIs(self.mock.served, served)
        self.mock.set_records(host, ())
        self.assertIs(self.mock.served, START_ZONE)
