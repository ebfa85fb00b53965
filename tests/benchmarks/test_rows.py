from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from benchmarks.figures import Figures
from benchmarks.growth import Growth
from benchmarks.loads import LOADS
from benchmarks.memory import Memory, Page
from benchmarks.rows import growth_row, load_row, memory_rows
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
        self.assertEqual(row.asked, "≥0.6x floor, ≥1.5x twisted.mail (aim 2x)")
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
