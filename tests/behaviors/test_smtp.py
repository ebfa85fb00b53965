"""The ordered list of behaviors, and which of them fires"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.condition import Contains, MatchAll
from mocksmtp.behaviors.delay import Fixed, Uniform
from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.response import Drip, Effect, Fault, Response, Then
from mocksmtp.behaviors.rule import Rule
from mocksmtp.behaviors.smtp import Decision, SmtpBehavior, SmtpRules
from mocksmtp.grammar import reply
from mocksmtp.grammar.reply import Reply
from tests.behaviors.attempts import FakeAttempt

ALL = MatchAll()


def behavior(
    code: int = 450,
    command: Command = Command.MAIL_FROM,
    contains: str | None = None,
    times: int | None = None,
) -> SmtpBehavior:
    """A behavior in one line."""
    condition = ALL if contains is None else Contains(contains)
    return SmtpBehavior(
        command, response=Response(code), condition=condition, number_of_answer=times
    )


def loaded(*behaviors: SmtpBehavior) -> SmtpRules:
    """A list with these."""
    rules = SmtpRules()
    rules.replace_all(behaviors)
    return rules


class DecideTests(SynchronousTestCase):
    """Which one answers"""

    def codes(self, rules: SmtpRules, *subjects: str) -> list[int | None]:
        """The codes that MAIL commands with these addresses get."""
        fired = [rules.decide(Command.MAIL_FROM, s.encode()) for s in subjects]
        replies = [one and one.reply for one in fired]
        return [None if reply is None else reply.code for reply in replies]

    def test_none_at_all(self) -> None:
        """Nothing fires where nothing is set."""
        self.assertEqual(self.codes(SmtpRules(), "bob"), [None])

    def test_the_first_that_holds_fires(self) -> None:
        """In the order of the list; those of other commands are not asked."""
        rules = loaded(
            behavior(550, Command.RCPT_TO),
            behavior(451, contains="bob"),
            behavior(452),
        )
        self.assertEqual(self.codes(rules, "bob", "alice"), [451, 452])

    def test_counts(self) -> None:
        """One that fires counts; one that fails, or stands behind, counts nothing."""
        rules = loaded(
            behavior(450, contains="x"), behavior(451), behavior(452), behavior(453)
        )
        self.codes(rules, "bob", "bob")
        self.assertEqual(
            [(r.seen, r.fired) for r in rules], [(0, 0), (2, 2)] + [(0, 0)] * 2
        )

    def test_answers_run_out(self) -> None:
        """So many times and no more; then the next in the list has its turn."""
        rules = loaded(behavior(450, times=2), behavior(451, times=1))
        self.assertEqual(self.codes(rules, *"abcd"), [450, 450, 451, None])
        self.assertEqual([rule.remaining(0.0) for rule in rules], [0, 0])
        self.assertTrue(all(rule.exhausted(0.0) for rule in rules))

    def test_some_never_run_out(self) -> None:
        """Without a number it is for ever, and nothing remains to be counted."""
        rules = loaded(behavior(450))
        self.assertEqual(self.codes(rules, *"abc"), [450] * 3)
        (rule,) = rules
        self.assertIsNone(rule.remaining(0.0))
        self.assertFalse(rule.exhausted(0.0))

    def test_equal_ones_count_separately(self) -> None:
        """Two with the same fields have the answers of both."""
        rules = loaded(behavior(times=1), behavior(times=1))
        self.assertEqual(self.codes(rules, *"abc"), [450, 450, None])

    @settings(deadline=None)
    @given(
        st.lists(
            st.tuples(st.sampled_from(["a", "b", None]), st.sampled_from([1, 2, None])),
            max_size=5,
        ),
        st.lists(st.sampled_from("abc"), max_size=12),
    )
    def test_it_is_as_a_walk_along_the_list(
        self, specs: list[tuple[str | None, int | None]], subjects: list[str]
    ) -> None:
        """However it is done, it is as if the whole list were walked each time."""
        rules = loaded(
            *(
                behavior(400 + place, contains=contains, times=times)
                for place, (contains, times) in enumerate(specs)
            )
        )
        left = [times for _, times in specs]
        expected: list[int | None] = []
        for subject in subjects:
            for place, (contains, _) in enumerate(specs):
                if left[place] != 0 and contains in (None, subject):
                    left[place] = None if left[place] is None else left[place] - 1
                    expected.append(400 + place)
                    break
            else:
                expected.append(None)
        self.assertEqual(self.codes(rules, *subjects), expected)


class ChangeTests(SynchronousTestCase):
    """Changes of the list"""

    def codes(self, rules: SmtpRules) -> list[int]:
        """The codes in the order of the list."""
        return [rule.behavior.response.code for rule in rules]

    def use(self, rules: SmtpRules) -> None:
        """Let the first one fire once."""
        self.assertIsNotNone(rules.decide(Command.MAIL_FROM, b"bob"))

    def test_replacing_all(self) -> None:
        """The new ones and no others, counted afresh, with ids of their own."""
        rules = loaded(behavior(450))
        (old,) = rules
        self.use(rules)
        new = rules.replace_all([behavior(450), behavior(451)])
        self.assertEqual(list(rules), new)
        self.assertEqual([rule.fired for rule in rules], [0, 0])
        self.assertNotIn(old.id, [rule.id for rule in rules])

    def test_adding(self) -> None:
        """Behind the others, or before them, in the order that they were given."""
        rules = loaded(behavior(450))
        rules.extend([behavior(451), behavior(452)])
        rules.extend([behavior(453), behavior(454)], front=True)
        self.assertEqual(self.codes(rules), [453, 454, 450, 451, 452])
        self.assertEqual(len(rules), 5)

    def test_setting_one(self) -> None:
        """It takes the place of the first with its command and condition, if any."""
        rules = loaded(behavior(450), behavior(451, contains="a"), behavior(452))
        self.use(rules)
        rules.put(behavior(460))
        self.assertEqual(self.codes(rules), [460, 451, 452])
        self.assertEqual([rule.fired for rule in rules], [0, 0, 0])
        rules.put(behavior(461, contains="b"))
        rules.put(behavior(462, Command.DATA))
        self.assertEqual(self.codes(rules), [460, 451, 452, 461, 462])

    def test_one_by_its_id(self) -> None:
        """It can be had, replaced in its place under its id, and taken out."""
        rules = loaded(behavior(450), behavior(451))
        first, second = rules
        self.use(rules)
        replaced = rules.replace(first.id, behavior(460))
        self.assertEqual((replaced.id, replaced.fired), (first.id, 0))
        self.assertIs(rules.get(first.id), replaced)
        self.assertEqual(self.codes(rules), [460, 451])
        rules.remove(first.id)
        self.assertEqual(list(rules), [second])

    def test_unknown_ids(self) -> None:
        """They are a KeyError, and nothing changes."""
        rules = loaded(behavior(450))
        for change in (
            lambda: rules.get("x"),
            lambda: rules.remove("x"),
            lambda: rules.replace("x", behavior(451)),
        ):
            self.assertRaises(KeyError, change)
        self.assertEqual(self.codes(rules), [450])

    def test_what_is_taken_out_does_not_fire(self) -> None:
        """Each change takes effect with the next command."""
        rules = loaded(behavior(450))
        rules.clear()
        self.assertIsNone(rules.decide(Command.MAIL_FROM, b""))
        (rule,) = rules.extend([behavior(451)])
        self.use(rules)
        rules.remove(rule.id)
        self.assertIsNone(rules.decide(Command.MAIL_FROM, b""))

    def test_who_reads_the_list_sees_it_whole(self) -> None:
        """What was there before a change, though it changes on the way."""
        rules = loaded(behavior(450), behavior(451))
        seen: list[Rule[SmtpBehavior]] = []
        for rule in rules:
            rules.clear()
            seen.append(rule)
        self.assertEqual(len(seen), 2)


class DecisionTests(SynchronousTestCase):
    """What is to be done"""

    def decide(self, *responses: Response, command: Command = Command.NOOP) -> Decision:
        """What behaviors with these responses decide together."""
        rules = SmtpRules()
        rules.replace_all(
            [SmtpBehavior(command, response=response) for response in responses]
        )
        decision = rules.decide(command, b"")
        assert decision is not None
        return decision

    def test_base_decisions_are_made_beforehand(self) -> None:
        """The very same object each time; nothing but the time is asked for."""
        rules = loaded(behavior())
        attempt = FakeAttempt()
        one, two = (rules.decide(Command.MAIL_FROM, b"", attempt) for _ in range(2))
        self.assertIs(one, two)
        # The time is that of its last answer.
        self.assertEqual((attempt.asked, attempt.looked_at_clock), ([], 2))

    def test_modifiers_add_up(self) -> None:
        """The walk goes on behind them; delays are summed, the last drip wins."""
        slow = Response(delay=Fixed(2), drip=Drip(octets=1, interval=0.5))
        slower = Response(delay=Fixed(3))
        last = Response(450, delay=Fixed(1), then=Then.CLOSE)
        decision = self.decide(slow, slower, last, slower)
        self.assertEqual(decision.rules, ("1", "2", "3"))
        self.assertEqual(
            decision.fault, Fault(6, Drip(octets=1, interval=0.5), Then.CLOSE)
        )
        self.assertEqual(
            decision.answer(reply.OK), Reply(450, "4.2.0 Mailbox unavailable")
        )

    def test_modifiers_alone_leave_the_reply_to_the_server(self) -> None:
        """The command takes place, and the answer names no behavior."""
        decision = self.decide(
            Response(delay=Fixed(2)), Response(drip=Drip(octets=2, interval=1))
        )
        self.assertEqual(decision.fault, Fault(2, Drip(octets=2, interval=1)))
        self.assertIs(decision.answer(reply.OK), reply.OK)
        self.assertIs(decision.effect, Effect.APPLY)

    def test_a_message_alone_has_the_servers_code(self) -> None:
        """And the behavior is named as its source."""
        told = self.decide(Response(message="mine")).answer(reply.OK)
        assert told is not None
        self.assertEqual((told, told.source), (Reply(250, "mine"), "1"))

    def test_an_effect_alone_has_the_servers_reply(self) -> None:
        """It looks like any other, and is recorded as the behavior's."""
        decision = self.decide(Response(effect=Effect.DISCARD), command=Command.DATA)
        told = decision.answer(reply.MAIL_KEPT)
        assert told is not None
        self.assertEqual((told, told.source), (reply.MAIL_KEPT, "1"))
        self.assertIs(decision.effect, Effect.DISCARD)

    def test_nothing_said(self) -> None:
        """Empty octets, or an end without a reply."""
        for response in Response(raw=b""), Response(then=Then.HANG):
            decision = self.decide(response)
            self.assertTrue(decision.silent)
            answer = decision.answer(reply.OK)
            self.assertEqual((answer.wire, answer.source), (b"", "1"))
            self.assertIs(decision.effect, Effect.NONE)

    def test_octets(self) -> None:
        """As they are."""
        told = self.decide(Response(raw=b"2\0\xff\n")).answer(reply.OK)
        assert told is not None
        self.assertEqual(told.wire, b"2\0\xff\n")

    def test_in_turn(self) -> None:
        """Each so many times; a modifier among them lets the walk go on."""
        rules = SmtpRules()
        turns = (Response(450, times=2), Response(delay=Fixed(1)), Response(451))
        rules.replace_all(
            [
                SmtpBehavior(Command.NOOP, responses=turns),
                SmtpBehavior(Command.NOOP, response=Response(250)),
            ]
        )
        told = [rules.decide(Command.NOOP, b"") for _ in range(5)]
        codes = [one.reply.code for one in told if one and one.reply]
        self.assertEqual(codes, [450, 450, 250, 451, 250])
        assert told[2] is not None
        self.assertEqual(told[2].fault, Fault(1))

    def test_any(self) -> None:
        """It is asked everywhere, in its place, and where nobody else is."""
        rules = SmtpRules()
        self.assertFalse(rules.has_any)
        rules.replace_all(
            [
                behavior(451, Command.NOOP),
                SmtpBehavior(Command.ANY, response=Response(250)),
                behavior(452, Command.QUIT),
            ]
        )
        self.assertTrue(rules.has_any)

        def asked(command: Command) -> int | None:
            decision = rules.decide(command, b"")
            return decision.reply.code if decision and decision.reply else None

        self.assertEqual(asked(Command.NOOP), 451)
        self.assertEqual((asked(Command.QUIT), asked(Command.CONNECT)), (250, 250))
        self.assertEqual(
            (asked(Command.TLS), asked(Command.DATA_CONTENT)), (None, None)
        )
        self.assertIsNotNone(rules.decide(Command.ANY, b""))

    def test_the_effect_of_any_is_that_of_the_command(self) -> None:
        """354 is success where DATA is answered, and nowhere else."""
        rules = SmtpRules()
        rules.replace_all([SmtpBehavior(Command.ANY, response=Response(354))])
        for command, effect in (
            (Command.DATA_COMMAND, Effect.APPLY),
            (Command.DATA, Effect.NONE),
        ):
            decision = rules.decide(command, b"")
            assert decision is not None
            self.assertIs(decision.effect, effect)

    def test_delays_by_chance(self) -> None:
        """Drawn for each answer, within bounds."""
        rules = SmtpRules()
        rules.replace_all(
            [SmtpBehavior(Command.NOOP, response=Response(250, delay=Uniform(1, 2)))]
        )
        told = [rules.decide(Command.NOOP, b"") for _ in range(20)]
        delays = {one.fault.delay for one in told if one and one.fault}
        self.assertEqual(len(delays), 20)
        self.assertTrue(all(1 <= delay < 2 for delay in delays))
