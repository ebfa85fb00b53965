"""Rules that are taken together"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.condition import Contains
from mocksmtp.behaviors.explain import passed_over
from mocksmtp.behaviors.miss import Item
from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.response import Response
from mocksmtp.behaviors.smtp import SmtpBehavior, SmtpRules
from mocksmtp.behaviors.walk import BLOCK, Block

NOOP = Command.NOOP


def loaded(*texts: str, times: int | None = None) -> SmtpRules:
    """Rules that answer 400, 401 and so on to what contains these."""
    behaviors = SmtpRules()
    behaviors.replace_all(
        SmtpBehavior(
            NOOP,
            response=Response(400 + place % 200),
            condition=Contains(text),
            number_of_answer=times,
        )
        for place, text in enumerate(texts)
    )
    return behaviors


def code(behaviors: SmtpRules, subject: bytes) -> int | None:
    """What is replied."""
    decision = behaviors.decide(NOOP, subject)
    return decision.reply.code if decision and decision.reply else None


class BlockTests(SynchronousTestCase):
    """A row of rules that look for texts"""

    def blocks(self, behaviors: SmtpRules) -> list[bool]:
        """Of what is walked, what is a block."""
        return [isinstance(e, Block) for _, e in behaviors._index(NOOP).entries]

    def test_a_long_row_is_searched_at_once(self) -> None:
        """In blocks of a bounded size; a short row is not worth it."""
        self.assertEqual(self.blocks(loaded("a", "b")), [False, False])
        self.assertEqual(self.blocks(loaded(*"abcdef")), [True])
        many = loaded(*(f"x{n}" for n in range(BLOCK + 1)))
        self.assertEqual(self.blocks(many), [True, True])

    def test_what_looks_at_more_parts_a_row(self) -> None:
        """The order of the list stays."""
        behaviors = loaded(*"abcd", "", *"efgh")
        self.assertEqual(self.blocks(behaviors), [True, False, True])
        self.assertEqual([code(behaviors, b) for b in (b"d", b"h")], [403, 404])

    def test_misses_are_noted_of_all(self) -> None:
        """Those whose text is not there, and one that is exhausted."""
        behaviors = loaded(*"abcde", times=1)
        trail: list[Item] = []
        self.assertIsNone(behaviors.decide(NOOP, b"-", trail=trail))
        self.assertEqual(len(trail), 1)
        noted = [(rule, reason.value) for rule, _, reason in passed_over(trail)]
        self.assertEqual(noted, [(str(n), "condition") for n in range(1, 6)])
        self.assertEqual(code(behaviors, b"c"), 402)
        trail = []
        self.assertIsNone(behaviors.decide(NOOP, b"c", trail=trail))
        reasons = [reason.value for _, _, reason in passed_over(trail)]
        self.assertEqual(reasons, [*["condition"] * 2, "exhausted", *["condition"] * 2])

    @settings(deadline=None)
    @given(
        st.lists(st.text(min_size=1, max_size=3), min_size=4, max_size=9),
        st.lists(st.binary(max_size=9) | st.text(max_size=9).map(str.encode)),
    )
    def test_it_is_as_if_each_were_asked(
        self, texts: list[str], subjects: list[bytes]
    ) -> None:
        """Whatever the octets are: the first whose text is in them answers."""
        behaviors = loaded(*texts)
        for subject in [*subjects, *(f"-{text}-".encode() for text in texts)]:
            places = [n for n, text in enumerate(texts) if text.encode() in subject]
            expected = 400 + places[0] if places else None
            self.assertEqual(code(behaviors, subject), expected)


class DisabledTests(SynchronousTestCase):
    """Behaviors that are switched off"""

    def load(self, *disabled: str) -> SmtpRules:
        behaviors = SmtpRules()
        behaviors.replace_all(
            SmtpBehavior(
                NOOP,
                response=Response(450),
                condition=Contains(text),
                enabled=text not in disabled,
                id=text,
            )
            for text in "abcdef"
        )
        return behaviors

    def test_they_are_passed_over(self) -> None:
        """With the reason, and without being counted; the walk goes on."""
        behaviors = self.load("a", "e")
        decision = behaviors.decide(NOOP, b"ab")
        assert decision is not None
        self.assertEqual(decision.rules, ("b",))
        self.assertEqual((behaviors.get("a").seen, behaviors.get("b").seen), (0, 1))
        trail: list[Item] = []
        self.assertIsNone(behaviors.decide(NOOP, b"e", trail=trail))
        noted = {rule: reason.value for rule, _, reason in passed_over(trail)}
        self.assertEqual(noted["a"], "disabled")
        self.assertEqual(noted["e"], "disabled")
        self.assertEqual(noted["b"], "condition")

    def test_a_mail_passes_them_quickly(self) -> None:
        """That none fires is certain without asking each of them."""
        behaviors = self.load("a", "e")
        self.assertTrue(behaviors.passes(NOOP, b"ae"))
        self.assertFalse(behaviors.passes(NOOP, b"f"))

    def test_a_keyed_one(self) -> None:
        """Its step is the first."""
        behaviors = SmtpRules()
        (rule,) = behaviors.extend(
            [SmtpBehavior(NOOP, response=Response(450), skip=1, enabled=False)]
        )
        trail: list[Item] = []
        self.assertIsNone(behaviors.decide(NOOP, b"", trail=trail))
        self.assertEqual(rule.seen, 0)
        ((_, _, reason),) = passed_over(trail)
        self.assertEqual(reason.value, "disabled")
