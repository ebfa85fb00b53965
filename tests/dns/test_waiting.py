"""Answers that wait."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.dns import DNS, DnsRules
from mocksmtp.dns.waiting import WaitingRoom


class WaitingTests(SynchronousTestCase):
    """`WaitingRoom`."""

    def setUp(self):
        self.clock = Clock()
        self.behaviors = DnsRules()
        self.room = WaitingRoom(self.clock, self.behaviors, 3)
        self.sent: list[int] = []

    def admit(self, number: int, seconds: float = 5.0, rule: str = "1"):
        return self.room.admit(seconds, (rule,), lambda: self.sent.append(number))

    def tearDown(self):
        self.assertEqual(len(self.room), 0)
        self.assertFalse(self.behaviors.held)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_they_go_out_in_time(self):
        """Each when its own time is up."""
        self.admit(1)
        self.admit(2, 1.0)
        self.clock.advance(1)
        self.assertEqual(self.sent, [2])
        self.clock.advance(4)
        self.assertEqual(self.sent, [2, 1])

    def test_without_its_behavior_none_waits(self):
        """When one goes, its answers go out, and those of others do not."""
        document = {"query": "ANY", "response": {"delay": "5s"}}
        self.behaviors.replace_all(
            DNS.parse_all([{**document, "id": name} for name in "12"])
        )
        self.admit(1)
        self.admit(2, rule="2")
        self.admit(3)
        self.behaviors.remove("1")
        self.assertEqual(self.sent, [1, 3])
        self.behaviors.clear()
        self.assertEqual(self.sent, [1, 3, 2])

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
