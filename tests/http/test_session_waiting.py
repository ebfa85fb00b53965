"""Those who wait for sessions, and how they hear of them"""

from __future__ import annotations

import itertools
from unittest.mock import patch

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.hosts.host import MailHost
from mocksmtp.http.session_waiting import BITE, SessionWaiter, SessionWatch
from mocksmtp.mock import Mock
from mocksmtp.sessions.journal import Journal
from mocksmtp.sessions.search import EVERY_SESSION, SessionQuery
from mocksmtp.sessions.session import Outcome
from mocksmtp.zone.zone import Zone
from tests.http.test_waiting import TickingClock
from tests.session_client import Client


class WatchTests(SynchronousTestCase):
    """`SessionWatch`"""

    def setUp(self) -> None:
        self.clock = Clock()
        self.host = MailHost("default", "mx.test")
        self.mock = Mock(self.host, Zone())
        self.watch = SessionWatch(self.mock, self.clock)
        self.numbers = itertools.count(1)

    def attempt(self, *to: str) -> None:
        client = Client(self.host, self.numbers)
        client.deliver(*to)
        client.quit()

    def wait(
        self, count: int = 1, seconds: float = 10.0, **wanted: object
    ) -> tuple[SessionWaiter, Deferred[None]]:
        waiter = SessionWaiter(SessionQuery(**wanted), None, 0, count)
        deadline = self.clock.seconds() + seconds
        sessions = self.host.journal.sessions()
        waiting = self.watch.wait(waiter, sessions, deadline)
        return waiter, Deferred.fromCoroutine(waiting)

    def assert_idle(self) -> None:
        """Nothing is scheduled, and no host listened to."""
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertEqual(self.host.journal.listeners, [])
        self.assertEqual(self.watch._waiters, {})
        self.assertEqual(self.watch._settled, [])
        self.assertEqual(self.mock._observers, [])

    def test_a_client_that_leaves(self) -> None:
        """A wait that is cancelled leaves nothing, at any moment."""
        for moment in (
            lambda: None,
            lambda: self.attempt("a@x.test"),
            lambda: self.clock.advance(0),
        ):
            _, waiting = self.wait(count=3, recipient="a@x.test")
            moment()
            waiting.cancel()
            self.failureResultOf(waiting, CancelledError)
            self.assert_idle()

    def test_one_that_leaves_does_not_disturb_the_others(self) -> None:
        """Those that stay hear of the next session."""
        _, first = self.wait(recipient="a@x.test")
        _, second = self.wait(recipient="a@x.test")
        first.cancel()
        self.failureResultOf(first, CancelledError)
        self.attempt("a@x.test")
        self.clock.advance(0)
        self.successResultOf(second)
        self.assert_idle()

    def test_a_burst_is_one_look(self) -> None:
        """However much is settled in a turn, one call is scheduled."""
        self.wait(count=99)
        calls = len(self.clock.getDelayedCalls())
        for _ in range(20):
            self.attempt("a@x.test")
        self.assertEqual(len(self.clock.getDelayedCalls()), calls + 1)

    def test_only_those_look_whom_it_concerns(self) -> None:
        """A thousand who wait for other mails are not asked."""
        for number in range(1000):
            self.wait(recipient=f"{number}@x.test")
            self.wait(sender=f"{number}@x.test")
            self.wait(outcome=Outcome.REFUSED)
        _, waiting = self.wait(recipient="A@X.test", outcome=Outcome.ACCEPTED)
        with patch.object(
            SessionWaiter, "look_at", autospec=True, side_effect=SessionWaiter.look_at
        ) as look_at:
            self.attempt("b@x.test", "A@x.test")
            self.clock.advance(0)
        self.assertEqual(look_at.call_count, 1)
        self.successResultOf(waiting)

    def test_what_was_settled_before_is_not_looked_at_again(self) -> None:
        """Of a connection that lasts only the new mails are."""
        client = Client(self.host, self.numbers)
        for _ in range(20):
            client.deliver("a@x.test")
        self.wait(recipient="b@x.test", sender="me@a.test")
        with patch.object(
            SessionQuery, "matches_transaction", return_value=False
        ) as matches:
            client.deliver("b@x.test")
            self.clock.advance(0)
        self.assertEqual(matches.call_count, 1)

    def test_the_first_look_is_cut_in_slices(self) -> None:
        """The reactor turns, and what is settled meanwhile is not lost."""
        for _ in range(20):
            self.attempt("a@x.test")
        self.clock = TickingClock()
        self.watch = SessionWatch(self.mock, self.clock)
        waiter, waiting = self.wait(count=21, recipient="a@x.test")
        self.attempt("a@x.test")
        for _ in range(20):
            self.clock.advance(0)
        self.successResultOf(waiting)
        self.assertGreater(self.clock.turns, 3)
        self.assertEqual(len(waiter.found()), 21)

    def test_enough_at_the_beginning(self) -> None:
        """All that match are answered, though fewer would do."""
        for _ in range(3):
            self.attempt("a@x.test")
        waiter, waiting = self.wait(recipient="a@x.test")
        self.successResultOf(waiting)
        self.assertEqual(len(waiter.found()), 3)
        self.assert_idle()

    def test_a_wait_for_more_than_is_kept_holds_little(self) -> None:
        """What the journal has let go of is forgotten by a waiter too."""
        self.host.journal = Journal(10)
        waiter, _ = self.wait(count=10**9)
        for _ in range(500):
            self.attempt("a@x.test")
            self.clock.advance(0)
        self.assertLess(len(waiter._found), 2 * BITE)
        self.assertEqual(waiter.found(), self.host.journal.sessions())

    def test_nothing_is_held_of_what_there_was(self) -> None:
        """Sessions that do not match may go while a client waits."""
        self.attempt("a@x.test")
        sessions = self.host.journal.sessions()
        waiter = SessionWaiter(SessionQuery(recipient="b@x.test"), None, 0, 1)
        Deferred.fromCoroutine(self.watch.wait(waiter, sessions, 10.0))
        self.assertEqual(sessions, [])

    def test_a_host_that_has_gone_is_not_heard(self) -> None:
        """What its last connections do schedules nothing."""
        gone = MailHost("mx2", "mx2.test")
        self.mock.add(gone)
        _, waiting = self.wait()
        del self.mock.hosts["mx2"]
        waiting.cancel()
        self.failureResultOf(waiting, CancelledError)
        Client(gone, self.numbers).quit()
        self.assert_idle()

    def test_it_is_found_by_the_recipient_first(self) -> None:
        """That is what tells most; where neither is asked for, by nothing."""
        for wanted, key in (
            ({"recipient": "a@X.test", "sender": "b@x.test"}, ("to", "a@x.test")),
            ({"sender": ""}, ("from", "")),
            ({"outcome": Outcome.REFUSED}, ("outcome", Outcome.REFUSED)),
            ({"kept": True}, ("kept", True)),
            ({"host": "default"}, None),
        ):
            waiter = SessionWaiter(SessionQuery(**wanted), None, 0, 1)
            self.assertEqual(waiter.key, key)
        self.assertIsNone(SessionWaiter(EVERY_SESSION, None, 0, 1).key)
