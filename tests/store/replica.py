"""Replicas in one process, each with its API"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.smtp import SMTP
from mocksmtp.hosts.host import Description
from mocksmtp.persistence.log import SharedLog
from mocksmtp.persistence.sessions import SessionsState
from mocksmtp.smtp.factory import MockSMTPFactory
from tests.http.rig import Pending, Rig
from tests.sessions.network import Connection
from tests.store.cluster import Cluster


class LogFollower:
    """Has the log of a replica follow the others."""

    def __init__(self, log: SharedLog) -> None:
        self.log = log
        self.hand_over = self.log.hand_over
        self.read = self.log.read

    def left(self, name: str) -> None:
        self.log.left()

    def apply(self, changes: Sequence[Any]) -> None:
        """The state is not of interest here."""

    def replace(self, state: Any) -> None:
        """Likewise."""

    def mails_arrived(self, mails: Any) -> None:
        """Each replica has its own mails here."""

    def events_arrived(self, events: Any) -> None:
        """There are no events."""

    def perform(self, command: Any) -> Any:
        """There are no commands."""


class Replica(Rig):
    """A service that shares a store with others, and has hosts default and mx2."""

    def __init__(self, cluster: Any, name: str, clock: Clock) -> None:
        self.store: Any = cluster.add(name)
        super().__init__(clock=clock, store=self.store)
        self.mock.add(self.mock.new_host(Description("mx2", "mx2.test")))
        own = SessionsState(self.mock)
        self.log = SharedLog(self.mock, self.store.replicas, clock, own)
        self.log.restore(self.store.open().state)
        self.store.replicas.follow(LogFollower(self.log))
        self.log.start()

    def second(self) -> None:
        """A second has passed."""
        self.log.hand_over()
        self.store.flush()

    def begin(self, method: str, path: str, *arguments: Any, **more: Any) -> Pending:
        """Send a request."""
        self.store.replicas.settle()
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
        self.log.stop()
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
