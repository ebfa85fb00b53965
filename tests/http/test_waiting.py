"""Waiters, and the bell that they share"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.http import waiting as waiting_module
from mocksmtp.http.waiting import BITE, PAUSE, Waiter, Watches
from mocksmtp.mail.mailbox import Bell, Mailbox
from mocksmtp.mail.search import EVERYTHING, MailQuery
from tests.http.rig import keep


class CountingBox(Mailbox):
    """A mailbox that counts the bells armed and the looks taken."""

    def __init__(self, max_mails: int = 100_000) -> None:
        super().__init__(max_mails)
        self.armed = self.looks = 0

    def on_next(self, bell: Bell) -> Callable[[], None]:
        self.armed += 1
        return super().on_next(bell)

    def newer(self, number: int, limit: int | None = None) -> list:
        self.looks += 1
        return super().newer(number, limit)


class TickingClock(Clock):
    """
    Every look at it takes 2 ms, so that a slice is over after a few.

    :ivar turns: how often something was left to a later turn of the reactor
    """

    turns = 0

    def seconds(self) -> float:
        self.rightNow += 0.002
        return super().seconds()

    def callLater(self, when: float, *arguments: Any, **keywords: Any) -> Any:
        self.turns += when == 0
        return super().callLater(when, *arguments, **keywords)


class WaitingTests(SynchronousTestCase):
    """Waiting for mails of one box"""

    def setUp(self) -> None:
        """An empty box."""
        self.clock = Clock()
        self.box = CountingBox()
        self.watches = Watches(self.clock)

    def wait(
        self, count: int = 1, query: MailQuery = EVERYTHING, seconds: float = 10.0
    ) -> tuple[Waiter, Deferred[None]]:
        """Begin to wait."""
        waiter = Waiter(self.box, query, count, [], 0)
        deadline = self.clock.seconds() + seconds
        waiting = self.watches.wait(self.box, waiter, deadline)
        return waiter, Deferred.fromCoroutine(waiting)

    def assert_idle(self) -> None:
        """Nothing is scheduled, and no bell armed."""
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertEqual(self.box._bells, [])
        self.assertEqual(self.watches._watches, {})

    def test_enough_at_the_beginning(self) -> None:
        """Nothing is scheduled where there is nothing to wait for."""
        keep(self.box)
        waiter, waiting = self.wait()
        self.assertIsNone(self.successResultOf(waiting))
        self.assertEqual(len(waiter.found()), 1)
        self.assert_idle()

    def test_it_ends_with_the_mail(self) -> None:
        """At the turn after the mail has come, and nothing is left behind."""
        _, waiting = self.wait()
        keep(self.box)
        self.assertNoResult(waiting)
        self.clock.advance(0)
        self.successResultOf(waiting)
        self.assert_idle()

    def test_it_ends_with_the_time(self) -> None:
        """At the deadline, with a last look at what has come."""
        waiter, waiting = self.wait(count=2, seconds=3.0)
        self.clock.advance(2.9)
        self.assertNoResult(waiting)
        keep(self.box)
        self.clock.pump([0.2])
        self.successResultOf(waiting)
        self.assertEqual(len(waiter.found()), 1)
        self.assert_idle()

    def test_the_last_look_is_at_all(self) -> None:
        """However many have come just before the time was up."""
        for count, ended in (3 * BITE, 2.5 * BITE), (3 * BITE, 3 * BITE):
            self.setUp()
            waiter, waiting = self.wait(count=count, seconds=0.0)
            for _ in range(int(ended)):
                keep(self.box)
            self.clock.advance(0)
            self.successResultOf(waiting)
            self.assertEqual(len(waiter.found()), ended)
            self.assert_idle()

    def test_it_ends_with_the_client(self) -> None:
        """A wait that is cancelled leaves no timer and no bell, at any moment."""

        def ring() -> None:
            keep(self.box)

        for moment in (lambda: None, ring, lambda: self.clock.advance(0)):
            waiter, waiting = self.wait(count=2)
            moment()
            waiting.cancel()
            self.failureResultOf(waiting, CancelledError)
            self.assert_idle()
            self.assertEqual(waiter.found(), [])
            self.box.clear()

    def test_one_that_leaves_does_not_disturb_the_others(self) -> None:
        """Those that stay hear of the next mail."""
        _, first = self.wait()
        _, second = self.wait()
        first.cancel()
        self.failureResultOf(first, CancelledError)
        keep(self.box)
        self.clock.advance(0)
        self.successResultOf(second)
        self.assert_idle()

    def test_a_burst_is_one_look(self) -> None:
        """However many mails come in a turn, a waiter looks once, at the new ones."""
        self.wait(count=100)
        self.clock.advance(0)
        self.box.looks = self.box.armed = 0
        for _ in range(50):
            keep(self.box)
        self.clock.advance(0)
        self.assertEqual((self.box.looks, self.box.armed), (1, 1))

    def test_many_waiters_share_a_bell(self) -> None:
        """A mail arms one bell and schedules one call, not one for each waiter."""
        query = MailQuery(recipient="nobody@x.test")
        for _ in range(1000):
            self.wait(query=query)
        self.clock.advance(0)
        self.box.armed = 0
        calls = len(self.clock.getDelayedCalls())
        keep(self.box)
        self.assertEqual(len(self.clock.getDelayedCalls()), calls + 1)
        self.clock.advance(0)
        self.assertEqual(self.box.armed, 1)

    def test_all_that_wait_are_told(self) -> None:
        """A mail ends the waits of all that it matches, and of no others."""
        for_alice = [self.wait(query=MailQuery(recipient="alice@x.test"))[1]] * 3
        for_jack = [self.wait(query=MailQuery(recipient="jack@x.test"))[1]] * 3
        keep(self.box)
        self.clock.advance(0)
        for waiting in for_alice:
            self.successResultOf(waiting)
        for waiting in for_jack:
            self.assertNoResult(waiting)

    def test_long_looks_are_cut_in_slices(self) -> None:
        """The reactor turns while many look at much, and none is forgotten."""
        self.clock = TickingClock()
        self.watches = Watches(self.clock)
        waits = [self.wait(count=4 * BITE)[1] for _ in range(20)]
        for _ in range(4 * BITE):
            keep(self.box)
        self.clock.advance(0)
        for waiting in waits:
            self.successResultOf(waiting)
        self.assertGreater(self.clock.turns, 10)
        self.assert_idle()

    def test_mails_that_come_between_slices_are_seen(self) -> None:
        """The bell is armed again before any waiter looks."""
        self.clock = TickingClock()
        self.watches = Watches(self.clock)
        waits = [self.wait(count=3)[1] for _ in range(10)]
        for _ in range(3):
            keep(self.box)
            self.clock.advance(0)
        for _ in range(20):
            self.clock.advance(0)
        for waiting in waits:
            self.successResultOf(waiting)
        self.assert_idle()

    def test_a_wait_for_more_than_is_kept_holds_little(self) -> None:
        """What the box has let go of is forgotten by a waiter too."""
        self.patch(waiting_module, "PAUSE", 0.0)
        self.box = CountingBox(max_mails=10)
        waiter, _ = self.wait(count=10**9)
        for _ in range(5000):
            keep(self.box)
            self.clock.advance(0)
        self.assertLess(len(waiter._numbers), 3 * BITE)
        self.assertEqual(waiter.found(), self.box.mails())

    def test_mail_upon_mail_is_one_look_a_pause(self) -> None:
        """The first is looked at at once, those behind it together."""
        _, waiting = self.wait(count=3)
        self.clock.advance(0)
        for _ in range(3):
            keep(self.box)
            self.clock.advance(0)
        self.assertNoResult(waiting)
        self.clock.advance(PAUSE)
        self.successResultOf(waiting)

    def test_a_mail_costs_those_that_may_want_it(self) -> None:
        """Who waits for another recipient or sender is not asked."""
        self.watches = Watches(self.clock)
        asked: list[Waiter] = []
        for number in range(20):
            query = MailQuery(recipient=f"nobody{number}@x.test")
            self.wait(query=query)
        wanted = MailQuery(recipient="alice@x.test")
        waiter, waiting = self.wait(query=wanted)
        self.clock.advance(0)
        self.patch(Waiter, "offer", lambda self, mail: asked.append(self))
        keep(self.box)
        self.clock.advance(0)
        self.assertEqual(asked, [waiter])
        self.assertNoResult(waiting)

    def test_boxes_do_not_disturb_each_other(self) -> None:
        """A mail in one wakes nobody who waits at another."""
        _, waiting = self.wait()
        keep(CountingBox())
        self.clock.advance(0)
        self.assertNoResult(waiting)
