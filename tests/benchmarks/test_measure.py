from typing import cast

from attrs import define, field, frozen
from twisted.trial.unittest import SynchronousTestCase

from benchmarks.errors import BenchmarkError
from benchmarks.growth import measure_growth
from benchmarks.kinds import FLOOR, STOCK
from benchmarks.listening import Address
from benchmarks.loads import Load
from benchmarks.measure import Plan, measure
from benchmarks.servers import Kind, Server

PLAN = Plan(rounds=3, share=2, kept=1)


@define
class FakeServer:
    """Costs a second for each mail, by its clock."""

    kind: Kind
    smtp: Address
    log: list[tuple[str, int]] = field(factory=list)
    used: float = 0.0

    def start_over(self) -> None:
        self.log.append(("start over", 0))

    def check_kept(self, mails: int) -> None:
        self.log.append(("kept", mails))

    def cpu_seconds(self) -> float:
        return self.used


@frozen
class FakeClient:
    servers: list[FakeServer]
    refused: str = ""

    def send(self, address: Address, mails: int, time_limit: float) -> None:
        (server,) = (server for server in self.servers if server.smtp == address)
        if server.kind.name == self.refused:
            raise BenchmarkError("554 no")
        server.log.append(("send", mails))
        server.used += mails


class MeasureTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.patch(__import__("benchmarks.measure").measure, "_SETTLE", 0.0)
        self.fakes = [FakeServer(FLOOR, ("", 1)), FakeServer(STOCK, ("", 2))]
        self.servers = cast("list[Server]", self.fakes)

    def test_rounds(self) -> None:
        """Each round costs what its mails cost; the first is a warm-up."""
        load = Load("x", "x", FakeClient(self.fakes), mails=16, asks=())
        failures: list[str] = []
        figures = measure(load, self.servers, PLAN, failures)
        self.assertEqual(figures.samples, {"floor": [1.0] * 3, "stock": [1.0] * 3})
        sent = [mails for what, mails in self.fakes[0].log if what == "send"]
        self.assertEqual(sent, [2, 8, 8, 8])
        self.assertEqual(failures, [])

    def test_each_round_starts_over(self) -> None:
        """A server is emptied before a round, and must have kept it after."""
        load = Load("x", "x", FakeClient(self.fakes), mails=16, asks=())
        measure(load, self.servers, PLAN, [])
        self.assertEqual(
            self.fakes[1].log[:6],
            [
                *(("start over", 0), ("send", 2), ("kept", 2)),
                *(("start over", 0), ("send", 8), ("kept", 8)),
            ],
        )

    def test_refused(self) -> None:
        """A server that refuses has no figure, and the others have theirs."""
        client = FakeClient(self.fakes, refused="floor")
        failures: list[str] = []
        figures = measure(Load("x", "x", client, 4, ()), self.servers, PLAN, failures)
        self.assertEqual(list(figures.samples), ["stock"])
        self.assertEqual(failures, ["x, floor: 554 no"])


class GrowthTests(SynchronousTestCase):
    def test_ratio(self) -> None:
        """The large content's cost is compared with the small one's."""
        costs = {1: 0.5, 64: 32.0}

        def cost(server: object, client: object, mails: int, limit: float) -> float:
            return costs[client.size // (1024 * 1024)]  # type: ignore[attr-defined]

        self.patch(__import__("benchmarks.growth").growth, "cpu_per_mail", cost)
        growth = measure_growth(cast("Server", None), PLAN)
        self.assertEqual(growth.ratio, 64.0)
