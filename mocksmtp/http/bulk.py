"""Work that makes very many objects while the reactor is to go on."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

MANY = 64 * 1024
"""Octets of a document of which very many objects are made."""


_NEVER = 10**9


@contextmanager
def no_full_collection(octets: int) -> Iterator[None]:
    """
    Have no full collection of garbage while a document of so many bytes is read.

    Reading it only makes objects, and a full collection walks all of them: 0.2 s for a
    zone of 200,000 records. Young objects are still looked at, 7,000 at a time; without
    any collection they would all be young in the end, and be walked at once. Nothing is
    frozen afterwards: ``gc.freeze()`` would keep for ever what is garbage at that
    moment, here and in a test's own process.
    """
    if octets <= MANY:
        yield
        return
    thresholds = gc.get_threshold()
    gc.set_threshold(*thresholds[:2], _NEVER)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
