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
    Have no garbage looked for while a document of so many octets is read.

    A look at a million objects stops every thread for a third of a second, and what is
    made of a document has no cycles that it could find. It is kept out of later looks
    too; when nobody refers to it any more it is freed all the same.
    """
    if octets <= MANY or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()
