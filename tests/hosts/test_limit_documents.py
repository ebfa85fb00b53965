"""The documents of limits."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.documents.document import parse
from mocksmtp.hosts.limits import (
    LIMITS,
    PARTIAL_LIMITS,
    Limits,
    limits_over,
)
from tests.documents.refusals import refusal


def read(document: Any, usual: Limits | None = None) -> Limits:
    """The limits that a document describes."""
    return limits_over(parse(PARTIAL_LIMITS, document), usual or Limits())


class LimitsTests(SynchronousTestCase):
    """`LIMITS`"""

    def test_sizes_and_times_can_have_units(self) -> None:
        """As in options; a number is octets, or milliseconds."""
        told = {"messageSize": "10KiB", "idleTime": "2s", "totalTime": "1m"}
        limits = read(told)
        self.assertEqual((limits.message_size, limits.idle_time), (10240, 2))
        self.assertEqual(limits.total_time, 60)
        limits = read({"messageSize": 5, "idleTime": 250, "totalTime": 1500})
        self.assertEqual((limits.message_size, limits.idle_time), (5, 0.25))
        self.assertEqual(limits.total_time, 1.5)

    def test_a_limit_that_is_not_said_is_as_usual(self) -> None:
        """The service's own, and SIZE is told only where it was set."""
        usual = Limits(5, recipients=6, total_time=7, messages=8, bad_commands=9)
        nulls = dict.fromkeys(("messageSize", "recipients", "connections", "idleTime"))
        for document in {}, nulls:
            self.assertEqual(read(document, usual), usual)

    def test_null_takes_away_what_need_not_be(self) -> None:
        """A connection may last for ever, if the service has a limit or not."""
        usual = Limits(total_time=7, messages=8, bad_commands=9)
        nulls = dict.fromkeys(("totalTime", "messages", "badCommands"))
        self.assertEqual(read(nulls, usual), Limits())

    def test_what_is_told_can_be_read(self) -> None:
        """And gives the same."""
        for limits in (
            Limits(),
            Limits(1, True, 2, 3, 4, 5, 6, 7),
            Limits(messages=1),
        ):
            self.assertEqual(read(LIMITS.write(limits), Limits(messages=5)), limits)

    def test_what_is_wrong_is_told_with_its_place(self) -> None:
        """Each limit is one thing at least."""
        for document, message in (
            ([], "$: must be an object, got an array"),
            (
                {"messages": 0},
                "$.messages: must be from 1 to 1,000,000,000, got 0",
            ),
            (
                {"badCommands": "5"},
                "$.badCommands: must be an integer, got the string '5'",
            ),
            (
                {"totalTime": 0},
                "$.totalTime: must be from 1ms to 720h, got 0ms",
            ),
            ({"totalTime": "x"}, "$.totalTime: must be a duration such as 250ms"),
            (
                {"messageSize": "big"},
                "$.messageSize: must be a size such as 1000, 64KiB, 1GiB, got 'big'",
            ),
            ({"messageSize": 0}, "$.messageSize: must be from 1 to 4,611,6"),
        ):
            said = refusal(LIMITS, document)
            self.assertTrue(said.startswith(message), said)
