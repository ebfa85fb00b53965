"""Work that makes very many objects"""

from __future__ import annotations

import gc
import weakref

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.http.bulk import MANY, no_full_collection


class Node:
    """Refers to itself, so that only a collection frees it."""

    me: Node


class NoFullCollectionTests(SynchronousTestCase):
    """`no_full_collection`"""

    def test_large(self) -> None:
        """Only young garbage is collected meanwhile; later all is, and none is kept."""
        before, frozen = gc.get_threshold(), gc.get_freeze_count()
        gone = []
        for _ in range(3):
            with no_full_collection(MANY + 1):
                young, middle, old = gc.get_threshold()
                self.assertEqual((young, middle), before[:2])
                self.assertGreater(old, 10**6)
                garbage = Node()
                garbage.me = garbage
                gone.append(weakref.ref(garbage))
                del garbage
            self.assertEqual(gc.get_threshold(), before)
        gc.collect()
        self.assertEqual([one() for one in gone], [None] * 3)
        self.assertEqual(gc.get_freeze_count(), frozen)

    def test_refused(self) -> None:
        """A document that is refused leaves the collector as it was."""
        before = gc.get_threshold()
        with self.assertRaises(ValueError), no_full_collection(MANY + 1):
            raise ValueError
        self.assertEqual(gc.get_threshold(), before)

    def test_small(self) -> None:
        """What is read at once changes nothing."""
        before = gc.get_threshold()
        with no_full_collection(MANY):
            self.assertEqual(gc.get_threshold(), before)
