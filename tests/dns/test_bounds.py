"""Work for a query is bounded by its message, however many records the zone has.

Work is counted in calls, which do not depend on the machine.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.dns import DnsResponse
from mocksmtp.dns.faults import changed_reply
from mocksmtp.dns.message import TC
from mocksmtp.dns.responder import Responder
from mocksmtp.zone.queries import TCP, UDP
from mocksmtp.zone.rdata import CNAME, MX, SOA, TXT, A, Raw
from mocksmtp.zone.records import Record
from mocksmtp.zone.zone import Zone
from tests.dns.queries import packet, query, read

SOME, MANY = 2_000, 20_000
"""How many records the zones have: far more than any datagram of 512 octets."""


def calls(work: Callable[[], object]) -> int:
    """How many functions are called for `work`, with those that are written in C."""
    count = 0

    def note(_frame: object, event: str, _arg: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def work_for(records: Iterable[Record], name: str, type_: str, transport: str) -> int:
    """The calls that a query costs which was not asked before."""
    zone = Zone(records)
    responder, asked = Responder(lambda: zone), packet(name, type_)
    responder.respond(packet("other.test"), transport)
    return calls(lambda: responder.respond(asked, transport))


class BoundTests(SynchronousTestCase):
    """Zones that have more than fits."""

    def assert_same_work(
        self,
        zone: Callable[[int], Iterable[Record]],
        type_: str,
        transport: str = UDP,
        most: int = 2_000,
    ) -> None:
        """Ten times as many records cost no more."""
        some, many = (
            work_for(zone(count), "ex.test", type_, transport) for count in (SOME, MANY)
        )
        self.assertLess(some, most)
        self.assertLessEqual(many, some)

    def test_addresses_of_exchanges(self):
        """Addresses are only looked up for exchanges that are in the message."""

        def zone(count: int) -> Iterable[Record]:
            yield Record("*.hosts.test", A("192.0.2.1"))
            for number in range(count):
                yield Record("ex.test", MX(10, f"mx{number}.hosts.test"))

        self.assert_same_work(zone, "MX")

    def test_addresses_of_one_exchange(self):
        """Of its addresses so many are collected as fit."""

        def zone(count: int) -> Iterable[Record]:
            yield Record("ex.test", MX(10, "mx.hosts.test"))
            for number in range(count):
                yield Record("*.hosts.test", A(number))

        self.assert_same_work(zone, "MX")

    def test_wildcard(self):
        """Of a wildcard's records so many get the name that was asked for."""

        def zone(count: int) -> Iterable[Record]:
            return (Record("*.test", A(number)) for number in range(count))

        self.assert_same_work(zone, "A")

    def test_any(self):
        """ANY stops at the type with which the message is full."""

        def zone(count: int) -> Iterable[Record]:
            return (Record("*.test", Raw(300 + n, b"")) for n in range(count))

        self.assert_same_work(zone, "ANY")

    def test_aliases(self):
        """Aliases are followed until the message is full of them."""

        def zone(count: int) -> Iterable[Record]:
            names = ["ex.test", *(f"a{number}.test" for number in range(100))]
            for number in range(count):
                at, further = number % 100, number // 100
                target = f"x{further}.test" if further else names[at + 1]
                yield Record(names[at], CNAME(target))

        self.assert_same_work(zone, "A")

    def test_strings(self):
        """Of a TXT record that does not fit no more is written than would fit."""

        def zone(count: int) -> Iterable[Record]:
            yield Record("ex.test", TXT(("",) * count))

        self.assert_same_work(zone, "TXT", most=6_000)

    def test_broken_soa(self):
        """The zone's SOA is not searched for among others that are broken."""

        def zone(count: int) -> Iterable[Record]:
            number = int(SOA.TYPE)
            return (Record("test", Raw(number, bytes(n))) for n in range(count // 10))

        self.assert_same_work(zone, "TXT")

    def test_tcp(self):
        """Over TCP, too, where the message has 64 KiB."""

        def zone(count: int) -> Iterable[Record]:
            for number in range(10):
                yield Record("*.hosts.test", A(number))
            for number in range(4 * count):
                yield Record("ex.test", MX(10, f"mx{number}.hosts.test"))

        self.assert_same_work(zone, "MX", TCP, most=200_000)

    def test_records_of_a_behavior(self):
        """A behavior's records are only given the name that fit."""
        counts = []
        for count in (SOME, MANY):
            records = tuple(Record("*", A(number)) for number in range(count))
            response, asked = DnsResponse(records=records), query("ex.test", "A")
            counts.append(calls(lambda: changed_reply(asked, response, Zone(), UDP)))  # noqa: B023
        self.assertLess(counts[0], 6_000)
        self.assertEqual(*counts)


class CutTests(SynchronousTestCase):
    """What a client sees of an answer that was not collected to its end."""

    def respond(self, zone: Zone, type_: str, transport: str = UDP):
        responder = Responder(lambda: zone)
        response = responder.respond(packet("ex.test", type_, id=0), transport)
        assert response is not None
        return read(b"\0\0" + response.octets)

    def test_full_to_the_last_record(self):
        """The message is as full as it can be, and TC is set, for every size."""
        for count in (29, 30, 31, 500):
            zone = Zone(Record("ex.test", A(number)) for number in range(count))
            message = self.respond(zone, "A")
            self.assertEqual(len(message.answer[0]), min(count, 30))
            self.assertEqual(bool(message.flags & TC), count > 30)

    def test_all_additional_records_that_fit(self):
        """Behind an answer come all addresses that there is room for."""
        mx = [Record("ex.test", MX(1, f"mx{number}.test")) for number in range(5)]
        hosts = [
            Record(record.rdata.exchange, A(number))
            for record in mx
            for number in range(100)
        ]
        message = self.respond(Zone([*mx, *hosts]), "MX", TCP)
        self.assertEqual(sum(map(len, message.additional)), 500)
        message = self.respond(Zone([*mx, *hosts]), "MX")
        self.assertEqual(message.additional, [])
        self.assertEqual(len(message.answer[0]), 5)
