"""Timers of a connection: deadlines, time slices, and detection of resets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from mocksmtp.grammar.reply import CONNECTED_TOO_LONG, IDLE_TOO_LONG, Reply
from mocksmtp.hosts.host import MailHost
from mocksmtp.sessions.session import Session
from mocksmtp.smtp.output import PEER_INTERVAL, is_reset

TURN = 0.005
"""Seconds that all busy connections of a host together may use in one turn of the
reactor."""

SLICES = (0.00005, 0.001)
"""Minimum and maximum seconds that one connection may use in a turn."""


def slice_time(connections: int) -> float:
    """Seconds that one of `connections` open connections may use in one turn."""
    minimum, maximum = SLICES
    return min(maximum, max(minimum, TURN / (connections or 1)))


class Deadlines:
    """
    The idle time and the total time of one connection (RFC 5321 §4.5.3.2.7).

    One timer serves both. It is not reset by each packet: when it fires, it checks the
    time of the last packet.

    :param host: has the limits, which may change at any time
    :param session: has the times of its beginning and of the last octets
    :param clock: runs the timer
    :param is_waiting: returns whether the client is waiting for the server
    :param expired: called with the last reply when a deadline has passed
    """

    def __init__(
        self,
        host: MailHost,
        session: Session,
        clock: IReactorTime,
        is_waiting: Callable[[], bool],
        expired: Callable[[Reply], None],
    ) -> None:
        self._host = host
        self._session = session
        self._clock = clock
        self._is_waiting = is_waiting
        self._expired = expired
        self._timer: IDelayedCall | None = None

    def check(self) -> None:
        """Call `expired` if a deadline has passed; else set the timer."""
        limits, session = self._host.limits, self._session
        now = self._clock.seconds()
        self._timer = None
        heard = now if self._is_waiting() else session.heard
        left = heard + limits.idle_time - now
        if left <= 0:
            self._expired(IDLE_TOO_LONG)
            return
        if limits.total_time is not None:
            left = min(left, session.started_at + limits.total_time - now)
            if left <= 0:
                self._expired(CONNECTED_TOO_LONG)
                return
        self._timer = self._clock.callLater(left, self.check)

    def stop(self) -> None:
        """Stop the timer: no deadline applies any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class PeerWatch:
    """
    Aborts a connection that the client has reset while reading is paused.

    A paused transport does not report a reset.
    """

    def __init__(self, transport: Any, clock: IReactorTime) -> None:
        self._transport = transport
        self._clock = clock
        self._timer: IDelayedCall | None = None

    def start(self) -> None:
        """Begin to check every `PEER_INTERVAL` seconds."""
        if self._timer is None:
            self._timer = self._clock.callLater(PEER_INTERVAL, self._check)

    def stop(self) -> None:
        """Stop checking."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _check(self) -> None:
        self._timer = None
        if is_reset(self._transport):
            self._transport.abortConnection()
        else:
            self.start()
