"""Sending at once, over real sockets."""

from __future__ import annotations

import socket
from statistics import median
from time import perf_counter
from unittest.mock import patch

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import StringTransport
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SynchronousTestCase, TestCase

from mocksmtp.smtp.sending import QUICKACK, is_empty, send
from mocksmtp.tls.settings import TlsMode
from tests.smtp.dialogue import Dialogue
from tests.smtp.test_secured import Rig, anyhow


class OtherTransportTests(SynchronousTestCase):
    """A transport that is no TCP socket."""

    def test_its_own_write_is_used(self) -> None:
        """And whether it has sent all can't be told."""
        transport = StringTransport()
        send(transport, b"hello")
        self.assertEqual(transport.value(), b"hello")
        self.assertFalse(is_empty(transport))


class SocketTests(TestCase):
    """`send` and `is_empty`"""

    async def connect(self):
        """A connection: the server's transport, and the client's socket."""
        made: Deferred[Protocol] = Deferred()

        class Told(Protocol):
            def connectionMade(self) -> None:
                made.callback(self)

        port = reactor.listenTCP(0, Factory.forProtocol(Told), interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        client = await deferToThread(
            socket.create_connection, ("127.0.0.1", port.getHost().port), 10
        )
        self.addCleanup(client.close)
        protocol = await made
        lost: Deferred[None] = Deferred()
        protocol.connectionLost = lambda reason: lost.callback(None)

        def clean() -> Deferred[None]:
            protocol.transport.abortConnection()
            return lost

        self.addCleanup(clean)
        return protocol.transport, client

    async def test_it_is_sent_at_once(self) -> None:
        """Before the reactor has had a turn."""
        transport, client = await self.connect()
        send(transport, b"hello")
        self.assertTrue(is_empty(transport))
        client.setblocking(False)
        self.assertEqual(client.recv(10), b"hello")

    async def test_order_is_kept(self) -> None:
        """What the socket does not take waits, and all that comes later behind it."""
        transport, client = await self.connect()
        pieces = [bytes([number]) * 300_000 for number in range(40)]
        for piece in pieces:
            send(transport, piece)
        self.assertFalse(is_empty(transport))
        whole = b"".join(pieces)

        def receive() -> bytes:
            received = bytearray()
            while len(received) < len(whole):
                received += client.recv(2**20)
            return bytes(received)

        self.assertEqual(await deferToThread(receive), whole)

    async def test_a_lost_client_is_the_transports_affair(self) -> None:
        """Nothing is raised; the protocol hears of the lost connection."""
        transport, client = await self.connect()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        client.close()
        for _ in range(3):
            send(transport, b"hello")


class QuickAckTests(Rig):
    """Clients that write a message in two parts, without TCP_NODELAY."""

    if QUICKACK is None:
        skip = "the system has no TCP_QUICKACK"

    async def test_no_part_waits_for_a_delayed_acknowledgement(self) -> None:
        """A mail takes less than the 40 ms that the system delays it by."""
        for mode in TlsMode.NONE, TlsMode.IMPLICIT:
            self.listen(mode=mode)

            def talk(mode: TlsMode = mode) -> float:
                with socket.create_connection(("127.0.0.1", self.port), 20) as plain:
                    client = plain
                    if mode is TlsMode.IMPLICIT:
                        client = anyhow().wrap_socket(plain)
                    with client, client.makefile("rb") as replies:
                        replies.readline()
                        times = []
                        for _ in range(15):
                            client.sendall(
                                b"MAIL FROM:<b@x>\r\nRCPT TO:<a@x>\r\nDATA\r\n"
                            )
                            for _ in range(3):
                                replies.readline()
                            start = perf_counter()
                            client.sendall(b"Subject: x\r\n\r\nhello\r\n")
                            client.sendall(b".\r\n")
                            replies.readline()
                            times.append(perf_counter() - start)
                        return median(times)

            self.assertLess(await self.client(talk), 0.020, mode)

    def test_it_is_asked_for_only_where_no_reply_does_it(self) -> None:
        """A client in lock-step, or that pipelines, costs no call of the system."""
        with patch("mocksmtp.smtp.connection.acknowledge") as asked:
            talk = Dialogue()
            talk.open_mail()
            talk.send(b"x\r\n.\r\nNOOP\r\nNOOP")
            asked.assert_not_called()
            talk.send(b" a")
            asked.assert_called_once_with(talk.transport)
            talk.send(b"\r\n")
            talk.open_mail()
            talk.send(b"x" * 1000)
            self.assertEqual(asked.call_count, 2)
            talk.send(b"x" * 65536)
            self.assertEqual(asked.call_count, 2, "more of it is there already")
