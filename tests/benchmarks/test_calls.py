"""`benchmarks.calls`"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from benchmarks.calls import COUNTS, count_calls


class CallsTests(SynchronousTestCase):
    """`count_calls`"""

    def test_only_python_functions_are_counted(self) -> None:
        """Calls of C functions do not count."""

        def called() -> None:
            len("C")

        calls = count_calls(lambda: [called() for _ in range(3)])
        number = sum(calls[name] for name in calls if name.endswith("called"))
        self.assertEqual(number, 3)
        self.assertEqual([name for name in calls if name.endswith("len")], [])

    def test_the_same_figures_in_every_run(self) -> None:
        """A mail and a PUT make the same calls each time."""
        for count in COUNTS.values():
            self.assertEqual(count(), count())
