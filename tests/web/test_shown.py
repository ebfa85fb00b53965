"""Texts in reports"""

from __future__ import annotations

import html5lib
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.web.shown import (
    MAX_SHOWN_TEXT,
    differences,
    duration_words,
    isolated,
    plain_text,
)

HEAD = "<!DOCTYPE html><html><head><title>x</title></head><body><p>"


class TextTests(SynchronousTestCase):
    """visible, isolated and plain"""

    @given(st.text(max_size=50) | st.text(st.characters(categories=["Cc", "Cs", "Cn"])))
    def test_any_text_is_valid_html(self, text: str) -> None:
        """It has no markup, no control characters and no noncharacters."""
        html5lib.HTMLParser(strict=True).parse(HEAD + isolated(text))

    @given(st.text(max_size=50))
    def test_any_text_is_one_line_on_a_terminal(self, text: str) -> None:
        """Nothing in it moves the cursor or changes the direction."""
        shown = plain_text(text)
        self.assertFalse([c for c in shown if ord(c) < 32 or 0x7F <= ord(c) < 0xA0])
        self.assertFalse(set(shown) & set("\u202a\u202e\u2066\u2069"))

    def test_controls_are_visible(self) -> None:
        """Each has its own picture."""
        self.assertEqual(plain_text("\x1b[31m\0\r\x7f"), "␛[31m␀␍␡")
        self.assertEqual(plain_text("a\r\nb\tc"), "a / b c")

    def test_a_long_text(self) -> None:
        """The beginning is shown."""
        self.assertEqual(
            plain_text("x" * (MAX_SHOWN_TEXT + 1)), "x" * MAX_SHOWN_TEXT + "…"
        )

    def test_direction(self) -> None:
        """A text that runs from right to left changes nothing around it."""
        self.assertEqual(isolated("\u202e<b>"), "<bdi>\u202e&lt;b&gt;</bdi>")

    def test_durations(self) -> None:
        """The unit is the one that a reader expects."""
        for milliseconds, shown in (
            (0, "0 ms"),
            (1500, "1.5 s"),
            (59_999, "1 min 0 s"),
            (61_000, "1 min 1 s"),
            (7_260_000, "2 h 1 min"),
        ):
            self.assertEqual(duration_words(milliseconds), shown)


class DifferenceTests(SynchronousTestCase):
    """differences"""

    def test_the_letter_that_differs(self) -> None:
        """It is marked on both sides; what `contains` allows besides is not."""
        self.assertEqual(
            differences("Bob@x.test", "bob@", "contains"),
            ("<bdi><mark>B</mark>ob@x.test</bdi>", "<bdi><mark>b</mark>ob@</bdi>"),
        )

    def test_a_space_at_the_end(self) -> None:
        """It is made visible."""
        self.assertEqual(
            differences("bob ", "bob", "equals")[0], "<bdi>bob<mark>␣</mark></bdi>"
        )

    def test_long_values(self) -> None:
        """They are shown without marks: comparing takes too long."""
        self.assertNotIn("mark", "".join(differences("a" * 101, "b", "equals")))
