"""Restores the state of a mock from its store, and stores its changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from mocksmtp.documents.problems import DocumentError
from mocksmtp.hosts.host import Description, MailHost
from mocksmtp.mock import DEFAULT_HOST, CannotListen, Mock
from mocksmtp.persistence.comparing import Changes
from mocksmtp.persistence.following import Sharing
from mocksmtp.persistence.hosts import FollowedHosts, host_from_store, is_removal
from mocksmtp.persistence.log import SharedLog
from mocksmtp.persistence.sessions import SessionsState
from mocksmtp.persistence.state import MockState
from mocksmtp.persistence.turns import ReplicaTurns
from mocksmtp.store.interface import (
    Kind,
    MaybeLater,
    Restored,
    State,
    Store,
    StoreError,
    awaited,
)
from mocksmtp.zone.zone import Zone

PERIOD = 1.0
"""The time between two storings of sessions and counters, in seconds."""

LEAST_BACK = 0.5
"""The minimum by which the clock must be set back to move timers, in seconds."""

_CREATED = "created"
_SESSIONS = "lastSession"


@attrs.frozen
class Named:
    """
    The names in the configuration, which the store therefore does not restore.

    :ivar hosts: the names of hosts with a document
    :ivar fields: the fields of the description of the default host
    :ivar extensions: the names of hosts whose extensions are set
    """

    hosts: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()
    extensions: frozenset[str] = frozenset()


@attrs.frozen
class Summary:
    """
    The numbers of restored items, for a line of the log at the start.

    :ivar counts: what one item and several are called, and their number
    """

    counts: Sequence[tuple[tuple[str, str], int]]

    def __str__(self) -> str:
        shown = (
            f"{count:,} {name if count == 1 else names}"
            for (name, names), count in self.counts
            if count
        )
        return ", ".join(shown) or "nothing"


class StateKeeper:
    """
    Keeps the state of a mock in its store.

    :param set_last_session: sets the number after which sessions are numbered
    :param tick: begins to call a function periodically, as `Ticker.start` does

    :ivar summary: the numbers of restored items; None before, and with an empty store
    :ivar sharing: what this replica shares with others; None without replicas
    """

    log = Logger()

    def __init__(
        self,
        mock: Mock,
        store: Store,
        clock: IReactorTime,
        named: Named,
        set_last_session: Callable[[int], None],
        tick: Callable[[Callable[[], None]], Callable[[], None]],
    ) -> None:
        self.summary: Summary | None = None
        self._mock = mock
        self._store = store
        self._clock = clock
        self._named = named
        self._set_last_session = set_last_session
        replicas = store.replicas
        self._state = MockState(mock, named.hosts)
        self.sharing: Sharing | None = None
        if replicas is not None:
            turns = ReplicaTurns(replicas, self._state, clock)
            self._state.share(turns)
            self.sharing = Sharing(mock, self._state, store, replicas, turns, clock)
        self._sessions = SessionsState(mock)
        self._shared_log: SharedLog | None = None
        if self.sharing is not None:
            self._shared_log = self._share_log(self.sharing)
            self._share_tallies(self.sharing)
        self._tick = tick
        self._stop_ticking: Callable[[], None] | None = None
        self._last_session = 0

    def _share_tallies(self, sharing: Sharing) -> None:
        state, replicas = self._state, sharing.replicas

        def hand_over() -> None:
            tallies = state.tallies()
            if tallies:
                replicas.log_tallies(tallies)

        sharing.hand_overs.append(hand_over)
        sharing.log_readers.append(lambda part: state.add_tallies(part.tallies))

    def _share_log(self, sharing: Sharing) -> SharedLog:
        log = SharedLog(self._mock, sharing.replicas, self._clock, self._sessions)
        sharing.hand_overs.append(log.hand_over)
        sharing.log_readers.append(log.read)
        sharing.leave_readers.append(lambda _: log.adopt())
        sharing.mail_readers.append(self._mock.notify_arrived)
        return log

    async def restore(
        self,
        restored: Restored,
        hosts: FollowedHosts,
        agree: Callable[[], None] = lambda: None,
    ) -> None:
        """
        Restore the stored state, after the hosts of the configuration listen.

        :param agree: called when no other replica changes what is stored
        :raises StoreError: a document is invalid, or a listener cannot be opened
        """
        state = restored.state
        if self.sharing is not None:
            self._state.record_start()
        try:
            if not (restored.is_alone or restored.is_new):
                self._take_over(state, hosts)
            elif not restored.is_new:
                await self._restore(restored, hosts)
        except (DocumentError, KeyError, TypeError, ValueError) as error:
            raise StoreError(f"the stored state is invalid: {error}") from None
        except CannotListen as error:
            raise StoreError(f"a stored host cannot listen: {error}") from None
        self._state.add_tallies(restored.tallies)
        if restored.is_new:
            self._state.settle_hosts()
            self._sessions.start()
        last = state.get(Kind.SERVICE, {}).get(_SESSIONS, 0)
        last = max(last, restored.last_session, self._sessions.last)
        self._last_session = last
        self._set_last_session(last)
        if self.sharing is not None:
            await self._join(self.sharing, restored, hosts, agree)
            return
        agree()
        if restored.is_new:
            self._store.save([((Kind.SERVICE, _CREATED), self._clock.seconds())])
        self._save(self._state.changes())

    def _take_over(self, state: State, hosts: FollowedHosts) -> None:
        """Replace the configured state by that of the running replicas."""
        self._state.settle_hosts()
        self._mock.zone, self._mock.policies = Zone(), {}
        self._state.replace(state, hosts)
        self._restore_sessions(state)

    def _restore_sessions(self, state: State) -> int:
        if self._shared_log is not None:
            return self._shared_log.restore(state)
        return self._sessions.restore(state)

    async def _join(
        self,
        sharing: Sharing,
        restored: Restored,
        hosts: FollowedHosts,
        agree: Callable[[], None],
    ) -> None:
        """
        Follow the other replicas, and store what the start has changed.

        Of replicas that start at the same time, the first one that has the turn loads
        the configuration.
        """
        sharing.hosts = hosts
        if not restored.is_alone:
            sharing.service = dict(restored.state.get(Kind.SERVICE, {}))
        await awaited(sharing.replicas.follow(sharing))
        if self._shared_log is not None:
            self._shared_log.adopt()
        turn = await sharing.take_turn()
        try:
            agree()
        finally:
            await turn.end()

    async def _restore(self, restored: Restored, hosts: FollowedHosts) -> None:
        state, mock, named = restored.state, self._mock, self._named
        number = await self._restore_hosts(state, hosts)
        self._state.restore_order(state)
        for host in mock.hosts.values():
            self._state.restore_host(host, state, host.name in named.extensions)
        self._state.settle_hosts()
        behaviors = self._state.restore_behaviors(state)
        counts = (
            (("mail", "mails"), mock.quota.mails),
            (("session", "sessions"), self._restore_sessions(state)),
            (("host", "hosts"), number),
            (("behavior", "behaviors"), behaviors),
            (("record", "records"), self._state.restore_records(state)),
            *self._state.restore_named(state),
        )
        self.summary = Summary(counts)

    async def _restore_hosts(self, state: State, hosts: FollowedHosts) -> int:
        mock, named, number = self._mock, self._named, 0
        for name, document in state.get(Kind.HOST, {}).items():
            if name in named.hosts or is_removal(document):
                continue
            description = host_from_store(name, document, mock)
            host = mock.hosts.get(name)
            if self.sharing is not None:
                listens = None if host is None else host.listens
                description = attrs.evolve(description, listeners=listens)
            if host is None:
                await hosts.create(description)
            else:
                await hosts.change(host, self._with_named(description, host))
            number += 1
        return number

    def _with_named(self, description: Description, host: MailHost) -> Description:
        """Return the stored settings of the default host, with the configured ones."""
        if host.name != DEFAULT_HOST:
            return description
        current: dict[str, Any] = {
            "hostname": host.hostname,
            "capabilities": host.capabilities,
            "limits": host.limits,
            "tls": host.tls,
            "auth": host.auth,
            "listeners": host.listens,
        }
        given = {n: v for n, v in current.items() if n in self._named.fields}
        return attrs.evolve(description, **given)

    def start(self) -> None:
        """Begin to store sessions and counters periodically."""
        if self._stop_ticking is None:
            self._stop_ticking = self._tick(self._save_or_report)
            if self._shared_log is not None:
                self._shared_log.start()

    def _save_or_report(self) -> None:
        try:
            self._save_all()
        except Exception:
            self.log.failure("while storing the state")

    def _save_all(self) -> None:
        if self.sharing is not None:
            self._hand_over(self.sharing)
            return
        changes = self._state.changes()
        changes.update(self._state.counts())
        changes.update(self._sessions.changes())
        last = self._mock.default.journal.quota.last
        if last > self._last_session:
            self._last_session = last
            changes[Kind.SERVICE, _SESSIONS] = last
        self._save(changes)

    def _hand_over(self, sharing: Sharing) -> None:
        handing = Deferred.fromCoroutine(sharing.hand_over())
        # What could not be given is given the next time.
        handing.addErrback(lambda failure: failure.trap(StoreError))
        handing.addErrback(
            lambda failure: self.log.failure("while handing over", failure)
        )

    def _save(self, changes: Changes) -> None:
        if changes:
            self._store.save(changes.items())

    def stored(self) -> MaybeLater[None]:
        """
        Store the changes of the state, without counters and sessions.

        With replicas, a request that changes the state ends its turn instead.

        :raises StoreError: they cannot be stored now
        """
        if self.sharing is None:
            self._save(self._state.changes())
        return self._store.flush()

    def stop(self) -> MaybeLater[None]:
        """Store all changes, and close the store."""
        if self._stop_ticking is not None:
            self._stop_ticking()
            self._stop_ticking = None
            if self.sharing is not None:
                return self._leave(self.sharing)
            self._save_all()
        return self._store.close()

    async def _leave(self, sharing: Sharing) -> None:
        if self._shared_log is not None:
            self._shared_log.stop()
        with suppress(StoreError):
            await sharing.hand_over()
        await awaited(self._store.close())
