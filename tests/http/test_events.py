"""``/events``, over a real connection"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from socket import SO_SNDBUF, SOL_SOCKET
from typing import Any

import orjson
from twisted.internet import reactor
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import HostnameEndpoint, connectProtocol
from twisted.internet.protocol import Protocol
from twisted.internet.task import Clock, deferLater
from twisted.trial.unittest import SynchronousTestCase, TestCase

from mocksmtp.behaviors.point import Command
from mocksmtp.events import MAX_EVENTS, EventBus, event_document
from mocksmtp.hosts.host import MailHost
from mocksmtp.http import events
from mocksmtp.http.events import (
    EVENTS_AT_ONCE,
    HEARTBEAT,
    EventFeed,
    EventReader,
)
from mocksmtp.http.site import HttpSettings, make_site
from mocksmtp.listening import TrackedFactory
from mocksmtp.mock import Mock
from mocksmtp.zone.answer import Question
from mocksmtp.zone.zone import Zone
from tests.http.rig import keep
from tests.session_client import Client
from tests.smtp.dialogue import behavior


class EventClient(Protocol):
    """Sends one request, and collects what comes."""

    def __init__(self, request: bytes) -> None:
        self.request = request
        self.received = b""
        self.gone = False

    def connectionMade(self) -> None:
        self.transport.write(self.request)

    def dataReceived(self, data: bytes) -> None:
        self.received += data

    def connectionLost(self, reason: object = None) -> None:
        self.gone = True

    def has(self, part: bytes, count: int = 1) -> bool:
        return self.received.count(part) >= count


async def until(condition: Callable[[], bool]) -> None:
    """Let the reactor turn until something is so; trial ends what never is."""
    while not condition():
        await deferLater(reactor, 0)


class EventsTests(TestCase):
    """A site on the loopback address"""

    timeout = 20

    def setUp(self) -> None:
        self.mock = Mock(MailHost("default", "mx.test"), Zone())
        self.site = make_site(self.mock, reactor, HttpSettings())
        self.factory = TrackedFactory(self.site)
        self.port = reactor.listenTCP(0, self.factory, interface="127.0.0.1")
        self.addCleanup(self.port.stopListening)
        self.clients: list[EventClient] = []
        self.addCleanup(self.leave)
        self.api = self.site.resource.api

    async def connect(
        self, path: str = "/events", *headers: str, method: str = "GET"
    ) -> EventClient:
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *headers, "", ""]
        client = EventClient("\r\n".join(lines).encode())
        endpoint = HostnameEndpoint(reactor, "127.0.0.1", self.port.getHost().port)
        await connectProtocol(endpoint, client)
        self.clients.append(client)
        return client

    async def leave(self) -> None:
        """Close all connections, and wait until the server has seen it."""
        for client in self.clients:
            client.transport.abortConnection()
        await until(lambda: not self.factory.protocols)

    async def test_events_come_as_they_happen(self) -> None:
        """The header comes at once, for nothing may happen for long."""
        client = await self.connect()
        await until(lambda: client.has(b":\n\n"))
        self.assertIn(b"\r\nContent-Type: text/event-stream\r\n", client.received)
        self.assertIn(b"\r\nCache-Control: no-store\r\n", client.received)
        keep(self.mock.default.mailbox)
        await until(lambda: client.has(b"event: mail\n"))

    async def test_counts(self) -> None:
        """With `every`, the number of events of each kind, at most once in a time."""
        client = await self.connect("/events?every=50ms")
        await until(lambda: client.has(b":\n\n"))
        for _ in range(3):
            keep(self.mock.default.mailbox)
        await until(lambda: client.has(b"event: changes\n"))
        self.assertIn(b'data: {"counts":{"mail":3}}\n\n', client.received)
        self.assertNotIn(b"event: mail", client.received)

    async def test_counts_of_a_host(self) -> None:
        """And of kinds; what was dropped is counted too."""
        client = await self.connect("/events?every=50ms&host=mx2&kinds=mail")
        await until(lambda: client.has(b":\n\n"))
        keep(self.mock.default.mailbox)
        self.mock.add(MailHost("mx2", "mx2.test"))
        keep(self.mock.hosts["mx2"].mailbox)
        await until(lambda: client.has(b"event: changes\n"))
        self.assertIn(b'{"counts":{"mail":1}}', client.received)
        for _ in range(MAX_EVENTS + 7):
            keep(self.mock.hosts["mx2"].mailbox)
        await until(lambda: client.has(b"dropped"))

    async def test_a_counting_client_that_leaves(self) -> None:
        """No timer is left (which trial looks for)."""
        client = await self.connect("/events?every=50ms")
        await until(lambda: client.has(b":\n\n"))
        await self.leave()

    async def test_a_client_that_leaves(self) -> None:
        """No timer is left (which trial looks for), and no reader."""
        client = await self.connect()
        await until(lambda: client.has(b":\n\n"))
        await self.leave()
        keep(self.mock.default.mailbox)
        self.assertEqual(self.api.events._readers, {})

    async def test_a_client_that_comes_again(self) -> None:
        """It says which event it knows, and gets those behind it."""
        client = await self.connect()
        await until(lambda: client.has(b":\n\n"))
        for _ in range(3):
            keep(self.mock.default.mailbox)
        await until(lambda: client.has(b"event: mail", 3))
        first = client.received.split(b"id: ")[1].split(b"\n")[0].decode()
        again = await self.connect("/events", f"Last-Event-ID: {first}")
        await until(lambda: again.has(b"event: mail", 2))
        self.assertNotIn(first.encode() + b"\n", again.received)
        self.assertNotIn(b"dropped", again.received)

    async def test_a_reader_that_never_reads(self) -> None:
        """It is cut off; what waits for it is bounded, and others read on."""
        idle, reader = await self.connect(), await self.connect()
        for client in idle, reader:
            await until(lambda client=client: client.has(b":\n\n"))
        idle.transport.pauseProducing()
        connections = [each.transport for each in self.factory.protocols]
        for connection in connections:
            connection.socket.setsockopt(SOL_SOCKET, SO_SNDBUF, 4096)
        to = tuple(f"{'r' * 60}{n}@x.test" for n in range(100))
        largest = 0
        while len(self.api.events._readers) == 2:
            keep(self.mock.default.mailbox, to=to)
            await until(lambda: reader.has(b"event: mail"))
            reader.received = b""
            largest = max(largest, *map(outstanding, connections))
        self.assertLess(largest, 256 * 1024)
        keep(self.mock.default.mailbox)
        await until(lambda: reader.has(b"event: mail"))
        idle.transport.resumeProducing()
        await until(lambda: idle.gone)

    async def test_of_one_host(self) -> None:
        """Below the host's path; another host's are not told."""
        other = MailHost("mx2", "mx2.test")
        self.mock.add(other)
        client = await self.connect("/hosts/mx2/events")
        await until(lambda: client.has(b":\n\n"))
        keep(self.mock.default.mailbox)
        keep(other.mailbox, sender="other@x.test")
        await until(lambda: client.has(b"other@x.test"))
        self.assertEqual(client.received.count(b"event: mail"), 1)

    async def test_the_stream_of_a_host_that_goes(self) -> None:
        """It ends as a whole answer does, and the connection stays."""
        self.mock.add(MailHost("mx2", "mx2.test"))
        client = await self.connect("/hosts/mx2/events")
        await until(lambda: client.has(b":\n\n"))
        self.api.forget(self.mock.hosts["mx2"])
        await until(lambda: client.received.endswith(b"0\r\n\r\n"))

    async def test_only_the_header(self) -> None:
        """HEAD is answered, and waits for nothing."""
        client = await self.connect(method="HEAD")
        await until(lambda: client.has(b"\r\n\r\n"))
        self.assertIn(b"text/event-stream", client.received)
        self.assertEqual(self.api.events._readers, {})

    async def test_it_is_no_subscription_to_nothing(self) -> None:
        """A parameter that is not known is told, as anywhere."""
        client = await self.connect("/events?type=mail")
        await until(lambda: client.has(b"?type"))
        self.assertTrue(client.received.startswith(b"HTTP/1.1 400 "))

    async def test_by_kinds_and_host(self) -> None:
        """Several kinds are separated by commas; ``host`` names one host, or all."""
        other = MailHost("mx2", "mx2.test")
        self.mock.add(other)
        one = await self.connect("/events?kinds=reset,records&host=*")
        two = await self.connect("/events?kinds=mail&host=mx2")
        for client in one, two:
            await until(lambda client=client: client.has(b":\n\n"))
        keep(self.mock.default.mailbox, sender="default@x.test")
        keep(other.mailbox, sender="other@x.test")
        self.mock.zone = Zone()
        self.mock.reset()
        await until(lambda: one.has(b"event: reset\n") and two.has(b"event: mail\n"))
        self.assertEqual(one.received.count(b"event: "), 2)
        self.assertIn(b'"count":0}', one.received)
        self.assertNotIn(b"default@x.test", two.received)

    async def test_what_a_session_says(self) -> None:
        """Its exchanges are sent on request only; its beginning to all."""
        one = await self.connect()
        two = await self.connect("/events?kinds=exchange,sessionStarted")
        for client in one, two:
            await until(lambda client=client: client.has(b":\n\n"))
        sender = Client(self.mock.default, itertools.count(1), Clock())
        sender.deliver("you@b.test")
        sender.quit()
        await until(lambda: two.has(b'"line":"QUIT"'))
        await until(lambda: one.has(b"event: session\n"))
        self.assertTrue(two.has(b'"line":"RCPT TO:<you@b.test>","reply":{"code":250,'))
        self.assertFalse(one.has(b"event: exchange"))
        self.assertTrue(one.has(b"event: sessionStarted"))

    async def test_a_delivery(self) -> None:
        """It is derived while somebody reads, with what was settled before."""
        sender = Client(self.mock.default, itertools.count(1), reactor)
        self.addCleanup(sender.quit)
        sender.deliver("first@b.test")
        client = await self.connect("/events?kinds=delivery")
        await until(lambda: client.has(b":\n\n"))
        await until(lambda: self.api.events.bus.follows_deliveries)
        sender.deliver("second@b.test")
        await until(lambda: client.has(b"event: delivery\n"))
        self.assertTrue(client.has(b'"final":"accepted","copies":1,"attemptCount":1'))
        self.assertFalse(client.has(b"first@b.test"))

    async def test_deliveries_while_no_reader_was_there(self) -> None:
        """A reader that comes again is sent what has happened meanwhile."""
        client = await self.connect("/events?kinds=delivery,mail")
        await until(lambda: client.has(b":\n\n"))
        await until(lambda: self.api.events.bus.follows_deliveries)
        keep(self.mock.default.mailbox)
        await until(lambda: client.has(b"event: mail\n"))
        last = client.received.split(b"id: ")[-1].split(b"\n")[0].decode()
        client.transport.abortConnection()
        await until(lambda: not self.api.events._readers)
        sender = Client(self.mock.default, itertools.count(1), reactor)
        sender.deliver("you@b.test")
        sender.quit()
        again = await self.connect("/events?kinds=delivery", f"Last-Event-ID: {last}")
        await until(lambda: again.has(b"event: delivery\n"))
        self.assertFalse(again.has(b"dropped"))

    async def test_unknown_kinds(self) -> None:
        """The known ones are named; no stream begins."""
        for path, place in (
            ("/events?kinds=mails", b"did you mean"),
            ("/events?kinds=", b"?kinds"),
            ("/events?kinds=mail,", b"?kinds"),
            ("/hosts/default/events?host=default", b"?host"),
        ):
            client = await self.connect(path)
            await until(lambda client=client: client.received.endswith(b"}"))
            self.assertTrue(client.received.startswith(b"HTTP/1.1 400 "), path)
            self.assertIn(place, client.received)
        self.assertFalse(self.api.events.bus.active)

    async def test_the_heartbeat(self) -> None:
        """A connection on which nothing happens is not taken for dead."""
        self.patch(events, "HEARTBEAT", 0.01)
        client = await self.connect()
        await until(lambda: client.has(b":\n\n", 3))


def outstanding(transport: object) -> int:
    """Octets that wait to be sent."""
    return len(transport.dataBuffer) + sum(map(len, transport._tempDataBuffer))


class DocumentTests(SynchronousTestCase):
    """`event_document`"""

    def setUp(self) -> None:
        self.clock = Clock()
        self.host = MailHost("default", "mx.test")
        self.bus = EventBus(Mock(self.host, Zone()), self.clock.seconds)
        self.bus.activate()

    def documents(self) -> list[dict[str, Any]]:
        """All that has happened; it was at the same time."""
        documents = [event_document(event) for event in self.bus.behind(0, 99)]
        for document in documents:
            self.assertEqual(document.pop("at"), "1970-01-01T00:00:00.000Z")
        return documents

    def deliver(self, sender: str = "me@a.test") -> None:
        client = Client(self.host, itertools.count(1), self.clock)
        client.say("HELO me.test")
        client.deliver("you@b.test", sender=sender)
        client.quit()

    def test_a_mail_and_its_session(self) -> None:
        """The mail, what became of the transaction, and the end."""
        self.deliver(sender="")
        started, mail, transaction, session = self.documents()
        self.assertEqual((started["id"], started["endedAt"]), ("1", None))
        client = {"clientIp": "192.168.1.1", "helo": "me.test"}
        self.assertEqual(
            mail,
            {
                "host": "default",
                "id": "1",
                "from": "<>",
                "recipients": ["you@b.test"],
                "recipientCount": 1,
                "size": 7,
                "session": "1",
                **client,
            },
        )
        self.assertEqual(
            transaction,
            {
                "host": "default",
                "session": "1",
                "from": "<>",
                "recipients": [
                    {"address": "you@b.test", "outcome": "accepted", "kept": True}
                ],
                "recipientCount": 1,
                "outcome": "accepted",
                "kept": True,
                "reply": {"code": 250, "text": "2.0.0 Message kept"},
                "mailId": "1",
                **client,
            },
        )
        self.assertEqual(
            (session["id"], session["end"], session["transactionCount"]),
            ("1", "quit", 1),
        )
        self.assertNotIn("transcript", session)

    def test_a_behavior(self) -> None:
        """Which one it was, what it answered, and on what."""
        self.host.behaviors.replace_all([behavior(Command.MAIL_FROM, 450, "busy")])
        self.deliver()
        changed, _, fired, *_ = self.documents()
        self.assertEqual(changed, {"host": "default", "protocol": "smtp", "count": 1})
        self.assertEqual(
            fired,
            {
                "host": "default",
                "behavior": "1",
                "command": "MAIL FROM",
                "reply": {"code": 450, "text": "busy"},
                "fired": 1,
                "subject": "me@a.test",
            },
        )

    def test_a_query(self) -> None:
        """What was asked, how it was answered, and who asked."""
        self.bus.query(Question("Ex.test", 15), 3, "udp", "192.0.2.1")
        self.bus.query(None, 15, "tcp", "192.0.2.1")
        self.bus.query(None, None, "udp", "192.0.2.1", "b1")
        told = {"transport": "udp", "clientIp": "192.0.2.1", "behavior": None}
        self.assertEqual(
            self.documents(),
            [
                {"name": "Ex.test", "type": "MX", "rcode": "NXDOMAIN", **told},
                {
                    "name": None,
                    "type": None,
                    "rcode": "RCODE15",
                    **told,
                    "transport": "tcp",
                },
                {
                    "name": None,
                    "type": None,
                    "rcode": None,
                    **told,
                    "behavior": "b1",
                },
            ],
        )


class Connection:
    """A request as far as a reader knows it, and what was written to it."""

    def __init__(self) -> None:
        self.written = b""
        self.largest = 0
        self.aborted = False
        self.producer: EventReader | None = None

    @property
    def transport(self) -> Connection:
        return self

    def abortConnection(self) -> None:
        self.aborted = True

    def registerProducer(self, producer: EventReader, streaming: bool) -> None:
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
    """`EventFeed` and `EventReader`"""

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
        reader = EventReader(connection, self.feed, host, seen, missed)
        reading = Deferred.fromCoroutine(reader.run())
        return connection, reading

    def ids(self, connection: Connection) -> list[str]:
        self.clock.advance(0)
        return [name for name, _, _ in connection.take()]

    def assert_idle(self) -> None:
        """Nothing is scheduled, and no listener is registered."""
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertEqual(self.feed._readers, {})
        self.assertIsNone(self.bus._next_listener)
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
        for _ in range(3 * EVENTS_AT_ONCE):
            keep(self.host.mailbox)
        connection, _ = self.read("abc-0")
        self.assertEqual(
            self.ids(connection), [f"abc-{n + 1}" for n in range(3 * EVENTS_AT_ONCE)]
        )
        self.assertEqual(connection.largest, EVENTS_AT_ONCE)

    def test_a_gap_is_told(self) -> None:
        """With the number of the events that are not kept any more."""
        for _ in range(MAX_EVENTS + 7):
            keep(self.host.mailbox)
        connection, _ = self.read("abc-2")
        self.clock.advance(0)
        dropped, first, *_ = connection.take()
        self.assertEqual(dropped, ("", "dropped", {"count": 5}))
        self.assertEqual(first[0], "abc-8")

    def test_a_gap_in_which_nothing_was_noted(self) -> None:
        """How much was missed can't be told, from the last event that was noted on."""
        keep(self.host.mailbox)
        self.bus.deactivate()
        keep(self.host.mailbox)
        self.bus.activate()
        for known in "abc-0", "abc-1":
            connection, reading = self.read(known)
            self.clock.advance(0)
            self.assertEqual(
                connection.take(), [("", "dropped", {"count": None})], known
            )
            reading.cancel()
            self.failureResultOf(reading, CancelledError)
        connection, _ = self.read()
        keep(self.host.mailbox)
        (name,) = self.ids(connection)
        connection, _ = self.read(name)
        self.assertEqual(self.ids(connection), [])

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
        self.assertEqual(self.ids(connection), ["abc-4"])

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
