from twisted.protocols.tls import TLSMemoryBIOFactory

from benchmarks.clients import Pipelining
from benchmarks.errors import BenchmarkError
from benchmarks.floor import FloorFactory
from benchmarks.floor_tls import make_context
from benchmarks.lockstep import LockStep
from tests.benchmarks.live import LiveTestCase

LIMIT = 10.0


class FloorTlsTests(LiveTestCase):
    def serve_tls(self) -> tuple[str, int]:
        factory = TLSMemoryBIOFactory(make_context(), False, FloorFactory())
        return self.serve(factory)

    async def test_answers(self) -> None:
        """Every client that can speak TLS has its mails accepted."""
        address = self.serve_tls()
        for client in (Pipelining(1024, secure=True), LockStep(1024, secure=True)):
            await self.in_thread(client.send, address, 6, LIMIT)

    async def test_needs_tls(self) -> None:
        """A server without TLS is an error to them."""
        address = self.serve(FloorFactory())
        with self.assertRaises(BenchmarkError):
            await self.in_thread(LockStep(1024, secure=True).send, address, 1, LIMIT)
