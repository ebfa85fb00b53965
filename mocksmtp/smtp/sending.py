"""Sending replies at once, where nothing waits to be sent.

A transport's `write` asks the reactor to tell when the socket can be written to,
and does it then: two calls of epoll_ctl and one more event for each reply, though a
client that has just sent a command has room for the answer almost always. So the
socket is tried first, and only what it did not take is left to the transport.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.tcp import Server


def send(transport: Any, octets: bytes) -> None:
    """
    Send `octets` behind all that was written to `transport` before.

    Whether a socket has failed is left to the transport to find out.
    """
    if is_empty(transport) and transport.connected and not transport.disconnecting:
        try:
            sent = transport.socket.send(octets)
        except OSError:
            sent = 0
        if sent == len(octets):
            return
        octets = octets[sent:]
    transport.write(octets)


def is_empty(transport: Any) -> bool:
    """Whether nothing waits to be sent, as far as that can be told."""
    return (
        type(transport) is Server
        and not transport.TLS
        and not transport.dataBuffer
        and not transport._tempDataBuffer
    )
