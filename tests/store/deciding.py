"""Replicas in one process, with connections to their hosts."""

from __future__ import annotations

from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.dns import DNS
from mocksmtp.behaviors.smtp import SMTP
from mocksmtp.hosts.host import MailHost
from mocksmtp.hosts.listeners import MailProtocol
from mocksmtp.mock import Mock
from mocksmtp.persistence.state import MockState
from mocksmtp.persistence.turns import ReplicaTurns
from mocksmtp.smtp.factory import MockSMTPFactory
from mocksmtp.store.interface import StoreError
from mocksmtp.zone.zone import Zone
from tests.smtp.dialogue import ClosableTransport, Dialogue
from tests.store.cluster import Cluster


class TickingClock(Clock):
    """
    A clock for work that takes time.

    :ivar step: seconds that pass whenever a program asks for the time
    """

    step = 0.0

    def seconds(self) -> float:
        self.rightNow += self.step
        return super().seconds()


class CountingFollower:
    """Of what a replica does for others: has the stored counts, after a failure."""

    def __init__(self, state: MockState) -> None:
        self.state = state
        self.replaced = 0

    def replace(self, state: Any) -> None:
        self.replaced += 1
        self.state.restore_counts(state)


class ReplicaHost:
    """A replica: its mock, and what decides there."""

    def __init__(self, cluster: Cluster, name: str, clock: Clock, **host: Any) -> None:
        store = cluster.add(name)
        self.cluster, self.clock = cluster, clock
        self.replicas = store.replicas
        self.host = MailHost("default", "mx.test", store.mailbox("default"), **host)
        self.mock = Mock(self.host, Zone(), store=store)
        self.state = MockState(self.mock)
        self.turns = ReplicaTurns(store.replicas, self.state, clock)
        self.state.share(self.turns)
        follower: Any = CountingFollower(self.state)
        store.replicas.follow(follower)
        self.follower = follower

    def set(self, *documents: Any, dns: Any = ()) -> None:
        """Have these behaviors, and report that as other replicas do."""
        self.host.behaviors.replace_all(SMTP.parse_all(list(documents)))
        self.mock.dns_behaviors.replace_all(DNS.parse_all(list(dns)))
        self.state.settle_hosts()
        self.state.changes()

    def client(self, lmtp: bool = False) -> Dialogue:
        """A connection to the host."""
        return connected(self.host, self.clock, lmtp)


def connected(host: MailHost, clock: Clock, lmtp: bool = False) -> Dialogue:
    """A connection to a host."""
    dialogue = Dialogue.__new__(Dialogue)
    dialogue.host, dialogue.clock = host, clock
    dialogue.factory = MockSMTPFactory(host, clock, iter(range(1, 9999)))
    if lmtp:
        dialogue.factory.spoken = MailProtocol.LMTP
    dialogue.connect()
    return dialogue


class ReplicaCase(SynchronousTestCase):
    """Two replicas, or more, with the same behaviors."""

    def setUp(self) -> None:
        self.cluster = Cluster()
        self.clock = TickingClock()
        self.replicas = [
            ReplicaHost(self.cluster, name, self.clock) for name in ("one", "two")
        ]

    def set(self, *documents: Any, dns: Any = ()) -> None:
        """Have these behaviors at all replicas."""
        for replica in self.replicas:
            replica.set(*documents, dns=dns)

    def clients(self, **more: Any) -> list[Dialogue]:
        """A connection to each replica."""
        return [replica.client(**more) for replica in self.replicas]

    def hold_turn(self) -> Any:
        """Have a third replica take the turn; `pass_on` of the result ends it."""
        return self.cluster.add("three").replicas.take_turn()

    def fail_in_turn(self, replica: ReplicaHost, dns: bool = False) -> None:
        """The store fails once a behavior of `replica` has fired."""

        def fail(*_: Any) -> None:
            self.cluster.failure = StoreError("gone")

        rules: Any = replica.mock.dns_behaviors if dns else replica.host.behaviors
        rules.listeners.append(fail)

    def repair(self) -> None:
        """The store works again."""
        self.cluster.failure = None
        for replica in self.replicas:
            replica.host.behaviors.listeners.clear()
            replica.mock.dns_behaviors.listeners.clear()


__all__ = ["ClosableTransport", "ReplicaCase", "ReplicaHost"]
