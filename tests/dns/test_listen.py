"""The server on real sockets, with dnspython and dig as its clients."""

from __future__ import annotations

import os
import socket
from shutil import which

import dns.message
import dns.query
import dns.rcode
from twisted.internet import endpoints, reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import ClientFactory, DatagramProtocol, Protocol
from twisted.internet.threads import deferToThread
from twisted.internet.utils import getProcessOutput
from twisted.python.systemd import ListenFDs
from twisted.trial.unittest import TestCase

from mocksmtp.dns import listen as listen_module
from mocksmtp.dns.listen import DNSListener, adopt, listen
from mocksmtp.dns.server import DNSFactory
from mocksmtp.hosts.listeners import Inherited
from mocksmtp.listening import ListenError
from mocksmtp.zone.rdata import CNAME, MX, TXT, A
from mocksmtp.zone.zone import Zone
from tests.dns.queries import lines, records

LOOPBACK = "127.0.0.1"

QUIET = "127.53.53.53"
"""An address of this machine from which nobody connects, so that a number that is
free for UDP is free for TCP."""
DIG = which("dig")

ZONE = Zone(
    records(
        ("ex.test", MX(10, "mx.ex.test")),
        ("mx.ex.test", A("192.0.2.1")),
        ("www.ex.test", CNAME("mx.ex.test")),
        ("*.wild.test", MX(5, "mx.ex.test")),
        ("dkim.test", TXT("v=DKIM1; p=" + "x" * 400)),
        *(("big.test", A(number)) for number in range(1000)),
    )
)


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


class Listening(TestCase):
    """A server at a port of its own."""

    zone = ZONE

    async def listen(self, address: str = LOOPBACK, port: int = 0) -> DNSListener:
        factory = DNSFactory(lambda: self.zone, reactor)
        listener = await listen(reactor, address, port, factory)
        self.addCleanup(listener.stop)
        return listener


class DnspythonTests(Listening):
    """dnspython as the client."""

    async def ask(self, how, name: str, type_: str, **options) -> dns.message.Message:
        listener = await self.listen(options.pop("address", LOOPBACK))
        query = dns.message.make_query(name, type_, **options)
        return await deferToThread(
            how, query, listener.host, timeout=5, port=listener.port
        )

    async def test_udp_and_tcp(self):
        """UDP and TCP answer on the same number."""
        for how in (dns.query.udp, dns.query.tcp):
            response = await self.ask(how, "ex.test", "MX")
            answers = lines(response.answer)
            self.assertEqual(answers, ["ex.test. 60 IN MX 10 mx.ex.test."])
            additional = lines(response.additional)
            self.assertEqual(additional, ["mx.ex.test. 60 IN A 192.0.2.1"])

    async def test_alias(self):
        """An alias comes with what it leads to."""
        response = await self.ask(dns.query.udp, "www.ex.test", "A")
        self.assertEqual(len(response.answer), 2)

    async def test_ipv6(self):
        """A server listens at an IPv6 address as well."""
        response = await self.ask(dns.query.udp, "ex.test", "MX", address="::1")
        self.assertEqual(response.rcode(), dns.rcode.NOERROR)
        response = await self.ask(dns.query.tcp, "ex.test", "MX", address="::1")
        self.assertEqual(response.rcode(), dns.rcode.NOERROR)

    if not has_ipv6():
        test_ipv6.skip = "this machine has no ::1"

    async def test_truncated(self):
        """A client that meets TC over UDP gets the whole over TCP."""

        def with_fallback(query, host, timeout, port):
            response, tcp = dns.query.udp_with_fallback(query, host, timeout, port)
            self.assertTrue(tcp)
            return response

        for options in ({}, {"use_edns": 0, "payload": 4096}):
            response = await self.ask(with_fallback, "big.test", "A", **options)
            self.assertEqual(len(response.answer[0]), 1000)

    async def test_several_queries(self):
        """A connection stays open for further queries."""
        listener = await self.listen()

        def ask_twice():
            with socket.create_connection((listener.host, listener.port), 5) as sock:
                for _ in range(2):
                    query = dns.message.make_query("ex.test", "MX")
                    dns.query.send_tcp(sock, query)
                    response, _ = dns.query.receive_tcp(sock)
                    yield response.rcode()

        rcodes = await deferToThread(lambda: list(ask_twice()))
        self.assertEqual(rcodes, [dns.rcode.NOERROR] * 2)


class DigTests(Listening):
    """dig as the client."""

    if DIG is None:
        skip = "there is no dig"

    async def dig(self, *arguments: str) -> str:
        listener = await self.listen()
        output = await getProcessOutput(
            DIG,
            [f"@{listener.host}", "-p", str(listener.port), "+tries=1", *arguments],
            errortoo=True,
        )
        text = output.decode()
        # dig says so where it has to guess what a response means.
        self.assertNotIn("WARNING", text)
        self.assertNotIn("mismatch", text)
        return text

    async def test_mx(self):
        """dig gets an MX with its address, EDNS and authority."""
        text = await self.dig("eX.test", "MX")
        self.assertIn("status: NOERROR", text)
        self.assertIn("flags: qr aa rd ra;", text)
        self.assertIn("EDNS: version: 0, flags:; udp: 4096", text)
        self.assertIn("10 mx.ex.test.", text)
        self.assertIn("192.0.2.1", text)

    async def test_wildcard(self):
        """dig gets a wildcard's record under the name that it asked for."""
        self.assertIn("a.wild.test.\t\t60\tIN\tMX", await self.dig("a.wild.test", "MX"))

    async def test_long_text(self):
        """dig gets a TXT over 255 octets as several strings."""
        text = await self.dig("dkim.test", "TXT", "+short")
        self.assertEqual(len(text.replace('" "', "").strip()), 2 + 11 + 400)

    async def test_nxdomain(self):
        """dig gets NXDOMAIN with an SOA."""
        text = await self.dig("none.test", "MX")
        self.assertIn("status: NXDOMAIN", text)
        self.assertIn("AUTHORITY: 1", text)
        self.assertIn("SOA", text)

    async def test_truncated(self):
        """dig turns to TCP when an answer is cut."""
        text = await self.dig("big.test", "A")
        self.assertIn("ANSWER: 1000", text)
        self.assertIn("(TCP)", text)

    async def test_edns_version(self):
        """dig gets BADVERS for a version that there is not, and the one there is."""
        text = await self.dig("ex.test", "MX", "+edns=1", "+noednsnegotiation")
        self.assertIn("status: BADVERS", text)
        self.assertIn("EDNS: version: 0", text)

    async def test_refusals(self):
        """dig gets an rcode for what this server does not do."""
        for arguments, status in (
            (("+opcode=NOTIFY", "ex.test", "SOA"), "NOTIMP"),
            (("CH", "version.bind", "TXT"), "REFUSED"),
        ):
            self.assertIn(f"status: {status}", await self.dig(*arguments))
        self.assertIn("Transfer failed", await self.dig("ex.test", "AXFR"))


class Silent(Protocol):
    """A client that connects and waits for the end."""

    def __init__(self) -> None:
        self.connected_, self.ended = Deferred(), Deferred()

    def connectionMade(self) -> None:
        self.connected_.callback(None)

    def connectionLost(self, reason) -> None:
        self.ended.callback(None)


class ListenTests(Listening):
    """`listen` and `DNSListener`."""

    async def test_stop(self):
        """A stopped server has closed its ports; the numbers are free again."""
        listener = await self.listen()
        await listener.stop()
        again = await self.listen(port=listener.port)
        self.assertEqual(again.port, listener.port)

    async def test_stop_closes_connections(self):
        """A stopped server has closed its connections."""
        listener = await self.listen()
        clients = [Silent(), Silent()]
        for client in clients:
            factory = ClientFactory.forProtocol(lambda client=client: client)
            factory.noisy = False
            reactor.connectTCP(listener.host, listener.port, factory)
        await gatherResults([client.connected_ for client in clients])
        # An answer tells that the server knows of the connections, too.
        query = dns.message.make_query("ex.test", "MX")
        await deferToThread(
            dns.query.tcp, query, listener.host, timeout=5, port=listener.port
        )
        await listener.stop()
        await gatherResults([client.ended for client in clients])

    async def test_busy(self):
        """A number that is busy for TCP or for UDP raises, and leaves nothing open."""
        busy = await self.listen(QUIET)
        with self.assertRaises(CannotListenError):
            await self.listen(QUIET, busy.port)
        udp = reactor.listenUDP(0, DatagramProtocol(), interface=QUIET)
        self.addCleanup(udp.stopListening)
        number = udp.getHost().port
        with self.assertRaises(CannotListenError):
            await self.listen(QUIET, number)
        tcp = reactor.listenTCP(number, ClientFactory(), interface=QUIET)
        self.addCleanup(tcp.stopListening)

    async def test_another_number(self):
        """For port 0 another number is tried where UDP's is taken."""
        ports = Ports(busy=3)
        listener = await listen(ports, LOOPBACK, 0, DNSFactory(lambda: ZONE, reactor))
        self.addCleanup(listener.stop)
        self.assertEqual(ports.tried, 4)

    async def test_flood(self):
        """Of many datagrams some are read in each turn of the reactor."""
        ports = Ports(busy=0)
        listener = await listen(ports, LOOPBACK, 0, DNSFactory(lambda: ZONE, reactor))
        self.addCleanup(listener.stop)
        self.assertLessEqual(ports.udp.maxThroughput, 16 * 1024)

    async def test_no_number(self):
        """In the end it is given up."""
        ports = Ports(busy=1000)
        with self.assertRaises(CannotListenError):
            await listen(ports, LOOPBACK, 0, DNSFactory(lambda: ZONE, reactor))
        self.assertEqual(ports.tried, listen_module.ATTEMPTS)


class AdoptTests(TestCase):
    """`adopt`"""

    def hand_over(self, *kinds: socket.SocketKind) -> list[tuple[str, int]]:
        """Have systemd hand over such sockets, each named for its kind."""
        sockets = [socket.socket(type=kind) for kind in kinds]
        for one in sockets:
            self.addCleanup(one.close)
            one.bind((LOOPBACK, 0))
            if one.type == socket.SOCK_STREAM:
                one.listen()
        names = [kind.name for kind in kinds]
        # Copies, for who adopts them closes them.
        handed = ListenFDs([os.dup(one.fileno()) for one in sockets], names)
        self.patch(endpoints._SystemdParser, "_sddaemon", handed)
        return [one.getsockname() for one in sockets]

    async def test_sockets_are_served(self) -> None:
        """By index or by name; the address is that of TCP."""
        for tcp, udp in ("1", "0"), ("SOCK_STREAM", "SOCK_DGRAM"):
            where = self.hand_over(socket.SOCK_DGRAM, socket.SOCK_STREAM)
            factory = DNSFactory(lambda: ZONE, reactor)
            listener = adopt(reactor, Inherited(tcp, udp), factory)
            self.addCleanup(listener.stop)
            self.assertEqual((listener.host, listener.port), where[1])
            query = dns.message.make_query("ex.test", "MX")
            for send, (host, port) in zip(
                (dns.query.udp, dns.query.tcp), where, strict=True
            ):
                answer = await deferToThread(send, query, host, timeout=5, port=port)
                self.assertEqual(answer.rcode(), dns.rcode.NOERROR)

    def test_other_sockets_are_refused(self) -> None:
        """So is what was not handed over at all."""
        self.hand_over(socket.SOCK_STREAM, socket.SOCK_STREAM)
        factory = DNSFactory(lambda: ZONE, reactor)
        for asked, reason in (
            (Inherited("0", "1"), "systemd's socket 1 is not one for UDP"),
            (Inherited("0", "2"), "systemd passed no socket 2"),
            (Inherited("no", "0"), "systemd passed no socket no"),
        ):
            with self.assertRaises(ListenError) as caught:
                adopt(reactor, asked, factory)
            self.assertEqual(str(caught.exception), reason)


class Ports:
    """The reactor, with UDP's number busy for a few times."""

    def __init__(self, busy: int) -> None:
        self.busy, self.tried = busy, 0
        self.listenTCP = reactor.listenTCP

    def listenUDP(self, port: int, *arguments, **options):
        self.tried += 1
        if self.tried <= self.busy:
            raise CannotListenError(LOOPBACK, port, OSError("busy"))
        self.udp = reactor.listenUDP(port, *arguments, **options)
        return self.udp
