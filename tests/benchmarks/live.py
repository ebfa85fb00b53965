"""Servers of the benchmarks in the test's own reactor."""

from collections.abc import Callable
from typing import Any, cast

from twisted.internet import reactor
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTCP
from twisted.internet.protocol import ServerFactory
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from benchmarks.listening import LOOPBACK, Address


class LiveTestCase(TestCase):
    """A test whose clients block, in a thread, while a server answers here."""

    timeout = 10

    def serve(self, factory: ServerFactory) -> Address:
        """Listen until the test's end, and return where."""
        port = cast("IReactorTCP", reactor).listenTCP(0, factory, interface=LOOPBACK)
        self.addCleanup(port.stopListening)
        self._watch(factory)
        return LOOPBACK, cast("IPv4Address", port.getHost()).port

    def _watch(self, factory: ServerFactory) -> None:
        """Wait at the test's end until the clients' connections have ended."""
        build = factory.buildProtocol

        def watched(addr: Any) -> Any:
            protocol: Any = build(addr)
            ended: Deferred[None] = Deferred()
            lost = protocol.connectionLost

            def connection_lost(*args: Any) -> None:
                lost(*args)
                ended.callback(None)

            protocol.connectionLost = connection_lost
            self.addCleanup(lambda: ended)
            return protocol

        self.patch(factory, "buildProtocol", watched)

    def in_thread(self, work: Callable[..., Any], *args: Any) -> Deferred[Any]:
        """Do something that blocks, and return its result later."""
        return deferToThread(work, *args)
