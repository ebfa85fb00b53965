"""Endpoints, and what ends their connections."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet import reactor
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.error import ConnectionDone
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import MemoryReactor, StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase, TestCase

from mocksmtp.listening import (
    LateFactory,
    ListenError,
    TrackedFactory,
    listen_stream,
    parse_endpoint,
    show_address,
)


class OpeningTests(TestCase):
    """`listen_stream`"""

    async def test_a_port_that_is_none_is_told_in_one_line(self) -> None:
        """The parser of endpoints lets it pass."""
        factory = TrackedFactory(Factory.forProtocol(Protocol))
        for text in "tcp:99999", "tcp:-1":
            with self.assertRaises(ListenError) as raised:
                await listen_stream(reactor, text, factory, factory)
            self.assertTrue(str(raised.exception).startswith(f"can't open {text!r}: "))


class EndpointTests(SynchronousTestCase):
    """`parse_endpoint` and `show_address`"""

    def test_what_is_no_endpoint_is_told_in_one_line(self) -> None:
        """Whatever the parsers of endpoints raise."""
        for text in (
            *("", "nonsense", "tcp", "tcp:x", "tcp:1:2:3:4", "tcp:1:interfac=x"),
            *("ssl:443", "systemd:domain=INET", "tcp:25:backlog=x"),
        ):
            with self.assertRaises(ListenError) as raised:
                parse_endpoint(reactor, text)
            self.assertTrue(
                str(raised.exception).startswith(f"invalid address {text!r} ("), text
            )

    def test_addresses_are_shown_as_they_are_written(self) -> None:
        """IPv6 has its brackets."""
        for address, shown in (
            (IPv4Address("TCP", "127.0.0.1", 25), "127.0.0.1:25"),
            (IPv6Address("TCP", "::1", 25), "[::1]:25"),
            (UNIXAddress("/tmp/socket"), "/tmp/socket"),
        ):
            self.assertEqual(show_address(address), shown)

    def test_many_clients_may_connect_at_once(self) -> None:
        """The system keeps them all until they are accepted."""
        for text, backlog in (
            ("tcp:25", 1024),
            ("tcp:25:interface=127.0.0.1", 1024),
            ("tcp6:25", 1024),
            ("tcp:25:backlog=5", 5),
            ("tcp:25:127.0.0.1:5", 5),
        ):
            memory = MemoryReactor()  # type: ignore[no-untyped-call]
            listening = parse_endpoint(memory, text).listen(Factory())
            self.successResultOf(listening)
            self.assertEqual([one[2] for one in memory.tcpServers], [backlog], text)


class StopTests(TestCase):
    """`StreamListener.stop`"""

    async def listen(self):
        """A listener, and a client that is connected to it."""
        factory = TrackedFactory(Factory.forProtocol(Protocol))
        listener = await listen_stream(
            reactor, "tcp:0:interface=127.0.0.1", factory, factory
        )
        host, _, port = listener.address.rpartition(":")
        endpoint = TCP4ClientEndpoint(reactor, host, int(port))
        client = await connectProtocol(endpoint, Protocol())
        self.addCleanup(client.transport.abortConnection)
        return listener, factory

    async def test_connections_are_closed(self) -> None:
        """It fires when all have gone."""
        listener, factory = await self.listen()
        await listener.stop()
        self.assertEqual(factory.protocols, {})


class Upper(Protocol):
    """Answers in capitals."""

    def dataReceived(self, data: bytes) -> None:
        """Answer."""
        assert self.transport is not None
        self.transport.write(data.upper())


class LateTests(SynchronousTestCase):
    """`LateFactory`: a factory that is made when a client connects"""

    def setUp(self) -> None:
        self.made = Factory.forProtocol(Upper)
        self.calls: list[Callable[[], Any]] = []
        self.making: Deferred[Any] = Deferred()
        self.late = LateFactory(lambda: self.made, self.in_thread)
        self.factory = TrackedFactory(self.late)
        self.factory.doStart()

    def in_thread(self, make: Callable[[], Any]) -> Deferred[Any]:
        """Take a call that is to be made in a thread."""
        self.calls.append(make)
        return self.making

    def finish(self) -> None:
        """The thread has made the factory."""
        self.making.callback(self.calls[0]())

    def connect(self) -> tuple[Any, StringTransport]:
        """A client has connected."""
        protocol = self.factory.buildProtocol(None)
        assert protocol is not None
        transport = StringTransport()  # type: ignore[no-untyped-call]
        protocol.makeConnection(transport)
        return protocol, transport

    def test_nothing_is_made_before_a_client_connects(self) -> None:
        """Then it is made once, for all that come meanwhile."""
        self.assertEqual(self.calls, [])
        self.connect()
        self.connect()
        self.assertEqual(len(self.calls), 1)

    def test_clients_wait_and_are_served(self) -> None:
        """Nothing is read from them before."""
        protocol, transport = self.connect()
        self.assertEqual(transport.producerState, "paused")
        self.finish()
        self.assertEqual(transport.producerState, "producing")
        protocol.dataReceived(b"early")
        later, other = self.connect()
        later.dataReceived(b"later")
        self.assertEqual((transport.value(), other.value()), (b"EARLY", b"LATER"))

    def test_the_factory_that_was_made_is_started_and_stopped(self) -> None:
        """With the listener that it is for."""
        self.connect()
        self.assertEqual(self.made.numPorts, 0)
        self.finish()
        self.assertEqual(self.made.numPorts, 1)
        self.factory.doStop()
        self.assertEqual(self.made.numPorts, 0)

    def test_a_client_that_has_left_is_forgotten(self) -> None:
        """And one whose listener was stopped."""
        gone, left = self.connect()
        gone.connectionLost(Failure(ConnectionDone()))
        stopped, closing = self.connect()
        stopped.loseConnection()
        self.finish()
        self.assertEqual(left.producerState, "paused")
        self.assertEqual(closing.producerState, "paused")
        stopped.connectionLost(Failure(ConnectionDone()))
        self.assertEqual(self.factory.protocols, {})

    def test_where_it_can_not_be_made_clients_are_closed(self) -> None:
        """The error is logged, and the next client is the next attempt."""
        _, transport = self.connect()
        making, self.making = self.making, Deferred()
        making.errback(ImportError("no klein"))
        self.assertTrue(transport.disconnecting)
        self.assertEqual(len(self.flushLoggedErrors(ImportError)), 1)
        again, other = self.connect()
        self.finish()
        again.dataReceived(b"again")
        self.assertEqual(other.value(), b"AGAIN")
