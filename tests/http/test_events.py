"""``/events``, over a real connection"""

from __future__ import annotations

from collections.abc import Callable
from socket import SO_SNDBUF, SOL_SOCKET

from twisted.internet import reactor
from twisted.internet.endpoints import HostnameEndpoint, connectProtocol
from twisted.internet.protocol import Protocol
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from mocksmtp.hosts.host import MailHost
from mocksmtp.http import feed
from mocksmtp.http.site import HttpSettings, make_site
from mocksmtp.listening import TrackedFactory
from mocksmtp.mock import Mock
from mocksmtp.zone.zone import Zone
from tests.http.rig import keep


class Client(Protocol):
    """Sends one request, and collects what comes."""

    def __init__(self, request: bytes) -> None:
        self.request = request
        self.received = b""
        self.gone = False

    def connectionMade(self) -> None:
        self.transport.write(self.request)

    def dataReceived(self, data: bytes) -> None:
        self.received += data

    def connectionLost(self, reason: object = None) -> None:
        self.gone = True

    def has(self, part: bytes, count: int = 1) -> bool:
        return self.received.count(part) >= count


async def until(condition: Callable[[], bool]) -> None:
    """Let the reactor turn until something is so; trial ends what never is."""
    while not condition():
        await deferLater(reactor, 0)


class EventsTests(TestCase):
    """A site on the loopback address"""

    timeout = 20

    def setUp(self) -> None:
        self.mock = Mock(MailHost("default", "mx.test"), Zone())
        self.site = make_site(self.mock, reactor, HttpSettings())
        self.factory = TrackedFactory(self.site)
        self.port = reactor.listenTCP(0, self.factory, interface="127.0.0.1")
        self.addCleanup(self.port.stopListening)
        self.clients: list[Client] = []
        self.addCleanup(self.leave)
        self.api = self.site.resource.api

    async def connect(
        self, path: str = "/events", *headers: str, method: str = "GET"
    ) -> Client:
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *headers, "", ""]
        client = Client("\r\n".join(lines).encode())
        endpoint = HostnameEndpoint(reactor, "127.0.0.1", self.port.getHost().port)
        await connectProtocol(endpoint, client)
        self.clients.append(client)
        return client

    async def leave(self) -> None:
        """Close all connections, and wait until the server has seen it."""
        for client in self.clients:
            client.transport.abortConnection()
        await until(lambda: not self.factory.protocols)

    async def test_events_come_as_they_happen(self) -> None:
        """The header comes at once, for nothing may happen for long."""
        client = await self.connect()
        await until(lambda: client.has(b":\n\n"))
        self.assertIn(b"\r\nContent-Type: text/event-stream\r\n", client.received)
        self.assertIn(b"\r\nCache-Control: no-store\r\n", client.received)
        keep(self.mock.default.mailbox)
        await until(lambda: client.has(b"event: mail\n"))

    async def test_a_client_that_leaves(self) -> None:
        """No timer is left (which trial looks for), and no reader."""
        client = await self.connect()
        await until(lambda: client.has(b":\n\n"))
        await self.leave()
        keep(self.mock.default.mailbox)
        self.assertEqual(self.api.events._readers, {})

    async def test_a_client_that_comes_again(self) -> None:
        """It says which event it knows, and gets those behind it."""
        client = await self.connect()
        await until(lambda: client.has(b":\n\n"))
        for _ in range(3):
            keep(self.mock.default.mailbox)
        await until(lambda: client.has(b"event: mail", 3))
        first = client.received.split(b"id: ")[1].split(b"\n")[0].decode()
        again = await self.connect("/events", f"Last-Event-ID: {first}")
        await until(lambda: again.has(b"event: mail", 2))
        self.assertNotIn(first.encode() + b"\n", again.received)
        self.assertNotIn(b"dropped", again.received)

    async def test_a_reader_that_never_reads(self) -> None:
        """It is cut off; what waits for it is bounded, and others read on."""
        idle, reader = await self.connect(), await self.connect()
        for client in idle, reader:
            await until(lambda client=client: client.has(b":\n\n"))
        idle.transport.pauseProducing()
        connections = [each.transport for each in self.factory.protocols]
        for connection in connections:
            connection.socket.setsockopt(SOL_SOCKET, SO_SNDBUF, 4096)
        to = tuple(f"{'r' * 60}{n}@x.test" for n in range(100))
        largest = 0
        while len(self.api.events._readers) == 2:
            keep(self.mock.default.mailbox, to=to)
            await until(lambda: reader.has(b"event: mail"))
            reader.received = b""
            largest = max(largest, *map(outstanding, connections))
        self.assertLess(largest, 256 * 1024)
        keep(self.mock.default.mailbox)
        await until(lambda: reader.has(b"event: mail"))
        idle.transport.resumeProducing()
        await until(lambda: idle.gone)

    async def test_of_one_host(self) -> None:
        """Below the host's path; another host's are not told."""
        other = MailHost("mx2", "mx2.test")
        self.mock.add(other)
        client = await self.connect("/hosts/mx2/events")
        await until(lambda: client.has(b":\n\n"))
        keep(self.mock.default.mailbox)
        keep(other.mailbox, sender="other@x.test")
        await until(lambda: client.has(b"other@x.test"))
        self.assertEqual(client.received.count(b"event: mail"), 1)

    async def test_the_stream_of_a_host_that_goes(self) -> None:
        """It ends as a whole answer does, and the connection stays."""
        self.mock.add(MailHost("mx2", "mx2.test"))
        client = await self.connect("/hosts/mx2/events")
        await until(lambda: client.has(b":\n\n"))
        self.api.forget(self.mock.hosts["mx2"])
        await until(lambda: client.received.endswith(b"0\r\n\r\n"))

    async def test_only_the_header(self) -> None:
        """HEAD is answered, and waits for nothing."""
        client = await self.connect(method="HEAD")
        await until(lambda: client.has(b"\r\n\r\n"))
        self.assertIn(b"text/event-stream", client.received)
        self.assertEqual(self.api.events._readers, {})

    async def test_it_is_no_subscription_to_nothing(self) -> None:
        """A parameter that is not known is told, as anywhere."""
        client = await self.connect("/events?type=mail")
        await until(lambda: client.has(b"?type"))
        self.assertTrue(client.received.startswith(b"HTTP/1.1 400 "))

    async def test_the_heartbeat(self) -> None:
        """A connection on which nothing happens is not taken for dead."""
        self.patch(feed, "HEARTBEAT", 0.01)
        client = await self.connect()
        await until(lambda: client.has(b":\n\n", 3))


def outstanding(transport: object) -> int:
    """Octets that wait to be sent."""
    return len(transport.dataBuffer) + sum(map(len, transport._tempDataBuffer))
