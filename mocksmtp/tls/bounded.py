"""A mapping that forgets."""

from __future__ import annotations

from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Bounded(Generic[K, V]):
    """
    Keeps what was asked for last.

    :param limit: how many it keeps
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._values: dict[K, V] = {}

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: K) -> V | None:
        """What is kept for `key`, or None."""
        value = self._values.pop(key, None)
        if value is not None:
            self._values[key] = value
        return value

    def put(self, key: K, value: V) -> None:
        """Keep `value`, in place of what there was, or of the least asked for."""
        self._values.pop(key, None)
        while len(self._values) >= self._limit:
            del self._values[next(iter(self._values))]
        self._values[key] = value
