"""The times of a connection: deadlines, a client that has gone, and turns."""

from __future__ import annotations

from unittest.mock import patch

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.grammar.reply import CONNECTED_TOO_LONG, IDLE_TOO_LONG, Reply
from mocksmtp.sessions.session import Session
from mocksmtp.smtp.output import CLOSING_TIME, PEER_INTERVAL
from mocksmtp.smtp.timers import Deadlines, PeerWatch, slice_time
from tests.smtp.dialogue import ClosableTransport, Dialogue, host

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
            dialogue.heard(),
            "421 4.4.2 Connection time limit exceeded, closing\r\n",
        )
        self.assertTrue(dialogue.transport.disconnecting)


class DeadlineTests(SynchronousTestCase):
    """`Deadlines` without a connection"""

    def deadlines(self, **limits: float) -> Deadlines:
        self.clock = Clock()
        self.session = Session("1", "default", "", "", 0, 0.0)
        self.session.heard = 0.0
        self.waiting = False
        self.expired: list[Reply] = []
        deadlines = Deadlines(
            host(**limits),
            self.session,
            self.clock,
            lambda: self.waiting,
            self.expired.append,
        )
        deadlines.check()
        return deadlines

    def test_octets_postpone_the_idle_deadline(self) -> None:
        """The one timer is not re-armed for each of them."""
        self.deadlines(idle_time=60)
        for _ in range(59):
            self.clock.advance(1)
            self.session.heard = self.clock.seconds()
            self.assertEqual(len(self.clock.getDelayedCalls()), 1)
        self.clock.advance(59)
        self.assertEqual(self.expired, [])
        self.clock.advance(1)
        self.assertEqual(self.expired, [IDLE_TOO_LONG])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_a_client_that_waits_is_not_idle(self) -> None:
        """But it may not stay longer than the total time."""
        self.deadlines(idle_time=60, total_time=100)
        self.waiting = True
        for _ in range(99):
            self.clock.advance(1)
        self.assertEqual(self.expired, [])
        self.clock.advance(1)
        self.assertEqual(self.expired, [CONNECTED_TOO_LONG])

    def test_they_can_be_stopped(self) -> None:
        """Nothing is called after that."""
        deadlines = self.deadlines(idle_time=60)
        deadlines.stop()
        deadlines.stop()
        self.assertEqual(self.clock.getDelayedCalls(), [])


class PeerWatchTests(SynchronousTestCase):
    """`PeerWatch` without a connection"""

    def test_a_reset_is_noticed(self) -> None:
        """The transport is aborted, within `PEER_INTERVAL`."""
        clock, transport = Clock(), ClosableTransport()
        watch = PeerWatch(transport, clock)
        watch.start()
        watch.start()
        clock.advance(PEER_INTERVAL)
        self.assertFalse(transport.aborted)
        with patch("mocksmtp.smtp.timers.is_reset", return_value=True):
            clock.advance(PEER_INTERVAL)
        self.assertTrue(transport.aborted)
        self.assertEqual(clock.getDelayedCalls(), [])

    def test_it_can_be_stopped(self) -> None:
        """And started again."""
        clock = Clock()
        watch = PeerWatch(ClosableTransport(), clock)
        watch.start()
        watch.stop()
        self.assertEqual(clock.getDelayedCalls(), [])
        watch.start()
        self.assertEqual(len(clock.getDelayedCalls()), 1)


class SliceTests(SynchronousTestCase):
    """`slice_time`"""

    def test_connections_share_a_turn(self) -> None:
        """Within a minimum and a maximum."""
        for connections, seconds in (0, 0.001), (5, 0.001), (50, 0.0001), (999, 5e-5):
            self.assertAlmostEqual(slice_time(connections), seconds)
