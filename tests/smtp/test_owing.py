"""What is owed to a client."""

from __future__ import annotations

import socket
import struct

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.codec.behaviors import parse_behaviors
from mocksmtp.model.reply import RECIPIENT_OK, SENDER_OK, Reply
from mocksmtp.model.tls import TlsMode
from tests.smtp.dialogue import Dialogue
from tests.smtp.mocked import on
from tests.smtp.test_secured import Rig

MAIL = b"MAIL FROM:<b@x.test>\r\n"
RCPT = b"RCPT TO:<a@x.test>\r\n"


class OwedTests(SynchronousTestCase):
    """A hook that takes its time."""

    def setUp(self) -> None:
        self.dialogue = Dialogue()
        self.decision: Deferred[Reply] = Deferred()
        self.dialogue.protocol.delivery.validateFrom = lambda helo, origin: (
            self.decision
        )

    def test_what_is_pipelined_waits_for_the_reply(self) -> None:
        """Replies come in order, each command after the one before it."""
        said = self.dialogue.send(b"NOOP\r\nMAIL FROM:<b@x>\r\nNOOP one\r\nVRFY a\r\n")
        self.assertEqual(said, "250 2.0.0 OK\r\n")
        self.assertEqual(self.dialogue.send(b"NONSENSE\r\n"), "")
        self.decision.callback(SENDER_OK)
        codes = [line[:3] for line in self.dialogue.heard().splitlines()]
        self.assertEqual(codes, ["250", "250", "252", "500"])

    def test_little_is_read_while_a_reply_is_owed(self) -> None:
        """The client's packets stay in the network until it is sent."""
        self.dialogue.send(b"MAIL FROM:<b@x>\r\n")
        self.dialogue.send(b"NOOP\r\n")
        self.assertEqual(self.dialogue.transport.producerState, "paused")
        self.decision.callback(SENDER_OK)
        self.assertEqual(self.dialogue.transport.producerState, "producing")

    def test_the_client_is_not_idle_while_it_waits(self) -> None:
        """The idle time begins anew with the reply."""
        self.dialogue.send(b"MAIL FROM:<b@x>\r\n")
        self.dialogue.clock.advance(1000)
        self.decision.callback(SENDER_OK)
        self.assertEqual(self.dialogue.heard(), "250 2.1.0 Sender OK\r\n")
        self.assertFalse(self.dialogue.transport.disconnecting)

    def test_a_failed_decision_is_451(self) -> None:
        """And the session goes on."""
        self.dialogue.send(b"MAIL FROM:<b@x>\r\nNOOP\r\n")
        self.decision.errback(ValueError())
        said = self.dialogue.heard().splitlines()
        self.assertEqual([line[:3] for line in said], ["451", "250"])
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)

    def test_a_client_that_leaves_cancels_the_decision(self) -> None:
        """Nothing is left behind."""
        cancelled: list[object] = []
        self.decision = Deferred(cancelled.append)
        self.dialogue.send(b"MAIL FROM:<b@x>\r\n")
        self.dialogue.protocol.connectionLost()
        self.assertEqual(cancelled, [self.decision])
        self.assertEqual(self.dialogue.clock.getDelayedCalls(), [])

    def test_a_decision_that_is_there_at_once_does_not_wait(self) -> None:
        """A Deferred that has fired is as good as a reply."""
        self.decision.callback(RECIPIENT_OK)
        said = self.dialogue.send(b"MAIL FROM:<b@x>\r\nNOOP\r\n").splitlines()
        self.assertEqual(said, ["250 2.1.5 Recipient OK", "250 2.0.0 OK"])


class LeavingTests(Rig):
    """A client that leaves while a reply is late, and nothing is read from it"""

    async def test_it_is_noticed(self) -> None:
        """Its connection ends, and nothing waits for it any more."""
        for leave in "close", "reset":
            host = self.listen(mode=TlsMode.NONE)
            host.behaviors.replace_all(
                parse_behaviors([on("NOOP", delay="1h"), on("RSET", delay="1h")])
            )

            def talk(leave: str = leave) -> None:
                with socket.create_connection(("127.0.0.1", self.port), 20) as client:
                    client.recv(1000)
                    client.sendall(b"NOOP\r\n")
                    (connection,) = self.factory.connections
                    while connection.owed is None:
                        pass
                    client.sendall(b"RSET\r\n")
                    while not connection.buffer:
                        pass
                    if leave == "reset":
                        linger = struct.pack("ii", 1, 0)
                        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

            await self.client(talk)
            while self.factory.connections:
                await self.client(lambda: None)
            (session,) = host.journal.sessions()
            self.assertEqual(session.end and session.end.value, "closedByClient")
