"""SASLprep (RFC 4013)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.sasl.saslprep import saslprep


class SaslprepTests(SynchronousTestCase):
    """`saslprep`"""

    def test_examples_of_the_rfc(self) -> None:
        """RFC 4013 §3; what it refuses stays as it is."""
        for text, expected in (
            ("I\u00adX", "IX"),
            ("user", "user"),
            ("USER", "USER"),
            ("\u00aa", "a"),
            ("\u2168", "IX"),
            ("\u0007", "\u0007"),
            ("\u0007\u00ad", "\u0007\u00ad"),
            ("\u0627\u0031", "\u0627\u0031"),
        ):
            self.assertEqual(saslprep(text), expected)

    def test_spaces_and_forms(self) -> None:
        """One space for all, and one form of letters with marks."""
        self.assertEqual(saslprep("a\u00a0b\u3000c"), "a b c")
        self.assertEqual(saslprep("pa\u0308ss"), "p\u00e4ss")

    def test_text_from_right_to_left(self) -> None:
        """Is prepared where it is that from end to end (RFC 3454 §6)."""
        prepared = "\u0627\u00ad1\u0628"
        self.assertEqual(saslprep(prepared), "\u06271\u0628")
        for mixed in ("\u0627\u00ada\u0628", "\u0627\u00ad1", "1\u00ad\u0627"):
            self.assertEqual(saslprep(mixed), mixed)

    def test_nothing_is_left_of_it(self) -> None:
        """Then it stays as it is."""
        self.assertEqual(saslprep("\u00ad"), "\u00ad")
        self.assertEqual(saslprep(""), "")

    @given(st.text())
    def test_twice_is_once(self, text: str) -> None:
        """What is prepared stays so, whatever the text."""
        once = saslprep(text)
        self.assertEqual(saslprep(once), once)
