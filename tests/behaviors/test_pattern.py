"""Regular expressions"""

from __future__ import annotations

import time

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.pattern import (
    MAX_PATTERN,
    MAX_SEARCHED,
    compile_any,
    compile_literal,
    compile_pattern,
)

LETTERS = b"ab" * (MAX_SEARCHED // 2)


class PatternTests(SynchronousTestCase):
    """`compile_pattern`"""

    def test_it_is_searched(self) -> None:
        """Anywhere in the octets, whatever else those are."""
        for pattern, octets, holds in (
            ("a+b", b"xaab", True),
            ("^a", b"xa", False),
            ("", b"", True),
            ("é", "né".encode(), True),
            ("x", b"\xff\0x", True),
            ("^$", b"", True),
            ("A", b"a", False),
        ):
            self.assertEqual(compile_pattern(pattern)(octets), holds, pattern)
        self.assertTrue(compile_pattern("É", ignore_case=True)("é".encode()))

    def test_what_is_none(self) -> None:
        """What RE2 does not have, and what is too large."""
        for pattern in (
            *("(", "(?=a)", r"\1", "a{1001}", "[b-a]", "(?P<n>a"),
            "a" * (MAX_PATTERN + 1),
            "((a{100}){100}){100}",
        ):
            self.assertRaises(ValueError, compile_pattern, pattern)

    def test_one_that_compiles_to_much(self) -> None:
        """However short it is; an engine needs milliseconds for each of them."""
        with self.assertRaisesRegex(ValueError, "more than 20,000 steps"):
            compile_pattern(r"\PL{1,30}")
        with self.assertRaisesRegex(ValueError, "at most 32 classes"):
            compile_pattern(r"\pL\PN" * 17)
        for pattern in "(a|b){1,900}", r"\pL+@\pL+", ".*a.{900}c":
            compile_pattern(pattern)

    def test_none_stalls_the_service(self) -> None:
        """Not those that engines backtrack on, nor those of thousands of states."""
        for pattern, octets in (
            ("(a+)+$", b"a" * 64 * 1024 + b"b"),
            ("(a|a)*c", b"a" * 64 * 1024 + b"b"),
            ("(.*)(.*)(.*)(.*)(.*)x", LETTERS),
            (".*a.{900}c", LETTERS),
            ("((a|b){30}){30}c", LETTERS),
            ("(?:.?){1000}(?:.?){1000}z", LETTERS),
        ):
            search = compile_pattern(pattern)
            begun = time.process_time()
            self.assertFalse(search(octets), pattern)
            self.assertLess(time.process_time() - begun, 1, pattern)

    def test_a_large_content_is_searched_at_its_beginning(self) -> None:
        """So far and no further."""
        search = compile_pattern("x")
        self.assertTrue(search(LETTERS[1:] + b"x"))
        self.assertFalse(search(LETTERS + b"x"))


class TextTests(SynchronousTestCase):
    """Texts that are no expressions"""

    def test_letters_in_any_case(self) -> None:
        """Signs that mean something in an expression mean themselves."""
        self.assertTrue(compile_literal("ß.É")("xß.é".encode()))
        self.assertFalse(compile_literal(".É")("xé".encode()))
        self.assertFalse(compile_literal("É", r"\A")("xé".encode()))
        self.assertRaises(ValueError, compile_literal, "é" * (MAX_PATTERN + 1))

    def test_any_of_many(self) -> None:
        """At once."""
        search = compile_any(["a.c", "x|y", "\0"])
        found = [search(text) for text in (b"abc", b"-a.c-", b"x", b"x|y", b"\0", b"")]
        self.assertEqual(found, [False, True, False, True, True, False])
