from typing import cast

from twisted.trial.unittest import SynchronousTestCase

from benchmarks import chunking
from benchmarks.clients import Client
from benchmarks.lockstep import Chunks
from benchmarks.measure import Plan
from benchmarks.servers import Server


class ChunkingTests(SynchronousTestCase):
    def test_in_turns(self) -> None:
        """Both ways are measured in turns, of which the first is a warm-up."""
        sent: list[int] = []

        def cost(server: object, client: Client, mails: int, limit: float) -> float:
            sent.append(cast("Chunks", client).size)
            return 2.0 if isinstance(client, Chunks) else 3.0

        self.patch(chunking, "cpu_per_mail", cost)
        plan = Plan(rounds=2, share=1, kept=1)
        measured = chunking.measure_chunking(cast("Server", None), plan)
        self.assertEqual(measured.usual, [3.0, 3.0])
        self.assertEqual(measured.other, [2.0, 2.0])
        self.assertEqual(sent, [25 * 1024 * 1024] * 6)
