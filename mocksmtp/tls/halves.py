"""A client that ends its side of TLS, and still reads (RFC 8446 §6.1).

Twisted ends a connection under TLS at the client's close_notify or FIN. Here its
protocol is told instead, as it is in clear (`IHalfCloseableProtocol`), and ends the
connection when all was said. What is replaced for that is no public part of Twisted:
where it is not there (another version), Twisted does as it does.
"""

# mypy: disable-error-code="no-untyped-call"
# Twisted's layer has no annotations.

from __future__ import annotations

from typing import Any

from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.protocols.tls import BufferingTLSTransport
from twisted.python.failure import Failure
from zope.interface import alsoProvides

_REPLACED = ("_shutdownTLS", "_flushReceiveBIO", "_handshakeDone")


class _InputEnded(Exception):
    """The client's close_notify has come."""


class _HalfOpen(BufferingTLSTransport):
    """The layer between a transport and its protocol, which tells of either half."""

    def _shutdownTLS(self) -> None:
        if not self.disconnecting:
            raise _InputEnded
        super()._shutdownTLS()

    def _flushReceiveBIO(self) -> None:
        try:
            super()._flushReceiveBIO()
        except _InputEnded:
            self.wrappedProtocol.readConnectionLost()  # type: ignore[attr-defined]

    def readConnectionLost(self) -> None:
        """The client's FIN has come."""
        if self._handshakeDone and not self.disconnecting:
            self.wrappedProtocol.readConnectionLost()  # type: ignore[attr-defined]
        else:
            bypass: Any = self.transport
            bypass.connectionLost(Failure(ConnectionDone()))

    def writeConnectionLost(self) -> None:
        """The service never ends its half alone under TLS."""


def keep_half_open(transport: Any) -> None:
    """
    Have the protocol under TLS told that its input has ended.

    :param transport: a socket's, on which TLS was just begun
    """
    layer = transport.protocol
    if type(layer) is BufferingTLSTransport and all(
        hasattr(layer, name) for name in _REPLACED
    ):
        layer.__class__ = _HalfOpen
        alsoProvides(layer, IHalfCloseableProtocol)
