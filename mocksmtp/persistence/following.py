"""How a replica follows other replicas, and changes the state in turn with them.

A request that changes the state takes the turn, changes the mock, and ends the turn:
the changed documents are stored in one step, and the request is answered when all
replicas have applied them. If storing fails, the mock returns to the stored state.

Other effects of a request, for example closing connections, are `commands` that each
replica performs at the request of another. Other modules add commands and readers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger

from mocksmtp.hosts.host import MailHost
from mocksmtp.hosts.listeners import Disconnect
from mocksmtp.mock import Mock
from mocksmtp.persistence.hosts import FollowedHosts
from mocksmtp.persistence.state import MockState, ReadChanges
from mocksmtp.persistence.turns import ReplicaTurns
from mocksmtp.steps import Steps, finish
from mocksmtp.store.interface import (
    Document,
    Key,
    Kind,
    MaybeLater,
    State,
    Store,
    StoreError,
    awaited,
)
from mocksmtp.store.replicas import LogPart, Replicas, Turn

T = TypeVar("T")

INLINE_WORK = 200
"""Records and behaviors that are read at once; more are read in slices."""

SLICE = 0.005
"""Seconds of a slice: others of a process wait for it."""

PAUSE, LONGEST_PAUSE = 0.02, 0.5
"""The time between two requests whether connections of other replicas have ended, in
seconds: the first, and the maximum."""


class Sharing:
    """
    Follows other replicas, and changes the state in turn with them.

    :ivar replicas: the replicas that share the store
    :ivar turns: the turns of this replica
    :ivar hosts: creates, changes and removes hosts
    :ivar commands: the commands that other replicas can request, by the member `do` of
        their document; each is called with the document, and returns a JSON value or an
        awaitable
    :ivar hand_overs: each is called to store sessions, queries and tallies
    :ivar leave_readers: each is called with the name of a replica that has ended
    :ivar log_readers: each is called with what other replicas logged
    :ivar mail_readers: each is called with the mails that other replicas kept
    :ivar event_readers: each is called with the events of all replicas
    :ivar certificate_readers: each is called with the name and the text of each
        certificate that another replica stored
    :ivar service: the documents of the kind `Kind.SERVICE` that running replicas
        stored, by name
    :ivar in_turn: whether a request of this replica is changing the state
    """

    log = Logger()

    def __init__(
        self,
        mock: Mock,
        state: MockState,
        store: Store,
        replicas: Replicas,
        turns: ReplicaTurns,
        clock: IReactorTime,
    ) -> None:
        self.replicas = replicas
        self.turns = turns
        self.hosts: FollowedHosts | None = None
        self.commands: dict[str, Callable[[Document], MaybeLater[Document]]] = {}
        self.hand_overs: list[Callable[[], MaybeLater[None]]] = []
        self.leave_readers: list[Callable[[str], None]] = []
        self.log_readers: list[Callable[[LogPart], None]] = []
        self.mail_readers: list[Callable[[Sequence[tuple[str, int]]], None]] = []
        self.event_readers: list[Callable[[Sequence[tuple[int, Document]]], None]] = []
        self.certificate_readers: list[Callable[[str, str], None]] = []
        self.service: dict[str, Document] = {}
        self.in_turn = False
        self._mock = mock
        self._state = state
        self._store = store
        self._clock = clock
        self._closing: set[Deferred[Any]] = set()
        self.commands["closing"] = lambda _: len(self._closing)
        self.commands["disconnect"] = self._disconnect
        self.commands["clearLogs"] = self._clear_logs
        self.commands["clearSessions"] = self._clear_sessions
        self.commands["reportMails"] = self._report_mails

    # Called by the store, for other replicas

    def apply(self, changes: Sequence[tuple[Key, Document]]) -> Deferred[None] | None:
        """Apply the documents that another replica stored."""
        if self._state.work(changes) > INLINE_WORK:
            return Deferred.fromCoroutine(self._apply_later(changes))
        self._apply(changes, finish(self._state.read_in_steps(changes)))
        return None

    async def _apply_later(self, changes: Sequence[tuple[Key, Document]]) -> None:
        """Apply many changes, which are read in slices."""
        steps = self._state.read_in_steps(changes)
        self._apply(changes, await self._in_slices(steps))

    async def _in_slices(self, steps: Steps[T]) -> T:
        while True:
            end = self._clock.seconds() + SLICE
            try:
                while self._clock.seconds() < end:
                    next(steps)
            except StopIteration as stop:
                made: T = stop.value
                return made
            await deferLater(self._clock, 0)

    def _apply(
        self, changes: Sequence[tuple[Key, Document]], read: ReadChanges
    ) -> None:
        for (kind, name), document in changes:
            if kind is Kind.SERVICE:
                self.service[name] = document
            elif kind is Kind.CERTIFICATE and document is not None:
                for reader in self.certificate_readers:
                    reader(name, document)
        self._wait_for(self._state.apply(changes, self._hosts, read))

    def replace(self, state: State) -> None:
        """Replace the state by the stored one."""
        for name, text in state.get(Kind.CERTIFICATE, {}).items():
            for reader in self.certificate_readers:
                reader(name, text)
        self.service = dict(state.get(Kind.SERVICE, {}))
        self._wait_for(self._state.replace(state, self._hosts))

    def _wait_for(self, closing: Iterable[Deferred[Any]]) -> None:
        """Count connections as open until they are closed."""
        for one in closing:
            if not one.called:
                self._closing.add(one)
                one.addBoth(self._closed, one)

    def _closed(self, _: object, closing: Deferred[Any]) -> None:
        self._closing.discard(closing)

    @property
    def _hosts(self) -> FollowedHosts:
        assert self.hosts is not None
        return self.hosts

    def perform(self, command: Document) -> MaybeLater[Document]:
        """Perform a command of another replica, and return its result."""
        perform = self.commands.get(command["do"])
        if perform is None:
            self.log.error(
                "Another replica asks for {command!r}, which is not known here",
                command=command["do"],
            )
            return None
        with self._mock.following():
            return perform(command)

    async def hand_over(self) -> None:
        """
        Store the log that has not been stored yet.

        :raises StoreError: a part of it could not be stored
        """
        for hand_over in self.hand_overs:
            await awaited(hand_over())

    def left(self, name: str) -> None:
        """Adopt the sessions of a replica that has ended."""
        for reader in self.leave_readers:
            reader(name)

    def read(self, part: LogPart) -> None:
        """Pass on what other replicas logged."""
        for reader in self.log_readers:
            reader(part)

    def mails_arrived(self, mails: Sequence[tuple[str, int]]) -> None:
        """Pass on the mails that other replicas kept."""
        for reader in self.mail_readers:
            reader(mails)

    def events_arrived(self, events: Sequence[tuple[int, Document]]) -> None:
        """Pass on the events of all replicas."""
        for reader in self.event_readers:
            reader(events)

    def _disconnect(self, command: Document) -> int:
        """End the connections of some hosts here; return their number."""
        found = [self._mock.hosts.get(name) for name in command["hosts"]]
        hosts = [host for host in found if host is not None]
        count, gone = self._hosts.disconnect(hosts, Disconnect(command["how"]))
        self._wait_for([gone])
        return count

    def _clear_logs(self, command: Document) -> None:
        """Clear the sessions of a host here, or of all hosts with the DNS queries."""
        name = command["host"]
        if name is None or name in self._mock.hosts:
            self._mock.clear_logs(None if name is None else self._mock.hosts[name])

    def _clear_sessions(self, command: Document) -> None:
        """Clear the sessions of a host here, or of all hosts."""
        for name, host in self._mock.hosts.items():
            if command["host"] in (None, name):
                host.journal.clear()

    def _report_mails(self, command: Document) -> None:
        """Make waiting requests test mails that are kept again."""
        self._mock.notify_arrived([(host, n) for host, n in command["mails"]])

    # Called by the service and by the requests to this replica

    def agree_on(self, name: str, value: Document) -> Document:
        """
        Return what the first of the running replicas proposed; called in the turn.

        :param name: the name of a document of the kind `Kind.SERVICE`
        :param value: what this replica proposes
        """
        if name not in self.service:
            self.service[name] = value
            self._store.save([((Kind.SERVICE, name), value)])
        return self.service[name]

    async def settle(self) -> None:
        """
        Wait until this replica has applied everything that any replica did before.

        :raises StoreError: the store cannot be reached
        """
        await self.turns.refresh()
        await awaited(self.replicas.settle())

    async def take_turn(self) -> StateTurn:
        """
        Wait for the turn to change the state.

        :raises StoreError: the store cannot be reached
        """
        turn = await self.turns.take()
        self.in_turn = True
        return StateTurn(self, turn)

    def ask(self, command: Document) -> Deferred[Sequence[Document]]:
        """Request a command from all other replicas; fires with their results."""
        return Deferred.fromCoroutine(awaited(self.replicas.ask(command)))

    async def disconnect(self, hosts: Iterable[MailHost], how: Disconnect) -> int:
        """
        Begin to close the connections of hosts on all other replicas.

        :return: the number of these connections
        """
        names = [host.name for host in hosts]
        command = {"do": "disconnect", "hosts": names, "how": how.value}
        return sum(filter(None, await self.ask(command)))

    async def clear_logs(self, host: MailHost | None = None) -> None:
        """Clear the sessions of a host on all other replicas; see `Mock.clear_logs`."""
        name = None if host is None else host.name
        await self.ask({"do": "clearLogs", "host": name})

    async def clear_sessions(self, host: str | None) -> None:
        """Clear the sessions of a host, or of all hosts, on all other replicas."""
        await self.ask({"do": "clearSessions", "host": host})

    async def until_closed(self) -> None:
        """Wait until all replicas have closed the connections of `disconnect`."""
        pause = PAUSE
        while any(await self.ask({"do": "closing"})):
            await deferLater(self._clock, pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def end_turn(self, turn: Turn) -> None:
        """
        Store the changes, and wait until all replicas have applied them.

        :raises StoreError: they were not stored; the mock returns to the stored state
            before the next request is answered
        """
        try:
            try:
                changes = self._state.changes()
                if any(kind is Kind.HOST for kind, _ in changes):
                    self.issue_certificates()
                self._store.save(changes.items())
            finally:
                self.in_turn = False
                await self.turns.pass_on(turn)
        except StoreError:
            with suppress(StoreError):
                await self.turns.refresh()
            raise
        await awaited(self.replicas.applied())

    def issue_certificates(self) -> None:
        """
        Issue the missing certificates of hosts, so that the turn stores them.

        All replicas need the same certificate: DNS can publish its key.
        """
        for host in self._mock.hosts.values():
            self._mock.certificate_of(host)


class StateTurn:
    """The turn of a request that changes the state."""

    def __init__(self, sharing: Sharing, turn: Turn) -> None:
        self._sharing = sharing
        self._turn: Turn | None = turn

    async def end(self) -> None:
        """
        Store the changes; further calls have no effect.

        :raises StoreError: they were not stored
        """
        turn, self._turn = self._turn, None
        if turn is not None:
            await self._sharing.end_turn(turn)
