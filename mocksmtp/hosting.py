"""Mail hosts with their listeners: made, changed and taken away at run time.

Rules:

- A change is whole or not at all: what is new is opened first, and where that fails
  it is closed again, and the host is as it was.
- A listener that stays the same stays open, with its connections. A fixed port is
  the same as the one that is open, however that was asked for; port 0 is the same
  as one on a port that was free.
- What is removed is closed, with its connections, and only then is the change over:
  who is told so may use the port again.
- Nothing is waited for before a change has taken effect, so that changes do not meet.
- Listeners that have no IP address were given at the start; only the end, or the end
  of their host, closes them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

import attrs
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred, DeferredList

from mocksmtp.core.host import Description, HostPlan, MailHost
from mocksmtp.core.mock import CannotListen, Mock, NameTaken
from mocksmtp.listening import ListenError, StreamListener, listen_stream, listen_tcp
from mocksmtp.model.host import Listen
from mocksmtp.smtp.factory import MockSMTPFactory
from mocksmtp.tls.contexts import ServerContexts

Asked: TypeAlias = Listen | str
"""An address and a port, or a Twisted server endpoint."""


@attrs.frozen(eq=False)
class OpenListener:
    """
    A listener of a host.

    :ivar asked: how it was asked for
    :ivar factory: makes its connections
    :ivar bound: where it is open, or None for what is no IP address
    """

    asked: Asked
    listener: StreamListener
    factory: MockSMTPFactory
    bound: Listen | None

    @classmethod
    def of(
        cls, asked: Asked, listener: StreamListener, factory: MockSMTPFactory
    ) -> OpenListener:
        """The listener, now that it is open."""
        match listener.bound:
            case IPv4Address(host=host, port=port) | IPv6Address(host=host, port=port):
                return cls(asked, listener, factory, Listen(host, port))
        return cls(asked, listener, factory, None)

    def be(self, asked: Asked) -> OpenListener:
        """The same listener, which from now on does what is asked for there."""
        if isinstance(asked, str) or self.bound is None:
            return self
        self.factory.spoken, self.factory.tls = asked.protocol, asked.tls
        bound = self.bound.doing_as(asked)
        home = self.asked if isinstance(self.asked, str) else self.asked.doing_as(asked)
        return attrs.evolve(self, bound=bound, asked=home)

    @property
    def home(self) -> Asked:
        """How to ask for the same again."""
        plain = isinstance(self.asked, Listen) or self.asked.startswith("tcp")
        return self.bound if plain and self.bound is not None else self.asked

    def serves(self, asked: Asked) -> bool:
        """Whether it is open just where it is asked for."""
        if isinstance(asked, str) or self.bound is None:
            return self.asked == asked
        if asked.port:
            return self.bound.place == asked.place
        return isinstance(self.asked, Listen) and self.asked.place == asked.place


class Hosting:
    """
    The hosts of a mock, with their listeners.

    :param plans: the hosts that there are at the start; `mock` has them already
    :param contexts: for TLS; without them there is none
    """

    def __init__(
        self,
        mock: Mock,
        plans: Sequence[HostPlan],
        reactor: Any,
        contexts: ServerContexts | None = None,
    ) -> None:
        self._mock = mock
        self._contexts = contexts
        self._plans = {plan.description.name: plan for plan in plans}
        self._reactor = reactor
        self._open: dict[str, list[OpenListener]] = {}
        # What a host of the start listened on, with the ports that it then got.
        self._homes: dict[str, list[Asked]] = {}
        self._closing: set[Deferred[Any]] = set()
        self._sessions = itertools.count(1)

    async def start(self) -> None:
        """
        Open the listeners of all hosts that there are at the start.

        :raises ListenError: one can't be opened
        """
        for name, plan in self._plans.items():
            host, description = self._mock.hosts[name], plan.description
            asked: Sequence[Asked] = description.listeners or ()
            if plan.endpoints is not None:
                asked = plan.endpoints
            await self._arrange(host, description, asked)
            self._homes[name] = [one.home for one in self._open[name]]

    def stop(self) -> Deferred[Any]:
        """Close all; fires when the connections have ended."""
        opened, self._open = self._open, {}
        for listeners in opened.values():
            self._close(listeners)
        return DeferredList([*self._closing])

    async def create(self, description: Description) -> MailHost:
        """
        Make a host that is not there yet.

        :raises NameTaken: there is one of that name
        :raises CannotListen: one of its listeners can't be opened
        """
        if description.name in self._mock.hosts:
            raise NameTaken(description.name)
        host = self._mock.new_host(description)
        await self._change(host, description, description.listeners or ())
        return host

    async def change(self, host: MailHost, description: Description) -> None:
        """
        Have `host` be what `description` says; what it has received stays.

        :raises CannotListen: a listener that it has not yet can't be opened
        """
        unspeakable = [o.asked for o in self._open.get(host.name, ()) if not o.bound]
        asked = [*(description.listeners or ()), *unspeakable]
        await self._change(host, description, asked)

    async def remove(self, host: MailHost) -> None:
        """Take `host` away, and all that it has."""
        self._mock.remove(host.name)
        closing = self._close(self._open.pop(host.name, ()))
        try:
            await closing
        finally:
            # What clients had said before they were told to go.
            host.mailbox.close()

    async def restore(self) -> list[MailHost]:
        """
        Go back to the hosts that there were at the start, where they were then.

        :return: those that were taken away
        :raises CannotListen: a listener can't be opened again
        """
        hosts = self._mock.hosts
        others = [host for name, host in hosts.items() if name not in self._plans]
        for host in others:
            await self.remove(host)
        for name, plan in self._plans.items():
            host = hosts.get(name) or self._mock.new_host(plan.description, plan.start)
            await self._change(host, plan.description, self._homes[name])
        return others

    async def _change(
        self, host: MailHost, description: Description, asked: Iterable[Asked]
    ) -> None:
        try:
            await self._arrange(host, description, asked)
        except ListenError as error:
            raise CannotListen(str(error)) from None

    async def _arrange(
        self, host: MailHost, description: Description, asked: Iterable[Asked]
    ) -> None:
        """Open what is missing, take on the description, close what is too much."""
        old, asked = self._open.get(host.name, ()), list(asked)
        listeners = await self._open_all(host, asked, list(old))
        bound = tuple(one.bound for one in listeners if one.bound is not None)
        addresses = [listen.address for listen in bound]
        if description.dns.needs_address(addresses):
            self._close(one for one in listeners if one not in old)
            where = f"host {host.name!r} listens on all addresses"
            raise ListenError(f"{where}: its dns.address is required")
        used = [one.listener for one in listeners]
        listeners = [one.be(how) for one, how in zip(listeners, asked, strict=True)]
        self._open[host.name] = listeners
        host.describe(description)
        host.listens = tuple(one.bound for one in listeners if one.bound is not None)
        host.addresses = tuple(one.listener.address for one in listeners)
        if self._mock.hosts.get(host.name) is not host:
            self._mock.add(host)
        self._mock.set_records(host, tuple(description.dns.records(addresses)))
        await self._close(one for one in old if one.listener not in used)

    async def _open_all(
        self, host: MailHost, asked: list[Asked], there: list[OpenListener]
    ) -> list[OpenListener]:
        """What is asked for, in that order: of what is `there`, or opened."""
        found: dict[int, OpenListener] = {}
        opened = []
        # A port that is named is found before a free one takes it.
        order = sorted(range(len(asked)), key=lambda place: _is_free(asked[place]))
        try:
            for place in order:
                same = next((one for one in there if one.serves(asked[place])), None)
                if same is not None:
                    there.remove(same)
                else:
                    same = await self._open_one(host, asked[place])
                    opened.append(same)
                found[place] = same
        except ListenError:
            await self._close(opened)
            raise
        return [found[place] for place in range(len(asked))]

    async def _open_one(self, host: MailHost, asked: Asked) -> OpenListener:
        reactor = self._reactor
        factory = MockSMTPFactory(host, reactor, self._sessions, self._contexts)
        if isinstance(asked, str):
            listener = await listen_stream(reactor, asked, factory, factory)
        else:
            address = str(asked.address)
            listener = listen_tcp(reactor, address, asked.port, factory, factory)
        return OpenListener.of(asked, listener, factory)

    def _close(self, listeners: Iterable[OpenListener]) -> Deferred[None]:
        """Close them, also when who waits for it, as a client, has left."""
        closing = DeferredList([one.listener.stop() for one in listeners])
        self._closing.add(closing)
        waiting: Deferred[None] = Deferred()

        def closed(_: object) -> None:
            self._closing.discard(closing)
            if not waiting.called:
                waiting.callback(None)

        closing.addBoth(closed)
        return waiting


def _is_free(asked: Asked) -> bool:
    return isinstance(asked, Listen) and asked.port == 0
