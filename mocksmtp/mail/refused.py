"""Contents that were refused after the final dot, kept for whoever looks for them.

They share the memory of the mailboxes, and are evicted before any accepted mail: the
oldest first, and a new one itself where the mails leave no room for it. A content is
kept as long as there is somebody who refers to it, the transaction in the journal.
"""

from __future__ import annotations

import weakref
from collections import OrderedDict
from typing import Protocol

_OVERHEAD = 300
"""About what a content takes besides its octets, in bytes."""


class _Memory(Protocol):
    """The memory of all mailboxes.

    :ivar max_bytes: how many bytes may be used
    :ivar used: how many are
    """

    max_bytes: int
    used: int


class RefusedContent:
    """
    A content that was refused.

    :ivar octets: the exact content, or None if it was evicted
    """

    __slots__ = ("__weakref__", "octets")

    def __init__(self, octets: bytes) -> None:
        self.octets: bytes | None = octets


class RefusedContents:
    """
    All contents that were refused and are kept.

    :param memory: where they are counted

    :ivar evicted: how many were removed to make room
    """

    def __init__(self, memory: _Memory) -> None:
        self._memory = memory
        self.evicted = 0
        # With their weights, the oldest first.
        self._kept: OrderedDict[weakref.ref[RefusedContent], int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def keep(self, octets: bytes) -> RefusedContent | None:
        """Keep a content, or return None if there is no room for it."""
        content = RefusedContent(octets)
        reference = weakref.ref(content, self._release)
        self._kept[reference] = weight = len(octets) + _OVERHEAD
        self._memory.used += weight
        self.make_room()
        return None if content.octets is None else content

    def make_room(self) -> None:
        """Evict contents, the oldest first, while too much memory is used."""
        while self._kept and self._memory.used > self._memory.max_bytes:
            reference, weight = self._kept.popitem(last=False)
            self._memory.used -= weight
            self.evicted += 1
            content = reference()
            if content is not None:
                content.octets = None

    def _release(self, reference: weakref.ref[RefusedContent]) -> None:
        """Nobody refers to a content any more."""
        self._memory.used -= self._kept.pop(reference, 0)
