"""The log that replicas share: each has the sessions and queries of all.

A replica stores what it has recorded each second; at once if another replica settles,
and within `PACE` while another replica watches. It reads what the others stored when it
settles, and while it watches.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, DeferredLock
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from mocksmtp.mock import Mock
from mocksmtp.persistence.copies import SessionCopies
from mocksmtp.persistence.queries import SharedQueries
from mocksmtp.persistence.sessions import SessionsState, stored_sessions
from mocksmtp.sessions.shared_deliveries import SharedDeliveries
from mocksmtp.store.interface import State, StoreError, awaited
from mocksmtp.store.replicas import LogPart, Replicas
from mocksmtp.zone.queries import SharedQueryLog

PACE = 0.05
"""Seconds between two times at which sessions are handed over to who watches."""

RETRY = 1.0
"""Seconds until sessions are adopted again, if the store could not be reached."""


class SharedLog:
    """
    The sessions with their attempts, and the DNS queries, of all replicas.

    :param own: the sessions that this replica records
    """

    log = Logger()

    def __init__(
        self, mock: Mock, replicas: Replicas, clock: IReactorTime, own: SessionsState
    ) -> None:
        assert isinstance(mock.deliveries, SharedDeliveries)
        self._mock = mock
        self._deliveries = mock.deliveries
        self._replicas = replicas
        self._clock = clock
        self._own = own
        self._copies = SessionCopies(mock, replicas, own)
        assert isinstance(mock.query_log, SharedQueryLog)
        self._queries = SharedQueries(mock.query_log, replicas)
        self._lock = DeferredLock()
        self._timer: IDelayedCall | None = None
        self._adopts_at: float | None = None

    def restore(self, state: State) -> int:
        """
        Add the stored sessions.

        :return: their number
        """
        self._own.start()
        self.read(LogPart(stored_sessions(state)))
        quota = self._mock.default.journal.quota
        return len(quota.ended_sessions) + len(quota.open_sessions)

    def start(self) -> None:
        """Begin to store what is recorded while another replica watches."""
        self._timer = self._clock.callLater(PACE, self._look)

    def stop(self) -> None:
        """Cancel the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self.start()
        self._adopt_soon()
        if self._replicas.is_watched:
            Deferred.fromCoroutine(self._give()).addErrback(self._report)

    async def _give(self) -> None:
        await self.hand_over()
        stored = self._mock.store.flush()
        if stored is not None:
            await stored

    def _report(self, failure: Failure) -> None:
        # The store reports itself that it cannot be reached.
        if failure.check(StoreError) is None:
            self.log.failure("while handing over sessions", failure)

    def hand_over(self) -> Deferred[Any]:
        """
        Number the decided attempts and the queries, and store what changed.

        :raises StoreError: they cannot be numbered now
        """
        return self._lock.run(lambda: Deferred.fromCoroutine(self._hand_over()))

    async def _hand_over(self) -> None:
        try:
            await self._hand_over_sessions()
        finally:
            await self._queries.hand_over()

    async def _hand_over_sessions(self) -> None:
        try:
            await self._number()
        finally:
            changes = self._own.changes()
            if changes:
                self._mock.store.save(changes.items())

    async def _number(self) -> None:
        now = self._clock.seconds()
        found = self._deliveries.unnumbered(self._own.own(), now)
        if not found.sessions:
            return
        first = 0
        if found.count:
            first = await awaited(self._replicas.number_attempts(found.count))
        found.number(first)
        for session in found.sessions:
            self._deliveries.note(session)
        self._mock.default.journal.quota.notify_change()

    def read(self, part: LogPart) -> None:
        """Add what other replicas logged."""
        for session in self._copies.read(part.sessions, part.has_gap):
            self._deliveries.note(session)
        self._queries.read(part.queries)
        if part.sessions:
            self._mock.default.journal.quota.notify_change()

    def adopt(self) -> None:
        """
        Record the sessions of replicas that have ended, or are left out.

        First all that those have handed over is read; if that fails, it is done again.
        """
        self._adopts_at = 0.0
        self._adopt_soon()

    def _adopt_soon(self) -> None:
        now = self._clock.seconds()
        if self._adopts_at is not None and now >= self._adopts_at:
            self._adopts_at = now + RETRY
            Deferred.fromCoroutine(self._adopt()).addErrback(self._report)

    async def _adopt(self) -> None:
        settling = self._replicas.settle()
        if settling is not None:
            await settling
        self._adopts_at = None
        self._copies.adopt()
