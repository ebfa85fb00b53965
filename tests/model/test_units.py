"""Durations and sizes as people write them."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.model.units import parse_duration, parse_size

# What no unit makes a number: "+1", for one, is a number to Python.
NO_NUMBERS = ("", " ", "-1", "+1", "1e3", "0x10", "1_000", "\u0661", "²", "inf", "nan")


class DurationTests(SynchronousTestCase):
    """`parse_duration`"""

    def test_each_unit_is_seconds(self) -> None:
        """A number without a unit is milliseconds."""
        for text, seconds in (
            ("0", 0.0),
            ("250", 0.25),
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
            check_refused(self, parse_duration, text, "not a duration")

    @settings(deadline=None)
    @given(st.text(max_size=20) | st.text("0123456789.smh ", max_size=20))
    def test_any_text_is_a_duration_or_refused(self, text: str) -> None:
        """A duration is finite and not negative; nothing but ValueError is raised."""
        try:
            seconds = parse_duration(text)
        except ValueError:
            return
        self.assertTrue(0 <= seconds < float("inf"))


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
            check_refused(self, parse_size, text, "not a size")

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
    """`parse` raises a ValueError which says `why`, and shows the text."""
    try:
        value = parse(text)
    except ValueError as error:
        case.assertIn(f"{why}: {text!r}", str(error))
    else:
        case.fail(f"{text!r} was taken for {value}")
