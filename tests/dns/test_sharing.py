"""DNS of several replicas whose behaviors have counts in common"""

from __future__ import annotations

from typing import Any
from unittest import mock

from twisted.internet.testing import StringTransport

from mocksmtp.dns import server
from mocksmtp.dns.server import Datagrams, DNSFactory
from mocksmtp.store.interface import StoreError
from mocksmtp.zone.queries import QueryLog
from mocksmtp.zone.rdata import MX
from mocksmtp.zone.zone import Zone
from tests.dns.queries import packet, read, records
from tests.store.deciding import ReplicaCase, ReplicaHost

ONCE = {"query": "MX", "numberOfAnswer": 1, "response": {"rcode": "NXDOMAIN"}}
CLIENT = ("192.0.2.1", 5000)


class Client:
    """Sends queries to a replica, over UDP or TCP."""

    def __init__(self, replica: ReplicaHost, is_tcp: bool = False) -> None:
        zone = Zone(records(("ex.test", MX(10, "mx.ex.test"))))
        self.log = QueryLog()
        self.factory = DNSFactory(
            lambda: zone,
            replica.clock,
            behaviors=replica.mock.dns_behaviors,
            log=self.log,
        )
        self.is_tcp = is_tcp
        self.sent: list[bytes] = []
        if is_tcp:
            self.tcp: Any = self.factory.buildProtocol(None)
            self.transport = StringTransport()
            self.tcp.makeConnection(self.transport)
        else:
            self.udp = Datagrams(self.factory, replica.clock)
            self.udp.transport = mock.Mock()
            self.udp.transport.write = lambda octets, _: self.sent.append(octets)

    def ask(self, name: str = "ex.test", type_: str = "MX") -> list[int]:
        """Send a query; return the rcodes of the responses that have arrived."""
        query = packet(name, type_)
        if self.is_tcp:
            self.tcp.dataReceived(len(query).to_bytes(2, "big") + query)
        else:
            self.udp.datagramReceived(query, CLIENT)
        return self.heard()

    def heard(self) -> list[int]:
        """The rcodes of the responses since the last look."""
        if self.is_tcp:
            octets = self.transport.value()
            self.transport.clear()
            while octets:
                size = int.from_bytes(octets[:2], "big") + 2
                self.sent.append(octets[2:size])
                octets = octets[size:]
        sent, self.sent = self.sent, []
        return [int(read(one).rcode()) for one in sent]


class SharedTests(ReplicaCase):
    """Queries to two replicas"""

    def test_each_answer_is_given_once(self) -> None:
        """Over UDP and TCP, by whichever replica."""
        for is_tcp in (False, True):
            self.set(dns=[{**ONCE, "numberOfAnswer": 3}])
            clients = [Client(one, is_tcp) for one in self.replicas]
            heard = [client.ask() for _ in range(3) for client in clients]
            self.assertEqual(heard, [[3]] * 3 + [[0]] * 3)

    def test_scenarios_of_the_default_host(self) -> None:
        """DNS and SMTP take the steps of the same scenarios."""
        smtp = {
            "command": "NOOP",
            "response": {"code": 450},
            "scenario": {"name": "s", "state": "Started", "next": "down"},
        }
        dns = {
            "query": "ANY",
            "response": {"rcode": "SERVFAIL"},
            "scenario": {"name": "s", "state": "down"},
        }
        self.set(smtp, dns=[dns])
        client = Client(self.replicas[1])
        self.assertEqual(client.ask(), [0])
        self.replicas[0].client().send(b"NOOP\r\n")
        self.assertEqual(client.ask(), [2])

    def test_other_queries_do_not_wait(self) -> None:
        """Those of other types or names are answered at once."""
        ex = {"operator": "endsWith", "matchingValue": "ex.test"}
        self.set(dns=[{**ONCE, "condition": ex}])
        turn = self.hold_turn()
        client = Client(self.replicas[0])
        self.assertEqual(client.ask(), [])
        self.assertEqual(client.ask("ex.test", "A"), [0])
        self.assertEqual(client.ask("other.test"), [3])
        turn.pass_on()
        self.assertEqual(client.heard(), [3])
        self.assertEqual(client.log.last, 3)

    def test_the_store_fails(self) -> None:
        """SERVFAIL, before the decision and after it; then it works again."""
        self.set(dns=[ONCE])
        for is_tcp in (False, True):
            client = Client(self.replicas[0], is_tcp)
            self.cluster.failure = StoreError("gone")
            self.assertEqual(client.ask(), [2])
            self.cluster.failure = None
            self.fail_in_turn(self.replicas[0], dns=True)
            self.assertEqual(client.ask(), [2])
            self.repair()
        other = Client(self.replicas[1])
        self.assertEqual([other.ask(), client.ask()], [[3], [0]])

    def test_a_paused_replica(self) -> None:
        """It catches up before it answers; without the store SERVFAIL."""
        client = Client(self.replicas[0])
        self.replicas[0].replicas.is_current = False
        self.assertEqual(client.ask(), [0])
        self.assertTrue(self.replicas[0].replicas.is_current)
        self.replicas[0].replicas.is_current = False
        self.cluster.failure = StoreError("gone")
        self.assertEqual(client.ask(), [2])

    def test_a_bound(self) -> None:
        """Of too many queries that wait, the last ones are answered SERVFAIL."""
        self.patch(server, "MAX_UNDECIDED", 2)
        self.set(dns=[ONCE])
        turn = self.hold_turn()
        client = Client(self.replicas[0])
        heard = [client.ask() for _ in range(3)]
        self.assertEqual(heard, [[], [], [2]])
        turn.pass_on()
        self.assertEqual(client.heard(), [3, 0])

    def test_a_connection_that_ends(self) -> None:
        """Its queries are forgotten; those of others are answered."""
        self.set(dns=[ONCE])
        turn = self.hold_turn()
        client, other = (Client(self.replicas[0], True) for _ in range(2))
        for one in (client, other):
            one.ask()
            one.ask()
        client.tcp.connectionLost(None)
        turn.pass_on()
        self.assertEqual(other.heard(), [3, 0])
        self.assertEqual(client.heard(), [])

    def test_the_end_of_the_service(self) -> None:
        """Queries that wait are not answered, and not counted."""
        self.set(dns=[ONCE])
        turn = self.hold_turn()
        client = Client(self.replicas[0])
        client.ask()
        client.factory.forget_waiting()
        turn.pass_on()
        self.assertEqual(client.heard(), [])
        (rule,) = self.replicas[0].mock.dns_behaviors
        self.assertEqual(rule.seen, 0)

    def test_a_connection_that_is_closed_by_a_behavior(self) -> None:
        """The delay and the end of the connection follow after the turn."""
        response = {"then": "close", "delay": 1000}
        self.set(dns=[{**ONCE, "response": response}])
        self.cluster.passing = []
        client = Client(self.replicas[0], True)
        client.ask()
        self.clock.advance(5)
        self.cluster.passing.pop().callback(None)
        self.clock.advance(0.9)
        self.assertFalse(client.transport.disconnecting)
        self.clock.advance(0.2)
        self.assertTrue(client.transport.disconnecting)
