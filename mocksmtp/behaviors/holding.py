"""The clients whose replies a behavior delays, by the id of the behavior."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

Release: TypeAlias = Callable[[str], None]
"""Called with the id of the behavior that was removed or replaced."""


class HeldClients:
    """
    The clients that wait because of a behavior.

    A client can wait because of several behaviors, if one adds a delay to the reply of
    another. Each behavior releases the client separately.
    """

    def __init__(self) -> None:
        self._by_rule: dict[str, dict[Release, None]] = {}

    def __bool__(self) -> bool:
        return bool(self._by_rule)

    def add(self, rules: Iterable[str], release: Release) -> None:
        """
        Register a waiting client.

        :param rules: the ids of the behaviors that delay its reply
        :param release: called with the id of a behavior that is removed or replaced
        """
        for rule in rules:
            self._by_rule.setdefault(rule, {})[release] = None

    def discard(self, rules: Iterable[str], release: Release) -> None:
        """Unregister a client that no longer waits because of `rules`."""
        for rule in rules:
            held = self._by_rule.get(rule, {})
            held.pop(release, None)
            if not held:
                self._by_rule.pop(rule, None)

    def release(self, rules: Iterable[str]) -> None:
        """Release and unregister every client that waits because of one of `rules`."""
        for rule in rules:
            for release in self._by_rule.pop(rule, ()):
                release(rule)
