"""Replicas in one process that record sessions, queries and events"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.smtp import SMTP
from mocksmtp.hosts.host import Description
from mocksmtp.mock import Mock
from mocksmtp.shared_events import COMMAND, SharedEventBus
from mocksmtp.smtp.factory import MockSMTPFactory
from tests.sessions.network import Connection
from tests.store import replicas
from tests.store.cluster import Cluster


class Replica(replicas.Replica):
    """A replica with hosts default and mx2, which hands over what it records."""

    def __init__(self, cluster: Cluster, name: str, clock: Clock) -> None:
        super().__init__(cluster, name, clock)
        self.keeper.start()
        if "mx2" not in self.mock.hosts:
            description = Description("mx2", "mx2.test")
            self.change(lambda mock: mock.add(mock.new_host(description)))

    def _share(self, mock: Mock) -> dict[str, Any]:
        arguments = super()._share(mock)
        shared: Any = self.store.replicas
        self.bus = SharedEventBus(mock, self.clock, shared)
        self.sharing.commands[COMMAND] = self.bus.record_for
        self.sharing.event_readers.append(self.bus.arrived)
        return {**arguments, "bus": self.bus}

    def hand_over(self) -> Deferred[None]:
        """Give the store what is new."""
        return Deferred.fromCoroutine(self.sharing.hand_over())

    def settle(self) -> None:
        """Know of all that any replica did before."""
        replicas.done(self.sharing.settle())

    def second(self) -> None:
        """A second has passed."""
        self.hand_over()
        self.store.flush()

    def behave(self, *documents: Any, host: str = "default") -> None:
        """Set the behaviors of a host, on this replica only."""
        rules = self.mock.hosts[host].behaviors
        rules.replace_all(SMTP.parse_all(list(documents)))

    def connect(self, host: str = "default") -> Connection:
        """Connect to a host."""
        numbers: Any = iter(self.store.replicas.sessions.next, None)
        factory = MockSMTPFactory(self.mock.hosts[host], self.clock, numbers)
        return Connection(factory)


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
