"""Durations and sizes as people write them."""

from __future__ import annotations

import re
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.documents.units import (
    duration,
    duration_pattern,
    milliseconds,
    parse_duration,
    parse_size,
    shown_duration,
)

# What no unit makes a number: "+1", for one, is a number to Python.
NO_NUMBERS = ("", " ", "-1", "+1", "1e3", "0x10", "1_000", "\u0661", "²", "inf", "nan")


class DurationTests(SynchronousTestCase):
    """`parse_duration`"""

    def test_each_unit_is_seconds(self) -> None:
        """Zero needs none."""
        for text, seconds in (
            ("0", 0.0),
            ("0.0", 0.0),
            ("250ms", 0.25),
            ("1ms", 0.001),
            ("0.5ms", 0.0005),
            ("2s", 2.0),
            ("1.5s", 1.5),
            ("0.000001s", 0.000001),
            ("5m", 300.0),
            ("0.5m", 30.0),
            ("1h", 3600.0),
            ("007s", 7.0),
            ("999999999999s", 999_999_999_999.0),
        ):
            self.assertAlmostEqual(parse_duration(text), seconds, 9, text)

    def test_what_is_no_duration_is_refused(self) -> None:
        """The message shows the text, and how a duration looks."""
        for text in (
            *NO_NUMBERS,
            "s",
            "ms",
            "1 s",
            " 1s",
            "1s ",
            "1s\n",
            "1S",
            "1MS",
            "1sec",
            "1min",
            "1d",
            "1m30s",
            "-1s",
            ".5s",
            "1.s",
            "1,5s",
            "1.5.5s",
            "9" * 13 + "s",
            "1." + "0" * 7 + "s",
        ):
            check_refused(self, parse_duration, text, "must be a duration")

    def test_a_text_without_a_unit_is_refused(self) -> None:
        """The error shows what was given with the units that may have been meant."""
        for text in "10", "1500.5", "007":
            with self.assertRaises(ValueError) as raised:
                parse_duration(text)
            self.assertIn(
                f"such as {text}ms or {text}s, got {text!r}", str(raised.exception)
            )

    @settings(deadline=None)
    @given(st.text(max_size=20) | st.text("0123456789.smh ", max_size=20))
    def test_any_text_is_a_duration_or_refused(self, text: str) -> None:
        """A duration is finite and not negative; nothing but ValueError is raised."""
        try:
            seconds = parse_duration(text)
        except ValueError:
            return
        self.assertTrue(0 <= seconds < float("inf"))


class ValueTests(SynchronousTestCase):
    """`duration`, the one grammar of documents, options and parameters"""

    def test_numbers_are_milliseconds(self) -> None:
        """With or without a fraction; written as they are read, to the microsecond."""
        for value in 0, 1, 250, 1500.5, 0.001, 1234.567, 2_592_000_000:
            self.assertEqual(milliseconds(duration(value)), value)
        self.assertIsInstance(milliseconds(0.25), int)

    def test_texts_have_a_unit(self) -> None:
        """Up to thirty days, in any of them."""
        self.assertEqual((duration("300h"), duration("720h")), (1_080_000, 2_592_000))

    def test_an_error_states_the_unit(self) -> None:
        """Of what was given, and of what is allowed."""
        for value, message in (
            (-1, "must be from 0 to 720h, got -1ms"),
            ("721h", "must be from 0 to 720h, got '721h'"),
            (10**400, "must be from 0 to 720h, got 1000000000"),
            (float("nan"), "must be from 0 to 720h, got nanms"),
            (True, "must be a number of milliseconds or a text such as 2s, got a bool"),
            (float("inf"), "must be from 0 to 720h, got infms"),
            (None, "must be a number of milliseconds or a text such as 2s, got null"),
            ("10", "a duration must have a unit, such as 10ms or 10s, got '10'"),
        ):
            with self.assertRaises(ValueError) as raised:
                duration(value)
            self.assertIn(message, str(raised.exception))

    def test_shown(self) -> None:
        """In the largest unit that needs no fraction."""
        for seconds, text in ((7200, "2h"), (90, "90s"), (60, "1m"), (0.0015, "1.5ms")):
            self.assertEqual(shown_duration(seconds), text)
        self.assertEqual(shown_duration(0), "0ms")

    @settings(deadline=None)
    @given(
        st.sampled_from(["", "ms", "s", "m", "h"]),
        st.decimals(0, 3 * 10**9, places=2) | st.integers(0, 3 * 10**9),
        st.sampled_from([0.0, 0.001]),
    )
    def test_the_pattern_matches_what_is_read(
        self, unit: str, number: object, least: float
    ) -> None:
        """The bound of a month included; below a millisecond it may match less."""
        text = f"{number}{unit}"
        matches = re.search(f"^{duration_pattern(least)}$", text) is not None
        try:
            seconds = duration(text)
        except ValueError:
            self.assertFalse(matches, text)
            return
        if matches:
            self.assertGreaterEqual(seconds, least)
        elif unit:
            self.assertLess(seconds, least and 3600)


class SizeTests(SynchronousTestCase):
    """`parse_size`"""

    def test_each_unit_is_bytes(self) -> None:
        """KiB and K are 1,024, KB is 1,000 (IEC 80000-13)."""
        for text, octets in (
            ("0", 0),
            ("1", 1),
            ("1000", 1000),
            ("1000B", 1000),
            ("1K", 1024),
            ("1Ki", 1024),
            ("1KiB", 1024),
            ("1KB", 1000),
            ("64M", 64 * 1024**2),
            ("64MiB", 64 * 1024**2),
            ("64MB", 64_000_000),
            ("1G", 1024**3),
            ("1GiB", 1024**3),
            ("1GB", 1_000_000_000),
            ("2T", 2 * 1024**4),
            ("2TiB", 2 * 1024**4),
            ("2TB", 2_000_000_000_000),
        ):
            self.assertEqual(parse_size(text), octets, text)

    def test_what_is_no_size_is_refused(self) -> None:
        """The message shows the text, and how a size looks."""
        for text in (
            *NO_NUMBERS,
            "K",
            "KiB",
            "1 KiB",
            " 1",
            "1 ",
            "1\n",
            "1.5GiB",
            "1kib",
            "1kb",
            "1KIB",
            "1Kb",
            "1iB",
            "1Bi",
            "1P",
            "-1K",
            "many",
            "9" * 16,
        ):
            check_refused(self, parse_size, text, "must be a size")

    @settings(deadline=None)
    @given(st.integers(0, 10**15 - 1), st.sampled_from("KMGT"))
    def test_units_grow_by_their_base(self, number: int, unit: str) -> None:
        """The same number is more with a binary unit than with a decimal one."""
        power = "KMGT".index(unit) + 1
        self.assertEqual(parse_size(f"{number}{unit}iB"), number * 1024**power)
        self.assertEqual(parse_size(f"{number}{unit}B"), number * 1000**power)

    @settings(deadline=None)
    @given(st.text(max_size=20) | st.text("0123456789KMGTiB ", max_size=20))
    def test_any_text_is_a_size_or_refused(self, text: str) -> None:
        """A size is a whole number; nothing but ValueError is raised."""
        try:
            octets = parse_size(text)
        except ValueError:
            return
        self.assertIsInstance(octets, int)
        self.assertGreaterEqual(octets, 0)


def check_refused(
    case: SynchronousTestCase, parse: Callable[[str], float], text: str, why: str
) -> None:
    """`parse` raises a ValueError that begins with `why` and ends with the text."""
    try:
        value = parse(text)
    except ValueError as error:
        case.assertTrue(str(error).startswith(why), str(error))
        case.assertTrue(str(error).endswith(f"got {text!r}"), str(error))
    else:
        case.fail(f"{text!r} was read as {value}")
