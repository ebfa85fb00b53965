"""A connection: octets to commands, replies in order, and time."""

from __future__ import annotations

from itertools import pairwise
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.core.host import Limits
from mocksmtp.model.behavior import Command
from mocksmtp.model.command import LINE_LIMIT
from mocksmtp.smtp.content import ContentReader
from tests.smtp.dialogue import Dialogue, behavior, host
from tests.smtp.mocked import mocked, on

MAIL = b"MAIL FROM:<b@x.test>\r\n"
RCPT = b"RCPT TO:<a@x.test>\r\n"


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

    def test_expn_is_one_of_them(self) -> None:
        """A behavior may only slow its 502 down; what one answers does not count."""
        for command, document, codes in (
            ("EXPN a", None, ["502", "502", "421"]),
            ("EXPN a", on("EXPN", delay="1s"), ["502", "502", "421"]),
            ("EXPN a", on("EXPN", 250), ["250"] * 3),
            ("VRFY a", None, ["252"] * 3),
        ):
            documents = [] if document is None else [document]
            talk = mocked(*documents, limits=Limits(bad_commands=2))
            said = []
            for _ in range(3):
                talk.send(command.encode() + b"\r\n")
                talk.clock.advance(1)
            said = [r[2].code for r in talk.protocol.session.exchanges[1:]]
            self.assertEqual([str(code) for code in said], codes, document)
            self.assertEqual(talk.transport.disconnecting, "421" in codes)

    def test_without_a_limit_there_may_be_any_number(self) -> None:
        """As it is unless a host is told otherwise."""
        self.assertEqual(Dialogue().codes(*["x"] * 100), ["500"] * 100)


class FailureTests(SynchronousTestCase):
    """Errors of the service's own"""

    def test_content_that_can_not_be_read_is_the_end(self) -> None:
        """What follows of it is no command; the client is told, and the log."""
        dialogue = Dialogue()
        dialogue.open_mail()
        broken = patch.object(ContentReader, "feed", side_effect=ValueError)
        with broken:
            said = dialogue.send(b"QUIT\r\n.\r\nNOOP\r\n")
        self.assertEqual(said, "451 4.3.0 Local error in processing\r\n")
        self.assertTrue(dialogue.transport.disconnecting)
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)


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
            self.assertLess(len(dialogue.protocol.buffer), LINE_LIMIT)
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
