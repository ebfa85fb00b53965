"""Answers that wait, for as long as behaviors say, and hold up nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mocksmtp.core.dns_behaviors import DnsBehaviors

MAX_WAITING = 10_000
"""How many answers wait at a time; more than that go out at once."""


class Waiting:
    """
    One answer.

    :param room: has it while it waits
    """

    def __init__(
        self, room: WaitingRoom, seconds: float, send: Callable[[], None]
    ) -> None:
        self._room = room
        self._send = send
        self._timer = room.clock.callLater(seconds, self.hurry)

    def hurry(self) -> None:
        """Go out now."""
        self.forget()
        self._send()

    def forget(self) -> None:
        """Never go out."""
        if self._timer.active():
            self._timer.cancel()
        self._room.leave(self)


class WaitingRoom:
    """
    All answers that wait.

    :param clock: the reactor, or a clock in its place
    :param behaviors: have them wait; when they all go, nothing waits any more
    """

    def __init__(
        self, clock: Any, behaviors: DnsBehaviors, limit: int = MAX_WAITING
    ) -> None:
        self.clock = clock
        self._behaviors = behaviors
        self._limit = limit
        self._waiting: set[Waiting] = set()

    def __len__(self) -> int:
        return len(self._waiting)

    def admit(self, seconds: float, send: Callable[[], None]) -> Waiting | None:
        """Have `send` called in so many seconds; None where there is no room."""
        if len(self._waiting) >= self._limit:
            return None
        waiting = Waiting(self, seconds, send)
        self._waiting.add(waiting)
        self._behaviors.interrupted.add(waiting.hurry)
        return waiting

    def leave(self, waiting: Waiting) -> None:
        """It waits no more."""
        self._waiting.discard(waiting)
        self._behaviors.interrupted.discard(waiting.hurry)

    def forget(self) -> None:
        """None of them is to go out."""
        for waiting in tuple(self._waiting):
            waiting.forget()
