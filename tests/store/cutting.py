"""A proxy in front of a Redis server, which cuts connections where a test wants it."""

from __future__ import annotations

from typing import Any

from twisted.internet import reactor
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.protocol import Protocol, ServerFactory, connectionDone
from twisted.python.failure import Failure


class _Upstream(Protocol):
    """The connection to the server."""

    def __init__(self, client: _Client) -> None:
        self.client = client

    def dataReceived(self, data: bytes) -> None:
        self.client.answer(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.client.transport.abortConnection()


class _Client(Protocol):
    """The connection of a store."""

    transport: Any

    def __init__(self, proxy: CuttingProxy) -> None:
        self.proxy = proxy
        self.upstream: Any = None
        self.heard: list[bytes] = []
        self.answers: list[bytes] = []

    def connectionMade(self) -> None:
        self.proxy.clients.append(self)
        if self.proxy.how == "refuse":
            self.transport.abortConnection()
            return
        endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", self.proxy.target)
        connecting = connectProtocol(endpoint, _Upstream(self))
        connecting.addCallbacks(self._connected, lambda _: self.abort())

    def _connected(self, upstream: Any) -> None:
        self.upstream = upstream
        self.go_on()

    def abort(self) -> None:
        self.transport.abortConnection()

    def dataReceived(self, data: bytes) -> None:
        if self.proxy.how == "before" and b"EVALSHA" in data:
            self.proxy.how = ""
            self.abort()
            return
        self.heard.append(data)
        self.go_on()

    def answer(self, data: bytes) -> None:
        if self.proxy.how == "after":
            self.proxy.how = ""
            self.abort()
            return
        self.answers.append(data)
        self.go_on()

    def go_on(self) -> None:
        """Pass on what may be passed on."""
        if self.proxy.how == "hold":
            return
        if self.upstream is not None:
            heard, self.heard = self.heard, []
            self.upstream.transport.writeSequence(heard)
        if self.proxy.how != "silent":
            answers, self.answers = self.answers, []
            self.transport.writeSequence(answers)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.proxy.clients.remove(self)
        if self.upstream is not None:
            self.upstream.transport.abortConnection()


class CuttingProxy(ServerFactory[_Client]):
    """
    Passes connections to a server on.

    :ivar how: what happens to them: ``""`` nothing; ``before``: the next one that sends
        scripts is cut, and they do not arrive; ``after``: the next one is cut once the
        server has answered; ``silent``: no answer arrives; ``hold``: nothing arrives;
        ``refuse``: all are cut
    """

    noisy = False

    def __init__(self, target: int) -> None:
        self.target = target
        self.how = ""
        self.clients: list[_Client] = []
        listening: Any = reactor
        self._port = listening.listenTCP(0, self, interface="127.0.0.1")
        self.port: int = self._port.getHost().port

    def buildProtocol(self, addr: object) -> _Client:
        return _Client(self)

    def cut(self, how: str) -> None:
        """From now on, do this to connections."""
        self.how = how
        for client in tuple(self.clients):
            if how == "refuse":
                client.abort()
            else:
                client.go_on()

    def stop(self) -> None:
        """End all connections."""
        self._port.stopListening()
        for client in tuple(self.clients):
            client.abort()
