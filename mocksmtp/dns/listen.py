"""UDP and TCP on one number, as every DNS server has them (RFC 7766 §5)."""

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
"""How many numbers are tried where it is ours to choose and UDP's is taken."""

UDP_PER_TURN = 16 * 1024
"""Octets of datagrams that are read in one turn of the reactor, some 500 queries.

Twisted's 256 KiB would hold up SMTP for 100 ms under a flood.
"""

MAX_QUERY = 4096
"""Octets of a datagram that are read; no query comes near."""


@attrs.frozen
class DNSListener:
    """
    A server that listens.

    :ivar host: the address that it is bound to
    :ivar port: the number that is open for UDP and TCP both
    """

    host: str
    port: int
    _tcp: IListeningPort
    _udp: IListeningPort
    _factory: DNSFactory

    @property
    def address(self) -> str:
        """Where it is bound, as in ``127.0.0.1:5300`` or ``[::1]:5300``."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    def stop(self) -> Deferred[None]:
        """Close both ports, then the connections when their answers are out."""
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        self._factory.waiting.forget()
        await _close(self._udp)
        await _close(self._tcp)
        await self._factory.close_connections()


async def listen(
    reactor: Any, address: str, port: int, factory: DNSFactory
) -> DNSListener:
    """
    Serve DNS at `address`, IPv4 or IPv6, until the listener is stopped.

    For port 0 the number that TCP was given is taken for UDP, and another one is
    tried while that is busy. A factory serves one listener, which closes its
    connections.

    :raises CannotListenError: the number is busy, for UDP or TCP; neither is open
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
        # A start that fails is reported at once: to close a port takes a reactor.
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
    See whether datagrams can be received there, before connections are taken.

    :raises CannotListenError: they can't
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind(socket.getaddrinfo(address, port, family)[0][4])
    except OSError as error:
        raise CannotListenError(address, port, error) from None


def adopt(reactor: Any, inherited: Inherited, factory: DNSFactory) -> DNSListener:
    """
    Serve DNS on sockets that are open already, until the listener is stopped.

    :raises ListenError: they were not handed over, or are no such sockets
    """
    stream = _descriptor(reactor, inherited.tcp, socket.SOCK_STREAM)
    datagram = _descriptor(reactor, inherited.udp, socket.SOCK_DGRAM)
    tcp = reactor.adoptStreamPort(*stream, factory)
    udp = reactor.adoptDatagramPort(
        *datagram, factory.datagrams(), maxPacketSize=MAX_QUERY
    )
    for descriptor, _ in (stream, datagram):
        # The ports have copies.
        os.close(descriptor)
    udp.maxThroughput = UDP_PER_TURN
    host = tcp.getHost()
    return DNSListener(host.host, host.port, tcp, udp, factory)


def _descriptor(
    reactor: Any, which: str, kind: socket.SocketKind
) -> tuple[int, socket.AddressFamily]:
    """The descriptor that systemd has handed over, and the family of its socket."""
    key = "index" if which.isdecimal() else "name"
    # Twisted has taken note of what was handed over, and tells it nowhere else.
    try:
        endpoint = parse_endpoint(reactor, f"systemd:domain=INET:{key}={which}")
    except ListenError:
        raise ListenError(f"systemd has handed over no socket {which}") from None
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
    # A port that was never open answers with None.
    closing = port.stopListening()
    if closing is not None:
        await closing
