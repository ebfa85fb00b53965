from twisted.trial.unittest import SynchronousTestCase

from benchmarks.alone import ALONE
from benchmarks.loads import LOADS


class AloneTests(SynchronousTestCase):
    def test_names(self) -> None:
        """Every measurement and load has a name of its own."""
        names = [*(each.name for each in ALONE), *(load.name for load in LOADS)]
        self.assertEqual(len(set(names)), len(names))
