"""Encrypts replies at once, so that they are sent without a turn of the reactor.

Twisted buffers small writes under TLS until its next turn, and then waits until the
socket is writable. A reply can nearly always be sent at once. This uses private parts
of Twisted; in a version without them, the transport sends the reply as usual.
"""

from __future__ import annotations

from typing import Any

from OpenSSL import SSL

MAX_RECORD = 2**14
"""Octets of one TLS record (RFC 8446 §5.1); the transport sends longer replies."""


def encrypt(transport: Any, octets: bytes) -> bytes | None:
    """
    Encrypt `octets`, to be sent after everything sent before.

    :param transport: the TCP transport, on which TLS was begun
    :return: the encrypted octets; None if the transport must write `octets` itself
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
        if not can_encrypt or not 0 < len(octets) <= MAX_RECORD:
            return None
        connection = layer._tlsConnection  # noqa: SLF001
        connection.send(octets)
        encrypted: bytes = connection.bio_read(2 * MAX_RECORD)
    except (AttributeError, SSL.Error):
        # OpenSSL has consumed nothing; the transport detects the error on its write.
        return None
    return encrypted


def holds_back(transport: Any) -> bool:
    """Whether written octets are not encrypted yet."""
    try:
        return not _has_nothing(transport.protocol)
    except AttributeError:
        return False


def _has_nothing(layer: Any) -> bool:
    # Callers catch AttributeError.
    return not (layer._appSendBuffer or layer._aggregator._buffer)  # noqa: SLF001
