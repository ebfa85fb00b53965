"""Those who read events, each at its own speed"""

from __future__ import annotations

import orjson
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.events import MAX_EVENTS, EventBus
from mocksmtp.hosts.host import MailHost
from mocksmtp.http.feed import BITE, HEARTBEAT, EventFeed, Reader
from mocksmtp.mock import Mock
from mocksmtp.zone.zone import Zone
from tests.http.rig import keep


class Connection:
    """A request as far as a reader knows it, and what was written to it."""

    def __init__(self) -> None:
        self.written = b""
        self.largest = 0
        self.aborted = False
        self.producer: Reader | None = None

    @property
    def transport(self) -> Connection:
        return self

    def abortConnection(self) -> None:
        self.aborted = True

    def registerProducer(self, producer: Reader, streaming: bool) -> None:
        assert streaming
        self.producer = producer

    def unregisterProducer(self) -> None:
        self.producer = None

    def write(self, octets: bytes) -> None:
        assert self.producer is not None
        self.written += octets
        self.largest = max(self.largest, octets.count(b"\ndata: "))

    def take(self) -> list[tuple[str, str, dict]]:
        """The events that were written: id, kind and data."""
        events = []
        for block in self.written.split(b"\n\n")[:-1]:
            lines = dict(
                line.split(b": ", 1) for line in block.split(b"\n") if line != b":"
            )
            if lines:
                name, kind = lines.get(b"id", b"").decode(), lines[b"event"].decode()
                events.append((name, kind, orjson.loads(lines[b"data"])))
        self.written = b""
        return events


class FeedTests(SynchronousTestCase):
    """`EventFeed` and `Reader`"""

    def setUp(self) -> None:
        self.clock = Clock()
        self.host = MailHost("default", "mx.test")
        self.mock = Mock(self.host, Zone())
        self.bus = EventBus(self.mock, self.clock.seconds)
        self.bus.activate()
        self.feed = EventFeed(self.bus, self.clock, "abc")

    def read(
        self, last_id: str | None = None, host: str | None = None
    ) -> tuple[Connection, Deferred[None]]:
        connection = Connection()
        seen, missed = self.feed.start_of(last_id)
        reader = Reader(connection, self.feed, host, seen, missed)
        reading = Deferred.fromCoroutine(reader.run())
        return connection, reading

    def ids(self, connection: Connection) -> list[str]:
        self.clock.advance(0)
        return [name for name, _, _ in connection.take()]

    def assert_idle(self) -> None:
        """Nothing is scheduled, and no bell hung up."""
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertEqual(self.feed._readers, {})
        self.assertIsNone(self.bus._bell)
        self.assertEqual(self.feed._encoded, {})

    def test_an_event_is_written_at_the_next_turn(self) -> None:
        """With its id, its kind, and a document on one line."""
        connection, _ = self.read()
        self.assertEqual(connection.written, b":\n\n")
        keep(self.host.mailbox, b"line\r\n\nline")
        self.clock.advance(0)
        ((name, kind, data),) = connection.take()
        self.assertEqual((name, kind), ("abc-1", "mail"))
        self.assertEqual((data["id"], data["host"]), ("1", "default"))

    def test_what_was_before_is_not_told(self) -> None:
        """A reader without an id begins now."""
        keep(self.host.mailbox)
        connection, _ = self.read()
        keep(self.host.mailbox)
        self.assertEqual(self.ids(connection), ["abc-2"])

    def test_a_burst_is_one_turn(self) -> None:
        """However many events and readers, one call is scheduled."""
        for _ in range(10):
            self.read()
        self.clock.advance(0)
        calls = len(self.clock.getDelayedCalls())
        for _ in range(50):
            keep(self.host.mailbox)
        self.assertEqual(len(self.clock.getDelayedCalls()), calls + 1)

    def test_a_reader_goes_on(self) -> None:
        """Behind the event that it knows, with nothing twice and nothing missing."""
        for _ in range(5):
            keep(self.host.mailbox)
        connection, _ = self.read("abc-3")
        self.assertEqual(self.ids(connection), ["abc-4", "abc-5"])
        connection, _ = self.read("abc-5")
        self.assertEqual(self.ids(connection), [])

    def test_much_is_written_in_bites(self) -> None:
        """One after the other, in order."""
        for _ in range(3 * BITE):
            keep(self.host.mailbox)
        connection, _ = self.read("abc-0")
        self.assertEqual(
            self.ids(connection), [f"abc-{n + 1}" for n in range(3 * BITE)]
        )
        self.assertEqual(connection.largest, BITE)

    def test_a_gap_is_told(self) -> None:
        """With the number of the events that are not kept any more."""
        for _ in range(MAX_EVENTS + 7):
            keep(self.host.mailbox)
        connection, _ = self.read("abc-2")
        self.clock.advance(0)
        dropped, first, *_ = connection.take()
        self.assertEqual(dropped, ("", "dropped", {"count": 5}))
        self.assertEqual(first[0], "abc-8")

    def test_an_id_that_is_not_known(self) -> None:
        """How much was missed can't be told; what is kept is."""
        keep(self.host.mailbox)
        for unknown in "abd-1", "abc-2", "1", "", "abc-x", "abc-" + "9" * 30:
            connection, _ = self.read(unknown)
            self.clock.advance(0)
            dropped, first = connection.take()
            self.assertEqual(dropped, ("", "dropped", {"count": None}), unknown)
            self.assertEqual(first[0], "abc-1")

    def test_a_burst_that_is_larger_than_what_is_kept(self) -> None:
        """A reader that reads is not cut off, but told of the gap."""
        connection, _ = self.read()
        self.clock.advance(0)
        for _ in range(MAX_EVENTS + 3):
            keep(self.host.mailbox)
        self.clock.advance(0)
        dropped, first, *_ = connection.take()
        self.assertEqual((dropped[2], first[0]), ({"count": 3}, "abc-4"))
        self.assertFalse(connection.aborted)

    def test_a_reader_that_takes_nothing(self) -> None:
        """Nothing is written to it, and it goes on where it was."""
        connection, _ = self.read()
        connection.producer.pauseProducing()
        keep(self.host.mailbox)
        self.assertEqual(self.ids(connection), [])
        self.clock.advance(HEARTBEAT)
        self.assertEqual(connection.written, b"")
        connection.producer.resumeProducing()
        self.assertEqual(self.ids(connection), ["abc-1"])

    def test_a_reader_that_falls_behind(self) -> None:
        """It is cut off when what it has not read is not kept any more."""
        connection, _ = self.read()
        other, _ = self.read()
        connection.producer.pauseProducing()
        for _ in range(MAX_EVENTS):
            keep(self.host.mailbox)
            self.clock.advance(0)
        self.assertFalse(connection.aborted)
        keep(self.host.mailbox)
        self.clock.advance(0)
        self.assertTrue(connection.aborted)
        self.assertEqual(len(other.take()), MAX_EVENTS + 1)
        self.assertFalse(other.aborted)

    def test_of_one_host(self) -> None:
        """Events of others, and of none, are left out."""
        other = MailHost("mx2", "mx2.test")
        self.mock.add(other)
        connection, _ = self.read(host="mx2")
        keep(self.host.mailbox)
        self.bus.query(None, 0, "udp", "")
        keep(other.mailbox)
        self.assertEqual(self.ids(connection), ["abc-3"])

    def test_a_host_that_goes(self) -> None:
        """Who reads only of it is done."""
        _, reading = self.read(host="mx2")
        _, other = self.read()
        self.feed.end("mx2")
        self.successResultOf(reading)
        self.assertNoResult(other)

    def test_the_heartbeat(self) -> None:
        """A comment, time and again."""
        connection, _ = self.read()
        connection.written = b""
        self.clock.advance(HEARTBEAT)
        self.clock.advance(HEARTBEAT)
        self.assertEqual(connection.written, b":\n\n" * 2)

    def test_a_client_that_leaves(self) -> None:
        """Nothing is scheduled for it any more, at whatever moment it does."""
        for moment in (
            lambda: None,
            lambda: keep(self.host.mailbox),
            lambda: self.clock.advance(HEARTBEAT),
        ):
            _, reading = self.read()
            moment()
            reading.cancel()
            self.failureResultOf(reading, CancelledError)
            self.assert_idle()

    def test_an_event_is_encoded_once(self) -> None:
        """For all readers, and not kept longer than the event."""
        connections = [self.read()[0] for _ in range(3)]
        self.clock.advance(0)
        keep(self.host.mailbox)
        self.clock.advance(0)
        event = self.bus.behind(0, 1)[0]
        self.assertIs(self.feed.encode(1, event), self.feed.encode(1, event))
        for connection in connections:
            self.assertEqual(len(connection.take()), 1)
        for _ in range(MAX_EVENTS + 5):
            keep(self.host.mailbox)
            self.clock.advance(0)
        self.assertLessEqual(len(self.feed._encoded), MAX_EVENTS)
