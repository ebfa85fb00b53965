"""Answers that wait."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.core.dns_behaviors import DnsBehaviors
from mocksmtp.dns.waiting import WaitingRoom


class WaitingTests(SynchronousTestCase):
    """`WaitingRoom`."""

    def setUp(self):
        self.clock = Clock()
        self.behaviors = DnsBehaviors()
        self.room = WaitingRoom(self.clock, self.behaviors, 3)
        self.sent: list[int] = []

    def admit(self, number: int, seconds: float = 5.0):
        return self.room.admit(seconds, lambda: self.sent.append(number))

    def tearDown(self):
        self.assertEqual(len(self.room), 0)
        self.assertEqual(self.behaviors.interrupted, set())
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_they_go_out_in_time(self):
        """Each when its own time is up."""
        self.admit(1)
        self.admit(2, 1.0)
        self.clock.advance(1)
        self.assertEqual(self.sent, [2])
        self.clock.advance(4)
        self.assertEqual(self.sent, [2, 1])

    def test_without_behaviors_nothing_waits(self):
        """When all of them go, all answers go out."""
        self.admit(1)
        self.admit(2)
        self.behaviors.clear()
        self.assertEqual(sorted(self.sent), [1, 2])

    def test_forgotten(self):
        """One, or all of them, are never sent."""
        self.admit(1).forget()
        self.admit(2)
        self.room.forget()
        self.clock.advance(9)
        self.assertEqual(self.sent, [])

    def test_no_room(self):
        """More than so many can't wait."""
        for number in range(3):
            self.assertIsNotNone(self.admit(number))
        self.assertIsNone(self.admit(4))
        self.clock.advance(5)
        self.assertIsNotNone(self.admit(5, 0.5))
        self.clock.advance(1)
