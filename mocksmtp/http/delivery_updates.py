"""Keeps attempts and deliveries up to date while requests read them.

They are derived from the journal in slices. While a request waits, transactions that
are settled in a turn of the reactor are derived in the next turn; while no request
waits, nothing is derived.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import inf
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.task import deferLater

from mocksmtp.http.responses import Slices
from mocksmtp.mock import Mock

T = TypeVar("T")

_PAUSE = 0.005
"""Seconds between two updates that follow each other."""


REST = 0.5
"""Seconds for which a screen is made that does not wait for the rest."""

MANY = 2000
"""Transactions that take longer than anybody waits for a screen: about 60 us each."""


class DeliveryUpdates:
    """
    Updates of the attempts and deliveries of a mock.

    A context manager: within it, they are kept up to date.
    """

    def __init__(self, mock: Mock, clock: IReactorTime) -> None:
        self._deliveries = mock.deliveries
        self._clock = clock
        self._users = 0
        self._steps: Iterator[None] | None = None
        self._call: IDelayedCall | None = None
        self._revoke: Callable[[], None] | None = None
        self._behind: Deferred[None] | None = None

    async def catch_up(self, rest_after: float = inf) -> None:
        """
        Derive all that was settled until now; the reactor turns between slices.

        :param rest_after: seconds after which it rests once, for `REST`
        """
        slices = Slices(self._clock)
        rest_at = self._clock.seconds() + rest_after
        for _ in self._deliveries.steps(self._clock.seconds()):
            if slices.over:
                await slices.next()
                if self._clock.seconds() >= rest_at:
                    rest_at = inf
                    await deferLater(self._clock, REST)

    async def catch_up_for(self, seconds: float) -> bool:
        """
        Derive what was settled until now, for a limited time; the rest follows later.

        :param seconds: the maximum time; if there is too much to derive, it returns
            at once
        :return: whether everything was derived
        """
        if self._behind is None:
            is_large = self._deliveries.is_behind(MANY)
            work = self._catch_up_later() if is_large else self.catch_up(seconds)
            self._behind = Deferred.fromCoroutine(work)
            self._behind.addBoth(self._caught_up)
            if is_large:
                return False
        if self._behind is not None:
            either = [deferLater(self._clock, seconds), _follower(self._behind)]
            await DeferredList(either, fireOnOneCallback=True, consumeErrors=True)
            either[0].cancel()
        return self._behind is None

    async def _catch_up_later(self) -> None:
        await deferLater(self._clock, REST)
        await self.catch_up()

    def _caught_up(self, result: T) -> T:
        self._behind = None
        return result

    def __enter__(self) -> None:
        self._users += 1
        if self._users == 1:
            self._arm()

    def __exit__(self, *_: object) -> None:
        self._users -= 1
        if self._users:
            return
        if self._revoke is not None:
            self._revoke()
            self._revoke = None
        self._cancel()
        self._steps = None

    def _arm(self) -> None:
        """Update after the next change, or when the next attempt is decided by time."""
        self._revoke = self._deliveries.quota.on_next_change(self._ring)
        due = self._deliveries.due
        if due < inf:
            self._schedule(max(0.0, due - self._clock.seconds()))

    def _ring(self) -> None:
        self._revoke = None
        self._schedule(_PAUSE if self._steps is not None else 0.0)

    def _schedule(self, delay: float) -> None:
        self._cancel()
        self._call = self._clock.callLater(delay, self._update)

    def _cancel(self) -> None:
        if self._call is not None:
            self._call.cancel()
            self._call = None

    def _update(self) -> None:
        """Derive for a slice of time."""
        self._call = None
        slices = Slices(self._clock)
        if self._steps is None:
            self._steps = self._deliveries.steps(self._clock.seconds())
        for _ in self._steps:
            if slices.over:
                self._schedule(0.0)
                return
        self._steps = None
        if self._revoke is not None:
            self._revoke()
        self._arm()


def _follower(one: Deferred[Any]) -> Deferred[None]:
    """Fires with `one`, whose result it leaves alone; it may be cancelled."""
    follower: Deferred[None] = Deferred()

    def fire(result: T) -> T:
        if not follower.called:
            follower.callback(None)
        return result

    one.addBoth(fire)
    return follower
