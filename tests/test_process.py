"""The clock of the process"""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.process import ClockWatch


class ClockTests(SynchronousTestCase):
    """The clock of the system is set"""

    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.rightNow = 1_700_000_000.0
        self.monotonic = 5.0
        self.watch = ClockWatch(self.clock, lambda: self.monotonic)
        self.called: list[str] = []

    def call_in(self, seconds: float, name: str) -> None:
        self.clock.callLater(seconds, self.called.append, name)

    def pass_by(self, seconds: float) -> None:
        """Time goes by, and the clocks are compared."""
        self.monotonic += seconds
        self.clock.advance(seconds)
        self.watch.look()
        self.clock.advance(0)

    def test_it_is_set_back(self) -> None:
        """What was to come in a second does not wait for an hour; later timers stay."""
        self.call_in(2, "before")
        self.clock.rightNow -= 3600
        self.call_in(10, "since")
        self.pass_by(1)
        self.assertEqual(self.called, [])
        self.pass_by(1)
        self.assertEqual(self.called, ["before"])
        self.pass_by(7)
        self.assertEqual(self.called, ["before"])
        self.pass_by(1)
        self.assertEqual(self.called, ["before", "since"])

    def test_it_goes_on(self) -> None:
        """Nothing is moved, nor when it is set forward."""
        self.call_in(100, "later")
        self.pass_by(50)
        self.monotonic += 0.1
        self.pass_by(40)
        self.assertEqual(self.called, [])
        self.clock.rightNow += 3600
        self.pass_by(1)
        self.assertEqual(self.called, ["later"])
