"""What responses are written in."""

from __future__ import annotations

from base64 import b64encode

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.sasl.encoding import from_base64, text_of, user_of
from mocksmtp.sasl.steps import Malformed


class Base64Tests(SynchronousTestCase):
    """`from_base64`"""

    @given(st.binary())
    def test_what_was_encoded_comes_back(self, octets: bytes) -> None:
        """Empty too."""
        self.assertEqual(from_base64(b64encode(octets)), octets)

    def test_nothing_else_is_let_through(self) -> None:
        """No other characters, no misplaced padding (RFC 4954 §4)."""
        for octets in (
            b"=",
            b"=AAA",
            b"AAA=BBB",
            b"AAA",
            b"A",
            b"AA==AA==",
            b"AA===",
            b"AAAA=",
            b"AAAA====",
            b"AA AA",
            b"AAAA ",
            b"AAAA\n",
            b"AA-_",
            b"\xff\xff\xff\xff",
        ):
            self.assertRaises(Malformed, from_base64, octets)


class TextTests(SynchronousTestCase):
    """`text_of` and `user_of`"""

    def test_text_is_utf_8(self) -> None:
        """Overlong forms and surrogates are none."""
        self.assertEqual(text_of("pässwörd\0".encode()), "pässwörd\0")
        for octets in (b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xc3"):
            self.assertRaises(Malformed, text_of, octets)

    def test_a_name_is_one_line(self) -> None:
        """Of one character or more; spaces are no matter."""
        self.assertEqual(user_of("bob smith@ex.tést".encode()), "bob smith@ex.tést")
        for name in ("", "a\0", "a\r\nb", "\x7f", "\x85", "a\u2028b"):
            self.assertRaises(Malformed, user_of, name.encode())

    def test_errors_do_not_tell_what_was_sent(self) -> None:
        """For it may be a password."""
        for read in (from_base64, text_of):
            error = self.assertRaises(Malformed, read, b"s3cret\xff")
            self.assertNotIn("s3cret", repr(error) + str(error))
