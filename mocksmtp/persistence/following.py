"""What a replica does for others, and in turn with them.

A request that changes the state takes the turn, changes the mock, and ends the turn:
the documents that differ are stored in one step, and the request is answered once all
replicas have applied them. If they are not stored, the mock has the stored state again.

What is no part of the state, each replica does when another one asks for it: the
`commands`. Other modules add to these, and to the lists of what is called.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger

from mocksmtp.hosts.host import MailHost
from mocksmtp.hosts.listeners import Disconnect
from mocksmtp.mock import Mock
from mocksmtp.persistence.state import FollowedHosts, MockState
from mocksmtp.persistence.turns import ReplicaTurns
from mocksmtp.store.interface import (
    Document,
    Key,
    Kind,
    MaybeLater,
    State,
    Store,
    StoreError,
)
from mocksmtp.store.replicas import LogPart, Replicas, Turn

T = TypeVar("T")

PAUSE, LONGEST_PAUSE = 0.02, 0.5
"""Seconds between two looks at whether connections of other replicas have ended."""


async def now(value: MaybeLater[T]) -> T:
    """A value, once it is there."""
    return await value if isinstance(value, Awaitable) else value


class Sharing:
    """
    Follows other replicas, and changes the state in turn with them.

    :ivar replicas: the replicas that share the store
    :ivar turns: the turns of this replica
    :ivar hosts: creates, changes and removes hosts
    :ivar commands: what other replicas may ask for, by the member `do` of the document;
        each is called with the document, and returns a value of JSON or an awaitable
    :ivar hand_overs: called to give the store sessions, queries and tallies
    :ivar leave_readers: called with the name of a replica that has ended
    :ivar log_readers: called with what other replicas have logged
    :ivar mail_readers: called with the mails that other replicas have kept
    :ivar event_readers: called with the events of all replicas
    :ivar certificate_readers: called with the name and the text of each certificate
        that another replica has stored
    :ivar in_turn: whether a request of this replica changes the state now
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
        self.in_turn = False
        self._mock = mock
        self._state = state
        self._store = store
        self._clock = clock
        self._closing: set[Deferred[Any]] = set()
        self.commands["closing"] = lambda _: len(self._closing)
        self.commands["disconnect"] = self._disconnect
        self.commands["clearLogs"] = self._clear_logs

    # What it does for other replicas

    def apply(self, changes: Sequence[tuple[Key, Document]]) -> None:
        """Have what another replica has stored."""
        for (kind, name), document in changes:
            if kind is Kind.CERTIFICATE and document is not None:
                for reader in self.certificate_readers:
                    reader(name, document)
        self._wait_for(self._state.apply(changes, self._hosts))

    def replace(self, state: State) -> None:
        """Have the stored state."""
        for name, text in state.get(Kind.CERTIFICATE, {}).items():
            for reader in self.certificate_readers:
                reader(name, text)
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
        """Do what another replica asks for."""
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
        Give the store what it has not been given.

        :raises StoreError: some of it could not be given
        """
        for hand_over in self.hand_overs:
            await now(hand_over())

    def left(self, name: str) -> None:
        """A replica has ended; this one is to look after its sessions."""
        for reader in self.leave_readers:
            reader(name)

    def read(self, part: LogPart) -> None:
        """Have what other replicas have logged."""
        for reader in self.log_readers:
            reader(part)

    def mails_arrived(self, mails: Sequence[tuple[str, int]]) -> None:
        """Other replicas have kept mails."""
        for reader in self.mail_readers:
            reader(mails)

    def events_arrived(self, events: Sequence[tuple[int, Document]]) -> None:
        """All replicas have published events."""
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

    # What requests to this replica do

    async def settle(self) -> None:
        """
        Wait until this replica knows of all that any replica did before.

        :raises StoreError: the store cannot be reached
        """
        await self.turns.refresh()
        await now(self.replicas.settle())

    async def take_turn(self) -> StateTurn:
        """
        Wait for the turn to change the state.

        :raises StoreError: the store cannot be reached
        """
        turn = await self.turns.take()
        self.in_turn = True
        return StateTurn(self, turn)

    def ask(self, command: Document) -> Deferred[Sequence[Document]]:
        """Have all other replicas perform a command; fires with their results."""
        return Deferred.fromCoroutine(now(self.replicas.ask(command)))

    async def disconnect(self, hosts: Iterable[MailHost], how: Disconnect) -> int:
        """
        Begin to end the connections of hosts on all other replicas.

        :return: the number of these connections
        """
        names = [host.name for host in hosts]
        command = {"do": "disconnect", "hosts": names, "how": how.value}
        return sum(filter(None, await self.ask(command)))

    async def clear_logs(self, host: MailHost | None = None) -> None:
        """Clear the sessions of a host on all other replicas; see `Mock.clear_logs`."""
        name = None if host is None else host.name
        await self.ask({"do": "clearLogs", "host": name})

    async def until_closed(self) -> None:
        """Wait until the connections that other replicas are to end have ended."""
        pause = PAUSE
        while any(await self.ask({"do": "closing"})):
            await deferLater(self._clock, pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def end_turn(self, turn: Turn) -> None:
        """
        Store what was changed, and wait until all replicas have applied it.

        :raises StoreError: it was not stored, and the mock has the stored state again,
            or will have it before the next request is answered
        """
        try:
            try:
                self._issue_certificates()
                self._store.save(self._state.changes().items())
            finally:
                self.in_turn = False
            await self.turns.pass_on(turn)
        except StoreError:
            with suppress(StoreError):
                await self.turns.refresh()
            raise
        await now(self.replicas.applied())

    def _issue_certificates(self) -> None:
        """All replicas have the same certificate of a host: DNS may publish its key."""
        for host in self._mock.hosts.values():
            self._mock.certificate_of(host)


class StateTurn:
    """The turn of a request that changes the state."""

    def __init__(self, sharing: Sharing, turn: Turn) -> None:
        self._sharing = sharing
        self._turn: Turn | None = turn

    async def end(self) -> None:
        """
        Store what was changed; only once, whoever calls it first.

        :raises StoreError: it was not stored
        """
        turn, self._turn = self._turn, None
        if turn is not None:
            await self._sharing.end_turn(turn)
