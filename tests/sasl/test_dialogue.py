"""What the mechanisms share: replies, verdicts, decoding, passwords."""

from __future__ import annotations

import re
from base64 import b64encode

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.grammar.reply import Reply
from mocksmtp.sasl import dialogue as replies
from mocksmtp.sasl.dialogue import (
    AuthResult,
    Malformed,
    from_base64,
    gs2_name,
    is_password,
    text_of,
    user_of,
    verdict,
)
from mocksmtp.sasl.settings import Mechanism


class ReplyTests(SynchronousTestCase):
    """`replies`"""

    def test_a_challenge_is_base64_and_no_more(self) -> None:
        """An empty one keeps its space (RFC 4954 §4); a long one is one line."""
        self.assertEqual(replies.challenge(b"").wire, b"334 \r\n")
        self.assertEqual(replies.challenge(b"\0\xff").wire, b"334 AP8=\r\n")
        self.assertEqual(replies.challenge(b"x" * 600).wire.count(b"\n"), 1)

    def test_the_class_of_the_enhanced_code_is_that_of_the_code(self) -> None:
        """RFC 2034 §4."""
        named = [one for one in vars(replies).values() if isinstance(one, Reply)]
        self.assertGreater(len(named), 9)
        for reply in named:
            first = str(reply.code)[0]
            self.assertRegex(reply.text, rf"^{re.escape(first)}\.\d\.\d [A-Z]")


class VerdictTests(SynchronousTestCase):
    """`verdict`"""

    def test_it_has_the_reply_that_belongs_to_it(self) -> None:
        """235 where the credentials are good, and 535 where not."""
        self.assertEqual(
            verdict(True, "bob", Mechanism.PLAIN),
            AuthResult(True, "bob", Mechanism.PLAIN, replies.AUTHENTICATED),
        )
        self.assertEqual(
            verdict(False, "bob", Mechanism.LOGIN),
            AuthResult(False, "bob", Mechanism.LOGIN, replies.INVALID_CREDENTIALS),
        )


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

    def test_a_name_of_a_gs2_header(self) -> None:
        """``=2C`` is a comma, ``=3D`` an equals sign, and no other is (RFC 5801 §4)."""
        self.assertEqual(gs2_name(b"b=2Co=3D=2Cb=3D2C"), "b,o=,b=2C")
        for name in (b"", b"=", b"b=b", b"b=2cb", b"=2", b"\xff"):
            self.assertRaises(Malformed, gs2_name, name)

    def test_errors_do_not_tell_what_was_sent(self) -> None:
        """For it may be a password."""
        for read in (from_base64, text_of):
            error = self.assertRaises(Malformed, read, b"s3cret\xff")
            self.assertNotIn("s3cret", repr(error) + str(error))


class PasswordTests(SynchronousTestCase):
    """`is_password`"""

    def test_a_password_goes_with_its_user(self) -> None:
        """And with nobody else; an empty one is one too."""
        users = {"bob": "s3cret", "nil": "", "jürg": "grüezi"}
        for user, password, expected in (
            ("bob", "s3cret", True),
            ("bob", "", False),
            ("nil", "", True),
            ("nil", "s3cret", False),
            ("jürg", "grüezi", True),
            ("eve", "", False),
            ("eve", "s3cret", False),
        ):
            self.assertEqual(is_password(users, user, password), expected, user)

    def test_any_will_do_where_none_are_told(self) -> None:
        """That is not so where there are users, but none at all."""
        self.assertTrue(is_password(None, "eve", "x"))
        self.assertFalse(is_password({}, "eve", ""))
