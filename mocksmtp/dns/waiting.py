"""Answers that behaviors delay, without holding up anything else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mocksmtp.behaviors.dns import DnsRules

MAX_WAITING = 10_000
"""How many answers wait at a time; more than that go out at once."""


class Waiting:
    """
    One answer.

    :param room: has it while it waits
    :param rules: the ids of the behaviors that delay it
    """

    def __init__(
        self,
        room: WaitingRoom,
        seconds: float,
        rules: tuple[str, ...],
        send: Callable[[], None],
    ) -> None:
        self.rules = rules
        self._room = room
        self._send = send
        self._timer = room.clock.callLater(seconds, self._go)

    def release(self, rule: str) -> None:
        """Send it now: one of its behaviors was removed or replaced."""
        self._go()

    def _go(self) -> None:
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
    :param behaviors: delay them; an answer is sent when one of its own is removed
    """

    def __init__(
        self, clock: Any, behaviors: DnsRules, limit: int = MAX_WAITING
    ) -> None:
        self.clock = clock
        self._behaviors = behaviors
        self._limit = limit
        self._waiting: set[Waiting] = set()

    def __len__(self) -> int:
        return len(self._waiting)

    def admit(
        self, seconds: float, rules: tuple[str, ...], send: Callable[[], None]
    ) -> Waiting | None:
        """
        Have `send` called in so many seconds; None where there is no room.

        :param rules: the ids of the behaviors that delay it
        """
        if len(self._waiting) >= self._limit:
            return None
        waiting = Waiting(self, seconds, rules, send)
        self._waiting.add(waiting)
        self._behaviors.held.add(rules, waiting.release)
        return waiting

    def leave(self, waiting: Waiting) -> None:
        """It waits no more."""
        self._waiting.discard(waiting)
        self._behaviors.held.discard(waiting.rules, waiting.release)

    def forget(self) -> None:
        """None of them is to go out."""
        for waiting in tuple(self._waiting):
            waiting.forget()
