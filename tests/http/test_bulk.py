"""Work that makes very many objects"""

from __future__ import annotations

import gc
import weakref

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.http.bulk import MANY, no_collection


class Node:
    """Refers to itself, so that only a collection frees it."""

    me: Node


class NoCollectionTests(SynchronousTestCase):
    """`no_collection`"""

    def setUp(self) -> None:
        self.addCleanup(gc.enable)

    def test_large(self) -> None:
        """No garbage is collected meanwhile; afterwards it is, however old it is."""
        frozen = gc.get_freeze_count()
        gone = []
        for _ in range(3):
            with no_collection(MANY + 1):
                self.assertFalse(gc.isenabled())
                garbage = Node()
                garbage.me = garbage
                gone.append(weakref.ref(garbage))
                del garbage
            self.assertTrue(gc.isenabled())
        gc.collect()
        self.assertEqual([one() for one in gone], [None] * 3)
        self.assertEqual(gc.get_freeze_count(), frozen)

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
