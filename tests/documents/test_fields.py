"""Hooks that the documents of hosts have in common."""

from __future__ import annotations

import re
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.documents.fields import (
    array,
    duration,
    member,
    number,
    optional,
    size,
    text,
)
from mocksmtp.documents.structure import Hook, new_converter
from mocksmtp.tls.settings import TlsMode
from tests.documents.refusals import refusal

MODE = member(TlsMode, "mode", TlsMode.NONE)


class HookTests(SynchronousTestCase):
    """What is taken, and what is said of the rest"""

    def test_what_is_taken(self) -> None:
        """And what comes of it."""
        hooks: list[tuple[Hook, Any, Any]] = [
            (text(re.compile("a+"), "no"), "aa", "aa"),
            (optional(number(1, 2)), None, None),
            (optional(number(1, 2)), 1, 1),
            (number(1, 2), 2, 2),
            (size, 2**62, 2**62),
            (size, "1KiB", 1024),
            (duration, 1, 0.001),
            (duration, "300h", 1_080_000),
            (duration, 1500.5, 1.5005),
            (MODE, "implicit", TlsMode.IMPLICIT),
            (array(new_converter(), int, 2), [1, 2], (1, 2)),
        ]
        for hook, value, expected in hooks:
            self.assertEqual(hook(value, None), expected)

    def test_what_is_refused(self) -> None:
        """With what would have been taken."""
        hooks: list[tuple[Hook, Any, str]] = [
            (text(re.compile("a+"), "no"), "ab", "$: no"),
            (text(re.compile("a+"), "no"), 5, "$: expected a string, not a number"),
            (number(1, 2), 3, "$: must be from 1 to 2, not 3"),
            (number(1, 2), True, "$: expected a whole number, not a boolean"),
            (size, 0, f"$: must be from 1 to {2**62}, not 0"),
            (size, "0B", f"$: must be from 1 to {2**62}, not 0"),
            (duration, "721h", "$: must be from 0 to 720h, got '721h'"),
            (duration, 0, "$: must be from 1ms to 720h, got 0ms"),
            (duration, "10", "$: a duration needs a unit, got '10'; as in 10ms or 10s"),
            (MODE, "none", "$: unknown mode 'none'; one of: starttls, implicit"),
            (
                array(new_converter(), int, 2),
                [1, 2, 3],
                "$: must have 2 at most, not 3",
            ),
            (
                array(new_converter(), int, 2),
                [1, ""],
                "$[1]: expected a whole number, not a string",
            ),
        ]
        for hook, value, message in hooks:
            self.assertEqual(refusal(hook, value), message)
