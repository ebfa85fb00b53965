"""How a connection ends, from the service's side: closed, reset, or left hanging."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.tcp import Server

from mocksmtp.smtp.sending import has_left, is_empty

CLOSING_TIME = 10.0
"""Seconds that a client gets to take the last reply before it is cut off."""

LOOK_AGAIN = 0.005
"""Seconds after which it is looked again whether what was said has left: a transport
does not tell."""

PEER_LOOKED_AT = 0.5
"""Seconds after which it is looked again whether a client is gone from which nothing
is read."""

_CLOSE = 7
_GONE = (_CLOSE, 8, 9)
"""Linux's TCP_CLOSE, TCP_CLOSE_WAIT and TCP_LAST_ACK."""


class Ending:
    """The end of one connection; nothing is read or said on it any more."""

    def __init__(self, transport: Any, clock: IReactorTime) -> None:
        self._transport = transport
        self._clock = clock
        self._hanging = self._gentle = False
        self._call: IDelayedCall | None = None
        self._cut_off_at = clock.seconds() + CLOSING_TIME

    def close(self) -> None:
        """Close behind what was written, which the client gets a while to take."""
        if not is_empty(self._transport):
            self._later(CLOSING_TIME, self._transport.abortConnection)
        self._transport.loseConnection()

    def close_gently(self) -> None:
        """
        Close, and let go what the client still sends.

        A system resets a connection that is closed while something on it was not
        read, and the client may never see what was said last.
        """
        if type(self._transport) is not Server or self._transport.TLS:
            self._transport.resumeProducing()
            self.close()
            return
        self._gentle = True
        self._transport.loseWriteConnection()
        self._transport.resumeProducing()
        self._later(CLOSING_TIME, self._transport.abortConnection)

    def reset(self) -> None:
        """End with a RST, once all that was said has left."""
        late = self._clock.seconds() >= self._cut_off_at
        if late or has_left(self._transport):
            self._transport.abortConnection()
        else:
            self._later(LOOK_AGAIN, self.reset)

    def hang(self) -> None:
        """Neither read nor write, until the client ends its input or all (FIN, RST)."""
        self._hanging = True
        self._transport.pauseProducing()
        if is_reset(self._transport):
            self._transport.abortConnection()
        elif is_gone(self._transport):
            self.close()
        else:
            self._later(PEER_LOOKED_AT, self.hang)

    def input_ended(self) -> None:
        """The client has closed its side as well (FIN)."""
        if self._gentle:
            self._transport.loseConnection()

    def release(self) -> None:
        """Leave nobody hanging any more."""
        if self._hanging:
            self.stop()
            self._transport.abortConnection()

    def stop(self) -> None:
        """It is over."""
        if self._call is not None:
            self._call.cancel()
            self._call = None

    def _later(self, seconds: float, what: Callable[[], None]) -> None:
        def now() -> None:
            self._call = None
            what()

        self._call = self._clock.callLater(seconds, now)


def is_gone(transport: Any) -> bool:
    """
    Whether the client has closed its side, though nothing is read from it.

    Linux tells; elsewhere it is found out at the end of the service only.
    """
    return _state(transport) in _GONE


def is_reset(transport: Any) -> bool:
    """Whether the client has cut off the connection (RST), in the same way."""
    return _state(transport) == _CLOSE


def _state(transport: Any) -> int:
    try:
        state = transport.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)
    except (AttributeError, OSError):
        return 0
    return state[0] if state else 0
