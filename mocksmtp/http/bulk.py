"""Work that makes very many objects, in a thread, while the reactor is to go on."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

MANY = 64 * 1024
"""Octets of a document of which very many objects are made."""


@contextmanager
def no_collection(octets: int) -> Iterator[None]:
    """
    Collect no garbage while a document of so many bytes is read.

    Reading it only makes objects, and each collection meanwhile would walk all of them
    again. Nothing is frozen afterwards: ``gc.freeze()`` would keep for ever what is
    garbage at that moment, here and in a test's own process.
    """
    if octets <= MANY or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
