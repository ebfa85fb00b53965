"""Output: answers, and how they are sent, in memory and over real sockets."""

from __future__ import annotations

import socket
from statistics import median
from time import perf_counter
from typing import Any
from unittest.mock import Mock, patch

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SynchronousTestCase, TestCase

from mocksmtp.behaviors.response import NO_FAULT, Drip, Effect, Fault, Then
from mocksmtp.behaviors.smtp import Decision
from mocksmtp.grammar.reply import MAIL_KEPT, OK, STORAGE_FULL, Reply
from mocksmtp.smtp.output import (
    _QUICKACK,
    BOUND,
    CLOSING_TIME,
    FLUSH_INTERVAL,
    DelayedReply,
    Ending,
    Output,
    ReplyWriter,
    answer_for,
    combine,
    is_empty,
    is_idle,
    reply_in,
)
from mocksmtp.tls.settings import TlsMode
from tests.smtp.dialogue import ClosableTransport, Dialogue
from tests.smtp.test_starttls import Rig, anyhow

MAIL = b"MAIL FROM:<b@x.test>\r\nRCPT TO:<a@x.test>\r\n"
MOCKED = Reply(450, "mocked", "7")
LATE = Fault(delay=1.0)


class AnswerTests(SynchronousTestCase):
    """`answer_for`, `reply_in` and `combine`"""

    def test_a_plain_reply_is_just_that(self) -> None:
        """No object is made for it."""
        self.assertIs(answer_for(Decision(("7",), MOCKED), OK), MOCKED)

    def test_a_fault_goes_with_the_reply(self) -> None:
        """Those that only slowed it down are named, but not who gave it."""
        answer = answer_for(Decision(("1", "7"), MOCKED, Effect.NONE, LATE), OK)
        self.assertEqual(answer, DelayedReply(MOCKED, LATE, ("1",), ("1", "7")))

    def test_the_servers_own_reply_can_be_slowed(self) -> None:
        """All behaviors are named then."""
        answer = answer_for(Decision(("1", "2"), fault=LATE, only_delays=True), OK)
        self.assertEqual(answer, DelayedReply(OK, LATE, ("1", "2"), ("1", "2")))

    def test_silence_is_a_reply_of_no_octets(self) -> None:
        """It is no reply to send, and names the behavior that it is of."""
        answer = answer_for(Decision(("7",), silent=True), OK)
        assert isinstance(answer, DelayedReply)
        assert isinstance(answer.reply, Reply)
        self.assertEqual((answer.reply.wire, answer.reply.source), (b"", "7"))
        self.assertEqual(answer.wires, [])

    def test_the_reply_in_an_answer(self) -> None:
        """Of several, or of one that is not known yet, there is not the one."""
        for answer, reply in (
            (OK, OK),
            (DelayedReply(OK, LATE), OK),
            (DelayedReply(None, LATE), None),
            ((OK, OK), None),
            (Deferred(), None),
        ):
            self.assertEqual(reply_in(answer), reply)

    def test_several_are_one_after_the_other(self) -> None:
        """Delays add up, the last drip and the last end count."""
        self.assertEqual(combine([MAIL_KEPT, STORAGE_FULL]), (MAIL_KEPT, STORAGE_FULL))
        drip, other = Drip(octets=1, interval=0.1), Drip(octets=2, interval=0.2)
        answer = combine(
            [
                DelayedReply(
                    MOCKED, Fault(1.0, drip, Then.CLOSE, 3.0), ("1",), ("1", "7"), "7"
                ),
                MAIL_KEPT,
                DelayedReply(None, Fault(2.0, other), rules=("8",)),
            ]
        )
        fault, rules = Fault(3.0, other, Then.CLOSE, 3.0), ("1", "7", "8")
        expected = DelayedReply((MOCKED, MAIL_KEPT), fault, ("1",), rules, "7")
        self.assertEqual(answer, expected)
        assert isinstance(answer, DelayedReply)
        self.assertEqual(answer.wires, [MOCKED.wire, MAIL_KEPT.wire])


def send(transport: Any, octets: bytes) -> None:
    """Send a reply of these octets."""
    Output(transport).send((octets,), len(octets))


class OtherTransportTests(SynchronousTestCase):
    """A transport that is no TCP socket."""

    def test_its_own_write_is_used(self) -> None:
        """And whether it has sent all can't be told."""
        transport = StringTransport()
        send(transport, b"hello")
        self.assertEqual(transport.value(), b"hello")
        self.assertFalse(is_empty(transport))


class QueueTests(SynchronousTestCase):
    """`Output` on a transport whose client does not read"""

    def test_replies_past_the_bound_wait(self) -> None:
        """They are sent in order as the client reads, and can be dropped."""
        transport = StringTransport()
        output = Output(transport)
        wires = [b"%d" % (number % 10) * 1000 for number in range(3000)]
        transport.write = Mock(side_effect=lambda _: setattr(output, "blocked", True))
        output.send(wires, 3_000_000)
        sent = [call.args[0] for call in transport.write.call_args_list]
        self.assertTrue(BOUND <= len(sent[0]) < BOUND + 1000)
        self.assertFalse(output.resume())
        output.send((b"last",), 4)
        while not output.resume():
            pass
        sent = [call.args[0] for call in transport.write.call_args_list]
        self.assertEqual(b"".join(sent), b"".join(wires) + b"last")
        output.send(wires, 3_000_000)
        output.drop()
        self.assertTrue(output.resume())

    def test_it_knows_where_a_line_ends(self) -> None:
        """A reply must not begin within another one."""
        output = Output(StringTransport())
        self.assertFalse(output.is_within_line)
        output.send((b"250 OK\r\n", b"25"), 10)
        self.assertTrue(output.is_within_line)
        output.send((b"0 OK\r\n",), 6)
        self.assertFalse(output.is_within_line)


class WriterTests(SynchronousTestCase):
    """`ReplyWriter` without a connection"""

    def writer(self, fault: Fault, *rules: str) -> ReplyWriter:
        self.transport, self.clock = StringTransport(), Clock()
        self.done = 0

        def done() -> None:
            self.done += 1

        ended_by = None if fault.then is Then.CONTINUE else rules[-1]
        answer = DelayedReply(MOCKED, fault, (), rules, ended_by)
        return ReplyWriter(answer, Output(self.transport), self.clock, done)

    def test_without_a_wait_it_is_done_at_once(self) -> None:
        """`done` is not called then."""
        self.assertTrue(self.writer(NO_FAULT, "1").start())
        self.assertEqual((self.transport.value(), self.done), (MOCKED.wire, 0))

    def test_a_delay_and_a_drip(self) -> None:
        """Each piece after its interval; then it is done."""
        drip = Drip(octets=6, interval=2.0)
        writer = self.writer(Fault(1.0, drip), "1")
        self.assertFalse(writer.start())
        sent = []
        for _ in range(4):
            sent.append(len(self.transport.value()))
            self.clock.advance(1)
        self.assertEqual(sent, [0, 6, 6, 12])
        self.assertEqual((self.transport.value(), self.done), (MOCKED.wire, 1))

    def test_a_removed_behavior_does_not_delay_it(self) -> None:
        """Other behaviors still do."""
        writer = self.writer(Fault(5.0, None, Then.CLOSE, 7.0), "1", "2")
        writer.start()
        writer.release("3")
        self.assertEqual(self.transport.value(), b"")
        writer.release("1")
        self.assertEqual((self.transport.value(), self.done), (MOCKED.wire, 0))
        self.assertTrue(writer.sent)
        writer.release("2")
        self.assertEqual(self.done, 1)

    def test_it_can_be_finished_or_cancelled(self) -> None:
        """The rest of a reply that has begun is sent, or is not."""
        for end, octets in (ReplyWriter.finish, 12), (ReplyWriter.cancel, 1):
            writer = self.writer(Fault(0.0, Drip(octets=1, interval=1.0)), "1")
            writer.start()
            end(writer)
            self.clock.advance(100)
            self.assertEqual(len(self.transport.value()), octets)
            self.assertEqual(self.done, 0)


class EndTests(SynchronousTestCase):
    """`Ending` without a connection"""

    def setUp(self) -> None:
        self.transport, self.clock = ClosableTransport(), Clock()
        self.ending = Ending(self.transport, self.clock)

    def test_a_client_has_some_time_to_read(self) -> None:
        """Then the connection is reset."""
        self.ending.close()
        self.clock.advance(CLOSING_TIME - 1)
        self.assertTrue(self.transport.disconnecting)
        self.assertFalse(self.transport.aborted)
        self.clock.advance(1)
        self.assertTrue(self.transport.aborted)

    def test_a_reset_waits_for_what_was_written(self) -> None:
        """It waits no longer than for a close."""
        with patch("mocksmtp.smtp.output.has_sent_all", return_value=False):
            self.ending.reset()
            self.assertFalse(self.transport.aborted)
            for _ in range(int(CLOSING_TIME / FLUSH_INTERVAL) + 1):
                self.clock.advance(FLUSH_INTERVAL)
        self.assertTrue(self.transport.aborted)

    def test_a_connection_hangs_until_it_is_released(self) -> None:
        """It reads nothing, and has no deadline."""
        self.ending.hang()
        self.clock.advance(1000)
        self.assertEqual(self.transport.producerState, "paused")
        self.assertFalse(self.transport.disconnecting)
        self.ending.release()
        self.assertTrue(self.transport.aborted)
        self.assertEqual(self.clock.getDelayedCalls(), [])


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

    async def test_what_is_private_to_twisted_is_there(self) -> None:
        """Without it the transport writes by itself."""
        transport, client = await self.connect()
        self.assertTrue(is_idle(transport))
        del transport._tempDataBuffer
        self.assertFalse(is_idle(transport))
        transport._tempDataBuffer = []
        with patch("mocksmtp.smtp.output.is_idle", return_value=False):
            send(transport, b"hello")
        self.assertEqual(await deferToThread(client.recv, 10), b"hello")

    async def test_a_lost_client_is_the_transports_affair(self) -> None:
        """Nothing is raised; the protocol hears of the lost connection."""
        transport, client = await self.connect()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        client.close()
        for _ in range(3):
            send(transport, b"hello")


class QuickAckTests(Rig):
    """Clients that write a message in two parts, without TCP_NODELAY."""

    if _QUICKACK is None:
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
            talk.send(b"\r\n.\r\n")
            talk.send(MAIL + b"BDAT 5\r\n")
            self.assertEqual(asked.call_count, 2)
            talk.send(b"hello")
            talk.send(b"BDAT 5 LAST\r\n")
            self.assertEqual(asked.call_count, 3, "its chunk comes in another packet")
