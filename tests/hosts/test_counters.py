"""Plain numbers, where things happen"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.response import Response
from mocksmtp.behaviors.smtp import SmtpBehavior
from mocksmtp.hosts.counters import Counters, new_queries
from mocksmtp.hosts.host import MailHost


class CountersTests(SynchronousTestCase):
    """`Counters`"""

    def test_a_code_that_is_new_begins_at_nothing(self) -> None:
        """So that counting is an increment, whatever comes."""
        counters, queries = Counters(), new_queries()
        counters.replies[250] += 1
        queries[15, 0] += 1
        self.assertEqual(counters.replies, {250: 1})
        self.assertEqual(queries, {(15, 0): 1})

    def test_behaviors_are_counted_through_every_change(self) -> None:
        """By command; a reset does not take it back."""
        host = MailHost("default", "mx.test")
        host.behaviors.put(SmtpBehavior(Command.DATA, response=Response(451)))
        for command in Command.DATA, Command.DATA, Command.NOOP:
            host.behaviors.decide(command, b"")
        host.reset()
        self.assertEqual(host.behaviors.fired[Command.DATA], 2)
        self.assertEqual(sum(host.behaviors.fired.values()), 2)
