"""Contents that were refused after the final dot, kept for diagnosis.

They share the memory limit of the mailboxes, and are evicted before any accepted mail,
oldest first. A new one is not kept if the mails leave no room. A content is released
when no transaction in the journal refers to it.
"""

from __future__ import annotations

import weakref
from collections import OrderedDict
from typing import Protocol

_OVERHEAD = 300
"""Approximate memory of a content without its octets, in bytes."""


class _Memory(Protocol):
    """The memory of all mailboxes.

    :ivar max_bytes: the maximum memory, in bytes
    :ivar used: the memory in use, in bytes
    """

    max_bytes: int
    used: int


class RefusedContent:
    """
    A refused content.

    :ivar octets: the exact content, or None if it was evicted
    """

    __slots__ = ("__weakref__", "octets")

    def __init__(self, octets: bytes) -> None:
        self.octets: bytes | None = octets


class RefusedContents:
    """
    The refused contents that are kept.

    :param memory: counts their memory

    :ivar evicted: the number of contents removed to make room
    """

    def __init__(self, memory: _Memory) -> None:
        self._memory = memory
        self.evicted = 0
        # Each with its weight, oldest first.
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
        """Evict contents, oldest first, while the memory limit is exceeded."""
        while self._kept and self._memory.used > self._memory.max_bytes:
            reference, weight = self._kept.popitem(last=False)
            self._memory.used -= weight
            self.evicted += 1
            content = reference()
            if content is not None:
                content.octets = None

    def _release(self, reference: weakref.ref[RefusedContent]) -> None:
        """Stop counting a content to which nothing refers any more."""
        self._memory.used -= self._kept.pop(reference, 0)
