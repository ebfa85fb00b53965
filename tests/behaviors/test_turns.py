"""Responses one after the other"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.delay import Uniform
from mocksmtp.behaviors.dns import DnsBehavior, DnsResponse

ONE, TWO, EVER = DnsResponse(1), DnsResponse(2, times=2), DnsResponse(3, times=None)


class TurnTests(SynchronousTestCase):
    """As behaviors of DNS have them; SMTP's are tested with theirs"""

    def test_one_is_given_for_ever(self) -> None:
        """Unless there is a limit."""
        behavior = DnsBehavior((), response=ONE)
        self.assertEqual((behavior.sequence, behavior.answers), ((ONE,), None))
        self.assertIs(behavior.response_to(9), ONE)
        self.assertEqual(DnsBehavior((), response=ONE, number_of_answer=3).answers, 3)

    def test_several_are_used_up(self) -> None:
        """Each as often as it says; the last one may be for ever."""
        behavior = DnsBehavior((), responses=(ONE, TWO))
        self.assertEqual(behavior.answers, 3)
        told = [behavior.response_to(fired).rcode for fired in range(4)]
        self.assertEqual(told, [1, 2, 2, 2])
        self.assertIsNone(DnsBehavior((), responses=(ONE, EVER)).answers)

    def test_chance(self) -> None:
        """It may be in the gate or in a delay."""
        self.assertFalse(DnsBehavior((), response=ONE).is_random)
        self.assertTrue(DnsBehavior((), response=ONE, probability=0.5).is_random)
        self.assertTrue(
            DnsBehavior((), response=DnsResponse(delay=Uniform(0, 1))).is_random
        )
