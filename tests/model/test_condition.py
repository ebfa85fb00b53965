"""When a condition holds."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.model.condition import Contains, MatchAll

_TEXT = st.text("abé例 \r\n", max_size=8)


class MatchAllTests(SynchronousTestCase):
    """`MatchAll`"""

    def test_it_always_holds(self) -> None:
        """Every subject matches, the empty one of the null sender too."""
        for subject in (b"", b"bob@ex.test", b"\xff\x00\r\n"):
            self.assertTrue(MatchAll().matches(subject))


class ContainsTests(SynchronousTestCase):
    """`Contains`"""

    def test_it_holds_where_the_value_is_a_part(self) -> None:
        """Any place will do; case, spaces and line ends count."""
        for value, subject, holds in (
            ("bob", b"bob@ex.test", True),
            ("ex.test", b"bob@ex.test", True),
            ("b@e", b"bob@ex.test", True),
            ("bob@ex.test", b"bob@ex.test", True),
            ("Bob", b"bob@ex.test", False),
            ("bob", b"BOB@ex.test", False),
            ("boob", b"bob@ex.test", False),
            ("bob@ex.test.", b"bob@ex.test", False),
            ("", b"bob@ex.test", True),
            ("", b"", True),
            ("bob", b"", False),
            (" ", b"a b", True),
            ("Subject: x\r\n", b"From: a\r\nSubject: x\r\n\r\n", True),
            ("Subject: x\n", b"Subject: x\r\n", False),
            (".*", b"bob@ex.test", False),
        ):
            message = f"{value!r} in {subject!r}"
            self.assertEqual(Contains(value).matches(subject), holds, message)

    def test_a_subject_need_not_be_utf8(self) -> None:
        """Octets are compared: others around the value, or torn ones, do no harm."""
        self.assertTrue(Contains("é").matches(b"\xff\xc3\xa9\xff"))
        self.assertTrue(Contains("x").matches(b"\xc3x\x00"))
        self.assertFalse(Contains("é").matches(b"\xe9"))
        self.assertFalse(Contains("é").matches(b"\xc3"))

    @settings(deadline=None)
    @given(_TEXT, _TEXT)
    def test_comparing_octets_compares_texts(self, value: str, subject: str) -> None:
        """No character matches across two others (RFC 3629 §3)."""
        self.assertEqual(Contains(value).matches(subject.encode()), value in subject)

    @settings(deadline=None)
    @given(st.text(max_size=8), st.binary(max_size=8), st.binary(max_size=8))
    def test_any_surroundings_will_do(
        self, value: str, before: bytes, after: bytes
    ) -> None:
        """A value is found within whatever octets."""
        self.assertTrue(Contains(value).matches(before + value.encode() + after))

    def test_long_content_is_searched_to_its_end(self) -> None:
        """A value counts wherever it stands, in a short content or a long one."""
        for length in (0, 200, 255, 256, 257, 100_000):
            filler = b"bo" * length
            for subject in (b"bob" + filler, filler + b"\xffbob", filler + b"\xffbo"):
                holds = b"bob" in subject
                self.assertEqual(Contains("bob").matches(subject), holds, length)
            self.assertTrue(Contains("").matches(filler), length)
            self.assertFalse(Contains("bb").matches(filler), length)


class EqualityTests(SynchronousTestCase):
    """Conditions are values"""

    def test_they_are_equal_by_kind_and_value(self) -> None:
        """A single behavior that is PUT replaces the one with an equal condition."""
        self.assertEqual(MatchAll(), MatchAll())
        self.assertEqual(Contains("a"), Contains("a"))
        self.assertNotEqual(Contains("a"), Contains("A"))
        self.assertNotEqual(Contains(""), MatchAll())
        self.assertEqual(len({Contains("a"), Contains("a"), MatchAll()}), 2)

    def test_they_show_what_they_look_for(self) -> None:
        """The encoded value is no part of what a failing test shows."""
        self.assertEqual(repr(Contains("é")), "Contains(matching_value='é')")
