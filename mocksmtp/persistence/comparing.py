"""Compares values of the state with those that were stored last.

Changes are not reported: after each request that may change the state, and each second,
the state is compared with what was stored last. Lists and zones are replaced, never
modified, so that comparing identities finds nearly everything that is unchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from mocksmtp.store.interface import Document, Key, Kind

Changes: TypeAlias = dict[Key, Document]
"""The documents to store; None removes a document."""

NO_DOCUMENTS: Mapping[str, Document] = {}
"""The documents of a kind that a store does not contain."""


class StoredValues:
    """
    The values that were stored last, to compare them with the current ones.

    :param kind: the kind of their documents
    """

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._last: dict[str, Any] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._last)

    def known(self, name: str, value: Any) -> None:
        """Record `value` as stored; it was stored, or needs no document."""
        self._last[name] = value

    def forget(self, name: str) -> None:
        """Remove the value with this name, whose document was removed."""
        self._last.pop(name, None)

    def compare(
        self,
        values: Mapping[str, Any],
        write: Callable[[str, Any], Document],
        same: Callable[[Any, Any], bool],
    ) -> Iterator[tuple[Key, Document]]:
        """
        Yield the documents of the changed values, and record the values as stored.

        :param values: the current values by their names
        :param write: returns the document of a value
        :param same: returns whether two values are equal
        """
        for name, value in values.items():
            if name not in self._last or not same(self._last[name], value):
                yield (self._kind, name), write(name, value)
        for name in [name for name in self._last if name not in values]:
            yield (self._kind, name), None
        self._last = dict(values)


def are_identical(one: Any, other: Any) -> bool:
    """Return whether two values are the same object."""
    return one is other


def are_equal(one: Any, other: Any) -> bool:
    """Return whether two values are equal."""
    return bool(one == other)
