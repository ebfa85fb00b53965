"""Long answers in short slices"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.http.listing import (
    PIECE,
    array_pieces,
    mail_pieces,
    mails_pieces,
    matching,
    send_pieces,
)
from mocksmtp.mail import decoded as decoded_module
from mocksmtp.mail.documents import mail_details, mail_document, mail_summary
from mocksmtp.mail.mail import LARGE
from mocksmtp.mail.mailbox import Mailbox
from mocksmtp.mail.mime import Structure
from mocksmtp.mail.search import MailQuery
from mocksmtp.mail.summary import Summary, summary_of_structure
from tests.http.rig import keep
from tests.http.test_waiting import TickingClock


class Connection:
    """A request whose client takes as much as a test lets it."""

    def __init__(self, room: int = 10**9) -> None:
        self.room = room
        self.written: list[bytes] = []
        self.headers: dict[str, str] = {}
        self.status = 0
        self.producer: Any = None

    def setResponseCode(self, status: int) -> None:
        self.status = status

    def setHeader(self, name: str, value: str) -> None:
        self.headers[name] = value

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        assert streaming
        assert self.producer is None
        self.producer = producer

    def unregisterProducer(self) -> None:
        self.producer = None

    def write(self, octets: bytes) -> None:
        self.written.append(octets)
        self.room -= len(octets)
        if self.room < 0 and self.producer is not None:
            self.producer.pauseProducing()

    def take(self, octets: int) -> None:
        """The client takes some."""
        self.room += octets
        if self.room >= 0 and self.producer is not None:
            self.producer.resumeProducing()


def boxed(count: int, content: bytes = b"text") -> Mailbox:
    """A mailbox with so many mails."""
    mailbox = Mailbox()
    for _ in range(count):
        keep(mailbox, content)
    return mailbox


class SendTests(SynchronousTestCase):
    """A body that is made on the way"""

    def setUp(self) -> None:
        """A clock by which a slice has three pieces."""
        self.clock = TickingClock()

    def send(self, connection: Connection, pieces: Iterator[bytes]) -> Deferred[Any]:
        """Begin to send."""
        sending = send_pieces(connection, pieces, self.clock)  # type: ignore[arg-type]
        return Deferred.fromCoroutine(sending)

    def pieces(self, count: int) -> Iterator[bytes]:
        """So many pieces of an octet."""
        return iter([b"x"] * count)

    def test_a_short_one_is_sent_whole(self) -> None:
        """With its length, and through no producer."""
        connection = Connection()
        sent = self.send(connection, self.pieces(2))
        self.assertEqual(self.successResultOf(sent), b"xx")
        self.assertEqual(connection.headers["Content-Length"], "2")
        self.assertEqual(connection.written, [])

    def test_the_reactor_turns_between_slices(self) -> None:
        """A long one is written a slice at a time, one each turn."""
        connection = Connection()
        sent = self.send(connection, self.pieces(20))
        self.clock.advance(0)
        self.successResultOf(sent)
        self.assertGreater(len(connection.written), 4)
        self.assertEqual(self.clock.turns, len(connection.written) - 1)
        self.assertEqual(b"".join(connection.written), b"x" * 20)
        self.assertIsNone(connection.producer)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_a_slow_client_is_waited_for(self) -> None:
        """Nothing is made that can't be sent; what was made is sent once."""
        connection = Connection(room=5)
        sent = self.send(connection, self.pieces(40))
        for _ in range(10):
            self.clock.advance(0)
        written = len(b"".join(connection.written))
        self.assertLess(written, 12)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        while not sent.called:
            connection.take(5)
            connection.take(0)
            self.clock.advance(0)
        self.assertEqual(b"".join(connection.written), b"x" * 40)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_a_connection_that_is_full_already(self) -> None:
        """The first slice may be too much: the client is asked from then on."""
        connection = Connection(room=0)
        sent = self.send(connection, self.pieces(20))
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertNoResult(sent)
        connection.take(100)
        while not sent.called:
            self.clock.advance(0)
        self.assertEqual(b"".join(connection.written), b"x" * 20)

    def test_a_client_that_leaves(self) -> None:
        """Its handler is cancelled, and nothing is made any more."""
        sent = self.send(Connection(), self.pieces(20))
        sent.cancel()
        self.failureResultOf(sent, CancelledError)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_pieces_that_fail(self) -> None:
        """The failure is the handler's; nothing is left registered."""

        def failing() -> Iterator[bytes]:
            yield from [b"x"] * 10
            raise RuntimeError

        connection = Connection()
        sent = self.send(connection, failing())
        while not sent.called:
            self.clock.advance(0)
        self.failureResultOf(sent, RuntimeError)
        self.assertIsNone(connection.producer)
        self.assertEqual(self.clock.getDelayedCalls(), [])


class Worker:
    """
    A clock, and threads that begin when a test lets them.

    :ivar threads: the work that waits for a thread
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.threads: list[tuple[str, Deferred[None]]] = []

    def in_thread(self, work: Any, *arguments: Any) -> Deferred[Any]:
        begun: Deferred[None] = Deferred()
        self.threads.append((work.__name__, begun))
        return begun.addCallback(lambda _: work(*arguments))


class MatchingTests(SynchronousTestCase):
    """Filtering a large box"""

    def found(self, clock: Clock, limit: int | None = None) -> list[Any]:
        """What is found by that clock."""
        mails = boxed(30).mails()
        query = MailQuery(sender="bob@x.test")
        finding = Deferred.fromCoroutine(matching(mails, query, Worker(clock), limit))
        clock.advance(0)
        self.assertEqual(clock.getDelayedCalls(), [])
        found: list[Any] = self.successResultOf(finding)
        return found

    def test_the_reactor_turns_between_slices(self) -> None:
        """All are found, a slice at a time."""
        clock = TickingClock()
        self.assertEqual(len(self.found(clock)), 30)
        self.assertGreater(clock.turns, 5)

    def test_a_large_mail_is_decoded_in_a_thread(self) -> None:
        """And not at all where no filter asks for what is encoded."""
        content = b"Subject: one\r\n\r\n" + b"x" * LARGE
        for query, expected in (
            (MailQuery(subject="ONE"), ["summary_of"]),
            (MailQuery(subject="one", sender="alice@x.test"), []),
            (MailQuery(body="x"), ["summary_of", "matches"]),
            (MailQuery(sender="bob@x.test", contains="xx"), []),
            (MailQuery(), []),
        ):
            worker = Worker(Clock())
            mails = boxed(2, content).mails()
            finding = Deferred.fromCoroutine(matching(mails, query, worker))
            begun = []
            while worker.threads:
                name, thread = worker.threads.pop()
                begun.append(name)
                thread.callback(None)
            wanted = [] if query.sender == "alice@x.test" else mails
            self.assertEqual(self.successResultOf(finding), wanted)
            self.assertEqual(begun, expected * 2, query)

    def test_headers_are_decoded_once(self) -> None:
        """A second search finds them decoded."""
        decoded = []

        def decode(structure: Structure) -> Summary:
            decoded.append(structure)
            return summary_of_structure(structure)

        self.patch(decoded_module, "summary_of_structure", decode)
        mails = boxed(3, b"Subject: one\r\n\r\n").mails()
        for subject in "one", "two", "one":
            query = MailQuery(subject=subject)
            finding = Deferred.fromCoroutine(matching(mails, query, Worker(Clock())))
            found = self.successResultOf(finding)
            self.assertEqual(found, mails if subject == "one" else [])
        self.assertEqual(len(decoded), 3)

    def test_no_more_are_looked_at_than_are_wanted(self) -> None:
        """With a limit it ends at the last that is wanted."""
        clock = TickingClock()
        found = self.found(clock, limit=2)
        self.assertEqual([mail.number for mail in found], [1, 2])
        self.assertEqual(clock.turns, 0)


class PiecesTests(SynchronousTestCase):
    """JSON in pieces"""

    def test_arrays(self) -> None:
        """None, one and several."""
        for items, expected in (
            ([], b"[]"),
            ([[b"1"]], b"[1]"),
            ([[b"1"], [b"{", b"}"]], b"[1,{}]"),
        ):
            self.assertEqual(b"".join(array_pieces(items)), expected)

    def test_mails_are_let_go_of_on_the_way(self) -> None:
        """What has been told is not held until the end."""
        mails = boxed(3).mails()
        pieces = mails_pieces(mails, mail_document)
        next(pieces)
        next(pieces)
        self.assertEqual(len(mails), 2)
        b"".join(pieces)
        self.assertEqual(mails, [])

    def test_a_large_mail_is_the_same_document(self) -> None:
        """In pieces, its content decoded as it would be at once."""
        for content in (
            b"x" * (PIECE + 1),
            "é".encode() * PIECE,
            b"x" + "\N{GRINNING FACE}".encode() * PIECE,
            b'"\\\x00\r\n' * PIECE,
            b"\xff\xc3" * PIECE,
        ):
            (mail,) = boxed(1, content).mails()
            for document in mail_document, mail_details, mail_summary:
                pieces = list(mail_pieces(mail, document))
                self.assertEqual(orjson.loads(b"".join(pieces)), document(mail))
                self.assertLess(max(map(len, pieces)), 8 * PIECE)
