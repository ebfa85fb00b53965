"""Clients whose replies are held back by behaviors, by the ids of those behaviors."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

Release: TypeAlias = Callable[[str], None]
"""Called with the id of a behavior that does not hold a client back any more."""


class HeldClients:
    """
    Who waits because of which behavior.

    A client may wait because of several: a delay that one adds to the reply of another.
    It is released from each of them by itself.
    """

    def __init__(self) -> None:
        self._by_rule: dict[str, dict[Release, None]] = {}

    def __bool__(self) -> bool:
        return bool(self._by_rule)

    def add(self, rules: Iterable[str], release: Release) -> None:
        """Have `release` called when one of `rules` is removed or replaced."""
        for rule in rules:
            self._by_rule.setdefault(rule, {})[release] = None

    def discard(self, rules: Iterable[str], release: Release) -> None:
        """The client does not wait because of `rules` any more."""
        for rule in rules:
            held = self._by_rule.get(rule, {})
            held.pop(release, None)
            if not held:
                self._by_rule.pop(rule, None)

    def release(self, rules: Iterable[str]) -> None:
        """Release every client that waits because of one of `rules`."""
        for rule in rules:
            for release in self._by_rule.pop(rule, ()):
                release(rule)
