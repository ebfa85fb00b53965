"""A connection: octets to commands, replies in order, and time."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.model.behavior import Command
from mocksmtp.model.command import LINE_LIMIT
from mocksmtp.model.reply import RECIPIENT_OK, SENDER_OK, Reply
from mocksmtp.smtp.ending import CLOSING_TIME
from tests.smtp.dialogue import Dialogue, behavior, host

MAIL = b"MAIL FROM:<b@x.test>\r\n"
RCPT = b"RCPT TO:<a@x.test>\r\n"


class TimeTests(SynchronousTestCase):
    """Idle clients, and those that take no reply."""

    def test_an_idle_client_is_told_421(self) -> None:
        """After the idle time without a packet the connection is closed."""
        dialogue = Dialogue(host(idle_time=60))
        dialogue.clock.advance(59)
        dialogue.send(b"NOOP\r\n")
        dialogue.clock.advance(59)
        self.assertFalse(dialogue.transport.disconnecting)
        dialogue.clock.advance(1)
        self.assertEqual(dialogue.heard()[:9], "421 4.4.2")
        self.assertTrue(dialogue.transport.disconnecting)

    def test_content_counts_as_activity(self) -> None:
        """A slow sender of content is not idle."""
        dialogue = Dialogue(host(idle_time=60))
        dialogue.open_mail()
        for _ in range(10):
            dialogue.clock.advance(50)
            dialogue.send(b"x\r\n")
        self.assertEqual(dialogue.send(b".\r\n")[:3], "250")

    def test_a_client_that_takes_no_bye_is_cut_off(self) -> None:
        """The connection does not wait for ever to be closed."""
        dialogue = Dialogue()
        dialogue.send(b"QUIT\r\n")
        dialogue.clock.advance(CLOSING_TIME)
        self.assertTrue(dialogue.transport.aborted)
        self.assertEqual(dialogue.clock.getDelayedCalls(), [])

    def test_replies_that_pile_up_stop_the_reading(self) -> None:
        """A client that reads nothing is not listened to until it does."""
        dialogue = Dialogue()
        producer = dialogue.transport.producer
        producer.pauseProducing()
        self.assertEqual(dialogue.transport.producerState, "paused")
        producer.resumeProducing()
        self.assertEqual(dialogue.transport.producerState, "producing")

    def test_a_connection_lasts_no_longer_than_is_allowed(self) -> None:
        """Though its client is not idle; it is told why."""
        dialogue = Dialogue(host(idle_time=60, total_time=100))
        for _ in range(3):
            dialogue.clock.advance(33)
            self.assertEqual(dialogue.codes("NOOP"), ["250"])
        dialogue.clock.advance(1)
        self.assertEqual(
            dialogue.heard(), "421 4.4.2 Connected for too long, closing\r\n"
        )
        self.assertTrue(dialogue.transport.disconnecting)


class ErrorTests(SynchronousTestCase):
    """Errors of form and order, of which a host takes so many."""

    def test_one_too_many_ends_the_connection(self) -> None:
        """It is answered 421 in the place of its own reply."""
        dialogue = Dialogue(host(bad_commands=2))
        codes = dialogue.codes("NONSENSE", "NOOP", "RCPT TO:<a@x>", "NOOP", "DATA x")
        self.assertEqual(codes, ["500", "250", "503", "250", "421"])
        self.assertTrue(dialogue.transport.disconnecting)
        self.assertEqual(dialogue.send(b"NOOP\r\n"), "")

    def test_what_a_behavior_answers_is_none(self) -> None:
        """A client is not to blame for what it is told by way of test."""
        dialogue = Dialogue(host(bad_commands=1))
        dialogue.host.behaviors.put(behavior(Command.NOOP, 503))
        self.assertEqual(dialogue.codes(*["NOOP"] * 4), ["503"] * 4)

    def test_without_a_limit_there_may_be_any_number(self) -> None:
        """As it is unless a host is told otherwise."""
        self.assertEqual(Dialogue().codes(*["x"] * 100), ["500"] * 100)


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


CONVERSATION = (
    b"EHLO c\r\n" + MAIL + RCPT + b"RCPT TO:<no@x.test>\r\nDATA\r\n"
    b"Subject: x\r\n\r\n..dot\r\n.\r\nNOOP\n\r\nNONSENSE\r\n"
    + MAIL
    + RCPT
    + b"NOOP "
    + b"x" * 3000
    + b"\r\nDATA\r\n"
    + b"y" * 500
    + b"\r\n.\r\n"
    + MAIL
    + RCPT
    + b"BDAT 5\r\na\r\n.\rBDAT 0\r\nBDAT 3 LAST\r\n\n\r\nBDAT 4 LAST\r\nNOOP"
    + b"VRFY a\r\nQUIT\r\nNOOP\r\n"
)


def outcome(packets: list[bytes]) -> tuple[str, list[bytes]]:
    """All that is said and kept when the packets are sent."""
    dialogue = Dialogue()
    dialogue.host.behaviors.put(behavior(Command.RCPT_TO, 550, contains="no@"))
    return "".join(map(dialogue.send, packets)), dialogue.contents()


class PacketTests(SynchronousTestCase):
    """How a conversation is cut into packets is of no account."""

    @settings(deadline=None)
    @given(st.sets(st.integers(1, len(CONVERSATION) - 1), max_size=40))
    def test_any_split_gives_the_same(self, cuts: set[int]) -> None:
        """The same replies, and the same mails."""
        edges = [0, *sorted(cuts), len(CONVERSATION)]
        packets = [CONVERSATION[a:b] for a, b in pairwise(edges)]
        self.assertEqual(outcome(packets), outcome([CONVERSATION]))

    def test_single_octets_give_the_same(self) -> None:
        """The smallest packets there are."""
        packets = [bytes([octet]) for octet in CONVERSATION]
        self.assertEqual(outcome(packets), outcome([CONVERSATION]))

    @settings(deadline=None)
    @given(st.lists(st.binary(max_size=200), max_size=20))
    def test_any_octets_leave_a_working_server(self, packets: list[bytes]) -> None:
        """No exception, no unbounded buffer; the next connection works."""
        dialogue = Dialogue()
        for packet in packets:
            dialogue.send(packet)
            self.assertLess(len(dialogue.protocol._buffer), LINE_LIMIT)
        dialogue.protocol.connectionLost()
        dialogue.connect()
        dialogue.open_mail()
        self.assertEqual(dialogue.send(b"ok\r\n.\r\n")[:3], "250")

    @settings(deadline=None)
    @given(st.integers(0, len(CONVERSATION)))
    def test_a_cut_at_any_octet_loses_nothing_kept(self, cut: int) -> None:
        """What was answered 250 is there, and what was not is not."""
        whole = outcome([CONVERSATION])[1]
        dialogue = Dialogue()
        said = dialogue.send(CONVERSATION[:cut])
        dialogue.protocol.connectionLost()
        kept = said.count("Message kept")
        self.assertEqual(dialogue.contents(), whole[:kept])
