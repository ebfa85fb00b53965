"""Requests that wait, and how they hear of changes"""

from __future__ import annotations

import itertools
from typing import Any
from unittest.mock import patch

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.hosts.host import MailHost
from mocksmtp.http import waiting as waiting_module
from mocksmtp.http.mails import MailListing
from mocksmtp.http.sessions import SessionListing
from mocksmtp.http.waiting import BITE, PAUSE, Waiter, Waiting, Watches
from mocksmtp.mail.mail import Mail
from mocksmtp.mail.mailbox import Mailbox
from mocksmtp.mail.search import MailQuery
from mocksmtp.mock import Mock
from mocksmtp.sessions.journal import Journal
from mocksmtp.sessions.search import EVERY_SESSION, SessionQuery
from mocksmtp.sessions.session import Outcome
from mocksmtp.zone.zone import Zone
from tests.http.rig import keep
from tests.session_client import Client


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


class WaitingCase(SynchronousTestCase):
    """One host, and requests that wait for what it receives"""

    def setUp(self) -> None:
        self.begin(Clock())

    def begin(self, clock: Clock, mailbox: Mailbox | None = None) -> None:
        """An empty host, by that clock."""
        self.clock = clock
        self.host = MailHost("default", "mx.test", mailbox)
        self.box = self.host.mailbox
        self.mock = Mock(self.host, Zone())
        self.watches = Watches(self.mock, self.clock)
        self.numbers = itertools.count(1)

    def start(
        self, listing: Any, count: int, seconds: float, settle: float
    ) -> Deferred[Waiter[Any, Any]]:
        """Begin to wait."""
        asked = Waiting(count, seconds, settle)
        return Deferred.fromCoroutine(self.watches.wait(listing, asked))

    def assert_idle(self) -> None:
        """Nothing is scheduled, and no list listened to."""
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertEqual(self.box.listeners, [])
        self.assertEqual(self.host.journal.listeners, [])
        self.assertEqual(self.mock._observers, [])

    def found(self, waiter: Waiter[Any, Any]) -> list[Any]:
        """What a waiter has found, and is kept."""
        return self.successResultOf(Deferred.fromCoroutine(waiter.found()))


class MailCase(WaitingCase):
    """Requests that wait for mails"""

    def mails(self, host: str | None, **wanted: Any) -> MailListing:
        """The mails that match, without threads."""
        return MailListing(self.mock, host, MailQuery(**wanted), self.fail)

    def wait(
        self, count: int = 1, seconds: float = 10.0, settle: float = 0.0, **wanted: Any
    ) -> Deferred[Waiter[Mail, Any]]:
        """Begin to wait for mails."""
        listing = self.mails("default", **wanted)
        return self.start(listing, count, seconds, settle)


class MailTests(MailCase):
    """Waiting for mails"""

    def test_enough_at_the_beginning(self) -> None:
        """It ends immediately, with all that match."""
        keep(self.box)
        keep(self.box)
        waiter = self.successResultOf(self.wait())
        self.assertEqual(len(self.found(waiter)), 2)
        self.assert_idle()

    def test_it_ends_with_the_mail(self) -> None:
        """In the turn after the mail was kept, and nothing is left behind."""
        waiting = self.wait()
        keep(self.box)
        self.assertNoResult(waiting)
        self.clock.advance(0)
        self.assertTrue(self.successResultOf(waiting).satisfied)
        self.assert_idle()

    def test_it_ends_with_the_time(self) -> None:
        """At the deadline, with what was kept until then."""
        waiting = self.wait(count=2, seconds=3.0)
        self.clock.advance(2.9)
        self.assertNoResult(waiting)
        keep(self.box)
        self.clock.pump([0.2])
        waiter = self.successResultOf(waiting)
        self.assertEqual((len(self.found(waiter)), waiter.satisfied), (1, False))
        self.assert_idle()

    def test_what_arrives_at_the_last_moment(self) -> None:
        """All of it is in the answer, however many mails that are."""
        waiting = self.wait(count=10**6, seconds=3.0)
        self.clock.advance(2.999)
        for _ in range(3 * BITE):
            keep(self.box)
        self.clock.advance(0.001)
        self.assertEqual(len(self.found(self.successResultOf(waiting))), 3 * BITE)
        self.assert_idle()

    def test_it_ends_with_the_client(self) -> None:
        """A wait that is cancelled leaves nothing, at any moment."""
        for moment in (
            lambda: None,
            lambda: keep(self.box),
            lambda: self.clock.advance(0),
        ):
            waiting = self.wait(count=1, settle=5.0)
            moment()
            waiting.cancel()
            self.failureResultOf(waiting, CancelledError)
            self.assert_idle()
            self.box.clear()

    def test_one_that_leaves_does_not_disturb_the_others(self) -> None:
        """Those that stay hear of the next mail."""
        first, second = self.wait(), self.wait()
        first.cancel()
        self.failureResultOf(first, CancelledError)
        keep(self.box)
        self.clock.advance(0)
        self.successResultOf(second)
        self.assert_idle()

    def test_a_burst_schedules_one_call(self) -> None:
        """However many mails arrive in a turn, and however many wait."""
        for number in range(100):
            self.wait(count=100)
            self.wait(recipient=f"{number}@x.test")
        calls = len(self.clock.getDelayedCalls())
        for _ in range(50):
            keep(self.box)
        self.assertEqual(len(self.clock.getDelayedCalls()), calls + 1)

    def test_a_mail_that_no_request_waits_for(self) -> None:
        """It schedules nothing."""
        self.wait(recipient="nobody@x.test")
        calls = len(self.clock.getDelayedCalls())
        keep(self.box)
        self.assertEqual(len(self.clock.getDelayedCalls()), calls)

    def test_a_mail_is_offered_to_those_that_may_want_it(self) -> None:
        """Requests for another recipient or sender are not asked."""
        for number in range(1000):
            self.wait(recipient=f"{number}@x.test")
            self.wait(sender=f"{number}@x.test")
        waiting = self.wait(recipient="alice@x.test")
        with patch.object(
            Waiter, "offer", autospec=True, side_effect=Waiter.offer
        ) as offer:
            keep(self.box)
            self.clock.advance(0)
        self.assertEqual(offer.call_count, 1)
        self.successResultOf(waiting)

    def test_all_that_wait_are_answered(self) -> None:
        """A mail ends the waits of all that it matches, and of no others."""
        for_alice = [self.wait(recipient="alice@x.test") for _ in range(3)]
        for_jack = [self.wait(recipient="jack@x.test") for _ in range(3)]
        keep(self.box)
        self.clock.advance(0)
        for waiting in for_alice:
            self.successResultOf(waiting)
        for waiting in for_jack:
            self.assertNoResult(waiting)

    def test_looking_is_cut_in_slices(self) -> None:
        """The reactor turns between, and no request is forgotten."""
        self.begin(TickingClock())
        waits = [self.wait(count=50, subject="hi") for _ in range(5)]
        for _ in range(50):
            keep(self.box)
        for _ in range(100):
            self.clock.advance(0)
        for waiting in waits:
            self.successResultOf(waiting)
        self.assertGreater(self.clock.turns, 10)
        self.assert_idle()

    def test_mails_that_arrive_during_the_first_look(self) -> None:
        """They are not lost, and count once."""
        for _ in range(20):
            keep(self.box)
        self.begin_again_ticking()
        waiting = self.wait(count=21, subject="hi")
        self.assertNoResult(waiting)
        keep(self.box)
        for _ in range(30):
            self.clock.advance(0)
        self.assertEqual(len(self.found(self.successResultOf(waiting))), 21)
        self.assert_idle()

    def begin_again_ticking(self) -> None:
        """The same host, by a clock that ticks."""
        self.clock = TickingClock()
        self.watches = Watches(self.mock, self.clock)

    def test_too_many_changes_are_looked_at_immediately(self) -> None:
        """So that no more than a bound are held."""
        self.patch(waiting_module, "MAX_CHANGES", 10)
        waiting = self.wait(count=10)
        for _ in range(9):
            keep(self.box)
        self.assertNoResult(waiting)
        keep(self.box)
        self.successResultOf(waiting)
        self.assert_idle()

    def test_a_wait_for_more_than_is_kept_holds_little(self) -> None:
        """What was evicted is forgotten by a waiter too."""
        self.patch(waiting_module, "PAUSE", 0.0)
        self.begin(Clock(), Mailbox(max_mails=10))
        waiting = self.wait(count=10**9)
        for _ in range(1000):
            keep(self.box)
            self.clock.advance(0)
        self.clock.advance(10)
        waiter = self.successResultOf(waiting)
        self.assertLess(len(waiter._numbers), 3 * BITE)
        self.assertEqual(self.found(waiter), self.box.mails())

    def test_mail_upon_mail_is_one_look_a_pause(self) -> None:
        """The first is looked at in the next turn, those behind it together."""
        waiting = self.wait(count=3)
        for _ in range(3):
            keep(self.box)
            self.clock.advance(0)
        self.assertNoResult(waiting)
        self.clock.advance(PAUSE)
        self.successResultOf(waiting)

    def test_hosts_do_not_disturb_each_other(self) -> None:
        """A mail of one host ends no wait for another's; all hosts have both."""
        other = MailHost("mx2", "mx2.test", Mailbox(quota=self.box.quota))
        self.mock.add(other)
        waiting = self.wait()
        everywhere = self.mails(None)
        both = self.start(everywhere, 2, 10.0, 0.0)
        keep(other.mailbox)
        self.clock.advance(0)
        self.assertNoResult(waiting)
        keep(self.box)
        self.clock.advance(PAUSE)
        self.successResultOf(waiting)
        found = self.found(self.successResultOf(both))
        self.assertEqual([mail.number for mail in found], [1, 2])

    def test_a_host_that_is_added(self) -> None:
        """It may be waited for before it exists."""
        listing = self.mails("mx2")
        waiting = self.start(listing, 1, 10.0, 0.0)
        other = MailHost("mx2", "mx2.test", Mailbox(quota=self.box.quota))
        self.mock.add(other)
        keep(other.mailbox)
        self.clock.advance(0)
        self.successResultOf(waiting)
        self.assertEqual(other.mailbox.listeners, [])


class SettleTests(MailCase):
    """Waiting until the matches have not changed for a time"""

    def test_no_further_mail(self) -> None:
        """It ends when none has followed for that long."""
        waiting = self.wait(settle=2.0)
        self.clock.advance(1.0)
        keep(self.box)
        self.clock.pump([0, 1.9])
        self.assertNoResult(waiting)
        self.clock.advance(0.1)
        self.assertEqual(len(self.found(self.successResultOf(waiting))), 1)
        self.assert_idle()

    def test_a_second_copy(self) -> None:
        """Each further match begins the time anew, and is in the answer."""
        waiting = self.wait(settle=2.0)
        for _ in range(3):
            keep(self.box)
            self.clock.pump([0, 1.5])
            self.assertNoResult(waiting)
        self.clock.advance(0.5)
        self.assertEqual(len(self.found(self.successResultOf(waiting))), 3)
        self.assert_idle()

    def test_what_there_is_at_the_beginning(self) -> None:
        """It must not change either, from the request on."""
        keep(self.box)
        waiting = self.wait(settle=2.0)
        self.clock.advance(1.9)
        self.assertNoResult(waiting)
        self.clock.advance(0.1)
        self.successResultOf(waiting)
        self.assert_idle()

    def test_others_do_not_matter(self) -> None:
        """A mail that does not match begins nothing anew."""
        keep(self.box)
        waiting = self.wait(settle=2.0, recipient="alice@x.test")
        self.clock.advance(1.9)
        keep(self.box, to=("bob@x.test",))
        self.clock.advance(0.1)
        self.successResultOf(waiting)

    def test_one_that_was_removed(self) -> None:
        """Where too few are left, the wait continues."""
        keep(self.box)
        waiting = self.wait(settle=2.0)
        self.box.clear()
        self.clock.advance(2.0)
        self.assertNoResult(waiting)
        keep(self.box)
        self.clock.pump([0, 2.0])
        self.assertTrue(self.successResultOf(waiting).satisfied)
        self.assert_idle()

    def test_the_time_is_up_first(self) -> None:
        """The answer has what was found, and is not settled."""
        waiting = self.wait(seconds=3.0, settle=2.0)
        for _ in range(2):
            self.clock.advance(1.4)
            keep(self.box)
        self.clock.pump([0, 0.2])
        waiter = self.successResultOf(waiting)
        self.assertEqual((len(self.found(waiter)), waiter.satisfied), (2, False))
        self.assert_idle()


class SessionTests(WaitingCase):
    """Waiting for sessions"""

    def attempt(self, *to: str) -> None:
        """Deliver a mail on a connection of its own."""
        client = Client(self.host, self.numbers)
        client.deliver(*to)
        client.quit()

    def wait(
        self, count: int = 1, seconds: float = 10.0, settle: float = 0.0, **wanted: Any
    ) -> Deferred[Waiter[Any, Any]]:
        """Begin to wait for sessions."""
        listing = SessionListing(self.mock, None, SessionQuery(**wanted))
        return self.start(listing, count, seconds, settle)

    def test_a_client_that_leaves(self) -> None:
        """A wait that is cancelled leaves nothing, at any moment."""
        for moment in (
            lambda: None,
            lambda: self.attempt("a@x.test"),
            lambda: self.clock.advance(0),
        ):
            waiting = self.wait(count=3, recipient="a@x.test")
            moment()
            waiting.cancel()
            self.failureResultOf(waiting, CancelledError)
            self.assert_idle()

    def test_only_those_look_whom_it_concerns(self) -> None:
        """A thousand that wait for other mails are not asked."""
        for number in range(1000):
            self.wait(recipient=f"{number}@x.test")
            self.wait(sender=f"{number}@x.test")
            self.wait(outcome=Outcome.REFUSED)
        waiting = self.wait(recipient="A@X.test", outcome=Outcome.ACCEPTED)
        with patch.object(
            Waiter, "offer", autospec=True, side_effect=Waiter.offer
        ) as offer:
            self.attempt("b@x.test", "A@x.test")
            self.clock.advance(0)
        self.assertEqual(offer.call_count, 1)
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
        self.watches = Watches(self.mock, self.clock)
        waiting = self.wait(count=21, recipient="a@x.test")
        self.attempt("a@x.test")
        for _ in range(30):
            self.clock.advance(0)
        self.assertGreater(self.clock.turns, 3)
        self.assertEqual(len(self.found(self.successResultOf(waiting))), 21)

    def test_a_retry_in_the_same_session(self) -> None:
        """Another match of a session that matches already begins settling anew."""
        client = Client(self.host, self.numbers)
        client.deliver("a@x.test")
        waiting = self.wait(settle=2.0, recipient="a@x.test")
        self.clock.advance(1.5)
        client.deliver("a@x.test")
        self.clock.pump([0, 1.5])
        self.assertNoResult(waiting)
        self.clock.advance(0.5)
        self.assertEqual(len(self.found(self.successResultOf(waiting))), 1)

    def test_a_wait_for_more_than_is_kept_holds_little(self) -> None:
        """What was evicted is forgotten by a waiter too."""
        self.patch(waiting_module, "PAUSE", 0.0)
        self.host.journal = Journal(10)
        waiting = self.wait(count=10**9)
        for _ in range(500):
            self.attempt("a@x.test")
            self.clock.advance(0)
        self.clock.advance(10)
        waiter = self.successResultOf(waiting)
        self.assertLess(len(waiter._numbers), 3 * BITE)
        self.assertEqual(self.found(waiter), self.host.journal.sessions())

    def test_a_host_that_is_removed(self) -> None:
        """What its last connections do schedules nothing."""
        gone = MailHost("mx2", "mx2.test")
        self.mock.add(gone)
        waiting = self.wait()
        del self.mock.hosts["mx2"]
        waiting.cancel()
        self.failureResultOf(waiting, CancelledError)
        Client(gone, self.numbers).quit()
        self.assert_idle()
        self.assertEqual(gone.journal.listeners, [])

    def test_it_is_found_by_the_recipient_first(self) -> None:
        """That is the most selective; where neither is asked for, by nothing."""
        for wanted, key in (
            ({"recipient": "a@X.test", "sender": "b@x.test"}, ("to", "a@x.test")),
            ({"sender": ""}, ("from", "")),
            ({"outcome": Outcome.REFUSED}, ("outcome", Outcome.REFUSED)),
            ({"kept": True}, ("kept", True)),
            ({"host": "default"}, None),
        ):
            listing = SessionListing(self.mock, None, SessionQuery(**wanted))
            self.assertEqual(listing.key, key)
        self.assertIsNone(SessionListing(self.mock, None, EVERY_SESSION).key)
