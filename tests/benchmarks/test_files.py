import resource

from twisted.trial.unittest import SynchronousTestCase

from benchmarks.files import allow_open_files

INFINITY = resource.RLIM_INFINITY


class AllowOpenFilesTests(SynchronousTestCase):
    def limits_after(self, soft: int, hard: int) -> tuple[int, int]:
        """The limits after 5000 files were asked for."""
        limits = [(soft, hard)]
        self.patch(resource, "getrlimit", lambda _: limits[-1])
        self.patch(resource, "setrlimit", lambda _, pair: limits.append(pair))
        allow_open_files(5000)
        return limits[-1]

    def test_raises(self) -> None:
        """A limit that is too low is raised, as far as that is allowed."""
        self.assertEqual(self.limits_after(1024, 20_000), (5000, 20_000))
        self.assertEqual(self.limits_after(1024, 4096), (4096, 4096))
        self.assertEqual(self.limits_after(1024, INFINITY), (5000, INFINITY))

    def test_leaves(self) -> None:
        """A limit that is high enough is left."""
        self.assertEqual(self.limits_after(8000, 20_000), (8000, 20_000))
        self.assertEqual(self.limits_after(INFINITY, INFINITY), (INFINITY, INFINITY))
