"""Counts by key"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.counts import MAX_PART, NO_INPUT, Counts, KeyedCounts, key_of
from mocksmtp.behaviors.target import parse_target
from tests.behaviors.attempts import FakeAttempt

SENDER, MANY = parse_target("sender"), parse_target("recipients")


class KeyTests(SynchronousTestCase):
    """What splits the counts"""

    def test_each_part_has_its_place(self) -> None:
        """Values and what lasts, in the order that was asked for."""
        attempt = FakeAttempt(sender="a@x", connection=7, transaction=9)
        per = (SENDER, "connection", "transaction")
        self.assertEqual(key_of(per, attempt), (b"a@x", 7, 9))
        self.assertEqual(attempt.asked, ["sender"])

    def test_what_is_not_there_is_a_key_too(self) -> None:
        """And another one than the empty value."""
        absent, empty = key_of((SENDER,), NO_INPUT), (b"",)
        self.assertEqual(key_of((SENDER,), FakeAttempt(sender="")), empty)
        self.assertNotEqual(absent, empty)

    def test_long_values_are_kept_short(self) -> None:
        """By a digest, so that distinct ones stay distinct."""
        keys = set()
        for values in (
            [b"x" * 10**6],
            [b"x" * (MAX_PART + 1)],
            [b"a"] * 1000,
            [b"a" * 999, b"a"],
            [b"a", b"a" * 999],
        ):
            key = key_of((MANY,), FakeAttempt(recipients=values))
            self.assertLess(len(repr(key)), 100)
            keys.add(key)
        self.assertEqual(len(keys), 5)


class KeyedCountsTests(SynchronousTestCase):
    """As many as there is room for"""

    def test_the_oldest_are_forgotten(self) -> None:
        """Whosever they are; one that comes anew is the newest."""
        counts = KeyedCounts(limit=3)
        for owner, name in (("r", 1), ("s", 2), ("r", 3), ("r", 1), ("s", 4)):
            counts.put(owner, (name,), Counts())
        self.assertEqual([key for key, _ in counts.of_owner("r")], [(3,), (1,)])
        self.assertEqual([key for key, _ in counts.of_owner("s")], [(4,)])
        self.assertEqual(len(counts), 3)
        self.assertIsNone(counts.get("s", (2,)))

    def test_those_of_who_has_gone_go(self) -> None:
        """Only those."""
        counts = KeyedCounts()
        counts.put("r", (1,), Counts())
        counts.put("s", (1,), Counts())
        counts.retain({"s"})
        self.assertEqual(len(counts), 1)
        self.assertIsNotNone(counts.get("s", (1,)))


class NothingTests(SynchronousTestCase):
    """`NO_INPUT`"""

    def test_nothing_is_known(self) -> None:
        """No values, no time, no connection."""
        self.assertEqual(list(NO_INPUT.values(SENDER)), [])
        self.assertEqual(NO_INPUT.seconds(), 0.0)
        self.assertIsNone(NO_INPUT.connection)
