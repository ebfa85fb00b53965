"""The times of a connection: its deadlines, and its share of the reactor's time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from mocksmtp.grammar.reply import CONNECTED_TOO_LONG, IDLE_TOO_LONG, Reply
from mocksmtp.hosts.host import MailHost
from mocksmtp.sessions.session import Session
from mocksmtp.smtp.output import PEER_INTERVAL, is_reset

TURN = 0.005
"""Seconds of work that all connections of a host do together in one turn of the
reactor, if each has more than enough to do."""

SLICES = (0.00005, 0.001)
"""The minimum and the maximum of it for one connection."""


def slice_time(connections: int) -> float:
    """Seconds of work that one of so many connections may do in one turn."""
    minimum, maximum = SLICES
    return min(maximum, max(minimum, TURN / (connections or 1)))


class Deadlines:
    """
    The idle time and the total time of one connection (RFC 5321 §4.5.3.2.7).

    There is one timer. It is not re-armed with each packet: when it fires, it compares
    the time of the last one.

    :param host: its limits apply, which may change
    :param session: has the times of its beginning and of the last octets
    :param clock: runs the timer
    :param is_waiting: returns whether the client waits for the service, not the other
        way round
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
        """There are no deadlines any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class PeerWatch:
    """
    Aborts a connection that its client has reset while nothing is read from it.

    A transport that is paused does not report that.
    """

    def __init__(self, transport: Any, clock: IReactorTime) -> None:
        self._transport = transport
        self._clock = clock
        self._timer: IDelayedCall | None = None

    def start(self) -> None:
        """Check every `PEER_INTERVAL` seconds from now on."""
        if self._timer is None:
            self._timer = self._clock.callLater(PEER_INTERVAL, self._check)

    def stop(self) -> None:
        """Check no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _check(self) -> None:
        self._timer = None
        if is_reset(self._transport):
            self._transport.abortConnection()
        else:
            self.start()
