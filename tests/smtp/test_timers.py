"""How long a connection lasts."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.smtp.output import CLOSING_TIME
from tests.smtp.dialogue import Dialogue, host

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
