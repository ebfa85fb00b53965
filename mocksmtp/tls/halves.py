"""Half-closed connections under TLS (RFC 8446 §6.1).

Twisted ends a TLS connection at the client's close_notify or FIN. This calls the
protocol's `readConnectionLost` instead (`IHalfCloseableProtocol`), as without TLS, so
that the protocol can send its replies first. It replaces private parts of Twisted; in a
version without them, Twisted behaves as usual.
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
    """The client's close_notify has arrived."""


class _HalfOpen(BufferingTLSTransport):
    """A TLS layer that reports the end of the input to its protocol."""

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
        """Handle a FIN of the client."""
        if self._handshakeDone and not self.disconnecting:
            self.wrappedProtocol.readConnectionLost()  # type: ignore[attr-defined]
        else:
            bypass: Any = self.transport
            bypass.connectionLost(Failure(ConnectionDone()))

    def writeConnectionLost(self) -> None:
        """Do nothing: the server never half-closes under TLS."""


def keep_half_open(transport: Any) -> None:
    """
    Make a TLS connection report the end of its input, and stay open.

    :param transport: the TCP transport, on which TLS was just begun
    """
    layer = transport.protocol
    if type(layer) is BufferingTLSTransport and all(
        hasattr(layer, name) for name in _REPLACED
    ):
        layer.__class__ = _HalfOpen
        alsoProvides(layer, IHalfCloseableProtocol)
