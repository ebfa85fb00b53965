"""Mail hosts with their listeners: created, changed and removed at run time.

Rules:

- A change of any number of hosts is atomic: new listeners are opened first; if one
  fails, all of them are closed again, and the hosts do not change.
- A listener that the change removes is closed early if a new listener needs its port
  (``0.0.0.0:25`` replaces ``127.0.0.1:25``), and opened again if the change fails.
- An unchanged listener stays open, with its connections. A request for a fixed port
  matches the open listener on it; a request for port 0 matches a listener that was
  opened for port 0.
- Removed listeners and their connections are closed before the change is reported as
  done: then their ports can be used again.
- A change takes effect before anything is awaited, so that changes do not overlap.
- Listeners without an IP address are those of the start; they are closed only with
  their host or at the end.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Iterator, Sequence
from ipaddress import ip_address
from typing import Any, TypeAlias

import attrs
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred, DeferredList
from twisted.logger import Logger

from mocksmtp.hosts.host import Description, HostPlan, MailHost
from mocksmtp.hosts.listeners import Disconnect, Listen, unmapped
from mocksmtp.listening import ListenError, StreamListener, listen_stream, listen_tcp
from mocksmtp.mock import CannotListen, Mock, NameTaken
from mocksmtp.smtp.factory import MockSMTPFactory
from mocksmtp.smtp.recording import shown_listener
from mocksmtp.tls.contexts import ServerContexts

RequestedListen: TypeAlias = Listen | str
"""An address and a port, or a Twisted server endpoint."""


@attrs.frozen(eq=False)
class OpenListener:
    """
    An open listener of a host.

    :ivar asked: the requested address or endpoint
    :ivar factory: the factory of its connections
    :ivar bound: the bound IP address, or None for another kind of address
    """

    asked: RequestedListen
    listener: StreamListener
    factory: MockSMTPFactory
    bound: Listen | None

    @classmethod
    def of(
        cls, asked: RequestedListen, listener: StreamListener, factory: MockSMTPFactory
    ) -> OpenListener:
        """The open listener, with its bound address."""
        match listener.bound:
            case IPv4Address(host=host, port=port) | IPv6Address(host=host, port=port):
                address = ip_address(host)
                if not ip_address(unmapped(host)).is_unspecified:
                    factory.listener = shown_listener(listener.bound)
                return cls(asked, listener, factory, Listen(address, port))
        return cls(asked, listener, factory, None)

    def changed_to(self, asked: RequestedListen) -> OpenListener:
        """The same listener with the requested protocol and TLS."""
        if isinstance(asked, str) or self.bound is None:
            return self
        self.factory.spoken, self.factory.tls = asked.protocol, asked.tls
        bound = self.bound.doing_as(asked)
        home = self.asked if isinstance(self.asked, str) else self.asked.doing_as(asked)
        return attrs.evolve(self, bound=bound, asked=home)

    @property
    def home(self) -> RequestedListen:
        """The request that opens the same address again."""
        plain = isinstance(self.asked, Listen) or self.asked.startswith("tcp")
        return self.bound if plain and self.bound is not None else self.asked

    def serves(self, asked: RequestedListen) -> bool:
        """Whether its address is the requested one."""
        if isinstance(asked, str) or self.bound is None:
            return self.asked == asked
        if asked.port:
            return self.bound.place == asked.place
        return isinstance(self.asked, Listen) and self.asked.place == asked.place


@attrs.frozen(eq=False)
class _Wanted:
    """
    The requested state of a host.

    :ivar asked: the requested addresses and endpoints
    """

    host: MailHost
    description: Description
    asked: Sequence[RequestedListen]


@attrs.define(eq=False)
class _Change:
    """
    The change of the listeners of a host.

    :ivar found: the open listeners that are requested, by their index in the request
    :ivar surplus: the open listeners that are not requested
    """

    wanted: _Wanted
    found: dict[int, OpenListener]
    surplus: list[OpenListener]

    @classmethod
    def of(cls, wanted: _Wanted, there: Iterable[OpenListener]) -> _Change:
        """Compare the request with the open listeners."""
        change = cls(wanted, {}, list(there))
        for place, asked in change.missing():
            same = next((one for one in change.surplus if one.serves(asked)), None)
            if same is not None:
                change.surplus.remove(same)
                change.found[place] = same
        return change

    def missing(self) -> list[tuple[int, RequestedListen]]:
        """The requests without a listener; port 0 last, as it may take a named port."""
        asked = self.wanted.asked
        places = (place for place in range(len(asked)) if place not in self.found)
        return [
            (place, asked[place])
            for place in sorted(places, key=lambda place: _is_free(asked[place]))
        ]

    def check(self) -> None:
        """
        Check the listeners before the host is changed.

        :raises ListenError: the names of the host would have no address in DNS
        """
        addresses = [one.bound.address for one in self.found.values() if one.bound]
        if self.wanted.description.dns.needs_address(addresses):
            where = f"host {self.wanted.host.name!r} listens on all addresses"
            raise ListenError(f"{where}: its dns.address is required")

    @property
    def listeners(self) -> list[OpenListener]:
        """The listeners of the host after the change."""
        return [
            self.found[n].changed_to(how) for n, how in enumerate(self.wanted.asked)
        ]


@attrs.define(eq=False)
class _Opening:
    """
    The listeners that are opened for a change, which are closed again if it fails.

    :ivar surplus: the listeners that the change closes at the end
    :ivar given_up: those of them whose ports were closed early
    """

    surplus: list[OpenListener]
    opened: list[StreamListener] = attrs.field(factory=list)
    given_up: list[OpenListener] = attrs.field(factory=list)

    def give_up(self, port: int) -> bool:
        """Close the surplus listeners of a port; returns whether there were any."""
        same = [one for one in self.surplus if one.bound and one.bound.port == port]
        for one in same:
            one.listener.close_port()
            self.surplus.remove(one)
        self.given_up += same
        return bool(same)

    def close(self) -> None:
        """Close the new listeners at once."""
        for listener in self.opened:
            listener.close_port()
            listener.stop()


class SessionNumbers:
    """
    Numbers sessions from 1 on.

    :ivar last: the last number
    """

    def __init__(self) -> None:
        self.last = 0

    def __iter__(self) -> SessionNumbers:
        return self

    def __next__(self) -> int:
        self.last += 1
        return self.last


class Hosting:
    """
    The hosts of a mock, with their listeners.

    :param plans: the hosts at the start, which `mock` already contains
    :param contexts: the TLS contexts; None disables TLS
    """

    _log = Logger()

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
        # The addresses of each host of the start, with the ports that were selected.
        self._homes: dict[str, list[RequestedListen]] = {}
        self._closing: set[Deferred[Any]] = set()
        self._numbers = SessionNumbers()
        replicas = mock.store.replicas
        self._sessions: Iterator[int | Awaitable[int]] = self._numbers
        if replicas is not None:
            self._sessions = iter(replicas.sessions.next, None)  # without an end

    def number_sessions_after(self, number: int) -> None:
        """Number the sessions from above `number`; before the first connection."""
        self._numbers.last = number

    async def start(self) -> None:
        """
        Open the listeners of all hosts at the start.

        :raises ListenError: a listener cannot be opened
        """
        for name, plan in self._plans.items():
            host, description = self._mock.hosts[name], plan.description
            asked: Sequence[RequestedListen] = description.listeners or ()
            if plan.endpoints is not None:
                asked = plan.endpoints
            for change in await self._open_all([_Wanted(host, description, asked)]):
                self._apply(change)
            self._homes[name] = [one.home for one in self._open[name]]

    def stop(self) -> Deferred[Any]:
        """Close all listeners; fires when all connections are closed."""
        opened, self._open = self._open, {}
        for listeners in opened.values():
            self._close(listeners)
        return DeferredList([*self._closing])

    async def create(self, description: Description) -> MailHost:
        """
        Create a host; without `listeners` it has those of the start, if any.

        :raises NameTaken: the name is in use
        :raises CannotListen: a listener cannot be opened
        """
        name = description.name
        if name in self._mock.hosts:
            raise NameTaken(name)
        asked: Sequence[RequestedListen] | None = description.listeners
        if asked is None:
            asked = self._homes.get(name, ())
        host = self._mock.new_host(description)
        if name in self._plans:
            host.start = self._plans[name].start
        await self._change(_Wanted(host, description, asked))
        return host

    async def change(self, host: MailHost, description: Description) -> None:
        """
        Change `host` to `description`; it keeps its mails and sessions.

        :raises CannotListen: a new listener cannot be opened
        """
        # A document cannot contain these; they stay.
        endpoints = [o.asked for o in self._open.get(host.name, ()) if not o.bound]
        asked = [*(description.listeners or ()), *endpoints]
        await self._change(_Wanted(host, description, asked))

    async def remove(self, host: MailHost, keeps_mails: bool = False) -> None:
        """
        Remove `host` with its listeners, mails and records.

        :param keeps_mails: whether another replica removes the mails
        """
        await self._remove(host, keeps_mails)

    async def restore(self) -> tuple[list[MailHost], Deferred[Any]]:
        """
        Restore the hosts of the start, on their addresses at the start.

        :return: the removed hosts, and a Deferred that fires when they are closed
        :raises CannotListen: a listener cannot be opened; nothing has changed
        """
        hosts = self._mock.hosts
        others = [host for name, host in hosts.items() if name not in self._plans]
        wanted = [
            _Wanted(
                hosts.get(name) or self._mock.new_host(plan.description, plan.start),
                plan.description,
                self._homes[name],
            )
            for name, plan in self._plans.items()
        ]
        return others, await self._switch(wanted, others)

    def disconnect(
        self, hosts: Iterable[MailHost], how: Disconnect
    ) -> tuple[int, Deferred[Any]]:
        """
        End the open connections of `hosts`.

        :return: their number, and a Deferred that fires when they are closed
        """
        leaving = [
            one.factory.disconnect(how)
            for host in hosts
            for one in self._open.get(host.name, ())
        ]
        ended = sum(one.count for one in leaving)
        return ended, DeferredList([one.gone for one in leaving])

    async def _change(self, *wanted: _Wanted) -> None:
        await (await self._switch(wanted))

    async def _switch(
        self, wanted: Sequence[_Wanted], others: Iterable[MailHost] = ()
    ) -> Deferred[Any]:
        """
        Change hosts as `wanted` and remove `others`: all of it, or nothing.

        :return: fires when the removed listeners are closed
        :raises CannotListen: a listener cannot be opened
        """
        try:
            changes = await self._open_all(wanted, others)
        except ListenError as error:
            raise CannotListen(str(error)) from None
        closing: list[Deferred[None]] = []
        for host in others:
            closing.append(Deferred.fromCoroutine(self._remove(host)))
        for change in changes:
            closing.append(self._apply(change))
        return DeferredList(closing)

    async def _remove(self, host: MailHost, keeps_mails: bool = False) -> None:
        self._mock.remove(host.name, keeps_mails)
        closing = self._close(self._open.pop(host.name, ()))
        try:
            await closing
        finally:
            if not keeps_mails:
                # It may still contain mails that arrived during the end.
                host.mailbox.close()

    def _apply(self, change: _Change) -> Deferred[None]:
        """Apply a change whose listeners are open."""
        host, description = change.wanted.host, change.wanted.description
        self._open[host.name] = listeners = change.listeners
        host.describe(description)
        host.listens = tuple(one.bound for one in listeners if one.bound is not None)
        host.addresses = tuple(one.listener.address for one in listeners)
        if self._mock.hosts.get(host.name) is host:
            self._mock.notify_changed(host)
        else:
            self._mock.add(host)
        addresses = [listen.address for listen in host.listens]
        self._mock.set_records(host, tuple(description.dns.records(addresses)))
        return self._close(change.surplus)

    async def _open_all(
        self, wanted: Sequence[_Wanted], others: Iterable[MailHost] = ()
    ) -> list[_Change]:
        """
        Open the missing listeners; the hosts have not changed yet.

        :raises ListenError: a listener cannot be opened, and nothing has changed
        """
        changes = [_Change.of(one, self._open.get(one.host.name, ())) for one in wanted]
        surplus = [one for change in changes for one in change.surplus]
        for host in others:
            surplus += self._open.get(host.name, ())
        opening = _Opening(surplus)
        try:
            for change in changes:
                for place, asked in change.missing():
                    opened = await self._open_one(change.wanted.host, asked, opening)
                    change.found[place] = opened
                change.check()
        except ListenError:
            opening.close()
            self._open_again(opening.given_up)
            raise
        return changes

    def _open_again(self, given_up: Iterable[OpenListener]) -> None:
        """Open the ports again that were closed for a change that failed."""
        for host in self._mock.hosts.values():
            listeners = self._open.get(host.name, [])
            for one in given_up:
                if one not in listeners or one.bound is None:
                    continue
                place = listeners.index(one)
                try:
                    again = self._listen(one.bound, one.factory)
                except ListenError as error:
                    # Another program has bound it in the meantime.
                    self._log.critical(
                        "Lost {bound}: {error}", bound=one.bound, error=error
                    )
                    self._close([listeners.pop(place)])
                    host.listens = tuple(o.bound for o in listeners if o.bound)
                    host.addresses = tuple(o.listener.address for o in listeners)
                else:
                    listeners[place] = attrs.evolve(one, listener=again)

    async def _open_one(
        self, host: MailHost, asked: RequestedListen, opening: _Opening
    ) -> OpenListener:
        """Open a listener, if necessary after closing a surplus one on its port."""
        reactor = self._reactor
        factory = MockSMTPFactory(host, reactor, self._sessions, self._contexts)
        if isinstance(asked, str):
            listener = await listen_stream(reactor, asked, factory, factory)
        else:
            try:
                listener = self._listen(asked, factory)
            except ListenError:
                if not opening.give_up(asked.port):
                    raise
                listener = self._listen(asked, factory)
        opening.opened.append(listener)
        return OpenListener.of(asked, listener, factory)

    def _listen(self, where: Listen, factory: MockSMTPFactory) -> StreamListener:
        address = str(where.address)
        return listen_tcp(self._reactor, address, where.port, factory, factory)

    def _close(self, listeners: Iterable[OpenListener]) -> Deferred[None]:
        """Close listeners, even if the caller stops waiting for it."""
        closing = DeferredList([one.listener.stop() for one in listeners])
        self._closing.add(closing)
        waiting: Deferred[None] = Deferred()

        def closed(_: object) -> None:
            self._closing.discard(closing)
            if not waiting.called:
                waiting.callback(None)

        closing.addBoth(closed)
        return waiting


def _is_free(asked: RequestedListen) -> bool:
    return isinstance(asked, Listen) and asked.port == 0
