import threading

from benchmarks.errors import BenchmarkError
from benchmarks.floor import FloorFactory
from benchmarks.listening import Address
from benchmarks.stall import Stall, stall_during
from tests.benchmarks.live import LiveTestCase


class StallTests(LiveTestCase):
    def setUp(self) -> None:
        self.patch(__import__("benchmarks.stall").stall, "_IDLE", 0.0)

    async def test_asks_meanwhile(self) -> None:
        """NOOPs are answered while work is done, and its result is returned."""
        answered = threading.Event()

        def watch(address: Address) -> tuple[Stall, int]:
            timer = threading.Timer(0.05, answered.set)
            timer.start()
            return stall_during(address, lambda: int(answered.wait(5)))

        stall, result = await self.in_thread(watch, self.serve(FloorFactory()))
        self.assertEqual(result, 1)
        self.assertGreater(stall.noops, 0)
        self.assertLessEqual(stall.gap, stall.elapsed)

    async def test_work_fails(self) -> None:
        """Work that fails is an error."""

        def fail() -> int:
            raise BenchmarkError("no listing")

        with self.assertRaisesRegex(BenchmarkError, "no listing"):
            await self.in_thread(stall_during, self.serve(FloorFactory()), fail)
