"""Endpoints, and what ends their connections."""

from __future__ import annotations

from twisted.internet import reactor
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.protocol import Factory, Protocol
from twisted.trial.unittest import SynchronousTestCase, TestCase

from mocksmtp.listening import (
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
