"""What a behavior answers, and what its answer does."""

from __future__ import annotations

import copy
import pickle

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.condition import Contains, MatchAll
from mocksmtp.behaviors.point import DISCARDING, Command
from mocksmtp.behaviors.response import Effect, Response
from mocksmtp.behaviors.smtp import SmtpBehavior
from mocksmtp.grammar.reply import Reply, stock_text


class CommandTests(SynchronousTestCase):
    """`Command`"""

    def test_names_are_those_of_documents(self) -> None:
        """A command is known by the name that clients send."""
        for name in (
            "EHLO",
            "MAIL FROM",
            "RCPT TO",
            "DATA",
            "RSET",
            "VRFY",
            "NOOP",
            "QUIT",
        ):
            self.assertEqual(Command(name).value, name)

    def test_a_member_is_one_key(self) -> None:
        """However a member was come by, it finds what was filed under it."""
        filed = {command: command.name for command in Command}
        self.assertEqual(len(filed), len(Command))
        for command in Command:
            for same in (
                Command(command.value),
                Command[command.name],
                copy.deepcopy(command),
                pickle.loads(pickle.dumps(command)),
            ):
                self.assertEqual(filed[same], command.name)

    def test_only_what_brings_data_can_be_discarded(self) -> None:
        """There is nothing to throw away in the other commands."""
        expected = {Command.MAIL_FROM, Command.RCPT_TO, Command.DATA}
        self.assertEqual(DISCARDING, expected)


class ResponseTests(SynchronousTestCase):
    """`Response`"""

    def test_the_message_is_the_replys_text(self) -> None:
        """It is told as it is, several lines and the empty one too."""
        for message in ("no", "", "a\nb", "5.7.1 größer"):
            response = Response(550, message)
            self.assertEqual(response.reply(), Reply(550, message))

    def test_without_a_message_the_text_suits_the_code(self) -> None:
        """Only a code is needed, whichever it is."""
        for code in range(200, 600):
            self.assertEqual(Response(code).reply(), Reply(code, stock_text(code)))

    def test_a_command_takes_place_where_the_answer_is_2xx(self) -> None:
        """No other class of codes is a success (RFC 5321 §4.2.1)."""
        for code in range(200, 600):
            effect = Effect.APPLY if code < 300 else Effect.NONE
            self.assertIs(Response(code).effect_at(Command.DATA), effect, code)

    def test_an_effect_that_is_given_counts(self) -> None:
        """A refusal may keep the mail all the same, and a 250 may lose it."""
        for code in (250, 354, 451, 550):
            for effect in Effect:
                response = Response(code, effect=effect)
                self.assertIs(response.effect_at(Command.DATA), effect, code)

    def test_the_default_effect_is_not_a_given_one(self) -> None:
        """What was not said is not said back, though it has an outcome."""
        self.assertIsNone(Response(250).effect)
        self.assertNotEqual(Response(250), Response(250, effect=Effect.APPLY))

    def test_it_is_a_value(self) -> None:
        """Equal documents make equal responses."""
        self.assertEqual(Response(550, "no"), Response(550, "no"))
        self.assertNotEqual(Response(550, "no"), Response(550))
        self.assertNotEqual(Response(550, "no"), Response(551, "no"))
        self.assertEqual(len({Response(550), Response(550)}), 1)


class BehaviorTests(SynchronousTestCase):
    """`Behavior`"""

    def test_by_default_it_answers_everything_for_ever(self) -> None:
        """Without a condition all match, and without a number it never ends."""
        behavior = SmtpBehavior(Command.QUIT, response=Response(221))
        self.assertEqual(behavior.condition, MatchAll())
        self.assertIsNone(behavior.number_of_answer)

    def test_it_is_a_value(self) -> None:
        """Behaviors are compared by all that they say."""

        def behavior(
            command: Command = Command.RCPT_TO,
            code: int = 550,
            value: str = "bob",
            times: int | None = 1,
        ) -> SmtpBehavior:
            return SmtpBehavior(
                command,
                response=Response(code),
                condition=Contains(value),
                number_of_answer=times,
            )

        self.assertEqual(behavior(), behavior())
        for other in (
            behavior(command=Command.MAIL_FROM),
            behavior(code=551),
            behavior(value="Bob"),
            behavior(times=2),
            behavior(times=None),
        ):
            self.assertNotEqual(behavior(), other)
