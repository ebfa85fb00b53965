"""Answers, alone and several together."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.response import Drip, Effect, Fault, Then
from mocksmtp.behaviors.smtp import Decision
from mocksmtp.grammar.reply import MAIL_KEPT, OK, STORAGE_FULL, Reply
from mocksmtp.smtp.answers import Faulty, answer_of, reply_in, together

MOCKED = Reply(450, "mocked", "7")
LATE = Fault(delay=1.0)


class AnswerTests(SynchronousTestCase):
    """`answer_of`, `reply_in` and `together`"""

    def test_a_plain_reply_is_just_that(self) -> None:
        """No object is made for it."""
        self.assertIs(answer_of(Decision(("7",), MOCKED), OK), MOCKED)

    def test_a_fault_goes_with_the_reply(self) -> None:
        """Those that only slowed it down are named, but not who gave it."""
        answer = answer_of(Decision(("1", "7"), MOCKED, Effect.NONE, LATE), OK)
        self.assertEqual(answer, Faulty(MOCKED, LATE, ("1",), ("1", "7")))

    def test_the_servers_own_reply_can_be_slowed(self) -> None:
        """All behaviors are named then."""
        answer = answer_of(Decision(("1", "2"), fault=LATE, is_own=True), OK)
        self.assertEqual(answer, Faulty(OK, LATE, ("1", "2"), ("1", "2")))

    def test_silence_is_a_reply_of_no_octets(self) -> None:
        """It is no reply to send, and names the behavior that it is of."""
        answer = answer_of(Decision(("7",), silent=True), OK)
        assert isinstance(answer, Faulty)
        assert isinstance(answer.reply, Reply)
        self.assertEqual((answer.reply.wire, answer.reply.source), (b"", "7"))
        self.assertEqual(answer.wires, [])

    def test_the_reply_in_an_answer(self) -> None:
        """Of several, or of one that is not known yet, there is not the one."""
        for answer, reply in (
            (OK, OK),
            (Faulty(OK, LATE), OK),
            (Faulty(None, LATE), None),
            ((OK, OK), None),
            (Deferred(), None),
        ):
            self.assertEqual(reply_in(answer), reply)

    def test_several_are_one_after_the_other(self) -> None:
        """Delays add up, the last drip and the last end count."""
        self.assertEqual(together([MAIL_KEPT, STORAGE_FULL]), (MAIL_KEPT, STORAGE_FULL))
        drip, other = Drip(octets=1, interval=0.1), Drip(octets=2, interval=0.2)
        answer = together(
            [
                Faulty(
                    MOCKED, Fault(1.0, drip, Then.CLOSE, 3.0), ("1",), ("1", "7"), "7"
                ),
                MAIL_KEPT,
                Faulty(None, Fault(2.0, other), rules=("8",)),
            ]
        )
        fault, rules = Fault(3.0, other, Then.CLOSE, 3.0), ("1", "7", "8")
        expected = Faulty((MOCKED, MAIL_KEPT), fault, ("1",), rules, "7")
        self.assertEqual(answer, expected)
        assert isinstance(answer, Faulty)
        self.assertEqual(answer.wires, [MOCKED.wire, MAIL_KEPT.wire])
