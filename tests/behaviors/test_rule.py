"""Whether a behavior fires, step by step"""

from __future__ import annotations

from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.condition import Contains
from mocksmtp.behaviors.explain import passed_over
from mocksmtp.behaviors.miss import Item
from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.response import Response
from mocksmtp.behaviors.scenarios import ScenarioStep
from mocksmtp.behaviors.smtp import SmtpBehavior, SmtpRules
from mocksmtp.behaviors.target import parse_target
from tests.behaviors.attempts import FakeAttempt

NOOP = Command.NOOP
HELO = parse_target("helo")


class GateTests(SynchronousTestCase):
    """Each step of a gate"""

    def setUp(self) -> None:
        self.clock = Clock()

    def load(self, times: int | None = None, seed: str = "0", **gate: Any) -> None:
        """One behavior, for what contains an ``x``."""
        self.behaviors = SmtpRules(seed)
        behavior = SmtpBehavior(
            NOOP,
            response=Response(450),
            condition=Contains("x"),
            number_of_answer=times,
            **gate,
        )
        (self.rule,) = self.behaviors.replace_all([behavior])

    def ask(self, subject: bytes = b"x", **values: Any) -> str:
        """Why it did not fire, or ``fired``."""
        attempt = FakeAttempt(self.clock, **values)
        before = self.rule.fired
        trail: list[Item] = []
        decision = self.behaviors.decide(NOOP, subject, attempt, trail)
        noted = [reason.value for _, _, reason in passed_over(trail)]
        self.assertEqual(before + (decision is not None), self.rule.fired)
        return noted[0] if noted else "fired"

    def test_skipping(self) -> None:
        """The first matches pass by; what does not match is none."""
        self.load(skip=2)
        asked = [self.ask(b"x"), self.ask(b"-"), self.ask(), self.ask(), self.ask()]
        self.assertEqual(asked, ["skip", "condition", "skip", "fired", "fired"])
        self.assertEqual((self.rule.seen, self.rule.fired), (4, 2))

    def test_active_for_a_while(self) -> None:
        """From the first match on, also where that passed by."""
        self.load(skip=1, active_for=10)
        self.assertEqual([self.ask(), self.ask()], ["skip", "fired"])
        self.clock.advance(9.9)
        self.assertEqual(self.ask(), "fired")
        self.clock.advance(0.1)
        self.assertEqual(self.ask(), "activeFor")

    def test_a_window(self) -> None:
        """Behind it all begins anew."""
        self.load(window=10, times=1)
        self.assertEqual([self.ask(), self.ask()], ["fired", "exhausted"])
        self.assertFalse(self.rule.exhausted(0.0))
        self.clock.advance(10)
        self.assertEqual([self.ask(), self.ask()], ["fired", "exhausted"])

    def test_what_remains_in_a_window(self) -> None:
        """All answers again, once the window has ended."""
        self.load(window=10, times=2)
        self.assertEqual(self.rule.remaining(0.0), 2)
        self.assertEqual([self.ask(), self.ask(), self.ask()][-1], "exhausted")
        self.assertEqual([self.rule.remaining(now) for now in (9.9, 10.0)], [0, 2])
        self.assertFalse(self.rule.exhausted(9.9))

    def test_what_remains_after_its_time(self) -> None:
        """Nothing, so that it is not listed any more; in a window it comes back."""
        self.load(active_for=10)
        self.assertFalse(self.rule.exhausted(99.0))
        self.ask()
        self.assertEqual([self.rule.remaining(now) for now in (9.9, 10.0)], [None, 0])
        self.assertEqual([self.rule.exhausted(t) for t in (9.9, 10.0)], [False, True])
        self.load(active_for=10, window=20, times=5)
        self.ask()
        left = [self.rule.remaining(now) for now in (9.9, 10.0, 20.0)]
        self.assertEqual(left, [4, 0, 5])
        self.assertFalse(self.rule.exhausted(10.0))

    def test_a_key_is_told_until_its_window_ends(self) -> None:
        """It has no counts behind that; each has its own time."""
        self.load(per=(HELO,), window=10, active_for=5, times=1)
        self.ask(helo="a")
        self.clock.advance(6)
        self.ask(helo="b")
        for now, told in ((6.0, {b"a": 0, b"b": 0}), (10.0, {b"b": 0}), (16.0, {})):
            left = {k[0]: self.rule.remaining_of(c, now)
                    for k, c in self.rule.counts(now)}  # fmt: skip
            self.assertEqual(left, told, now)

    def test_exhausted_for_good(self) -> None:
        """What matches is seen on and on."""
        self.load(times=1)
        self.assertEqual([self.ask(), self.ask()], ["fired", "exhausted"])
        self.assertEqual((self.rule.seen, self.rule.fired), (2, 1))
        self.assertTrue(self.rule.exhausted(0.0))

    def test_by_key(self) -> None:
        """Each has its own answers; what remains is told for a new one."""
        self.load(per=(HELO,), times=1)
        asked = [self.ask(helo=name) for name in "aba"]
        self.assertEqual(asked, ["fired", "fired", "exhausted"])
        self.assertEqual(
            (self.rule.remaining(0.0), self.rule.exhausted(0.0)), (1, False)
        )
        counted = [(key, c.seen, c.fired) for key, c in self.rule.counts(0.0)]
        self.assertEqual(counted, [((b"a",), 2, 1), ((b"b",), 1, 1)])

    def test_a_scenario(self) -> None:
        """Asked first: nothing is seen in another state. Moved when it fires."""
        self.load(scenario=ScenarioStep("s", "Started", "done"))
        self.assertEqual([self.ask(b"-"), self.ask()], ["condition", "fired"])
        self.assertEqual(self.behaviors.scenarios(), {"s": "done"})
        self.assertEqual([self.ask(), self.ask(b"-")], ["scenario"] * 2)
        self.assertEqual(self.rule.seen, 1)

    def test_a_scenario_moves_with_an_answer_only(self) -> None:
        """What passed by brings nothing about."""
        self.load(skip=1, scenario=ScenarioStep("s", None, "done"))
        self.assertEqual(self.ask(), "skip")
        self.assertEqual(self.behaviors.scenarios(), {"s": "Started"})

    def test_probability(self) -> None:
        """As often as it says, and the same in each run with that seed."""
        runs = []
        for seed in "0", "0", "1":
            self.load(probability=0.5, seed=seed)
            runs.append([self.ask() for _ in range(200)])
        self.assertEqual(runs[0], runs[1])
        self.assertNotEqual(runs[0], runs[2])
        self.assertTrue(70 < runs[0].count("fired") < 130)

    def test_what_comes_by_chance_spends_no_answer(self) -> None:
        """It is drawn last: who is exhausted draws no more."""
        self.load(probability=0.5, times=3)
        asked = [self.ask() for _ in range(50)]
        self.assertEqual(asked.count("fired"), 3)
        last = asked.index("exhausted")
        self.assertEqual(set(asked[last:]), {"exhausted"})

    def test_each_window_has_chances_of_its_own(self) -> None:
        """A key that is forgotten does not have the same luck again."""
        self.load(probability=0.5, window=1, per=(HELO,))
        first = []
        for _ in range(40):
            first.append(self.ask(helo="a"))
            self.clock.advance(1)
        self.assertEqual(len(set(first)), 2)

    def test_equal_ones_have_luck_of_their_own(self) -> None:
        """Two of a kind do not fire together."""
        behaviors = SmtpRules()
        behavior = SmtpBehavior(NOOP, response=Response(450), probability=0.5)
        one, two = behaviors.extend([behavior, behavior])
        for _ in range(100):
            behaviors.decide(NOOP, b"")
        self.assertEqual(two.seen, 100 - one.fired)
        self.assertTrue(10 < two.fired < two.seen)

    def test_time_is_asked_for_where_it_matters_only(self) -> None:
        """And targets are."""
        self.load(skip=1)
        attempt = FakeAttempt()
        self.behaviors.decide(NOOP, b"x", attempt)
        self.assertEqual((attempt.asked, attempt.looked_at_clock), ([], 0))
