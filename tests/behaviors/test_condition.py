"""When a condition holds."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.condition import (
    OPERATORS,
    Absent,
    AllOf,
    AnyOf,
    Contains,
    Equals,
    Exists,
    MatchAll,
    Not,
    direct_test,
    leaves_of,
)
from mocksmtp.behaviors.smtp import CONDITIONS
from mocksmtp.behaviors.target import parse_target
from tests.behaviors.attempts import FakeAttempt

_TEXT = st.text("abé例 \r\n", max_size=8)


class MatchAllTests(SynchronousTestCase):
    """`MatchAll`"""

    def test_it_always_holds(self) -> None:
        """Every subject matches, the empty one of the null sender too."""
        for subject in (b"", b"bob@ex.test", b"\xff\x00\r\n"):
            self.assertTrue(MatchAll().matches(subject))

    def test_null_in_fields_of_other_operators(self) -> None:
        """Means absent: some clients write every field of all operators."""
        nulls = {"matchingValue": None, "condition": None, "conditions": None}
        for document, condition in (
            ({"operator": "matchAll"}, MatchAll()),
            ({"operator": "exists", "target": "size"}, None),
            ({"operator": "contains", "matchingValue": "x"}, Contains("x")),
        ):
            read = CONDITIONS.read({**nulls, "ignoreCase": None, **document})
            self.assertEqual(read, condition or read)


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
        shown = "Contains(matching_value='é', ignore_case=False, target=None)"
        self.assertEqual(repr(Contains("é")), shown)


class PresenceTests(SynchronousTestCase):
    """Conditions on whether there is a value"""

    def test_there_or_not(self) -> None:
        """An empty value is one; the subject of a command is always there."""
        helo = parse_target("helo")
        for values, there in (({}, False), ({"helo": ""}, True), ({"helo": "x"}, True)):
            attempt = FakeAttempt(**values)
            self.assertEqual(Exists(helo).holds(b"", attempt), there)
            self.assertEqual(Absent(helo).holds(b"", attempt), not there)
            self.assertTrue(MatchAll(helo).holds(b"", attempt))
        self.assertTrue(Exists().holds(b"", FakeAttempt()))
        self.assertFalse(Absent().holds(b"", FakeAttempt()))


class CombinatorTests(SynchronousTestCase):
    """Conditions on conditions"""

    def test_all_any_and_not(self) -> None:
        """As their names say."""
        a, b = Contains("a"), Contains("b")
        for subject, every, some in ((b"ab", 1, 1), (b"a", 0, 1), (b"-", 0, 0)):
            attempt = FakeAttempt()
            self.assertEqual(AllOf((a, b)).holds(subject, attempt), bool(every))
            self.assertEqual(AnyOf((a, b)).holds(subject, attempt), bool(some))
            self.assertEqual(Not(AnyOf((a, b))).holds(subject, attempt), not some)

    def test_no_more_is_asked_than_is_needed(self) -> None:
        """In the order of the list."""
        helo, size = Exists(parse_target("helo")), Exists(parse_target("size"))
        attempt = FakeAttempt(helo="x")
        self.assertTrue(AnyOf((helo, size)).holds(b"", attempt))
        self.assertFalse(AllOf((size, helo)).holds(b"", attempt))
        self.assertEqual(attempt.asked, ["helo", "size"])

    def test_what_they_are_made_of(self) -> None:
        """Combinators within combinators too."""
        parts = (Contains("a"), MatchAll(), Exists())
        nested = AllOf((parts[0], Not(AnyOf(parts[1:]))))
        self.assertEqual(list(leaves_of(nested)), list(parts))

    def test_which_look_at_the_subject_alone(self) -> None:
        """They can be asked without an attempt."""
        for condition in MatchAll(), Contains("a"), Equals("a"):
            self.assertIsNotNone(direct_test(condition))
        helo = parse_target("helo")
        for other in Contains("a", target=helo), Exists(), Not(MatchAll()):
            self.assertIsNone(direct_test(other))

    def test_each_operator_has_a_class(self) -> None:
        """Fourteen of them."""
        self.assertEqual(len(OPERATORS), 14)
