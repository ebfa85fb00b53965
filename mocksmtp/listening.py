"""Listeners: open an endpoint, and close it with its connections."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from typing import Any, Protocol

import attrs
from twisted.internet.defer import Deferred, succeed
from twisted.internet.defer import TimeoutError as DeferredTimeout
from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError, ConnectionDone
from twisted.internet.interfaces import IAddress, IListeningPort, IStreamServerEndpoint
from twisted.internet.protocol import Factory
from twisted.internet.protocol import Protocol as TwistedProtocol
from twisted.internet.tcp import Port
from twisted.logger import Logger
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.python.failure import Failure

STOP_TIME = 1.0
"""Seconds after which the connections of a stopped listener are cut off."""


class ListenError(Exception):
    """A listener cannot be opened; the message is one line."""

    @classmethod
    def of(cls, error: CannotListenError) -> ListenError:
        """The error of Twisted, with a short message: twistd prints 100 octets."""
        reason = getattr(error.socketError, "strerror", None) or error.socketError
        interface = error.interface or "0.0.0.0"
        shown = f"[{interface}]" if ":" in interface else interface
        return cls(f"can't listen on {shown}:{error.port}: {reason}")


class Draining(Protocol):
    """A factory that can end its connections."""

    def shut_down(self) -> Deferred[None]:
        """Close the connections after pending replies; fires when all are closed."""

    def abort(self) -> None:
        """Abort the connections that are still open."""


class Listener(Protocol):
    """An open listener.

    :ivar address: the bound address, such as ``127.0.0.1:2525``
    """

    @property
    def address(self) -> str:
        """The bound address."""

    def stop(self) -> Deferred[None]:
        """Close the port, then the connections; fires when they are closed."""


@attrs.frozen
class StreamListener:
    """An open TCP port or UNIX socket with its connections."""

    _port: IListeningPort
    _connections: Draining
    _reactor: Any

    @property
    def bound(self) -> IAddress:
        """The bound address, with the port that was selected for port 0."""
        return self._port.getHost()

    @property
    def address(self) -> str:
        """The bound address as text."""
        return show_address(self.bound)

    def close_port(self) -> None:
        """
        Close the port now, so that its address can be bound again; keep connections.

        `stopListening` would close it in the next turn of the reactor.
        """
        if isinstance(self._port, Port) and self._port.connected:
            self._port.connectionLost(Failure(ConnectionDone()))

    def stop(self) -> Deferred[None]:
        """Close the port; connections are aborted after `STOP_TIME` seconds."""
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        closing = self._port.stopListening()
        if closing is not None:
            await closing
        gone = self._connections.shut_down()
        gone.addTimeout(STOP_TIME, self._reactor)
        try:
            await gone
        except DeferredTimeout:
            self._connections.abort()


BACKLOG = 1024
"""Connections that the system keeps until they are accepted. With Twisted's 50, some of
200 clients that connect at the same moment are dropped, and try again after seconds."""


def parse_endpoint(reactor: Any, text: str) -> IStreamServerEndpoint:
    """
    Parse a Twisted server endpoint; nothing is opened.

    :raises ListenError: `text` is invalid
    """
    if text.startswith(("tcp:", "tcp6:")) and "backlog=" not in text:
        # Fails where the backlog is given by its place, or the text is invalid.
        with contextlib.suppress(Exception):
            longer: IStreamServerEndpoint
            longer = serverFromString(reactor, f"{text}:backlog={BACKLOG}")
            return longer
    try:
        endpoint: IStreamServerEndpoint = serverFromString(reactor, text)
        return endpoint
    # The parsers of endpoints raise many kinds of exceptions.
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        examples = "examples: 2525, 127.0.0.1:2525, [::1]:2525,"
        examples += " tcp:2525:interface=127.0.0.1"
        raise ListenError(f"invalid address {text!r} ({reason}); {examples}") from None


async def listen_stream(
    reactor: Any, endpoint: str, factory: Factory[Any], connections: Draining
) -> StreamListener:
    """
    Open `endpoint` for `factory`.

    :param connections: ends the connections when the listener stops
    :raises ListenError: it cannot be opened
    """
    try:
        port = await parse_endpoint(reactor, endpoint).listen(factory)
    except CannotListenError as error:
        raise ListenError.of(error) from None
    # An invalid port number is reported only by the socket.
    except (OSError, OverflowError) as error:
        raise ListenError(f"can't open {endpoint!r}: {error}") from None
    return StreamListener(port, connections, reactor)


def listen_tcp(
    reactor: Any, address: str, port: int, factory: Factory[Any], connections: Draining
) -> StreamListener:
    """
    Open a TCP port for `factory` at once.

    :param connections: ends the connections when the listener stops
    :raises ListenError: it cannot be opened
    """
    try:
        opened = reactor.listenTCP(port, factory, interface=address)
    except CannotListenError as error:
        raise ListenError.of(error) from None
    return StreamListener(opened, connections, reactor)


def show_address(address: IAddress) -> str:
    """An address as text: ``127.0.0.1:2525``, ``[::1]:2525``, or a socket's path."""
    host, port = getattr(address, "host", None), getattr(address, "port", None)
    if host is None:
        return os.fsdecode(getattr(address, "name", None) or str(address))
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def reachable(address: str) -> str:
    """The address to connect to for a bound address: loopback for all addresses."""
    host, _, port = address.rpartition(":")
    host = {"0.0.0.0": "127.0.0.1", "[::]": "127.0.0.1"}.get(host, host)
    return f"{host}:{port}"


class _Tracked(ProtocolWrapper):
    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]
        super().connectionLost(reason)  # type: ignore[no-untyped-call]
        self.factory.check_closed()


class TrackedFactory(WrappingFactory):
    """Tracks the connections of a factory that does not do so itself."""

    noisy = False
    protocol = _Tracked

    def __init__(self, factory: Factory[Any]) -> None:
        super().__init__(factory)  # type: ignore[no-untyped-call]
        self._gone: Deferred[None] | None = None

    def shut_down(self) -> Deferred[None]:
        """Close each connection after the octets that were written to it."""
        for connection in tuple(self.protocols):
            connection.loseConnection()
        if not self.protocols:
            return succeed(None)
        self._gone = Deferred()
        return self._gone

    def abort(self) -> None:
        """Abort the connections that are still open."""
        for connection in tuple(self.protocols):
            connection.abortConnection()

    def check_closed(self) -> None:
        """Fire the Deferred of `shut_down` when no connection is left."""
        if not self.protocols and self._gone is not None:
            gone, self._gone = self._gone, None
            gone.callback(None)


class LateFactory(Factory[Any]):
    """
    A factory that is imported and made, in a thread, when its first client connects.

    The reactor goes on meanwhile, and the client's octets are read afterwards. A
    `TrackedFactory` must wrap it.

    :param make: makes the factory; called in a thread
    :param in_thread: calls a function in a thread; returns a Deferred
    """

    noisy = False
    log = Logger()

    def __init__(
        self,
        make: Callable[[], Factory[Any]],
        in_thread: Callable[[Callable[[], Any]], Deferred[Any]],
    ) -> None:
        self._make = make
        self._in_thread = in_thread
        self._made: Factory[Any] | None = None
        self._waiting: list[_Early] | None = None

    def buildProtocol(self, addr: IAddress | None) -> Any:
        """The protocol for a connection, or what waits for it."""
        if self._made is not None:
            return self._made.buildProtocol(addr)
        return _Early(self, addr)

    def stopFactory(self) -> None:
        """No port is left."""
        if self._made is not None:
            self._made.doStop()

    def await_made(self, connection: _Early) -> None:
        """Pass the connection on as soon as the factory is made."""
        if self._waiting is not None:
            self._waiting.append(connection)
            return
        self._waiting = [connection]
        making = self._in_thread(self._make)
        making.addCallbacks(self._serve, self._fail)

    def _serve(self, made: Factory[Any]) -> None:
        self._made = made
        if self.numPorts:
            made.doStart()
        waiting, self._waiting = self._waiting or [], None
        for connection in waiting:
            connection.pass_on(made)

    def _fail(self, failure: Failure) -> None:
        self.log.failure("A listener cannot serve its clients", failure)
        waiting, self._waiting = self._waiting or [], None
        for connection in waiting:
            connection.refuse()


class _Early(TwistedProtocol):
    """A connection that waits for its protocol, with nothing read."""

    def __init__(self, factory: LateFactory, peer: IAddress | None) -> None:
        self._late = factory
        self._peer = peer

    def connectionMade(self) -> None:
        """Read nothing before the protocol is there."""
        wrapper: Any = self.transport
        wrapper.pauseProducing()
        self._late.await_made(self)

    def pass_on(self, made: Factory[Any]) -> None:
        """Serve the connection with a protocol of `made`, if it is still open."""
        wrapper: Any = self.transport
        if not self.connected or wrapper.disconnecting:
            return
        protocol: Any = made.buildProtocol(self._peer)
        wrapper.wrappedProtocol = protocol
        protocol.makeConnection(wrapper)
        wrapper.resumeProducing()

    def refuse(self) -> None:
        """Close the connection."""
        assert self.transport is not None
        self.transport.loseConnection()

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]
        """The client has left, or the service stops."""
        self.connected = False
