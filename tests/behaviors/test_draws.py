"""Chance that can be had again"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.counts import digest_of, draw
from mocksmtp.behaviors.response import Response


class DrawTests(SynchronousTestCase):
    """`draw`"""

    def test_it_is_the_same_in_every_run(self) -> None:
        """On every machine: who changes this breaks what users have seen."""
        self.assertEqual(
            draw("0", "salt", (b"a", 1), 0), draw("0", "salt", (b"a", 1), 0)
        )
        self.assertAlmostEqual(draw("0", "salt", (), 0), 0.7568694973677663)

    def test_all_that_it_is_for_counts(self) -> None:
        """Seed, behavior, key and number each make it another one."""
        drawn = {
            draw(seed, salt, key, number)
            for seed in "01"
            for salt in "ab"
            for key in ((), (b"x",))
            for number in range(5)
        }
        self.assertEqual(len(drawn), 40)

    def test_it_is_even(self) -> None:
        """From 0 up to 1, as many in each tenth."""
        tenths = [0] * 10
        for number in range(10_000):
            tenths[int(draw("0", "x", (), number) * 10)] += 1
        self.assertTrue(all(900 < count < 1100 for count in tenths), tenths)

    def test_a_value_of_the_model_has_a_digest(self) -> None:
        """Equal ones the same."""
        self.assertEqual(digest_of(Response(250)), digest_of(Response(250)))
        self.assertNotEqual(digest_of(Response(250)), digest_of(Response(251)))
