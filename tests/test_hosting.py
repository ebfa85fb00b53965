"""Hosts with real listeners: whole changes, and clean ends."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from typing import Any

import attrs
from twisted.internet import reactor
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from mocksmtp.hosting import Hosting
from mocksmtp.hosts.host import Description, HostPlan, HostStart, MailHost
from mocksmtp.hosts.listeners import HostDns, Listen
from mocksmtp.listening import ListenError
from mocksmtp.mock import CannotListen, Mock, NameTaken
from mocksmtp.zone.names import Name
from mocksmtp.zone.zone import Zone
from tests.installed import busy_port

FREE = Listen()
EVERYWHERE = Listen("0.0.0.0")
NAMED = HostDns((Name.parse("mx.test"),))


def described(name: str = "mx2", *listeners: Listen, **fields: Any) -> Description:
    """A host that listens there, if it is told where."""
    return Description(name, f"{name}.test", listeners=listeners or (FREE,), **fields)


class HostingCase(TestCase):
    """Has a default host, and a way to look at what is open."""

    async def begin(self, *plans: HostPlan) -> None:
        """Start with these hosts, the default host first."""
        first, *others = plans or [HostPlan(described("default"))]
        default = first.description
        self.mock = Mock(MailHost(default.name, default.hostname), Zone())
        for plan in others:
            self.mock.add(self.mock.new_host(plan.description, plan.start))
        self.hosting = Hosting(self.mock, plans or [first], reactor)
        self.addCleanup(self.hosting.stop)
        await self.hosting.start()

    async def connect(self, listen: Listen) -> socket.socket | None:
        """A connection that has been greeted, or None where nobody listens."""
        return await deferToThread(self._connect, (str(listen.address), listen.port))

    def _connect(self, address: tuple[str, int]) -> socket.socket | None:
        try:
            connection = socket.create_connection(address, 10)
        except ConnectionRefusedError:
            return None
        self.addCleanup(connection.close)
        assert connection.recv(1000).startswith(b"220 ")
        return connection

    async def assert_open(self, listens: Iterable[Listen], expected: bool) -> None:
        """Each of them can be connected to, or none."""
        for listen in listens:
            self.assertEqual(await self.connect(listen) is not None, expected, listen)


class CreateTests(HostingCase):
    """`Hosting.create`"""

    async def test_it_listens_wherever_it_is_told(self) -> None:
        """On several addresses, IPv4 and IPv6, on ports that it then tells."""
        await self.begin()
        asked = (FREE, FREE, Listen("127.0.0.2"), Listen("::1"))
        host = await self.hosting.create(described("mx2", *asked))
        self.assertIs(self.mock.hosts["mx2"], host)
        addresses = [listen.address for listen in host.listens]
        self.assertEqual(addresses, [listen.address for listen in asked])
        self.assertEqual(host.addresses, tuple(map(str, host.listens)))
        await self.assert_open(host.listens, True)

    async def test_a_name_that_is_taken(self) -> None:
        """Nothing is opened."""
        await self.begin()
        host = await self.hosting.create(described())
        with self.assertRaises(NameTaken):
            await self.hosting.create(described("mx2", FREE, FREE))
        self.assertIs(self.mock.hosts["mx2"], host)

    async def test_a_port_that_is_taken(self) -> None:
        """The reason is told, and nothing is half made."""
        await self.begin()
        port = busy_port(self.addCleanup)
        free = Listen(port=_free_port())
        with self.assertRaises(CannotListen) as raised:
            await self.hosting.create(described("mx2", free, Listen(port=port)))
        told = f"can't listen on 127.0.0.1:{port}: Address already in use"
        self.assertEqual(str(raised.exception), told)
        self.assertEqual(list(self.mock.hosts), ["default"])
        await self.assert_open([free], False)

    async def test_an_address_of_another_machine(self) -> None:
        """The reason is the system's."""
        await self.begin()
        with self.assertRaises(CannotListen) as raised:
            await self.hosting.create(described("mx2", Listen("203.0.113.7", 25)))
        self.assertIn("Cannot assign requested address", str(raised.exception))

    async def test_its_names_are_known_with_it(self) -> None:
        """As the address that it listens on."""
        await self.begin()
        await self.hosting.create(described("mx2", Listen("127.0.0.2"), dns=NAMED))
        (record,) = self.mock.served.records
        self.assertEqual(str(record.rdata.address), "127.0.0.2")


class ChangeTests(HostingCase):
    """`Hosting.change`"""

    async def test_what_stays_the_same_stays_open(self) -> None:
        """With its connections; what is new is opened, what is left out closed."""
        await self.begin()
        host = await self.hosting.create(described("mx2", FREE, FREE))
        kept, closed = host.listens
        staying, leaving = await self.connect(kept), await self.connect(closed)
        await self.hosting.change(host, described("mx2", Listen("127.0.0.2"), kept))
        self.assertEqual(host.listens[1], kept)
        await self.assert_open(host.listens, True)
        await self.assert_open([closed], False)
        self.assertEqual(await deferToThread(leaving.recv, 9), b"421 4.3.2")
        await deferToThread(staying.sendall, b"NOOP\r\n")
        self.assertEqual(await deferToThread(staying.recv, 3), b"250")

    async def test_a_free_port_is_as_good_as_another(self) -> None:
        """Who asks for any port again keeps the one that it has."""
        await self.begin()
        host = await self.hosting.create(described("mx2", FREE, FREE))
        first, second = host.listens
        await self.hosting.change(host, described("mx2", FREE, second))
        self.assertEqual(host.listens, (first, second))
        await self.hosting.change(host, described("mx2", FREE, FREE, FREE))
        self.assertEqual(host.listens[:2], (first, second))

    async def test_a_change_that_fails_changes_nothing(self) -> None:
        """Neither what is open, nor what the host is."""
        await self.begin()
        host = await self.hosting.create(described())
        before, greeting = host.listens, host.greeting
        free, taken = Listen(port=_free_port()), Listen(port=busy_port(self.addCleanup))
        with self.assertRaises(CannotListen):
            await self.hosting.change(host, described("new", free, taken, dns=NAMED))
        self.assertEqual((host.listens, host.greeting), (before, greeting))
        self.assertEqual(self.mock.served.records, ())
        await self.assert_open(before, True)
        await self.assert_open([free], False)

    async def test_all_addresses_in_the_place_of_one(self) -> None:
        """The same port, which the old listener gives up for the new one; and back."""
        await self.begin()
        host = await self.hosting.create(described())
        (listen,) = host.listens
        client = await self.connect(listen)
        everywhere = Listen("0.0.0.0", listen.port)
        await self.hosting.change(host, described("mx2", everywhere))
        self.assertEqual(host.listens, (everywhere,))
        self.assertEqual(await deferToThread(client.recv, 9), b"421 4.3.2")
        await self.assert_open([listen, Listen("127.0.0.2", listen.port)], True)
        await self.hosting.change(host, described("mx2", listen))
        await self.assert_open([listen], True)
        await self.assert_open([Listen("127.0.0.2", listen.port)], False)

    async def test_a_port_that_was_given_up_for_nothing(self) -> None:
        """It is open again, and its connections have gone on."""
        await self.begin()
        host = await self.hosting.create(described())
        (listen,) = host.listens
        client = await self.connect(listen)
        busy = Listen(port=busy_port(self.addCleanup))
        everywhere = Listen("0.0.0.0", listen.port)
        with self.assertRaises(CannotListen):
            await self.hosting.change(host, described("mx2", everywhere, busy))
        self.assertEqual(host.listens, (listen,))
        await self.assert_open([listen], True)
        await self.assert_open([Listen("127.0.0.2", listen.port)], False)
        await deferToThread(client.sendall, b"NOOP\r\n")
        self.assertEqual(await deferToThread(client.recv, 3), b"250")
        await self.hosting.remove(host)
        await self.assert_open([listen], False)

    async def test_names_move_with_the_listeners(self) -> None:
        """And go when they are not wanted any longer."""
        await self.begin()
        host = await self.hosting.create(described(dns=NAMED))
        await self.hosting.change(host, described("mx2", Listen("::1"), dns=NAMED))
        (record,) = self.mock.served.records
        self.assertEqual(str(record.rdata.address), "::1")
        await self.hosting.change(host, described())
        self.assertEqual(self.mock.served.records, ())

    async def test_what_was_received_stays(self) -> None:
        """A change is of what the host is, not of what happened to it."""
        await self.begin()
        host = await self.hosting.create(described())
        host.extensions = ("X-1",)
        await self.hosting.change(host, described())
        self.assertEqual(host.extensions, ("X-1",))


class RemoveTests(HostingCase):
    """`Hosting.remove`"""

    async def test_its_port_is_free_and_its_clients_are_gone(self) -> None:
        """When it is over, another host can have the port."""
        await self.begin()
        host = await self.hosting.create(described())
        (listen,) = host.listens
        client = await self.connect(listen)
        await self.hosting.remove(host)
        self.assertEqual(await deferToThread(client.recv, 9), b"421 4.3.2")
        self.assertEqual(host.counters.open, 0)
        other = await self.hosting.create(described("mx3", listen))
        self.assertEqual(other.listens, (listen,))

    async def test_content_that_was_arriving_gives_its_room_back(self) -> None:
        """Nothing of a host is counted when it is gone."""
        await self.begin()
        host = await self.hosting.create(described())
        client = await self.connect(host.listens[0])
        mail = b"MAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\n"
        await deferToThread(client.sendall, mail + b"x\r\n.\r\n" + mail)
        said = client.makefile("rb")
        self.addCleanup(said.close)
        for _ in range(7):
            await deferToThread(said.readline)
        await deferToThread(client.sendall, b"x" * 10_000)
        await _until(lambda: self.mock.quota.arriving)
        self.assertGreater(self.mock.quota.mails, 0)
        await self.hosting.remove(host)
        quota = self.mock.quota
        self.assertEqual((quota.mails, quota.used, quota.arriving), (0, 0, 0))

    async def test_it_is_done_though_nobody_waits_for_it(self) -> None:
        """A client of the API that leaves takes nothing back."""
        await self.begin()
        host = await self.hosting.create(described())
        client = await self.connect(host.listens[0])
        removing = Deferred.fromCoroutine(self.hosting.remove(host))
        removing.cancel()
        with self.assertRaises(CancelledError):
            await removing
        self.assertEqual(await deferToThread(client.recv, 9), b"421 4.3.2")
        await self.assert_open(host.listens, False)


class StartTests(HostingCase):
    """What there is at the start"""

    async def test_endpoints_take_the_place_of_listeners(self) -> None:
        """One that has no IP address is told, and not as a listener."""
        path = self.mktemp()
        endpoints = ("tcp:0:interface=127.0.0.1", f"unix:{path}")
        await self.begin(HostPlan(described("default"), endpoints))
        default = self.mock.default
        (listen,) = default.listens
        self.assertEqual(default.addresses, (str(listen), path))
        await self.hosting.change(default, described("default", listen))
        self.assertEqual(default.addresses, (str(listen), path))

    async def test_a_host_without_listeners(self) -> None:
        """It is there, and can get one later."""
        await self.begin(HostPlan(described("default"), ()))
        self.assertEqual(self.mock.default.addresses, ())
        await self.hosting.change(self.mock.default, described("default"))
        await self.assert_open(self.mock.default.listens, True)

    async def test_a_session_has_the_address_that_its_client_reached(self) -> None:
        """On one listener for all addresses too."""
        for listen in FREE, EVERYWHERE:
            await self.begin(HostPlan(described("default", listen)))
            (bound,) = self.mock.default.listens
            for address in "127.0.0.1", "127.0.0.2":
                if listen is EVERYWHERE or address == "127.0.0.1":
                    await self.connect(Listen(address, bound.port))
                    session = self.mock.default.journal.sessions()[-1]
                    self.assertEqual(session.listener, f"{address}:{bound.port}")
                    self.assertEqual(session.client_ip, "127.0.0.1")
            await self.hosting.stop()

    async def test_a_name_without_an_address(self) -> None:
        """Where it listens on all addresses, one must be told."""
        plan = HostPlan(described("default", dns=NAMED), ("tcp:0",))
        with self.assertRaises(ListenError) as raised:
            await self.begin(plan)
        self.assertIn("its dns.address is required", str(raised.exception))


class RestoreTests(HostingCase):
    """`Hosting.restore`"""

    async def test_the_hosts_of_the_start_are_back(self) -> None:
        """On the ports that they had, with what they had; others are gone."""
        start = HostStart(extensions=("X-START",))
        await self.begin(
            HostPlan(described("default")), HostPlan(described(), start=start)
        )
        hosts = self.mock.hosts
        before = {name: host.listens for name, host in hosts.items()}
        await self.hosting.remove(hosts["mx2"])
        default = attrs.evolve(
            described("default", Listen("127.0.0.2")), hostname="new"
        )
        await self.hosting.change(hosts["default"], default)
        made = await self.hosting.create(described("mx3"))
        removed, closed = await self.hosting.restore()
        await closed
        self.assertEqual(removed, [made])
        after = {name: host.listens for name, host in hosts.items()}
        self.assertEqual(after, before)
        self.assertEqual(hosts["default"].hostname, "default.test")
        self.assertEqual(hosts["mx2"].extensions, ("X-START",))
        await self.assert_open(made.listens, False)
        for listens in before.values():
            await self.assert_open(listens, True)

    async def test_a_port_that_is_lost_is_told(self) -> None:
        """Somebody has taken it in the meantime."""
        await self.begin(HostPlan(described("default")), HostPlan(described()))
        host = self.mock.hosts["mx2"]
        (listen,) = host.listens
        await self.hosting.remove(host)
        taken = socket.create_server(("127.0.0.1", listen.port))
        self.addCleanup(taken.close)
        made = await self.hosting.create(described("mx3"))
        with self.assertRaises(CannotListen):
            await self.hosting.restore()
        self.assertEqual(list(self.mock.hosts), ["default", "mx3"])
        await self.assert_open([*self.mock.default.listens, *made.listens], True)

    async def test_a_port_that_another_host_has(self) -> None:
        """Hosts exchange their ports, and one that goes gives its port up."""
        await self.begin(HostPlan(described("default")), HostPlan(described()))
        hosts = self.mock.hosts
        first, second = hosts["default"].listens + hosts["mx2"].listens
        await self.hosting.remove(hosts["mx2"])
        await self.hosting.change(hosts["default"], described("default", second))
        await self.hosting.create(described("mx3", Listen("0.0.0.0", first.port)))
        await self.hosting.restore()
        self.assertEqual(list(hosts), ["default", "mx2"])
        self.assertEqual(hosts["default"].listens, (first,))
        self.assertEqual(hosts["mx2"].listens, (second,))
        await self.assert_open([first, second], True)


async def _until(condition: Any) -> None:
    """Let the reactor turn until something holds; the test's own time limit ends it."""
    while not condition():
        turned: Deferred[None] = Deferred()
        reactor.callLater(0, turned.callback, None)
        await turned


def _free_port() -> int:
    """A port of the loopback address that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port
