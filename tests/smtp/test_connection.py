"""A connection: octets to commands, replies in order, and time."""

from __future__ import annotations

from itertools import pairwise
from typing import Any
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.smtp import SMTP
from mocksmtp.grammar.command import LINE_LIMIT
from mocksmtp.grammar.reply import LOCAL_ERROR
from mocksmtp.hosts.limits import Limits
from mocksmtp.smtp.connection import TRANSITIONS, State, StateChange
from mocksmtp.smtp.content import ContentReader
from tests.smtp.dialogue import ClosableTransport, Dialogue, behavior, host
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

    def test_content_that_can_not_be_read_is_read_once(self) -> None:
        """What was taken before the error is not taken again."""
        dialogue = Dialogue()
        dialogue.open_mail()
        dialogue.send(b"one\r\n")
        add, fed = ContentReader._keep, []

        def keep(reader: ContentReader, piece: bytes) -> int:
            fed.append(piece)
            add(reader, piece)
            raise ValueError

        with patch.object(ContentReader, "_keep", keep):
            said = dialogue.send(b"two\r\nthree\r\n.\r\nNOOP\r\n")
        self.assertEqual(said, "451 4.3.0 Local error in processing\r\n")
        self.assertEqual(fed, [b"\r\ntwo\r\nthree\r\n"])
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)
        self.assertTrue(dialogue.transport.disconnecting)
        self.assertEqual(dialogue.host.mailbox.arriving, 0)
        dialogue.protocol.connectionLost()
        (session,) = dialogue.host.journal.sessions()
        self.assertEqual([t.outcome.value for t in session.transactions], ["aborted"])
        self.assertEqual(session.exchanges[-1][2], LOCAL_ERROR)

    def test_an_error_at_the_end_of_content_leaves_nothing_behind(self) -> None:
        """The client is told, the log too; the transaction is over."""
        dialogue = Dialogue()
        dialogue.open_mail()
        dialogue.send(b"one\r\n")
        with patch.object(ContentReader, "take", side_effect=ValueError):
            said = dialogue.send(b".\r\nRCPT TO:<a@x>\r\n").splitlines()
        self.assertEqual([line[:3] for line in said], ["451", "503"])
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)
        self.assertEqual(dialogue.host.mailbox.arriving, 0)
        (session,) = dialogue.host.journal.sessions()
        self.assertEqual([t.outcome.value for t in session.transactions], ["aborted"])


class Slow(Clock):
    """A clock on which each look takes a tenth of a millisecond, and a turn 50."""

    def seconds(self) -> float:
        self.rightNow += 0.0001
        return self.rightNow

    def callLater(self, delay: float, *more: Any, **others: Any) -> Any:
        return super().callLater(delay + 0.05, *more, **others)

    def turn(self) -> None:
        self.advance(0.05)


class TurnTests(SynchronousTestCase):
    """A client that floods is served a slice at a time."""

    def test_the_rest_of_a_packet_waits_for_its_turn(self) -> None:
        """Another client is answered before it is all done, and none is lost."""
        clock = Slow()
        talk = Dialogue(clock=clock)
        codes = [line[:3] for line in talk.send(b"NOOP\r\n" * 999).splitlines()]
        self.assertLess(len(codes), 200)
        self.assertEqual(talk.transport.producerState, "paused")
        other = Dialogue(talk.host, clock)
        self.assertEqual(other.codes("NOOP"), ["250"])
        # What comes meanwhile stays behind it.
        talk.send(b"VRFY a\r\n")
        turns = 0
        while len(codes) < 1000:
            clock.turn()
            said = talk.heard().splitlines()
            self.assertLess(len(said), 200)
            codes += [line[:3] for line in said]
            turns += 1
        self.assertEqual(codes, ["250"] * 999 + ["252"])
        self.assertGreater(turns, 5)
        self.assertEqual(talk.transport.producerState, "producing")

    def test_the_more_there_are_the_less_has_each(self) -> None:
        """All together they take no longer than a few."""
        clock = Slow()
        hosts = host()

        def done(connections: int) -> int:
            talks = [Dialogue(hosts, clock) for _ in range(connections)]
            said = talks[0].send(b"NOOP\r\n" * 999).count("250")
            for talk in talks:
                talk.protocol.connectionLost()
            return said

        self.assertLess(done(100), done(1))

    def test_a_drip_that_needs_no_time_is_no_way_around_it(self) -> None:
        """Nor replies that are sent one by one."""
        clock = Slow()
        talk = Dialogue(clock=clock)
        drip = {"bytes": 64, "interval": "1s"}
        talk.host.behaviors.replace_all(SMTP.parse_all([on("NOOP", drip=drip)]))
        self.assertLess(talk.send(b"NOOP\r\n" * 999).count("250"), 200)

    def test_who_leaves_has_no_more_turns(self) -> None:
        """Its timer goes with it."""
        clock = Slow()
        talk = Dialogue(clock=clock)
        talk.send(b"NOOP\r\n" * 999)
        talk.protocol.connectionLost()
        self.assertEqual(clock.getDelayedCalls(), [])

    def test_quit_ends_a_turn_as_ever(self) -> None:
        """What is behind them is not done, in whatever turn they come."""
        clock = Slow()
        talk = Dialogue(clock=clock)
        talk.send(b"NOOP\r\n" * 500 + b"QUIT\r\nVRFY a\r\n")
        while not talk.transport.disconnecting:
            clock.turn()
        self.assertTrue(talk.heard().endswith("250 2.0.0 OK\r\n221 2.0.0 Bye\r\n"))


class Stuffed(ClosableTransport):
    """A transport whose client reads nothing until it is told to."""

    unread = 0

    def write(self, data: bytes) -> None:
        super().write(data)
        self.unread += len(data)
        if self.unread > 65536 and self.producer is not None:
            self.producer.pauseProducing()

    def read(self) -> int:
        """Have the client read all; how much that was."""
        unread, self.unread = self.unread, 0
        self.clear()
        self.producer.resumeProducing()
        return unread


class OutputTests(SynchronousTestCase):
    """Replies that the client does not read."""

    def talk(self, document: dict[str, object]) -> Dialogue:
        talk = Dialogue()
        talk.host.behaviors.replace_all(SMTP.parse_all([document]))
        talk.transport = Stuffed()
        talk.protocol = talk.factory.buildProtocol(None)
        talk.protocol.makeConnection(talk.transport)
        return talk

    def test_commands_wait_for_replies_to_be_read(self) -> None:
        """What waits is bounded, and each command has its reply in the end."""
        for more in {}, {"drip": {"bytes": 2**18, "interval": "1s"}}:
            message = "\n".join(["x" * 1000] * 100)
            talk = self.talk(on("NOOP", 250, message=message, **more))
            size = 100 * 1006
            talk.protocol.dataReceived(b"NOOP z\r\n" * 300 + b"NOO")
            read = 0
            while talk.transport.unread:
                self.assertLessEqual(talk.transport.unread, 2**20 + 2 * size)
                read += talk.transport.read()
                talk.clock.advance(0)
            self.assertEqual(read - len("220 mx.test ESMTP mocksmtp\r\n"), 300 * size)
            self.assertEqual(talk.transport.producerState, "producing")
            talk.protocol.dataReceived(b"P\r\n")
            self.assertGreater(talk.transport.unread, size - 1)

    def test_the_end_waits_for_them_too(self) -> None:
        """QUIT is answered, and the connection closed when that was read."""
        talk = self.talk(on("NOOP", 250, message="\n".join(["x" * 1000] * 200)))
        talk.protocol.dataReceived(b"NOOP\r\n" * 7 + b"QUIT\r\n")
        self.assertEqual(talk.transport.value()[-6:-2], b"xxxx")
        talk.transport.read()
        talk.clock.advance(0)
        self.assertTrue(talk.transport.value().endswith(b"221 2.0.0 Bye\r\n"))
        self.assertFalse(talk.transport.disconnecting)
        talk.transport.read()
        talk.clock.advance(0)
        self.assertTrue(talk.transport.disconnecting)


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


class StateTests(SynchronousTestCase):
    """`TRANSITIONS`"""

    def test_each_state_has_its_row(self) -> None:
        """It can be reached, is left by the end, and the client may read or not."""
        self.assertEqual(set(TRANSITIONS), set(State))
        reached = {State.READY}.union(*(row.values() for row in TRANSITIONS.values()))
        self.assertEqual(reached, set(State))
        for state, row in TRANSITIONS.items():
            self.assertIs(row[StateChange.END], State.CLOSED, state)
            self.assertIn(StateChange.BLOCK, row, state)
            self.assertIn(StateChange.READ, row, state)

    def test_a_conversation(self) -> None:
        """Through all states, as the client and the clock have it."""
        talk = mocked(on("NOOP", delay="1s"), clock=Slow())
        connection = talk.protocol
        self.assertIs(connection.state, State.READY)
        talk.send(b"NOOP\r\n")
        self.assertIs(connection.state, State.PENDING)
        talk.clock.advance(2)
        self.assertIs(connection.state, State.READY)
        talk.send(b"VRFY a\r\n" * 999)
        self.assertIs(connection.state, State.YIELDED)
        while connection.state is State.YIELDED:
            talk.clock.turn()
        talk.transport.producer.pauseProducing()
        self.assertIs(connection.state, State.BLOCKED)
        talk.transport.producer.resumeProducing()
        self.assertIs(connection.state, State.READY)
        talk.send(b"QUIT\r\n")
        self.assertIs(connection.state, State.CLOSED)
