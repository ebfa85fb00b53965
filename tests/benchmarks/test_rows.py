from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from benchmarks.comparison import Comparison
from benchmarks.crowds import Crowds
from benchmarks.figures import Figures
from benchmarks.filling import Filling
from benchmarks.growth import Growth
from benchmarks.idle import Idle
from benchmarks.loads import LOADS, Ask
from benchmarks.memory import Memory, Page
from benchmarks.rows import (
    Row,
    chunking_row,
    crowds_row,
    filling_row,
    growth_row,
    idle_rows,
    load_row,
    memory_rows,
)
from benchmarks.stall import Stall

# Of what is asked of it, what concerns the servers in these figures.
LOCK_STEP = evolve(LOADS[0], asks=LOADS[0].asks[:2])
FIGURES = Figures(
    {"mocksmtp": [1e-4], "floor": [7e-5, 7e-5], "stock": [1.8e-4, 2e-4, 2.2e-4]}
)
MEMORY = Memory(
    kept=100_000,
    bytes_per_mail=2048.0,
    few=Page(cpu=0.002, elapsed=0.003),
    many=Page(cpu=0.0022, elapsed=0.003),
    listing_bytes=150 * 1024 * 1024,
    stall=Stall(gap=0.012, idle_gap=0.001, noops=9000, elapsed=2.5),
)


class LoadRowTests(SynchronousTestCase):
    def test_met(self) -> None:
        """A load's row tells what was asked, what was measured, and each cost."""
        row = load_row(LOCK_STEP, FIGURES)
        self.assertEqual(
            row.asked, "≥0.6x floor (aim 0.8x), ≥1.5x twisted.mail (aim 2x)"
        )
        self.assertEqual(row.measured, "0.70x floor, 2.00x twisted.mail")
        self.assertIs(row.met, True)
        self.assertEqual(
            row.cells,
            {"mocksmtp": "100 ±0%", "floor": "70 ±0% 0.70x", "stock": "200 ±10% 2.00x"},
        )

    def test_short(self) -> None:
        """One ratio below what is asked is a row that falls short."""
        slow = Figures({**FIGURES.samples, "mocksmtp": [1.2e-4]})
        self.assertIs(load_row(LOCK_STEP, slow).met, False)

    def test_aim_alone(self) -> None:
        """What is only hoped for is told, and can't be missed."""
        hoped = evolve(LOCK_STEP, asks=(Ask("floor", aim=0.8),))
        row = load_row(hoped, FIGURES)
        self.assertEqual((row.asked, row.measured), ("(aim 0.8x floor)", "0.70x floor"))
        self.assertIsNone(row.met)
        asked = evolve(LOCK_STEP, asks=(*LOCK_STEP.asks, *hoped.asks))
        self.assertIs(load_row(asked, FIGURES).met, True)

    def test_peers_alone(self) -> None:
        """Without mocksmtp there are costs, and nothing is met or missed."""
        row = load_row(LOCK_STEP, Figures({"floor": [7e-5]}))
        self.assertEqual(row.measured, "")
        self.assertIsNone(row.met)
        self.assertEqual(row.cells, {"floor": "70 ±0%"})


class GrowthRowTests(SynchronousTestCase):
    def test_linear(self) -> None:
        """A cost that grows with the size is what is asked."""
        row = growth_row(Growth(small=0.002, large=0.130))
        self.assertEqual(row.measured, "65.0x")
        self.assertIs(row.met, True)
        self.assertEqual(row.cells, {"mocksmtp": "130 ms, 2.0 ms"})

    def test_quadratic(self) -> None:
        """A cost that grows faster than the size falls short."""
        self.assertIs(growth_row(Growth(small=0.002, large=0.5)).met, False)


class ChunkingRowTests(SynchronousTestCase):
    def test_faster(self) -> None:
        """A content that costs less by BDAT is what is asked."""
        row = chunking_row(Comparison([0.030], [0.020]))
        self.assertEqual((row.title, row.measured), ("25 MiB by BDAT", "1.50x"))
        self.assertIs(row.met, True)
        self.assertEqual(row.cells, {"mocksmtp": "20.0 ms, 30.0 ms"})

    def test_slower(self) -> None:
        """One that costs more falls short."""
        self.assertIs(chunking_row(Comparison([0.030], [0.031])).met, False)


class CrowdsRowTests(SynchronousTestCase):
    def row_of(self, many: float) -> Row:
        few = [8e-5]
        floor = Comparison(few, [8e-5])
        servers = {"mocksmtp": Comparison(few, [many]), "floor": floor}
        return crowds_row(Crowds(servers))

    def test_met(self) -> None:
        """Up to a fifth of the speed may go, and the floor's loss is told beside."""
        row = self.row_of(1e-4)
        self.assertEqual(row.measured, "0.80x")
        self.assertIs(row.met, True)
        self.assertEqual(
            row.cells,
            {"mocksmtp": "100.0 µs, 80.0 µs 0.80x", "floor": "80.0 µs, 80.0 µs 1.00x"},
        )

    def test_short(self) -> None:
        """More than that falls short."""
        self.assertIs(self.row_of(1.02e-4).met, False)


class FillingRowTests(SynchronousTestCase):
    def row_of(self, last: float) -> Row:
        return filling_row(Filling(100_000, Comparison([3e-5], [last])))

    def test_flat(self) -> None:
        """Up to a tenth more is flat."""
        row = self.row_of(3.27e-5)
        title = "1 KiB, pipelined, the last tenth of 100,000 kept"
        self.assertEqual((row.title, row.measured), (title, "+9.0%"))
        self.assertIs(row.met, True)

    def test_not_flat(self) -> None:
        """More than that is not, and less is no growth."""
        self.assertIs(self.row_of(3.4e-5).met, False)
        self.assertIs(self.row_of(2.6e-5).met, True)


class IdleRowsTests(SynchronousTestCase):
    def test_met(self) -> None:
        """Connections in the clear are judged, those over TLS are told."""
        clear, tls = {"mocksmtp": 29 * 1024.0}, {"mocksmtp": 48.5 * 1024}
        first, second = idle_rows(Idle(2000, clear, tls))
        self.assertEqual(first.title, "2,000 idle connections")
        self.assertEqual(first.measured, "29.0 KiB each")
        self.assertEqual(second.measured, "48.5 KiB each")
        self.assertEqual((first.met, second.met), (True, None))

    def test_short(self) -> None:
        """30 KiB are too many."""
        sizes = {"mocksmtp": 30 * 1024.0}
        self.assertIs(idle_rows(Idle(2000, sizes, sizes))[0].met, False)


class MemoryRowsTests(SynchronousTestCase):
    def test_met(self) -> None:
        """What a full mailbox costs is told in three rows."""
        kept, page, listing = memory_rows(MEMORY)
        self.assertEqual(kept.title, "100,000 mails of 1 KiB kept")
        self.assertEqual(kept.measured, "2.00 KiB each")
        self.assertEqual(page.measured, "1.10x")
        self.assertEqual(listing.title, "GET /smtpMails, 150 MiB in 2.5 s")
        self.assertEqual(listing.measured, "12.0 ms (idle 1.0 ms)")
        self.assertEqual([kept.met, page.met, listing.met], [True, True, True])

    def test_short(self) -> None:
        """More memory, a page that grows, and a long gap fall short."""
        worse = evolve(
            MEMORY,
            bytes_per_mail=3072.0,
            many=Page(cpu=0.02, elapsed=0.03),
            stall=evolve(MEMORY.stall, gap=0.051),
        )
        self.assertEqual([row.met for row in memory_rows(worse)], [False] * 3)
