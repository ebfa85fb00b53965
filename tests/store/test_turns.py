"""The turns of a replica, with inputs of all kinds"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from mocksmtp.behaviors.point import Command
from mocksmtp.store.interface import StoreError
from tests.smtp.mocked import on
from tests.store.deciding import ReplicaCase, ReplicaHost


class Input:
    """
    An input that moves a count; what happens to it is written down.

    :param error: raised when it is decided
    """

    def __init__(
        self, replica: ReplicaHost, heard: list[Any], error: Exception | None = None
    ) -> None:
        self.replica, self.heard, self.error = replica, heard, error

    def decide(self) -> None:
        if self.error is not None:
            raise self.error
        decision = self.replica.host.behaviors.decide(Command.NOOP, b"")
        self.heard.append("decided" if decision else "passed")

    def send(self) -> None:
        self.heard.append("sent")

    def fail(self, decided: bool) -> None:
        self.heard.append("failed" if decided else "refused")


class TurnTests(ReplicaCase):
    """`ReplicaTurns`"""

    def setUp(self) -> None:
        super().setUp()
        self.set(on("NOOP", 450, numberOfAnswer=2))
        self.one, self.two = self.replicas
        self.heard: list[Any] = []

    def input(self, error: Exception | None = None) -> Input:
        return Input(self.one, self.heard, error)

    def add(self, *inputs: Input) -> None:
        for each in inputs:
            self.one.turns.add(each)

    def test_an_error_in_one_input(self) -> None:
        """It fails; the others are sent, and the turn ends."""
        turn = self.hold_turn()
        self.add(self.input(), self.input(ValueError("no")), self.input())
        turn.pass_on()
        self.assertEqual(self.heard, ["decided", "failed", "decided", "sent", "sent"])
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)
        self.assertIsNone(self.cluster.turn)

    def test_counts_that_cannot_be_written(self) -> None:
        """The inputs fail, the turn ends, and the counts are read again."""

        def fail() -> Any:
            raise ValueError("no")

        moved = self.one.state.moved_counts
        self.one.state.moved_counts = fail  # type: ignore[method-assign]
        self.add(self.input())
        self.one.state.moved_counts = moved  # type: ignore[method-assign]
        self.assertEqual(self.heard, ["decided", "failed"])
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)
        self.assertIsNone(self.cluster.turn)
        self.assertEqual(self.one.follower.replaced, 1)
        (rule,) = self.one.host.behaviors
        self.assertEqual(rule.fired, 0)

    def test_one_that_leaves(self) -> None:
        """Nothing happens to it any more."""
        turn = self.hold_turn()
        gone = self.input()
        self.add(gone)
        self.one.turns.discard(gone)
        turn.pass_on()
        self.assertEqual(self.heard, [])

    def test_the_next_turn(self) -> None:
        """It is asked for at once, and begins when the counts are stored."""
        self.cluster.passing = []
        self.add(self.input())
        self.add(self.input())
        self.assertEqual(self.heard, ["decided"])
        self.assertEqual(len(self.cluster.waiting), 1)
        self.cluster.passing.pop().callback(None)
        self.assertEqual(self.heard, ["decided", "sent", "decided"])
        self.cluster.passing.pop().errback(StoreError("lost"))
        self.assertEqual(self.heard[3:], ["failed"])

    def test_after_a_lost_turn(self) -> None:
        """What follows is decided by the stored counts."""
        self.cluster.passing = []
        for _ in range(3):
            self.add(self.input())
        self.cluster.passing.pop().errback(StoreError("lost"))
        self.cluster.end_turn()
        self.assertEqual(self.heard, ["decided", "failed", "decided", "decided"])
        self.assertEqual(self.one.follower.replaced, 1)
        self.cluster.passing.pop().callback(None)
        (rule,) = self.one.host.behaviors
        self.assertEqual(rule.fired, 2)

    def test_a_request_after_inputs(self) -> None:
        """A request has the turn once the counts before it are stored."""
        self.cluster.passing = []
        self.add(self.input())
        taking = Deferred.fromCoroutine(self.one.turns.take())
        self.assertNoResult(taking)
        self.cluster.passing.pop().callback(None)
        turn = self.successResultOf(taking)
        self.add(self.input())
        self.assertEqual(self.heard, ["decided", "sent"])
        Deferred.fromCoroutine(self.one.turns.pass_on(turn))
        self.cluster.passing.pop().callback(None)
        self.assertEqual(self.heard[2:], ["decided"])

    def test_a_stream_of_inputs(self) -> None:
        """After some milliseconds another replica has the turn."""
        turn = self.hold_turn()
        self.add(*[self.input() for _ in range(100)])
        others: list[Any] = []
        self.two.turns.add(Input(self.two, others))
        self.clock.step = 0.001
        turn.pass_on()
        self.clock.step = 0
        self.assertEqual(others, ["passed", "sent"])
        self.assertEqual(self.heard.count("sent"), 100)
        (rule,) = self.two.host.behaviors
        self.assertLess(rule.seen, 20)

    def test_a_stream_without_a_store(self) -> None:
        """Other clients are served after some milliseconds."""
        client = self.one.client()
        self.cluster.failure = StoreError("gone")
        self.clock.step = 0.001
        refused = client.send(b"NOOP\r\n" * 1000).count("451 4.3.0")
        self.assertGreater(refused, 0)
        self.assertLess(refused, 100)
        self.clock.step = 0
        self.clock.advance(0)
        self.assertEqual(refused + client.heard().count("451 4.3.0"), 1000)

    def test_without_a_store(self) -> None:
        """All that waits is refused; later inputs are decided."""
        turn = self.hold_turn()
        self.add(self.input(), self.input())
        self.cluster.failure = StoreError("gone")
        self.cluster.waiting.pop()[1].errback(self.cluster.failure)
        self.assertEqual(self.heard, ["refused", "refused"])
        self.cluster.failure = None
        turn.pass_on()
        self.add(self.input())
        self.assertEqual(self.heard[2:], ["decided", "sent"])
