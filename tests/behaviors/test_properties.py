"""What holds of every behavior, whatever its document says"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import attrs
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.explain import Result, considered, holds, walks_of
from mocksmtp.behaviors.listing import counted_document
from mocksmtp.behaviors.miss import Item, Reason
from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.rule import Rule
from mocksmtp.behaviors.smtp import SMTP, SmtpBehavior, SmtpRules
from mocksmtp.behaviors.target import NAMED, Subject, Target
from mocksmtp.grammar.reply import OK
from tests.behaviors.attempts import FakeAttempt
from tests.behaviors.smtp_strategies import documents

NOOP = Command.NOOP
TARGETS = [f"{s.value}:x-name" if s in NAMED else s.value for s in Subject]

attempts = st.dictionaries(
    st.sampled_from(TARGETS),
    st.one_of(
        st.none(),
        st.binary(max_size=80),
        st.lists(st.binary(max_size=80), max_size=6),
        st.sampled_from([b"10.1.2.3", b"[IPv6:::1]", b"5", b"1e999", b"-0", b"\xff"]),
    ),
)
steps = st.tuples(st.sampled_from(Command), st.binary(max_size=300), attempts)


@attrs.frozen
class Given:
    """An attempt of which all is recorded."""

    text: bytes
    attempt: FakeAttempt

    def natural(self, point: object) -> str:
        """Its name."""
        return "argument"

    def subject(self, point: object) -> bytes:
        """What it looks at."""
        return self.text

    def values(self, target: Target) -> Sequence[bytes]:
        """What was given."""
        return self.attempt.values(target)


class PropertyTests(SynchronousTestCase):
    """Documents made at random"""

    def holds(
        self, rule: Rule[SmtpBehavior], subject: bytes, attempt: FakeAttempt
    ) -> bool | None:
        """Whether its condition is true, as an explanation has it."""
        return holds(rule.behavior.condition, NOOP, Given(subject, attempt))

    @settings(deadline=None, suppress_health_check=list(HealthCheck))
    @example({"command": "NOOP", "response": {"delay": 0, "thenDelay": "250ms"}})
    @given(documents)
    def test_what_is_told_is_read_again(self, document: dict[str, Any]) -> None:
        """A document describes its behavior, and no other; nothing of it is changed."""
        given = copy.deepcopy(document)
        behavior = SMTP.parse_one(document)
        self.assertEqual(document, given)
        listed = SMTP.write(behavior)
        self.assertEqual(SMTP.parse_one(listed), behavior)
        self.assertEqual(SMTP.write(SMTP.parse_one(listed)), listed)

    @settings(deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(documents, max_size=6), st.lists(steps, max_size=10), st.data())
    def test_nothing_raises_while_mail_flows(
        self,
        documents: list[dict[str, Any]],
        steps: list[tuple[Command, bytes, dict[str, Any]]],
        data: st.DataObject,
    ) -> None:
        """Whatever was accepted decides on whatever comes; counters add up."""
        behaviors = SmtpRules()
        behaviors.replace_all(SMTP.parse_all(documents))
        attempt = FakeAttempt()
        for command, subject, values in steps:
            attempt.given = values
            attempt.transaction = data.draw(st.sampled_from([None, 1, 2]))
            before = [rule.seen for rule in behaviors]
            trail: list[Item] = []
            decision = behaviors.decide(command, subject, attempt, trail)
            (walked,) = walks_of(trail)
            told = [*considered(walked, Given(subject, attempt))]
            at = [rule for rule in behaviors if rule.behavior.fires_at(command)]
            self.assertEqual([one.rule for one in told], at)
            named = [
                one.rule.id
                for one in told
                if one.result in (Result.FIRED, Result.SLOWED)
            ]
            self.assertEqual(named, [*(decision.rules if decision else ())])
            for one in told:
                if one.step is Reason.CONDITION:
                    self.assertIs(self.holds(one.rule, subject, attempt), False)
            if decision is not None:
                decision.answer(OK)
                moved = sum(rule.seen for rule in behaviors) - sum(before)
                self.assertGreaterEqual(moved, len(decision.rules))
            attempt.clock.advance(data.draw(st.sampled_from([0, 0.5, 100])))
        for rule in behaviors:
            self.assertLessEqual(rule.fired, rule.seen)
            self.assertEqual(
                counted_document(rule, SMTP.write, 0.0)["fired"], rule.fired
            )
        self.assertEqual(
            sum(rule.fired for rule in behaviors), sum(behaviors.fired.values())
        )
