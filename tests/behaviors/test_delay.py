"""Delays by chance"""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.delay import Fixed, LogNormal, Uniform
from mocksmtp.documents.units import MAX_SECONDS

chances = st.tuples(*[st.floats(0, 1, exclude_max=True)] * 2)


class DelayTests(SynchronousTestCase):
    """How long it takes this time"""

    def test_fixed(self) -> None:
        """The same, and nothing is drawn."""
        self.assertEqual(Fixed(2.5).draw(lambda: 1 / 0), 2.5)

    def test_uniform(self) -> None:
        """Evenly between the two."""
        drawn = [Uniform(1, 3).draw(Random(1).random) for _ in range(3)]
        self.assertEqual(len(set(drawn)), 1)
        self.assertEqual(Uniform(1, 3).draw(lambda: 0.25), 1.5)

    def test_log_normal(self) -> None:
        """Half of them below the median; sigma says how far they spread."""
        random = Random(1).random
        drawn = sorted(LogNormal(0.2, 0.4).draw(random) for _ in range(2001))
        self.assertAlmostEqual(drawn[1000], 0.2, 1)
        self.assertTrue(0.1 < drawn[320] < 0.15)
        self.assertTrue(0.27 < drawn[1680] < 0.33)
        self.assertEqual(LogNormal(0.2, 0).draw(random), 0.2)

    @given(st.floats(0, MAX_SECONDS), st.floats(0, 10), st.floats(0, 9), chances)
    def test_it_is_bounded(
        self, median: float, sigma: float, most: float, drawn: tuple[float, float]
    ) -> None:
        """Whatever is drawn."""
        numbers = iter(drawn)
        delay = LogNormal(median, sigma, most).draw(lambda: next(numbers))
        self.assertTrue(0 <= delay <= most)
