"""Comparisons"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.condition import (
    AtLeast,
    Comparison,
    Contains,
    EndsWith,
    Equals,
    InNetwork,
    LessThan,
    Matches,
    StartsWith,
)
from mocksmtp.behaviors.target import parse_target
from tests.behaviors.attempts import FakeAttempt

ascii_texts = st.text(st.characters(codec="ascii"), max_size=5)


class ComparisonTests(SynchronousTestCase):
    """What each one says"""

    def assert_holds(self, comparison: Comparison, holds: str, fails: str) -> None:
        """It is true of these words, and of those it is not."""
        for text in holds.split(" "):
            self.assertTrue(comparison.matches(text.encode()), text)
        for text in fails.split(" "):
            self.assertFalse(comparison.matches(text.encode()), text)

    def test_texts(self) -> None:
        """With the case that they have."""
        self.assert_holds(Contains("b"), "b abc", "B ")
        self.assert_holds(Equals("b"), "b", "B ab ")
        self.assert_holds(StartsWith("ab"), "ab abc", "cab AB a")
        self.assert_holds(EndsWith("ab"), "ab cab", "abc AB b")
        self.assert_holds(Matches("^a.c$"), "abc", "ABC abcd")

    def test_texts_in_any_case(self) -> None:
        """Of ASCII, and of other scripts where the value has such letters."""
        for value, same, other in (("aB", "Ab", "ac"), ("éB", "Éb", "eB")):
            self.assert_holds(Contains(value, True), f"{same} x{same}x", other)
            self.assert_holds(Equals(value, True), same, f"x{same} {same}x")
            self.assert_holds(StartsWith(value, True), f"{same}x", f"x{same}")
            self.assert_holds(EndsWith(value, True), f"x{same}", f"{same}x")
            self.assert_holds(Matches(value, True), f"x{same}x", other)

    @given(ascii_texts, ascii_texts)
    def test_without_case_is_as_in_lower_case(self, value: str, text: str) -> None:
        """Of ASCII, whatever it is."""
        low, octets = text.lower(), text.encode()
        value_low = value.lower()
        for comparison, holds in (
            (Contains, value_low in low),
            (Equals, value_low == low),
            (StartsWith, low.startswith(value_low)),
            (EndsWith, low.endswith(value_low)),
        ):
            self.assertEqual(comparison(value, True).matches(octets), holds)

    def test_numbers(self) -> None:
        """As JSON writes them; what is none is neither less nor more."""
        self.assert_holds(AtLeast("10"), "10 11 1e1 10.0 +10", "9 9.99 -10 x 0x10 10k")
        self.assert_holds(LessThan("10"), "9 -10 9.99", "10 x 1e400 10.000000001")
        self.assertFalse(AtLeast("0").matches(b""))
        self.assertFalse(AtLeast("0").matches(b"5" * 10**6))
        for value in "", "x", "1,5", "--1", "1.", "inf":
            self.assertRaises(ValueError, AtLeast, value)

    def test_networks(self) -> None:
        """Of either version; also literals, scopes, and IPv4 within IPv6."""
        self.assert_holds(
            InNetwork("127.0.0.0/8"),
            "127.0.0.1 127.255.255.255 ::ffff:127.0.0.1 [127.0.0.1]",
            "128.0.0.1 ::1 localhost 127.1",
        )
        self.assert_holds(
            InNetwork("fe80::/10"), "fe80::1%eth0 [IPv6:fe80::1]", "10.0.0.1 ff80::1"
        )
        self.assert_holds(InNetwork("192.0.2.1"), "192.0.2.1", "192.0.2.2")
        self.assertFalse(InNetwork("::/0").matches(b"\xff:" * 10**5))
        for value in "127.0.0.1/8", "10.0.0.0/33", "x", "", "10.0.0.0/255.0.255.0":
            self.assertRaises(ValueError, InNetwork, value)


class TargetTests(SynchronousTestCase):
    """What is compared"""

    def test_the_subject_unless_it_says_otherwise(self) -> None:
        """Nobody is asked for anything then."""
        attempt = FakeAttempt(helo="b")
        self.assertTrue(Contains("a").holds(b"a", attempt))
        self.assertEqual(attempt.asked, [])

    def test_any_value_of_the_target(self) -> None:
        """None at all satisfies nothing, not even the empty text."""
        found = Contains("a", target=parse_target("recipients"))
        self.assertTrue(found.holds(b"", FakeAttempt(recipients=["b", "a"])))
        self.assertFalse(found.holds(b"a", FakeAttempt(recipients=["b", "c"])))
        empty = Contains("", target=parse_target("helo"))
        self.assertTrue(empty.holds(b"", FakeAttempt(helo="")))
        self.assertFalse(empty.holds(b"", FakeAttempt()))
