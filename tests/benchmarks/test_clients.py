from pathlib import Path
from unittest import SkipTest

from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.protocol import Protocol

from benchmarks.clients import Client, Pipelining, Segments, SmtpSource
from benchmarks.content import content_of
from benchmarks.errors import BenchmarkError
from benchmarks.floor import FloorFactory, FloorProtocol
from benchmarks.kept import Kept
from benchmarks.kinds import postfix_tool
from benchmarks.listening import LOOPBACK
from benchmarks.stock import StockFactory
from tests.benchmarks.live import LiveTestCase

LIMIT = 10.0


class CountingFloor(FloorProtocol):
    """A floor that counts connections, commands and contents."""

    seen: list[bytes]

    def connectionMade(self) -> None:
        self.seen.append(b"connect")
        super().connectionMade()

    def _answer_commands(self, data: bytes, replies: list[bytes]) -> bytes:
        self.seen += [line[:4] for line in data.split(b"\r\n")[:-1]]
        return super()._answer_commands(data, replies)


class Refusing(Protocol):
    """Greets, and refuses every command."""

    def connectionMade(self) -> None:
        self.transport.write(b"220 refusing.test\r\n")

    def dataReceived(self, data: bytes) -> None:
        self.transport.write(b"554 5.7.1 no\r\n" * data.count(b"\n"))


class FullFloor(FloorProtocol):
    """Accepts envelopes, and no content."""

    def _skip_content(self, data: bytes, replies: list[bytes]) -> bytes:
        rest = super()._skip_content(data, replies)
        replies[:] = [b"452 4.3.1 full\r\n" for _ in replies]
        return rest


class ClientsTestCase(LiveTestCase):
    async def seen_of(self, client: Client, mails: int) -> list[bytes]:
        """What a floor sees of a client."""
        seen: list[bytes] = []
        factory = FloorFactory()
        factory.protocol = type("Floor", (CountingFloor,), {"seen": seen})
        await self.in_thread(client.send, self.serve(factory), mails, LIMIT)
        return seen

    async def kept_of(self, client: Client, mails: int) -> Kept:
        """What stock keeps of a client's mails."""
        factory = StockFactory(Kept())
        await self.in_thread(client.send, self.serve(factory), mails, LIMIT)
        return factory.kept

    async def assert_refused(self, client: Client, protocol: type[Protocol]) -> None:
        """Assert that a server's refusal fails a load."""
        factory = FloorFactory()
        factory.protocol = protocol
        with self.assertRaises(BenchmarkError):
            await self.in_thread(client.send, self.serve(factory), 3, LIMIT)

    async def assert_no_server(self, client: Client) -> None:
        """Assert that a refused connection fails a load."""
        with self.assertRaises(BenchmarkError):
            await self.in_thread(client.send, (LOOPBACK, 1), 3, LIMIT)


class PipeliningTests(ClientsTestCase):
    async def test_counts(self) -> None:
        """So many mails are sent as are asked for, over so many connections."""
        for mails, connections in ((1, 1), (3, 4), (4, 4), (11, 4)):
            client = Pipelining(1024, connections=connections)
            seen = await self.seen_of(client, mails)
            self.assertEqual(seen.count(b"DATA"), mails)
            self.assertEqual(seen.count(b"connect"), min(mails, connections))
            self.assertEqual(seen.count(b"QUIT"), min(mails, connections))

    async def test_recipients(self) -> None:
        """Each mail has the recipients asked for."""
        seen = await self.seen_of(Pipelining(1024, recipients=100), 5)
        self.assertEqual(seen.count(b"RCPT"), 500)

    async def test_stock_keeps_all(self) -> None:
        """A stock server keeps every mail, whole."""
        kept = await self.kept_of(Pipelining(1024, recipients=2), 9)
        self.assertEqual(kept._contents, [content_of(1024)] * 9)

    async def test_refused(self) -> None:
        """A refused command or content is an error, and so is no server."""
        await self.assert_refused(Pipelining(1024), Refusing)
        await self.assert_refused(Pipelining(1024), FullFloor)
        await self.assert_no_server(Pipelining(1024))

    async def test_time_limit(self) -> None:
        """A load that takes too long is an error."""
        with self.assertRaises(BenchmarkError):
            address = self.serve(FloorFactory())
            await self.in_thread(Pipelining(1024).send, address, 10, -1.0)


class SegmentsTests(ClientsTestCase):
    async def test_stock_keeps_all(self) -> None:
        """Contents that come in segments arrive whole."""
        kept = await self.kept_of(Segments(10_000), 2)
        self.assertEqual(kept._contents, [content_of(10_000)] * 2)

    async def test_refused(self) -> None:
        """A refused content is an error."""
        await self.assert_refused(Segments(1024), FullFloor)


class SmtpSourceTests(ClientsTestCase):
    def setUp(self) -> None:
        if not Path(postfix_tool("smtp-source")).exists():
            raise SkipTest("Postfix's smtp-source is not installed")

    async def test_counts(self) -> None:
        """So many mails are sent as are asked for, over so many connections."""
        seen = await self.seen_of(SmtpSource(1024, sessions=2), 7)
        self.assertEqual(seen.count(b"DATA"), 7)
        self.assertEqual(seen.count(b"connect"), 2)

    async def test_connection_per_mail(self) -> None:
        """Each mail has its own connection where none is kept."""
        seen = await self.seen_of(SmtpSource(1024, keep_connection=False), 7)
        self.assertEqual(seen.count(b"DATA"), 7)
        self.assertEqual(seen.count(b"connect"), 7)

    async def test_stock_keeps_all(self) -> None:
        """A stock server keeps every mail."""
        self.assertEqual(len(await self.kept_of(SmtpSource(100_000), 5)), 5)

    async def test_refused(self) -> None:
        """A refused command or content is an error, and so is no server."""
        # Each waits a second before it ends, so they fail side by side.
        outcomes = (
            self.assert_refused(SmtpSource(1024), Refusing),
            self.assert_refused(SmtpSource(1024), FullFloor),
            self.assert_no_server(SmtpSource(1024)),
        )
        await gatherResults(map(Deferred.fromCoroutine, outcomes))
