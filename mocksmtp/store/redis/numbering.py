"""Numbers that no other replica gets."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from mocksmtp.store.interface import MaybeLater
from mocksmtp.store.redis.client import Client
from mocksmtp.store.redis.scripts import PREFIX

_SOON = 0.1
"""Seconds; numbers that last less than this were too few."""

_MOST = 256
"""Numbers that are fetched in advance at the most."""


class RedisNumbers:
    """
    Numbers, some of which are fetched in advance.

    :param name: of the number, in the key ``numbers``
    """

    def __init__(
        self, client: Client, name: str, monotonic: Callable[[], float]
    ) -> None:
        self._client = client
        self._name = name
        self._monotonic = monotonic
        self._next, self._end = 1, 0
        self._size = 1
        self._fetched_at = 0.0
        self._waiting: deque[Deferred[int]] = deque()
        self._is_fetching = self._is_forgotten = False

    def next(self) -> MaybeLater[int]:
        """The next number."""
        number = self._next
        if number <= self._end and not self._waiting:
            self._next += 1
            return number
        waiting: Deferred[int] = Deferred(lambda _: None)
        self._waiting.append(waiting)
        if not self._is_fetching:
            self._fetch()
        return waiting

    def forget(self) -> None:
        """Use none of the numbers that were fetched until now."""
        self._next, self._end = 1, 0
        self._is_forgotten = self._is_fetching

    def _fetch(self) -> None:
        """Fetch numbers: more if the last ones were used up quickly."""
        now = self._monotonic()
        is_busy = now - self._fetched_at < _SOON
        self._size = min(2 * self._size, _MOST) if is_busy else 1
        self._fetched_at = now
        size = max(self._size, len(self._waiting))
        self._is_fetching = True
        command = ("HINCRBY", f"{PREFIX}numbers", self._name, size)
        done = self._client.command(*command)
        done.addCallbacks(self._fetched, self._failed, callbackArgs=(size,))

    def _fetched(self, last: int, size: int) -> None:
        self._is_fetching = False
        self._next, self._end = last - size + 1, last
        is_forgotten, self._is_forgotten = self._is_forgotten, False
        while self._waiting and self._next <= self._end:
            waiting = self._waiting.popleft()
            if not waiting.called:
                self._next += 1
                waiting.callback(self._next - 1)
        if is_forgotten:
            self.forget()
        if self._waiting:
            self._fetch()

    def _failed(self, failure: Failure) -> None:
        self._is_fetching = self._is_forgotten = False
        waiting, self._waiting = self._waiting, deque()
        for each in waiting:
            if not each.called:
                each.errback(failure)
