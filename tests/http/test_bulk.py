"""Work that makes very many objects"""

from __future__ import annotations

import gc

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.http.bulk import MANY, no_collection


class NoCollectionTests(SynchronousTestCase):
    """`no_collection`"""

    def setUp(self) -> None:
        self.addCleanup(gc.unfreeze)
        self.addCleanup(gc.enable)

    def test_large(self) -> None:
        """No garbage is looked for meanwhile, nor later in what was made."""
        gc.unfreeze()
        with no_collection(MANY + 1):
            self.assertFalse(gc.isenabled())
            made = [[] for _ in range(1000)]
        self.assertTrue(gc.isenabled())
        self.assertGreater(gc.get_freeze_count(), len(made))

    def test_refused(self) -> None:
        """A document that is refused leaves the collector as it was."""
        with self.assertRaises(ValueError), no_collection(MANY + 1):
            raise ValueError
        self.assertTrue(gc.isenabled())

    def test_small(self) -> None:
        """What is read at once changes nothing."""
        with no_collection(MANY):
            self.assertTrue(gc.isenabled())

    def test_off_already(self) -> None:
        """Where there is no collection it is not begun, as while two are at it."""
        gc.disable()
        with no_collection(MANY + 1):
            pass
        self.assertFalse(gc.isenabled())
