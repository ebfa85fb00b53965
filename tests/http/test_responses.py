"""Bodies that are sent whole, and long ones in slices"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.http.responses import array_pieces, send_pieces
from tests.http.rig import BUSY, Rig
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


class AnswerTests(SynchronousTestCase):
    """What every answer has"""

    def test_json(self) -> None:
        """UTF-8, with its type and its length."""
        rig = Rig()
        rig.ask("PUT", "/smtpExtensions", ["é"])
        answer = rig.ask("GET", "/smtpExtensions")
        self.assertEqual(answer.body, '["é"]'.encode())
        self.assertEqual((answer.kind, answer.length), ("application/json", 6))

    def test_nothing(self) -> None:
        """204 has neither a type nor a body."""
        answer = Rig().ask("PUT", "/smtpBehaviors", BUSY)
        self.assertEqual((answer.status, answer.kind, answer.body), (204, None, b""))


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
