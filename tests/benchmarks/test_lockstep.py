from twisted.internet.protocol import Factory, Protocol

from benchmarks.content import content_of
from benchmarks.errors import BenchmarkError
from benchmarks.floor import FloorFactory
from benchmarks.kept import Kept
from benchmarks.lockstep import Chunks, Crowd, LockStep
from benchmarks.stock import StockFactory
from tests.benchmarks.test_clients import (
    LIMIT,
    ClientsTestCase,
    CountingFloor,
    FullFloor,
    Refusing,
)


class ChunkTaker(Protocol):
    """Takes BDAT, one command at a time, and keeps what each says and brings."""

    code = b"250"

    def connectionMade(self) -> None:
        self.left = 0
        self.said: list[bytes] = self.factory.said  # type: ignore[attr-defined]
        self.content = bytearray()
        self.transport.write(b"220 chunks.test\r\n")

    def dataReceived(self, data: bytes) -> None:
        while data:
            if self.left:
                piece, data = data[: self.left], data[self.left :]
                self.content += piece
                self.left -= len(piece)
                if not self.left:
                    self.transport.write(self.code + b" chunk\r\n")
                continue
            line, _, data = data.partition(b"\r\n")
            self.said.append(line)
            if line.startswith(b"BDAT"):
                self.left = int(line.split()[1])
                if line.endswith(b"LAST"):
                    self.factory.takers.append(self)  # type: ignore[attr-defined]
            else:
                self.transport.write(b"221 x\r\n" if line == b"QUIT" else b"250 x\r\n")


class BusyChunkTaker(ChunkTaker):
    code = b"452"


class Chunking(Factory):
    noisy = False

    def __init__(self, protocol: type[ChunkTaker]) -> None:
        self.protocol = protocol
        self.said: list[bytes] = []
        self.takers: list[ChunkTaker] = []


class LockStepTests(ClientsTestCase):
    async def test_counts(self) -> None:
        """So many mails are sent as are asked for, over so many connections."""
        for mails, connections in ((1, 1), (3, 4), (4, 4), (11, 4)):
            client = LockStep(1024, connections=connections)
            seen = await self.seen_of(client, mails)
            self.assertEqual(seen.count(b"DATA"), mails)
            self.assertEqual(seen.count(b"connect"), min(mails, connections))
            self.assertEqual(seen.count(b"QUIT"), min(mails, connections))

    async def test_stock_keeps_all(self) -> None:
        """A stock server keeps every mail, whole."""
        kept = await self.kept_of(LockStep(1024), 9)
        self.assertEqual(kept._contents, [content_of(1024)] * 9)

    async def test_refused(self) -> None:
        """A refused command or content is an error, and so is no server."""
        await self.assert_refused(LockStep(1024), Refusing)
        await self.assert_refused(LockStep(1024), FullFloor)
        await self.assert_no_server(LockStep(1024))


class ChunksTests(ClientsTestCase):
    async def test_chunks(self) -> None:
        """A content is cut into chunks, of which the last one says so."""
        factory = Chunking(ChunkTaker)
        await self.in_thread(Chunks(2500, 1000).send, self.serve(factory), 2, LIMIT)
        chunks = [line for line in factory.said if line.startswith(b"BDAT")]
        mail = [b"BDAT 1000", b"BDAT 1000", b"BDAT 500 LAST"]
        self.assertEqual(chunks, mail * 2)
        self.assertEqual(bytes(factory.takers[0].content), content_of(2500) * 2)

    async def test_refused(self) -> None:
        """A chunk that is refused is an error."""
        address = self.serve(Chunking(BusyChunkTaker))
        with self.assertRaises(BenchmarkError):
            await self.in_thread(Chunks(2500, 1000).send, address, 1, LIMIT)


class CrowdTests(ClientsTestCase):
    def crowd_on(self, factory: Factory, connections: int, mails: int) -> None:
        address = self.serve(factory)

        def send() -> None:
            with Crowd(address, connections, 1024, LIMIT) as crowd:
                crowd.send(address, mails, LIMIT)

        return self.in_thread(send)

    async def test_counts(self) -> None:
        """All connections are open, and so many mails sent as are asked for."""
        for mails, connections in ((20, 3), (2, 5)):
            seen: list[bytes] = []
            factory = FloorFactory()
            factory.protocol = type("Floor", (CountingFloor,), {"seen": seen})
            await self.crowd_on(factory, connections, mails)
            self.assertEqual(seen.count(b"DATA"), mails)
            self.assertEqual(seen.count(b"connect"), connections)

    async def test_stock_keeps_all(self) -> None:
        """A stock server keeps every mail, whole."""
        factory = StockFactory(Kept())
        await self.crowd_on(factory, 4, 9)
        self.assertEqual(factory.kept._contents, [content_of(1024)] * 9)

    async def test_refused(self) -> None:
        """A refused greeting or content is an error."""
        for protocol in (Refusing, FullFloor):
            factory = FloorFactory()
            factory.protocol = protocol
            with self.assertRaises(BenchmarkError):
                await self.crowd_on(factory, 3, 6)
