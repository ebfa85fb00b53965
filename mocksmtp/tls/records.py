"""What is said under TLS, as it goes over the wire, without a turn of the reactor.

Twisted gathers small writes until its next turn, and then asks to be told when the
socket can be written to. A reply can nearly always be sent at once, as in clear; what
is looked at for that is no public part of Twisted, and where it is not there (another
version) the transport is left to do as it does.
"""

from __future__ import annotations

from typing import Any

from OpenSSL import SSL

RECORD = 2**14
"""Octets of one TLS record (RFC 8446 §5.1); more is left to the transport."""


def encrypt(transport: Any, octets: bytes) -> bytes | None:
    """
    `octets` as they are to be sent, behind all that was sent before.

    :param transport: a connected socket's, on which TLS was begun
    :return: None where the transport itself must be asked to write them
    """
    layer = transport.protocol
    try:
        can_encrypt = (
            layer._handshakeDone  # noqa: SLF001 - guarded here
            and not layer._lostTLSConnection  # noqa: SLF001
            and not layer._aborted  # noqa: SLF001
            and not layer.disconnecting
            and _has_nothing(layer)
        )
        if not can_encrypt or not 0 < len(octets) <= RECORD:
            return None
        connection = layer._tlsConnection  # noqa: SLF001
        connection.send(octets)
        encrypted: bytes = connection.bio_read(2 * RECORD)
    except (AttributeError, SSL.Error):
        # Nothing was taken: what is wrong, the transport finds out by itself.
        return None
    return encrypted


def holds_back(transport: Any) -> bool:
    """Whether something was written that is not encrypted yet."""
    try:
        return not _has_nothing(transport.protocol)
    except AttributeError:
        return False


def _has_nothing(layer: Any) -> bool:
    # Its callers guard this.
    return not (layer._appSendBuffer or layer._aggregator._buffer)  # noqa: SLF001
