"""Listeners: from an endpoint's text to an open port, and to its clean end."""

from __future__ import annotations

import os
from typing import Any, Protocol

import attrs
from twisted.internet.defer import Deferred, succeed
from twisted.internet.defer import TimeoutError as DeferredTimeout
from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError, ConnectionDone
from twisted.internet.interfaces import IAddress, IListeningPort, IStreamServerEndpoint
from twisted.internet.protocol import Factory
from twisted.internet.tcp import Port
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.python.failure import Failure

STOP_TIME = 1.0
"""Seconds that connections get to end when their listener stops."""


class ListenError(Exception):
    """Why a listener can't be opened, in one line."""

    @classmethod
    def told_by(cls, error: CannotListenError) -> ListenError:
        """The same in fewer words: twistd passes a hundred octets of them on."""
        reason = getattr(error.socketError, "strerror", None) or error.socketError
        interface = error.interface or "0.0.0.0"
        shown = f"[{interface}]" if ":" in interface else interface
        return cls(f"can't listen on {shown}:{error.port}: {reason}")


class Draining(Protocol):
    """A factory that can end its connections."""

    def shut_down(self) -> Deferred[None]:
        """Let replies in flight go out and close; fires when all have gone."""

    def abort(self) -> None:
        """Cut off those that have not gone."""


class Listener(Protocol):
    """An open listener.

    :ivar address: where it is bound, as in ``127.0.0.1:2525``
    """

    @property
    def address(self) -> str:
        """Where it is bound."""

    def stop(self) -> Deferred[None]:
        """Close it, then end its connections; fires when they have ended."""


@attrs.frozen
class StreamListener:
    """A port for a factory's connections."""

    _port: IListeningPort
    _connections: Draining
    _reactor: Any

    @property
    def bound(self) -> IAddress:
        """Where it is bound, with the number that port 0 has become."""
        return self._port.getHost()

    @property
    def address(self) -> str:
        """The same as text."""
        return show_address(self.bound)

    def close_port(self) -> None:
        """
        Close the port now, so that its address can be bound again; connections stay.

        Twisted's own way closes it in the next turn of the reactor.
        """
        if isinstance(self._port, Port) and self._port.connected:
            self._port.connectionLost(Failure(ConnectionDone()))

    def stop(self) -> Deferred[None]:
        """Close the port; connections get `STOP_TIME` seconds to end."""
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


def parse_endpoint(reactor: Any, text: str) -> IStreamServerEndpoint:
    """
    The endpoint that `text` describes; nothing is opened.

    :raises ListenError: it describes none
    """
    try:
        endpoint: IStreamServerEndpoint = serverFromString(reactor, text)
        return endpoint
    # What the parsers of endpoints raise is not defined, and they raise much.
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        example = "an address is written as 2525, 127.0.0.1:2525, [::1]:2525 or"
        example += " tcp:2525:interface=127.0.0.1"
        raise ListenError(f"not an endpoint: {text!r} ({reason}); {example}") from None


async def listen_stream(
    reactor: Any, endpoint: str, factory: Factory[Any], connections: Draining
) -> StreamListener:
    """
    Open `endpoint` for `factory`.

    :param connections: what ends the connections when the listener is stopped
    :raises ListenError: it can't be opened
    """
    try:
        port = await parse_endpoint(reactor, endpoint).listen(factory)
    except CannotListenError as error:
        raise ListenError.told_by(error) from None
    # A port that is no port is told by the socket only.
    except (OSError, OverflowError) as error:
        raise ListenError(f"can't open {endpoint!r}: {error}") from None
    return StreamListener(port, connections, reactor)


def listen_tcp(
    reactor: Any, address: str, port: int, factory: Factory[Any], connections: Draining
) -> StreamListener:
    """
    Open a TCP port for `factory`, now.

    :param connections: what ends the connections when the listener is stopped
    :raises ListenError: it can't be opened
    """
    try:
        opened = reactor.listenTCP(port, factory, interface=address)
    except CannotListenError as error:
        raise ListenError.told_by(error) from None
    return StreamListener(opened, connections, reactor)


def show_address(address: IAddress) -> str:
    """``127.0.0.1:2525``, ``[::1]:2525``, or what else an address is."""
    host, port = getattr(address, "host", None), getattr(address, "port", None)
    if host is None:
        return os.fsdecode(getattr(address, "name", None) or str(address))
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def reachable(address: str) -> str:
    """An address to connect to, for one that was bound: loopback for all of them."""
    host, _, port = address.rpartition(":")
    host = {"0.0.0.0": "127.0.0.1", "[::]": "127.0.0.1"}.get(host, host)
    return f"{host}:{port}"


class _Tracked(ProtocolWrapper):
    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]
        super().connectionLost(reason)  # type: ignore[no-untyped-call]
        self.factory.look_whether_all_have_gone()


class TrackedFactory(WrappingFactory):
    """Knows the connections of a factory that doesn't keep them itself."""

    noisy = False
    protocol = _Tracked

    def __init__(self, factory: Factory[Any]) -> None:
        super().__init__(factory)  # type: ignore[no-untyped-call]
        self._gone: Deferred[None] | None = None

    def shut_down(self) -> Deferred[None]:
        """Close each connection behind what was written to it."""
        for connection in tuple(self.protocols):
            connection.loseConnection()
        if not self.protocols:
            return succeed(None)
        self._gone = Deferred()
        return self._gone

    def abort(self) -> None:
        """Cut off those that have not gone."""
        for connection in tuple(self.protocols):
            connection.abortConnection()

    def look_whether_all_have_gone(self) -> None:
        """Fire what `shut_down` answered, once no connection is left."""
        if not self.protocols and self._gone is not None:
            gone, self._gone = self._gone, None
            gone.callback(None)
