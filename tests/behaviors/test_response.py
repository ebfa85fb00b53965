"""Responses"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.delay import Fixed, Uniform
from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.response import Drip, Effect, Response, Then


class ReplyTests(SynchronousTestCase):
    """What it says"""

    def test_enhanced_codes(self) -> None:
        """Before each line; in the place of the one that a stock text has."""
        for response, text in (
            (Response(550, "a\nb", enhanced_code="5.1.1"), "5.1.1 a\n5.1.1 b"),
            (Response(550, enhanced_code="5.7.1"), "5.7.1 Mailbox unavailable"),
            (Response(220, enhanced_code="2.0.0"), "2.0.0 Service ready"),
            (Response(message="x", enhanced_code="4.0.0"), "4.0.0 x"),
        ):
            self.assertEqual(response.text, text)

    def test_octets(self) -> None:
        """Exactly these, with the code that is in them; none say nothing."""
        reply = Response(raw=b"451 no\n\0").reply("7")
        assert reply is not None
        self.assertEqual((reply.code, reply.source), (451, "7"))
        self.assertEqual(reply.wire, b"451 no\n\0")
        self.assertIsNone(Response(raw=b"").reply())
        self.assertTrue(Response(raw=b"").is_silent)

    def test_what_is_left_to_the_server(self) -> None:
        """A code, or all of the reply."""
        self.assertIsNone(Response(message="x").reply())
        self.assertIsNone(Response(effect=Effect.APPLY).reply())
        self.assertFalse(Response(effect=Effect.APPLY).is_silent)
        self.assertTrue(Response(then=Then.CLOSE).is_silent)
        self.assertFalse(Response(250, then=Then.CLOSE).is_silent)

    def test_modifiers(self) -> None:
        """Those with nothing but time."""
        for response in (
            Response(delay=Fixed(1)),
            Response(drip=Drip(octets=1, interval=1)),
            Response(),
        ):
            self.assertTrue(response.is_modifier)
        for other in (
            Response(250, delay=Fixed(1)),
            Response(raw=b"", delay=Fixed(1)),
            Response(message="x"),
            Response(then=Then.HANG, delay=Fixed(1)),
            Response(effect=Effect.NONE),
        ):
            self.assertFalse(other.is_modifier)
        self.assertTrue(Response(delay=Uniform(1, 2)).is_random)
        self.assertFalse(Response(delay=Fixed(1)).is_random)


class EffectTests(SynchronousTestCase):
    """Whether the command takes place"""

    def test_by_the_commands_own_kind_of_success(self) -> None:
        """354 for DATA, 2xx elsewhere."""
        for command, code, effect in (
            (Command.DATA_COMMAND, 354, Effect.APPLY),
            (Command.DATA_COMMAND, 250, Effect.NONE),
            (Command.DATA, 354, Effect.NONE),
            (Command.DATA, 299, Effect.APPLY),
            (Command.STARTTLS, 220, Effect.APPLY),
            (Command.AUTH, 535, Effect.NONE),
        ):
            self.assertIs(Response(code).effect_at(command), effect)

    def test_without_a_code(self) -> None:
        """The server's own is a success; none at all is not."""
        for response, effect in (
            (Response(message="x"), Effect.APPLY),
            (Response(delay=Fixed(1)), Effect.APPLY),
            (Response(then=Then.CLOSE), Effect.NONE),
            (Response(raw=b"250 ok\r\n"), Effect.NONE),
            (Response(then=Then.RESET, effect=Effect.APPLY), Effect.APPLY),
        ):
            self.assertIs(response.effect_at(Command.DATA), effect)
