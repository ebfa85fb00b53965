import os

from twisted.trial.unittest import SynchronousTestCase

from benchmarks.affinity import on_one_cpu


class OnOneCpuTests(SynchronousTestCase):
    def test_one_then_all(self) -> None:
        """The process is kept on one CPU, and may use all of them afterwards."""
        before = os.sched_getaffinity(0)
        with on_one_cpu() as cpu:
            self.assertEqual(os.sched_getaffinity(0), {cpu})
        self.assertEqual(os.sched_getaffinity(0), before)
