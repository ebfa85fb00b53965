"""Responses one after the other"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.model.dnsbehavior import DnsBehavior, DnsResponse
from mocksmtp.model.fault import Uniform
from mocksmtp.model.gate import Gate

ONE, TWO, EVER = DnsResponse(1), DnsResponse(2, times=2), DnsResponse(3, times=None)


class TurnTests(SynchronousTestCase):
    """`InTurn`, as behaviors of DNS have it; SMTP's are tested with theirs"""

    def test_one_is_given_for_ever(self) -> None:
        """Unless there is a limit."""
        behavior = DnsBehavior((), ONE)
        self.assertEqual((behavior.response, behavior.answers), (ONE, None))
        self.assertIs(behavior.response_to(9), ONE)
        self.assertEqual(DnsBehavior((), ONE, number_of_answer=3).answers, 3)

    def test_several_are_used_up(self) -> None:
        """Each as often as it says; the last one may be for ever."""
        behavior = DnsBehavior((), (ONE, TWO), in_turn=True)
        self.assertEqual(behavior.answers, 3)
        told = [behavior.response_to(fired).rcode for fired in range(4)]
        self.assertEqual(told, [1, 2, 2, 2])
        self.assertIsNone(DnsBehavior((), (ONE, EVER), in_turn=True).answers)

    def test_chance(self) -> None:
        """It may be in the gate or in a delay."""
        self.assertFalse(DnsBehavior((), ONE).draws)
        self.assertTrue(DnsBehavior((), ONE, gate=Gate(probability=0.5)).draws)
        self.assertTrue(DnsBehavior((), DnsResponse(delay=Uniform(0, 1))).draws)
