"""Single values"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.codec.leniency import at, number, seconds, whole, within
from mocksmtp.documents.problems import Refused


class ValueTests(SynchronousTestCase):
    """What they may be"""

    def test_durations(self) -> None:
        """In the one grammar of durations."""
        for bad in -1, 2_592_000_001, float("nan"), float("inf"), "x", True, None:
            self.assertRaises(Refused, seconds, bad)
        self.assertRaises(Refused, seconds, 0.5, 0.001)

    def test_numbers(self) -> None:
        """A boolean is none."""
        self.assertEqual((whole(5, 5), number(0.5)), (5, 0.5))
        for bad in 4, 5.0, "5", True, 10**30:
            self.assertRaises(Refused, whole, bad, 5)
        for bad in True, "1", None, float("nan"):
            self.assertRaises(Refused, number, bad)

    def test_places(self) -> None:
        """The error tells the whole way, also where a plain ValueError was raised."""
        with self.assertRaises(Refused) as raised:
            at(".a", lambda value: at("[1]", int, value), "x")
        self.assertEqual(raised.exception.place, ".a[1]")
        self.assertEqual(within(Refused("x", "c"), ".a", ".b").place, ".a.b.c")
