"""What is kept, and what goes."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.tls.authority import LruCache


class LruCacheTests(SynchronousTestCase):
    """LruCache"""

    def setUp(self) -> None:
        self.kept: LruCache[str, int] = LruCache(2)
        self.kept.put("a", 1)
        self.kept.put("b", 2)

    def test_what_was_not_asked_for_goes_first(self) -> None:
        """Asking for a value keeps it."""
        self.assertEqual(self.kept.get("a"), 1)
        self.kept.put("c", 3)
        found = [self.kept.get(key) for key in "abc"]
        self.assertEqual(found, [1, None, 3])
        self.assertEqual(len(self.kept), 2)

    def test_a_new_value_takes_the_place_of_its_own(self) -> None:
        """Nothing else goes for it."""
        self.kept.put("b", 3)
        self.assertEqual([self.kept.get(key) for key in "ab"], [1, 3])
