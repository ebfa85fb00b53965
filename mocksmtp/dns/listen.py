"""UDP and TCP on the same port, as RFC 7766 §5 requires of every DNS server."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, Any

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import AdoptedStreamServerEndpoint
from twisted.internet.error import CannotListenError

from mocksmtp.hosts.listeners import Inherited
from mocksmtp.listening import ListenError, parse_endpoint

if TYPE_CHECKING:
    from twisted.internet.interfaces import IListeningPort

    from mocksmtp.dns.server import DNSFactory

ATTEMPTS = 20
"""Maximum ports tried for port 0, until one is free for both UDP and TCP."""

UDP_PER_TURN = 16 * 1024
"""Octets of datagrams read in one turn of the reactor: about 500 queries.

Twisted's 256 KiB would delay SMTP by 100 ms under a flood.
"""

MAX_QUERY = 4096
"""Maximum octets read of a datagram; queries are much shorter."""


@attrs.frozen
class DNSListener:
    """
    A bound DNS server.

    :ivar host: the address
    :ivar port: the port, for both UDP and TCP
    """

    host: str
    port: int
    _tcp: IListeningPort
    _udp: IListeningPort
    _factory: DNSFactory

    @property
    def address(self) -> str:
        """The bound address: ``127.0.0.1:5300`` or ``[::1]:5300``."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    def stop(self) -> Deferred[None]:
        """Close both ports, then the connections after their replies were sent."""
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        self._factory.forget_waiting()
        await _close(self._udp)
        await _close(self._tcp)
        await self._factory.close_connections()


async def listen(
    reactor: Any, address: str, port: int, factory: DNSFactory
) -> DNSListener:
    """
    Serve DNS at `address`, IPv4 or IPv6, until the listener is stopped.

    For port 0, UDP gets the port that TCP was given, and another one is tried while
    that is in use. A factory serves one listener, which closes its connections.

    :raises CannotListenError: the port is in use, for UDP or TCP; neither is open
    """
    for _ in range(ATTEMPTS - 1 if port == 0 else 0):
        try:
            return await _listen_both(reactor, address, port, factory)
        except CannotListenError:
            continue
    return await _listen_both(reactor, address, port, factory)


async def _listen_both(
    reactor: Any, address: str, port: int, factory: DNSFactory
) -> DNSListener:
    if port:
        # A check before listening: a failed start is then reported without the reactor,
        # which closing a port would need.
        _check_udp(address, port)
    tcp = reactor.listenTCP(port, factory, interface=address)
    host = tcp.getHost()
    try:
        udp = reactor.listenUDP(
            host.port, factory.datagrams(), interface=address, maxPacketSize=MAX_QUERY
        )
    except CannotListenError:
        await _close(tcp)
        raise
    udp.maxThroughput = UDP_PER_TURN
    return DNSListener(host.host, host.port, tcp, udp, factory)


def _check_udp(address: str, port: int) -> None:
    """
    Check that datagrams can be received there, before TCP listens.

    :raises CannotListenError: the port is in use
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind(socket.getaddrinfo(address, port, family)[0][4])
    except OSError as error:
        raise CannotListenError(address, port, error) from None


def adopt(reactor: Any, inherited: Inherited, factory: DNSFactory) -> DNSListener:
    """
    Serve DNS on sockets that systemd passed, until the listener is stopped.

    :raises ListenError: they were not passed, or are of another type
    """
    stream = _descriptor(reactor, inherited.tcp, socket.SOCK_STREAM)
    datagram = _descriptor(reactor, inherited.udp, socket.SOCK_DGRAM)
    tcp = reactor.adoptStreamPort(*stream, factory)
    udp = reactor.adoptDatagramPort(
        *datagram, factory.datagrams(), maxPacketSize=MAX_QUERY
    )
    for descriptor, _ in (stream, datagram):
        # The ports use duplicates of the descriptors.
        os.close(descriptor)
    udp.maxThroughput = UDP_PER_TURN
    host = tcp.getHost()
    return DNSListener(host.host, host.port, tcp, udp, factory)


def _descriptor(
    reactor: Any, which: str, kind: socket.SocketKind
) -> tuple[int, socket.AddressFamily]:
    """The descriptor that systemd passed, and the family of its socket."""
    key = "index" if which.isdecimal() else "name"
    # Twisted has consumed the variables of systemd; only its API returns them.
    try:
        endpoint = parse_endpoint(reactor, f"systemd:domain=INET:{key}={which}")
    except ListenError:
        raise ListenError(f"systemd passed no socket {which}") from None
    assert isinstance(endpoint, AdoptedStreamServerEndpoint)
    descriptor = endpoint.fileno
    try:
        with socket.socket(fileno=os.dup(descriptor)) as copy:
            found, family = copy.type, copy.family
            copy.setblocking(False)
    except OSError as error:
        raise ListenError(f"systemd's socket {which}: {error.strerror}") from None
    if found != kind or family not in (socket.AF_INET, socket.AF_INET6):
        wanted = "TCP" if kind == socket.SOCK_STREAM else "UDP"
        raise ListenError(f"systemd's socket {which} is not one for {wanted}")
    return descriptor, family


async def _close(port: IListeningPort) -> None:
    # For a port that was never open, `stopListening` returns None.
    closing = port.stopListening()
    if closing is not None:
        await closing
