"""A reactor in memory: connections without sockets, a clock that the test sets.

`MemoryReactor` has what a service and an SMTP client need of a reactor: ``listenTCP``,
``connectTCP``, ``callLater`` and threads, whose work is done at once. TLS and DNS need
the real one.
"""

from __future__ import annotations

import errno
import itertools
import os
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs
from twisted.internet import error as errors
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import ITCPTransport
from twisted.internet.protocol import ClientFactory, Protocol
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.web.client import Agent, HTTPConnectionPool, readBody
from twisted.web.http_headers import Headers
from twisted.web.iweb import IBodyProducer
from zope.interface import implementer

from mocksmtp.client.over_treq import NumericEndpoints

if TYPE_CHECKING:
    from mocksmtp.testing.running import RunningMock

CLIENT = "127.0.0.1"
"""The address of clients."""

_FIRST_PORT = 10_000
_FIRST_CLIENT_PORT = 40_000

_MAX_STEPS = 100_000
"""Steps after which two programs evidently never stop talking to each other."""


class MemoryPort:
    """A listener."""

    def __init__(self, reactor: MemoryReactor, address: IPv4Address, factory: Any):
        self._reactor = reactor
        self._address = address
        self.factory = factory

    def getHost(self) -> IPv4Address:
        """Its address."""
        return self._address

    def stopListening(self) -> Deferred[None]:
        """Accept no more connections."""
        if self._reactor.listening.pop(self._address, None) is not None:
            self.factory.doStop()
        return succeed(None)


class _Threads:
    """A pool of no threads: work is done at once."""

    def callInThreadWithCallback(
        self, done: Any, function: Any, *args: Any, **kwargs: Any
    ) -> None:
        try:
            result, succeeded = function(*args, **kwargs), True
        except BaseException:
            result, succeeded = Failure(), False
        if done is not None:
            done(succeeded, result)


class _Connector:
    """The connector that is passed to the factory of a client."""

    def __init__(self, reactor: MemoryReactor, address: IPv4Address, factory: Any):
        self._reactor = reactor
        self._address = address
        self.factory = factory
        self.transport: MemoryTransport | None = None

    def getDestination(self) -> IPv4Address:
        """The address of the destination."""
        return self._address

    def connect(self) -> None:
        """Connect, or report a refused connection to the factory."""
        self.factory.doStart()
        self.factory.startedConnecting(self)
        port = self._reactor.listening.get(self._address)
        if port is None:
            self._reactor.do(self._fail)
            return
        client = self.factory.buildProtocol(self._address)
        number = next(self._reactor.client_ports)
        here = IPv4Address("TCP", CLIENT, number)
        server = port.factory.buildProtocol(here)
        if client is None or server is None:
            self._reactor.do(self._fail)
            return
        ours = MemoryTransport(self._reactor, client, here, self._address)
        theirs = MemoryTransport(self._reactor, server, self._address, here)
        ours.peer, theirs.peer = theirs, ours
        ours.on_lost = self._lost
        self.transport = ours
        server.makeConnection(theirs)
        client.makeConnection(ours)

    def stopConnecting(self) -> None:
        """Do nothing: connections are established at once."""

    def disconnect(self) -> None:
        """Close the connection."""
        if self.transport is not None:
            self.transport.loseConnection()

    def _fail(self) -> None:
        self.factory.clientConnectionFailed(
            self, Failure(errors.ConnectionRefusedError())
        )
        self.factory.doStop()

    def _lost(self, reason: Failure) -> None:
        self.factory.clientConnectionLost(self, reason)
        self.factory.doStop()


@implementer(ITCPTransport)
class MemoryTransport:
    """One end of a connection."""

    TLS = False

    def __init__(
        self,
        reactor: MemoryReactor,
        protocol: Any,
        host: IPv4Address,
        other: IPv4Address,
    ) -> None:
        self._reactor = reactor
        self.protocol = protocol
        self._host = host
        self._other = other
        self.peer: MemoryTransport
        self.on_lost: Callable[[Failure], None] = lambda _: None
        self.connected = True
        self.disconnecting = False
        self._paused = False
        self._received: deque[bytes] = deque()
        self._end: Failure | None = None
        self._producer: Any = None
        self._streaming = False

    def getHost(self) -> IPv4Address:
        """The address of this end."""
        return self._host

    def getPeer(self) -> IPv4Address:
        """The address of the other end."""
        return self._other

    def write(self, data: bytes) -> None:
        """Send octets."""
        if self.connected and not self.disconnecting and data:
            self.peer.receive(bytes(data))

    def writeSequence(self, data: Any) -> None:
        """Send octets."""
        self.write(b"".join(data))

    def loseConnection(self) -> None:
        """Close the connection, as soon as no producer is left."""
        if self.connected and not self.disconnecting:
            self.disconnecting = True
            if self._producer is None:
                self._reactor.do(self._close)

    def loseWriteConnection(self) -> None:
        """Close the sending side."""
        self.loseConnection()

    def abortConnection(self) -> None:
        """Reset the connection."""
        if self.connected:
            self.disconnecting = True
            self.peer.end(Failure(errors.ConnectionLost()))
            self._lose(Failure(errors.ConnectionAborted()))

    def _close(self) -> None:
        if self.connected:
            self.peer.end(Failure(errors.ConnectionDone()))
            self._lose(Failure(errors.ConnectionDone()))

    def receive(self, data: bytes) -> None:
        """Have the protocol receive octets in a later step."""
        self._received.append(data)
        self._reactor.do(self._deliver)

    def end(self, reason: Failure) -> None:
        """End the connection after the octets that are on the way."""
        self._end = reason
        self._reactor.do(self._deliver)

    def _deliver(self) -> None:
        while self._received and self.connected and not self._paused:
            self.protocol.dataReceived(self._received.popleft())
        if self._end is not None and not self._received and not self._paused:
            self._lose(self._end)

    def _lose(self, reason: Failure) -> None:
        if self.connected:
            self.connected = False
            self._received.clear()
            self._reactor.do(lambda: self._tell(reason))

    def _tell(self, reason: Failure) -> None:
        self.protocol.connectionLost(reason)
        self.on_lost(reason)

    # Flow control

    def pauseProducing(self) -> None:
        """Keep what arrives."""
        self._paused = True

    def resumeProducing(self) -> None:
        """Receive again."""
        self._paused = False
        self._reactor.do(self._deliver)

    def stopProducing(self) -> None:
        """Close the connection."""
        self.loseConnection()

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """Let a producer write."""
        self._producer, self._streaming = producer, streaming
        if not streaming:
            self._reactor.do(self._pull)

    def unregisterProducer(self) -> None:
        """Know that a producer has written all."""
        self._producer = None
        if self.disconnecting and self.connected:
            self._reactor.do(self._close)

    def _pull(self) -> None:
        if self._producer is not None and not self._streaming and self.connected:
            self._producer.resumeProducing()
            self._reactor.do(self._pull)

    # Options of sockets, which there are none of

    def getTcpNoDelay(self) -> bool:
        """Whether small packets are sent at once."""
        return True

    def setTcpNoDelay(self, enabled: bool) -> None:
        """Do nothing."""

    def getTcpKeepAlive(self) -> bool:
        """Whether the connection is probed."""
        return False

    def setTcpKeepAlive(self, enabled: bool) -> None:
        """Do nothing."""


class MemoryReactor(Clock):
    """
    A network and a clock.

    What can happen without time going by happens in `settle`, which `connectTCP`, the
    client of the API and `advance` call; `advance` lets time go by.
    """

    running = True

    def __init__(self) -> None:
        super().__init__()
        self.listening: dict[IPv4Address, MemoryPort] = {}
        self.client_ports = itertools.count(_FIRST_CLIENT_PORT)
        self._ports = itertools.count(_FIRST_PORT)
        self._steps: deque[Callable[[], object]] = deque()
        self._settling = False
        self._threads = _Threads()

    # The network

    def listenTCP(
        self, port: int, factory: Any, backlog: int = 50, interface: str = ""
    ) -> MemoryPort:
        """Listen; port 0 is a free one."""
        number = port or next(self._ports)
        address = IPv4Address("TCP", interface or CLIENT, number)
        if address in self.listening:
            in_use = OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
            raise errors.CannotListenError(interface, number, in_use)
        factory.doStart()
        opened = self.listening[address] = MemoryPort(self, address, factory)
        return opened

    def connectTCP(
        self,
        host: str,
        port: int,
        factory: Any,
        timeout: float = 30,
        bindAddress: object = None,
    ) -> Any:
        """Connect a client."""
        connector = _Connector(self, IPv4Address("TCP", host, port), factory)
        self.do(connector.connect)
        self.settle()
        return connector

    def connect(self, address: tuple[str, int], protocol: Protocol) -> Protocol:
        """
        Connect a protocol, and return it.

        :raises twisted.internet.error.ConnectionRefusedError: nobody listens there
        """
        if IPv4Address("TCP", *address) not in self.listening:
            raise errors.ConnectionRefusedError(
                f"nobody listens on {address[0]}:{address[1]}"
            )
        factory = ClientFactory()
        factory.noisy = False
        factory.buildProtocol = lambda _: protocol  # type: ignore[method-assign,assignment]
        self.connectTCP(*address, factory)
        return protocol

    # Time and turns

    def do(self, step: Callable[[], object]) -> None:
        """Do something in a later step, but before time goes by."""
        self._steps.append(step)

    def settle(self) -> None:
        """Do all that can be done without time going by."""
        if self._settling:
            return
        self._settling = True
        try:
            for _ in range(_MAX_STEPS):
                if self._steps:
                    self._steps.popleft()()
                elif self.calls and self.calls[0].getTime() <= self.seconds():
                    super().advance(0)
                else:
                    return
            raise RuntimeError("the programs of the test never stop")
        finally:
            self._settling = False

    def advance(self, amount: float) -> None:
        """Let time go by, from one call to the next."""
        end = self.seconds() + amount
        while self.calls and self.calls[0].getTime() <= end:
            super().advance(max(self.calls[0].getTime() - self.seconds(), 0))
            self.settle()
        super().advance(max(end - self.seconds(), 0))
        self.settle()

    def cancel_calls(self) -> None:
        """Cancel what would happen later, such as the retry of a program."""
        for call in [*self.calls]:
            call.cancel()

    # Threads and the process

    def getThreadPool(self) -> Any:
        """A pool whose work is done at once."""
        return self._threads

    def callFromThread(self, what: Any, *args: Any, **kwargs: Any) -> None:
        """Call a function in a later step."""
        self.do(lambda: what(*args, **kwargs))

    def addSystemEventTrigger(self, *_: Any, **__: Any) -> object:
        """Do nothing: it never starts and never ends."""
        return object()

    def removeSystemEventTrigger(self, _: object) -> None:
        """Do nothing."""

    def callWhenRunning(self, what: Any, *args: Any, **kwargs: Any) -> None:
        """Call a function: it runs."""
        what(*args, **kwargs)


@implementer(IBodyProducer)
@attrs.frozen
class _Body:
    """A body that is written at once; treq's needs turns of the real reactor."""

    octets: bytes

    @property
    def length(self) -> int:
        """Its octets."""
        return len(self.octets)

    def startProducing(self, consumer: Any) -> Deferred[None]:
        """Write it."""
        consumer.write(self.octets)
        return succeed(None)

    def pauseProducing(self) -> None:
        """Do nothing."""

    def resumeProducing(self) -> None:
        """Do nothing."""

    def stopProducing(self) -> None:
        """Do nothing."""


@attrs.frozen
class _Response:
    """A response, as treq's."""

    response: Any

    @property
    def code(self) -> int:
        """The status."""
        return int(self.response.code)

    @property
    def headers(self) -> Headers:
        """The header."""
        headers: Headers = self.response.headers
        return headers

    def content(self) -> Deferred[bytes]:
        """The body."""
        return readBody(self.response)


@attrs.frozen
class _Http:
    """Sends requests in memory, as treq's client does with sockets."""

    agent: Any

    def request(
        self,
        method: str,
        url: str,
        data: bytes | None,
        headers: Headers,
        allow_redirects: bool = False,
    ) -> Deferred[_Response]:
        """Send a request."""
        body = None if data is None else _Body(data)
        sent = self.agent.request(method.encode(), url.encode(), headers, body)
        response: Deferred[_Response] = sent.addCallback(_Response)
        return response


async def start_in_memory(reactor: MemoryReactor | None = None) -> RunningMock:
    """Start the service without sockets and DNS."""
    from mocksmtp.testing.running import FREE_PORTS, start_mock

    reactor = reactor or MemoryReactor()

    pool = HTTPConnectionPool(reactor, persistent=False)
    endpoints = NumericEndpoints(reactor)
    http = _Http(Agent.usingEndpointFactory(reactor, endpoints, pool=pool))
    config = attrs.evolve(FREE_PORTS, dns=())
    return await start_mock(None, config, reactor, http)
