"""Reply points"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.point import DISCARDING, NO_REPLY, NOT_ANY, Command


class CommandTests(SynchronousTestCase):
    """`Command`"""

    def test_each_says_when_it_is(self) -> None:
        """In one line, which no two share."""
        meanings = [command.meaning for command in Command]
        self.assertEqual(len(set(meanings)), len(Command))
        self.assertFalse([meaning for meaning in meanings if "\n" in meaning])

    def test_any_is_every_point_with_a_reply(self) -> None:
        """Where the server says nothing of its own, it is not asked."""
        self.assertEqual(NOT_ANY, NO_REPLY)
        self.assertEqual(NOT_ANY & DISCARDING, frozenset())
