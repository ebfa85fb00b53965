"""The time axis"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.point import Command
from mocksmtp.grammar.address import Address
from mocksmtp.grammar.reply import Reply
from mocksmtp.sessions.attempts import Attempt, Verdict
from mocksmtp.sessions.deliveries import Delivery
from mocksmtp.sessions.session import Session
from mocksmtp.web.timeline import MAX_LANE_ROWS, Timeline, draw
from mocksmtp.zone.queries import DnsQuery

BOB, ANN = Address("bob@x.test"), Address("ann@x.test")


def attempt(at: float, verdict: Verdict, host: str = "mx1") -> Attempt:
    """An attempt that takes no time."""
    session = Session("1", host, "127.0.0.1:25", "192.0.2.1", 5, at)
    code = 250 if verdict is Verdict.ACCEPTED else 450
    kept = verdict is Verdict.ACCEPTED
    reply = Reply(code, "said")
    return Attempt(session, None, BOB, Command.DATA, reply, verdict, kept, at, at)


def delivery(number: int, *attempts: Attempt) -> Delivery:
    for place, one in enumerate(attempts, number * 100):
        one.number = place
    return Delivery(number, BOB, ANN, list(attempts))


def query(at: float) -> DnsQuery:
    """A query without a readable question."""
    asked = None, None, None, False
    return DnsQuery(1, at, "192.0.2.1", 5, "udp", *asked, None, None, None)


class TimelineTests(SynchronousTestCase):
    """`draw`"""

    def draw(self, *deliveries: Delivery, **options: float) -> Timeline:
        figure = draw(deliveries, [], ["mx1", "mx2"], **options)
        assert figure is not None
        return figure

    def test_nothing(self) -> None:
        """There is no figure without a delivery."""
        self.assertIsNone(draw([], [], ["mx1"]))

    def test_positions_are_true(self) -> None:
        """Distances are in proportion to the time between attempts."""
        times = 100.0, 110.0, 140.0
        attempts = [attempt(at, Verdict.DEFERRED) for at in times]
        first, second, third = self.draw(delivery(1, *attempts)).marks
        self.assertAlmostEqual((third.x - first.x) / (second.x - first.x), 4, 2)
        self.assertEqual({first.y, second.y, third.y}, {first.y})

    def test_backoff_and_failover(self) -> None:
        """A line within a lane, and one to the lane of the next host."""
        figure = self.draw(
            delivery(
                1,
                attempt(0, Verdict.DEFERRED),
                attempt(5, Verdict.DEFERRED),
                attempt(5, Verdict.ACCEPTED, "mx2"),
            )
        )
        self.assertEqual([one.is_failover for one in figure.links], [False, True])
        mx1, mx2 = figure.lanes
        self.assertTrue(mx1.y <= figure.marks[1].y < mx1.y + mx1.height)
        self.assertTrue(mx2.y <= figure.marks[2].y < mx2.y + mx2.height)

    def test_rows(self) -> None:
        """Deliveries at the same time have rows of their own, up to a bound."""
        pairs = [
            delivery(n, attempt(0, Verdict.DEFERRED), attempt(9, Verdict.ACCEPTED))
            for n in range(1, 2 * MAX_LANE_ROWS)
        ]
        rows = {one.y for one in self.draw(*pairs).marks}
        self.assertEqual(len(rows), MAX_LANE_ROWS)
        alone = [delivery(n, attempt(n, Verdict.ACCEPTED)) for n in range(1, 20)]
        self.assertEqual(len({one.y for one in self.draw(*alone).marks}), 1)

    def test_a_part_of_the_time(self) -> None:
        """Only what happened within it is drawn."""
        attempts = [attempt(at, Verdict.DEFERRED) for at in (0, 10, 20, 30)]
        figure = self.draw(delivery(1, *attempts), since=5, until=25)
        self.assertEqual(len(figure.marks), 2)
        self.assertEqual((figure.since, figure.until), (5, 25))

    def test_ticks(self) -> None:
        """Few, at round times, whatever the span is."""
        for span in 0.2, 1, 7, 60, 3600, 86400, 30 * 86400:
            ends = attempt(1000, Verdict.DEFERRED), attempt(1000 + span, Verdict.NONE)
            ticks = self.draw(delivery(1, *ends)).ticks
            self.assertTrue(0 < len(ticks) <= 9, (span, len(ticks)))

    def test_ticks_of_several_days(self) -> None:
        """They have the day, where the figure has more than one."""
        for start, label in (1000, "02:00:00"), (80_000, "01-02 00:00"):
            ends = (
                attempt(start, Verdict.DEFERRED),
                attempt(start + 36_000, Verdict.NONE),
            )
            labels = [tick.label for tick in self.draw(delivery(1, *ends)).ticks]
            self.assertIn(label, labels)

    def test_queries_without_an_attempt(self) -> None:
        """They are shown after the last attempt, but not if that was long ago."""
        one = delivery(
            1, attempt(100, Verdict.DEFERRED), attempt(104, Verdict.DEFERRED)
        )
        asked = [query(200), query(109), query(99)]
        figure = draw([one], asked, ["mx1"])
        assert figure is not None
        self.assertEqual((figure.since, figure.until), (99, 109))
        self.assertEqual(len(figure.queries), 2)
        figure = draw([one], asked, ["mx1"], until=105)
        assert figure is not None
        self.assertEqual(len(figure.queries), 1)
