"""Sending replies at once, where nothing waits to be sent.

A transport's `write` asks the reactor to tell when the socket can be written to,
and does it then: two calls of epoll_ctl and one more event for each reply, though a
client that has just sent a command has room for the answer almost always. So the
socket is tried first, and only what it did not take is left to the transport.
"""

from __future__ import annotations

import contextlib
import socket
from typing import Any

from twisted.internet.abstract import FileDescriptor
from twisted.internet.tcp import Server

from mocksmtp.tls.records import encrypt, holds_back


def send(transport: Any, octets: bytes) -> None:
    """
    Send `octets` behind all that was written to `transport` before.

    Whether a socket has failed is left to the transport to find out.
    """
    if _is_idle(transport) and transport.connected and not transport.disconnecting:
        if not transport.TLS:
            rest = _try(transport, octets)
            if rest:
                transport.write(rest)
            return
        encrypted = encrypt(transport, octets)
        if encrypted is not None:
            rest = _try(transport, encrypted)
            if rest:
                # The transport's own `write` would encrypt it once more.
                FileDescriptor.write(transport, rest)
            return
    transport.write(octets)


QUICKACK = getattr(socket, "TCP_QUICKACK", None)
"""Linux has it, and forgets it with the next packets."""


def acknowledge(transport: Any) -> None:
    """
    Acknowledge at once what was read, where no reply does.

    A client that writes twice without TCP_NODELAY waits for that before it sends the
    second part, and a system lets it wait for 40 ms.
    """
    if QUICKACK is not None and type(transport) is Server:
        with contextlib.suppress(OSError):  # the transport finds out by itself
            transport.socket.setsockopt(socket.IPPROTO_TCP, QUICKACK, 1)


def _try(transport: Any, octets: bytes) -> bytes:
    """Send what the socket takes; answer the rest."""
    try:
        sent: int = transport.socket.send(octets)
    except OSError:
        return octets
    return octets[sent:]


def _is_idle(transport: Any) -> bool:
    return (
        type(transport) is Server
        and not transport.dataBuffer
        and not transport._tempDataBuffer
    )


def is_empty(transport: Any) -> bool:
    """
    Whether nothing waits to be sent, as far as that can be told.

    A connection under TLS says goodbye to the other side before it ends.
    """
    return _is_idle(transport) and not transport.TLS


def has_left(transport: Any) -> bool:
    """Whether all that was written, also under TLS, was given to the system."""
    if type(transport) is not Server:
        return True
    return _is_idle(transport) and not (transport.TLS and holds_back(transport))
