"""The lists of behaviors that exchanges refer to, on replicas that have them too.

An exchange refers to the list of behaviors as it was then. Other replicas have had the
same list: what they are told of it is its digest. They find it among the lists in force
now and before, as far as these are few and short; without it, only what is stored with
the exchange is known.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from functools import partial
from hashlib import blake2b
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

from mocksmtp.behaviors.counts import digest_of
from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.rule import Rule
from mocksmtp.behaviors.walk import Walk
from mocksmtp.hosts.host import MailHost
from mocksmtp.mock import Mock

_FORMER = 8
"""Lists of a host that are kept after they were replaced."""

_LONGEST = 1000
"""Behaviors of a list above which it is not kept, and has no digest."""

_Rules: TypeAlias = tuple[Rule[Any], ...]


class _Lists:
    """The lists of behaviors of a host, the newest first."""

    def __init__(self, host: MailHost) -> None:
        self._host = host
        self._lists: deque[tuple[_Rules, dict[str, tuple[Walk[Any, Any], str]]]]
        self._lists = deque(maxlen=_FORMER + 1)
        self.update()
        host.behaviors.change_listeners.append(self.update)

    def update(self) -> None:
        """Keep the list that is in force now."""
        if len(self._host.behaviors) <= _LONGEST:
            self._lists.appendleft((tuple(self._host.behaviors), {}))

    def walks(self, point: str) -> Iterator[tuple[Walk[Any, Any], str]]:
        """Yield the walk of each list at a reply point, with its digest."""
        for rules, walks in self._lists:
            if point not in walks:
                at = Command(point)
                asked = [rule for rule in rules if rule.behavior.fires_at(at)]
                walk: Walk[Any, Any] = Walk([(None, rule) for rule in asked], at)
                walks[point] = walk, _digest(walk)
            yield walks[point]


class SharedWalks:
    """The walks of all hosts of a mock, by their digests."""

    def __init__(self, mock: Mock) -> None:
        self._digests: WeakKeyDictionary[Walk[Any, Any], str | None]
        self._digests = WeakKeyDictionary()
        self._lists: WeakKeyDictionary[MailHost, _Lists] = WeakKeyDictionary()
        self._mock = mock
        mock.watch(self._add)

    def _add(self, host: MailHost) -> None:
        self._lists[host] = _Lists(host)

    def digest(self, walk: Walk[Any, Any]) -> str | None:
        """Return what another replica finds a walk by; None if it does not."""
        if walk in self._digests:
            return self._digests[walk]
        found = None
        if not walk.is_forgotten and len([*walk.rules]) <= _LONGEST:
            found = _digest(walk)
        self._digests[walk] = found
        return found

    def finder(self, host: str) -> Any:
        """Return what finds a walk of a host by its reply point and digest."""
        return partial(self._find, self._mock.hosts.get(host))

    def _find(
        self, host: MailHost | None, point: str, digest: str
    ) -> Walk[Any, Any] | None:
        if host is not None and host in self._lists:
            for walk, other in self._lists[host].walks(point):
                if other == digest:
                    return walk
        return None


def _digest(walk: Walk[Any, Any]) -> str:
    digest = blake2b(digest_size=8)
    for rule in walk.rules:
        digest.update(f"{rule.id} {digest_of(rule.behavior)} ".encode())
    return digest.hexdigest()
