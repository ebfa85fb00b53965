"""Replies that are pending."""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Iterator
from typing import Any

from OpenSSL import SSL
from twisted.internet import reactor
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.internet.threads import blockingCallFromThread
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.response import Fault, Then
from mocksmtp.behaviors.smtp import SMTP
from mocksmtp.grammar.reply import MAIL_KEPT, OK, STORAGE_FULL, Reply
from mocksmtp.hosts.host import MailHost
from mocksmtp.smtp.output import DelayedReply, Output
from mocksmtp.smtp.pending import PendingReply
from mocksmtp.tls.settings import TlsMode
from tests.smtp.dialogue import Dialogue
from tests.smtp.mocked import on
from tests.smtp.test_starttls import Rig

MAIL = b"MAIL FROM:<b@x.test>\r\n"
RCPT = b"RCPT TO:<a@x.test>\r\n"


class OneLine:
    """Content of one line, on which is decided later, as `IMessage` allows."""

    needs_octets = True
    continues = False
    flags = size = 0

    def __init__(self, decision: Deferred[Reply]) -> None:
        self.reader = self
        self._decision = decision

    def feed(self, data: bytes, start: int = 0) -> int:
        return data.find(b"\n", start) + 1 or -1

    def eomReceived(self) -> Deferred[Reply]:
        return self._decision

    def connectionLost(self) -> None:
        """Nothing is kept."""


class DeferredTests(SynchronousTestCase):
    """A message whose `eomReceived` returns a Deferred."""

    def setUp(self) -> None:
        self.dialogue = Dialogue()
        self.expect(Deferred())

    def expect(self, decision: Deferred[Reply]) -> None:
        """Have the connection read a line of content."""
        self.decision = decision
        self.dialogue.protocol.incoming = OneLine(decision)

    def test_what_is_pipelined_waits_for_the_reply(self) -> None:
        """Replies come in order, each command after the one before it."""
        self.assertEqual(self.dialogue.send(b"line\r\nNOOP one\r\nVRFY a\r\n"), "")
        self.assertEqual(self.dialogue.send(b"NONSENSE\r\n"), "")
        self.decision.callback(MAIL_KEPT)
        codes = [line[:3] for line in self.dialogue.heard().splitlines()]
        self.assertEqual(codes, ["250", "250", "252", "500"])

    def test_little_is_read_while_a_reply_is_pending(self) -> None:
        """The client's packets stay in the network until it is sent."""
        self.dialogue.send(b"line\r\n")
        self.dialogue.send(b"NOOP\r\n")
        self.assertEqual(self.dialogue.transport.producerState, "paused")
        self.decision.callback(MAIL_KEPT)
        self.assertEqual(self.dialogue.transport.producerState, "producing")

    def test_the_client_is_not_idle_while_it_waits(self) -> None:
        """The idle time begins anew with the reply."""
        self.dialogue.send(b"line\r\n")
        self.dialogue.clock.advance(1000)
        self.decision.callback(MAIL_KEPT)
        self.assertEqual(self.dialogue.heard(), MAIL_KEPT.wire.decode())
        self.assertFalse(self.dialogue.transport.disconnecting)

    def test_a_failed_decision_is_451(self) -> None:
        """And the session goes on."""
        self.dialogue.send(b"line\r\nNOOP\r\n")
        self.decision.errback(ValueError())
        said = self.dialogue.heard().splitlines()
        self.assertEqual([line[:3] for line in said], ["451", "250"])
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)

    def test_a_client_that_leaves_cancels_the_decision(self) -> None:
        """Nothing is left behind."""
        cancelled: list[object] = []
        self.expect(Deferred(cancelled.append))
        self.dialogue.send(b"line\r\n")
        self.dialogue.protocol.connectionLost()
        self.assertEqual(cancelled, [self.decision])
        self.assertEqual(self.dialogue.clock.getDelayedCalls(), [])

    def test_a_decision_that_is_there_at_once_does_not_wait(self) -> None:
        """A Deferred that has fired is as good as a reply."""
        self.decision.callback(STORAGE_FULL)
        said = self.dialogue.send(b"line\r\nNOOP\r\n").encode()
        self.assertEqual(said, STORAGE_FULL.wire + OK.wire)


class PendingTests(SynchronousTestCase):
    """`PendingReply` without a connection"""

    def send(self, answer: DelayedReply | Deferred[Reply]) -> PendingReply:
        self.done: list[PendingReply] = []
        self.clock, self.transport = Clock(), StringTransport()
        pending = PendingReply(answer, b"NOOP", 0, None, 0.0)
        output = Output(self.transport)
        self.assertFalse(pending.send(output, self.clock, self.done.append))
        return pending

    def test_a_delayed_reply(self) -> None:
        """It waits for a behavior, which may be removed meanwhile."""
        fault = Fault(1.0, None, Then.CLOSE, 1.0)
        pending = self.send(DelayedReply(OK, fault, ("1",), ("1", "2"), "2"))
        self.assertEqual((pending.rules, pending.replies), (("1", "2"), OK))
        self.assertEqual(pending.note and pending.note.slowed, ("1",))
        self.clock.advance(1)
        self.assertTrue(pending.is_sent)
        self.assertEqual(self.done, [])
        pending.release("2")
        self.assertEqual(self.done, [pending])
        self.assertTrue(pending.is_released(pending.ended_by))
        self.assertIs(pending.then, Then.CLOSE)

    def test_a_decision_that_comes_later(self) -> None:
        """It is sent then, unless it was cancelled."""
        decision: Deferred[Reply] = Deferred()
        pending = self.send(decision)
        self.assertIsNone(pending.replies)
        decision.callback(OK)
        self.assertEqual((pending.replies, self.done), (OK, [pending]))
        self.assertEqual(self.transport.value(), OK.wire)
        decision = Deferred()
        pending = self.send(decision)
        pending.cancel()
        self.failureResultOf(decision, CancelledError)
        self.assertEqual((self.transport.value(), self.done), (b"", []))


class LeavingTests(Rig):
    """A client that closes its sending side, or all, while a reply is late."""

    def mock(self, *documents: Any) -> MailHost:
        host = self.listen(mode=TlsMode.NONE)
        host.behaviors.replace_all(SMTP.parse_all(list(documents)))
        return host

    @contextlib.contextmanager
    def talking(self) -> Iterator[socket.socket]:
        """A client's socket, on which the banner was read."""
        with socket.create_connection(("127.0.0.1", self.port), 20) as client:
            client.recv(1000)
            yield client

    def wait_for_decision(self) -> None:
        """Wait until the first behavior has decided on a command."""
        (rule,) = self.factory.host.behaviors
        while not rule.seen:
            pass

    def wait_until_paused(self) -> None:
        """Wait until the service reads nothing from its client."""
        (connection,) = self.factory.connections
        while connection.transport in blockingCallFromThread(
            reactor, reactor.getReaders
        ):
            pass

    def heard_to_the_end(self, *packets: bytes, wait: bool = False) -> list[str]:
        """Send `packets` and FIN; the codes of all that is heard then."""
        with self.talking() as client:
            for packet in packets:
                client.sendall(packet)
                if wait:
                    self.wait_for_decision()
            client.shutdown(socket.SHUT_WR)
            with client.makefile("rb") as file:
                return [line[:3].decode() for line in file]

    async def test_what_was_sent_before_a_fin_is_answered(self) -> None:
        """All of it, and then the connection ends."""
        host = self.mock()
        said = await self.client(
            lambda: self.heard_to_the_end(b"NOOP\r\n" * 20_000, b"VRFY a\r\nNOO")
        )
        self.assertEqual(said, ["250"] * 20_000 + ["252"])
        session = await self.session(host)
        self.assertEqual(session.end and session.end.value, "closedByClient")

    async def test_delays_run_after_a_fin(self) -> None:
        """Whether the FIN comes with the command or behind it."""
        late = on("NOOP", 450, delay="200ms", numberOfAnswer=2)
        for wait in False, True:
            self.mock(late)
            said = await self.client(
                lambda wait=wait: self.heard_to_the_end(
                    b"NOOP\r\n", b"NOOP\r\nVRFY a\r\n", wait=wait
                )
            )
            self.assertEqual(said, ["450", "450", "252"])
            while self.factory.connections:
                await self.client(lambda: None)

    async def test_the_same_under_tls(self) -> None:
        """Whether close_notify tells of the end, a FIN, or both."""
        late = on("RSET", 250, delay="100ms")
        context = SSL.Context(SSL.TLS_CLIENT_METHOD)

        def talk(by: str) -> tuple[list[bytes], bool]:
            with socket.create_connection(("127.0.0.1", self.port), 20) as plain:
                plain.setblocking(True)
                client = SSL.Connection(context, plain)
                client.set_connect_state()
                client.recv(1000)
                client.sendall(b"NOOP\r\n" * 3000 + b"RSET\r\nVRFY a\r\n")
                if "notify" in by:
                    client.shutdown()
                if "fin" in by:
                    client.sock_shutdown(socket.SHUT_WR)
                heard = b""
                try:
                    while True:
                        heard += client.recv(65536)
                except SSL.ZeroReturnError:
                    return [line[:3] for line in heard.splitlines()], True

        for by in "notify", "fin", "notify and fin":
            host = self.listen(mode=TlsMode.IMPLICIT)
            host.behaviors.replace_all(SMTP.parse_all([late]))
            said, orderly = await self.client(lambda by=by: talk(by))
            self.assertEqual(said, [b"250"] * 3001 + [b"252"], by)
            self.assertTrue(orderly)
            session = await self.session(host)
            self.assertEqual(session.end and session.end.value, "closedByClient")

    async def test_content_that_a_fin_cuts_off_is_not_kept(self) -> None:
        """The transaction is aborted."""
        host = self.mock()
        lines = b"MAIL FROM:<b@x>\r\nRCPT TO:<a@x>\r\nDATA\r\nhalf\r\n"
        said = await self.client(lambda: self.heard_to_the_end(lines))
        self.assertEqual(said, ["250", "250", "354"])
        session = await self.session(host)
        self.assertEqual([t.outcome.value for t in session.transactions], ["aborted"])
        self.assertEqual(len(host.mailbox), 0)

    async def test_a_fin_ends_what_hangs(self) -> None:
        """Before or while it hangs."""
        for wait in False, True:
            host = self.mock(on("NOOP", 250, then="hang", thenDelay="50ms"))
            said = await self.client(
                lambda wait=wait: self.heard_to_the_end(b"NOOP\r\n", wait=wait)
            )
            self.assertEqual(said, ["250"])
            session = await self.session(host)
            self.assertEqual(session.end and session.end.value, "hung")

    async def test_a_close_of_both_sides(self) -> None:
        """One by the service that waits for the client's FIN has it already."""
        host = self.mock(on("NOOP", 421, then="close", delay="50ms"))
        said = await self.client(lambda: self.heard_to_the_end(b"NOOP\r\n"))
        self.assertEqual(said, ["421"])
        while self.factory.connections:
            await self.client(lambda: None)
        session = host.journal.sessions()[0]
        self.assertEqual(session.end and session.end.value, "closed")

    async def test_a_reset_releases_all_at_once(self) -> None:
        """Whether or not more came that was not read, or a FIN before it."""
        for more in "nothing", "commands", "fin":
            host = self.mock(on("NOOP", delay="1h"))

            def talk(more: str = more) -> None:
                with self.talking() as client:
                    client.sendall(b"NOOP\r\n")
                    self.wait_for_decision()
                    if more == "commands":
                        client.sendall(b"RSET\r\n")
                        self.wait_until_paused()
                    elif more == "fin":
                        client.shutdown(socket.SHUT_WR)
                        self.wait_until_paused()
                    linger = struct.pack("ii", 1, 0)
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

            await self.client(talk)
            while self.factory.connections:
                await self.client(lambda: None)
            (session,) = host.journal.sessions()
            self.assertEqual(session.end and session.end.value, "closedByClient")
            self.assertFalse(host.behaviors.held)

    async def test_a_client_that_reads_nothing_is_not_listened_to(self) -> None:
        """What waits for it is bounded; it has all its replies once it reads."""
        host = self.mock(on("NOOP", 250, message="\n".join(["x" * 998] * 250)))

        def talk() -> tuple[int, int]:
            with self.talking() as client:
                client.sendall(b"NOOP z\r\n" * 500)
                self.wait_until_paused()
                executed = host.counters.replies[250]
                client.shutdown(socket.SHUT_WR)
                heard = 0
                while octets := client.recv(2**20):
                    heard += len(octets)
                return executed, heard

        executed, heard = await self.client(talk)
        # Some megabytes are in the system's buffers.
        self.assertLess(executed, 100)
        self.assertEqual(heard, 500 * 250 * 1004)
        self.assertEqual(host.counters.replies[250], 500)
