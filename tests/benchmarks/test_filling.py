from attrs import define
from twisted.trial.unittest import SynchronousTestCase

from benchmarks import filling
from benchmarks.errors import BenchmarkError
from benchmarks.listening import Address
from benchmarks.measure import Plan

PLAN = Plan(rounds=9, share=1, kept=100)


@define
class GrowingServer:
    """Takes as many seconds for a mail as it keeps tens of mails."""

    smtp: Address = ("", 0)
    kept: int = 0
    used: float = 0.0
    loses: int = 0

    def __enter__(self) -> "GrowingServer":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def start_over(self) -> None:
        self.kept = 0

    def cpu_seconds(self) -> float:
        return self.used

    def take(self, mails: int) -> None:
        for _ in range(mails):
            self.used += self.kept // 10
            self.kept += 1

    def check_kept(self, mails: int) -> None:
        if self.kept - self.loses != mails:
            raise BenchmarkError("some are lost")


class FillingTests(SynchronousTestCase):
    def measure(self, **fields: int) -> filling.Filling:
        servers: list[GrowingServer] = []

        def start(kind: object) -> GrowingServer:
            servers.append(GrowingServer(**fields))
            return servers[-1]

        class Client:
            def __init__(self, size: int) -> None:
                pass

            def send(self, address: Address, mails: int, time_limit: float) -> None:
                servers[-1].take(mails)

        self.patch(filling, "start", start)
        self.patch(filling, "Pipelining", Client)
        return filling.measure_filling(PLAN)

    def test_tenths(self) -> None:
        """The first tenth is compared with the last, on a new server each time."""
        measured = self.measure()
        self.assertEqual(measured.cost.usual, [0.0] * 5)
        self.assertEqual(measured.cost.other, [9.0] * 5)
        self.assertEqual(measured.kept, 100)

    def test_lost(self) -> None:
        """A mail that is not kept is an error."""
        self.assertRaises(BenchmarkError, self.measure, loses=1)
