"""Events of several replicas"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from twisted.internet.defer import Deferred

from mocksmtp.events import LINGER, MAX_EVENTS, USUAL, EventKind, event_document
from mocksmtp.http.events import EventFeed
from mocksmtp.shared_events import PERIOD
from mocksmtp.store.interface import StoreError
from mocksmtp.zone.answer import Question
from mocksmtp.zone.names import Name
from tests.store.replica import Replica, ReplicaCase

REFUSED = {"command": "RCPT TO", "response": {"code": 451, "message": "later"}}


class SharedEventsTests(ReplicaCase):
    """`SharedEventBus`"""

    def read(
        self,
        replica: Replica,
        kinds: Collection[EventKind] = USUAL,
        last_id: str | None = None,
    ) -> tuple[int, int | None]:
        """Begin to read; where, and how many are missed."""
        feed = EventFeed(replica.bus, self.clock, "0")
        opened = self.successResultOf(Deferred.fromCoroutine(feed.open(kinds, last_id)))
        replica.bus.join(kinds)
        return opened

    def leave(self, replica: Replica, kinds: Collection[EventKind] = USUAL) -> None:
        replica.bus.leave(kinds)
        replica.bus.close()

    def events(self, replica: Replica, after: int = 0) -> list[tuple[Any, ...]]:
        """The kinds and hosts of the events that a replica has."""
        self.clock.advance(0)
        found = replica.bus.behind(after, MAX_EVENTS)
        return [(event[0].value, event[2]) for event in found]

    def test_nothing_is_published_before_anybody_reads(self) -> None:
        """Neither are hosts listened to."""
        self.a.connect().deliver("bob@x.test")
        self.assertEqual(self.cluster.events, [])
        self.assertEqual(self.a.host.journal.listeners, [])

    def test_events_of_all(self) -> None:
        """Each event once, under the same number on each replica with readers."""
        self.read(self.a)
        self.read(self.b)
        self.a.connect().deliver("bob@x.test")
        self.b.connect("mx2").deliver("carl@x.test")
        question = Question(Name.parse("a.test"), 1)
        self.b.bus.query(question, 0, "udp", "192.0.2.1")
        self.same("/smtpSessions")
        found = self.events(self.a)
        kinds = ["sessionStarted", "mail", "transaction", "session"]
        self.assertCountEqual(
            found,
            [
                *((kind, "default") for kind in kinds),
                *((kind, "mx2") for kind in kinds),
                ("dnsQuery", None),
            ],
        )
        self.assertEqual(self.events(self.b), found)
        self.assertEqual(self.a.bus.last, 9)
        documents = [event_document(one) for one in self.a.bus.behind(0, 99)]
        (mail,) = [
            one
            for one in documents
            if "carl@x.test" in one.get("recipients", ()) and "size" in one
        ]
        self.assertEqual((mail["host"], mail["recipientCount"]), ("mx2", 1))

    def test_changes_by_the_api(self) -> None:
        """They are events of the replica that received the request."""
        self.read(self.b)
        self.assertEqual(self.a.ask("PUT", "/smtpBehaviors", [REFUSED]).status, 204)
        self.assertEqual(self.a.ask("POST", "/reset").status, 204)
        self.assertEqual(
            [kind for kind, _ in self.events(self.b)],
            ["behaviors", "behaviors", "reset"],
        )

    def test_a_reader_that_continues_on_another_replica(self) -> None:
        """It misses nothing, also of the time in which nobody has read."""
        self.read(self.a)
        self.a.connect().deliver("bob@x.test")
        self.events(self.a)
        self.leave(self.a)
        self.b.connect().deliver("carl@x.test")
        self.clock.advance(1)
        seen, missed = self.read(self.b, last_id="0-2")
        self.assertEqual((seen, missed), (2, 0))
        self.assertEqual(len(self.events(self.b, 2)), 6)
        self.assertEqual(self.read(self.b), (8, 0))

    def test_events_that_are_not_kept(self) -> None:
        """Those between are counted as missed."""
        self.read(self.a)
        for _ in range(3):
            self.a.connect().deliver("bob@x.test")
            self.events(self.a)
        del self.cluster.events[:5]
        seen, missed = self.read(self.b, last_id="0-2")
        self.assertEqual((seen, missed), (2, 0))
        self.assertEqual(self.b.bus.oldest, 6)

    def test_a_while_after_the_last_reader(self) -> None:
        """All replicas stop, and a reader that comes again has the old events."""
        self.read(self.a)
        self.b.connect().deliver("bob@x.test")
        self.events(self.a)
        self.leave(self.a)
        self.clock.advance(LINGER + 1)
        for replica in (self.a, self.b):
            replica.connect().deliver("carl@x.test")
            self.assertFalse(replica.bus.active)
        self.assertEqual(len(self.cluster.events), 4)
        self.assertEqual(self.read(self.a, last_id="0-1"), (1, 0))
        self.assertEqual(len(self.events(self.a, 1)), 3)

    def test_a_replica_that_starts_later(self) -> None:
        """It is told of the readers within `PERIOD`."""
        self.read(self.a)
        late = self.start("c")
        self.clock.advance(PERIOD)
        late.connect().deliver("bob@x.test")
        self.assertEqual(len(self.events(self.a)), 4)

    def test_exchanges(self) -> None:
        """All replicas record them while one has readers of them."""
        self.read(self.a, {EventKind.EXCHANGE})
        self.b.connect().say("EHLO h.test")
        found = [kind for kind, _ in self.events(self.a)]
        self.assertEqual(found.count("exchange"), 2)

    def test_deliveries(self) -> None:
        """A change is published once, with the attempts of all replicas."""
        for replica in (self.a, self.b):
            self.read(replica)
            replica.bus.follow_deliveries()
        self.a.behave(REFUSED)
        for replica in (self.a, self.b):
            replica.connect().deliver("bob@x.test")
            self.clock.advance(0.1)
            for each in (self.a, self.b):
                each.settle()
                each.mock.deliveries.update(self.clock.seconds())
            self.clock.advance(0)
        events = self.b.bus.behind(0, 99)
        found = [event_document(one) for one in events if one[0] is EventKind.DELIVERY]
        self.assertEqual(
            [(one["final"], one["attemptCount"]) for one in found],
            [("deferred", 1), ("accepted", 2)],
        )

    def test_deliveries_go_on_elsewhere(self) -> None:
        """The next replica publishes what has changed since the last event."""
        self.read(self.a)
        self.a.bus.follow_deliveries()
        self.b.connect().deliver("bob@x.test")
        self.a.settle()
        self.a.mock.deliveries.update(self.clock.seconds())
        self.clock.advance(1)
        self.leave(self.a)
        self.b.connect().deliver("carl@x.test")
        self.clock.advance(1)
        self.b.settle()
        self.read(self.b, last_id="0-1")
        self.b.mock.deliveries.update(self.clock.seconds())
        self.b.bus.follow_deliveries()
        found = [kind for kind, _ in self.events(self.b)]
        self.assertEqual(found.count("delivery"), 2)

    def test_the_store_fails(self) -> None:
        """A reader is refused, and nothing is left behind."""
        self.cluster.failure = StoreError("no server")
        answer = self.a.begin("GET", "/events").answer
        assert answer is not None
        self.assertEqual(answer.status, 503)
        feed = EventFeed(self.a.bus, self.clock, "0")
        opening = Deferred.fromCoroutine(feed.open(USUAL, None))
        self.failureResultOf(opening, StoreError)
        self.assertEqual(self.a.store.replicas.watches, 0)
