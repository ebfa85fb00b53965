"""Replicas in one process: services whose state is the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock

from mocksmtp.hosts.host import Description, HostStart, MailHost
from mocksmtp.hosts.listeners import Disconnect
from mocksmtp.mock import Mock
from mocksmtp.persistence.following import Sharing
from mocksmtp.persistence.keeper import Named, StateKeeper
from mocksmtp.store.interface import Restored
from mocksmtp.zone.zone import Zone
from tests.http.rig import Rig
from tests.store.cluster import Cluster


class Hosts:
    """
    Hosts without listeners.

    :ivar gone: fires when connections that are ended have ended
    :ivar connections: the number of connections of each host
    """

    def __init__(self, mock: Mock) -> None:
        self.mock = mock
        self.gone: Deferred[None] = succeed(None)
        self.connections: dict[str, int] = {}

    async def create(self, description: Description) -> MailHost:
        host = self.mock.new_host(description)
        host.listens = description.listeners or ()
        self.mock.add(host)
        return host

    async def change(self, host: MailHost, description: Description) -> None:
        host.describe(description)
        self.mock.notify_changed(host)

    async def remove(self, host: MailHost, keeps_mails: bool = False) -> None:
        self.mock.remove(host.name, keeps_mails)
        await self._gone()

    def disconnect(
        self, hosts: Iterable[MailHost], how: Disconnect
    ) -> tuple[int, Deferred[Any]]:
        count = sum(self.connections.pop(host.name, 0) for host in hosts)
        return count, self._gone()

    async def restore(self) -> tuple[list[MailHost], Deferred[Any]]:
        others = [one for one in self.mock.hosts.values() if one.name != "default"]
        for host in others:
            self.mock.remove(host.name)
        return others, self._gone()

    def _gone(self) -> Deferred[Any]:
        waiting: Deferred[None] = Deferred()
        self.gone.addCallback(waiting.callback)
        return waiting


class Replica(Rig):
    """
    One replica, with its API.

    :param start: the behaviors and extensions that its configuration has
    """

    def __init__(
        self,
        cluster: Cluster,
        name: str,
        clock: Clock | None = None,
        start: HostStart | None = None,
        zone: Zone | None = None,
        named: Named | None = None,
        **more: Any,
    ) -> None:
        self.cluster = cluster
        self.store = cluster.add(name)
        self.named = named or Named()
        super().__init__(clock=clock, store=self.store, share=self._share, **more)
        if start is not None:
            self.host.start = start
            self.host.behaviors.replace_all(start.behaviors)
            self.host.extensions = start.extensions
        if zone is not None:
            self.mock._zone = self.mock._start_zone = zone
        restored = self.store.open()
        assert isinstance(restored, Restored)
        done(self.keeper.restore(restored, self.hosts))

    def _share(self, mock: Mock) -> dict[str, Any]:
        self.hosts = Hosts(mock)
        self.keeper = StateKeeper(
            mock,
            self.store,
            self.clock,
            self.named,
            lambda _: None,
            lambda _: lambda: None,
        )
        return {
            "hosts": self.hosts,
            "stored": self.keeper.stored,
            "sharing": self.keeper.sharing,
        }

    @property
    def sharing(self) -> Sharing:
        """What it does in turn with others."""
        assert self.keeper.sharing is not None
        return self.keeper.sharing

    @property
    def rules(self) -> Any:
        """The behaviors of the default host."""
        return self.mock.default.behaviors

    def change(self, work: Callable[[Mock], object]) -> None:
        """Do what a request does that changes the state."""

        async def change() -> None:
            turn = await self.sharing.take_turn()
            work(self.mock)
            await turn.end()

        done(change())

    def end(self) -> None:
        """End the process."""
        self.cluster.remove(self.store.replicas.name)


def done(work: Any) -> Any:
    """What a coroutine returns that waits for nothing; its exception."""
    results: list[Any] = []
    Deferred.fromCoroutine(work).addBoth(results.append)
    assert results, "it waits"
    if hasattr(results[0], "raiseException"):
        results[0].raiseException()
    return results[0]
