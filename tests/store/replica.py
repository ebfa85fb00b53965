"""Replicas in one process, each with its API"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.smtp import SMTP
from mocksmtp.hosts.host import Description
from mocksmtp.persistence.keeper import Named, StateKeeper
from mocksmtp.smtp.factory import MockSMTPFactory
from tests.http.rig import Pending, Rig
from tests.sessions.network import Connection
from tests.store.cluster import Cluster
from tests.store.replicas import Hosts, done


class Replica(Rig):
    """A service that shares a store with others, and has hosts default and mx2."""

    def __init__(self, cluster: Any, name: str, clock: Clock) -> None:
        self.store: Any = cluster.add(name)
        super().__init__(clock=clock, store=self.store)
        self.ticks: list[Callable[[], None]] = []
        self.keeper = StateKeeper(
            self.mock, self.store, clock, Named(), lambda _: None, self._tick
        )
        done(self.keeper.restore(self.store.open(), Hosts(self.mock)))
        self.keeper.start()
        if "mx2" not in self.mock.hosts:
            done(self._add_host())

    async def _add_host(self) -> None:
        assert self.keeper.sharing is not None
        turn = await self.keeper.sharing.take_turn()
        self.mock.add(self.mock.new_host(Description("mx2", "mx2.test")))
        await turn.end()

    def _tick(self, function: Callable[[], None]) -> Callable[[], None]:
        self.ticks.append(function)
        return self.ticks.clear

    def hand_over(self) -> Deferred[None]:
        """Give the store what is new."""
        assert self.keeper.sharing is not None
        return Deferred.fromCoroutine(self.keeper.sharing.hand_over())

    def settle(self) -> None:
        """Know of all that any replica did before."""
        assert self.keeper.sharing is not None
        done(self.keeper.sharing.settle())

    def second(self) -> None:
        """A second has passed."""
        for function in tuple(self.ticks):
            function()
        self.store.flush()

    def begin(self, method: str, path: str, *arguments: Any, **more: Any) -> Pending:
        """Send a request."""
        self.settle()
        return super().begin(method, path, *arguments, **more)

    def behave(self, *documents: Any, host: str = "default") -> None:
        """Set the behaviors of a host, on this replica."""
        rules = self.mock.hosts[host].behaviors
        rules.replace_all(SMTP.parse_all(list(documents)))

    def connect(self, host: str = "default") -> Connection:
        """Connect to a host."""
        numbers = iter(self.store.replicas.sessions.next, None)
        factory = MockSMTPFactory(self.mock.hosts[host], self.clock, numbers)
        return Connection(factory)

    def kill(self) -> None:
        """End without a word."""
        self.ticks.clear()
        self.store.cluster.remove(self.store.replicas.name)


class ReplicaCase(SynchronousTestCase):
    """Two replicas, a and b."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(1_000_000)
        self.cluster = Cluster()
        self.a = self.start("a")
        self.b = self.start("b")

    def start(self, name: str) -> Replica:
        """Start one more replica."""
        return Replica(self.cluster, name, self.clock)

    def same(self, path: str) -> Any:
        """What both replicas answer."""
        one, other = self.a.get(path), self.b.get(path)
        self.assertEqual(one, other)
        return one
