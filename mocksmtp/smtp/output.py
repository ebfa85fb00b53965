"""The replies on their way to one client: in order, and no more than it takes.

A transport keeps all that it is given until the client reads it, and asks its producer
for a pause above 64 KiB. While it does, the connection executes no commands, so that
what waits is bounded by `BOUND` and one reply. Where a single command has more replies
than that (RFC 2033 §4.2), they wait here, as references to octets that replies share.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

from mocksmtp.smtp.sending import send

BOUND = 2**20
"""Octets of replies that are made before they are sent, at most, and one reply more."""


class Output:
    """
    Sends replies to one client.

    :ivar blocked: whether the client must read before more is executed or sent
    """

    __slots__ = ("_last", "_queue", "_transport", "blocked")

    def __init__(self, transport: Any) -> None:
        self.blocked = False
        self._transport = transport
        self._queue: deque[bytes] = deque()
        self._last = b""

    @property
    def is_within_line(self) -> bool:
        """Whether what was sent last is not the end of a line."""
        return not self._last.endswith(b"\n") and self._last != b""

    def send(self, wires: Sequence[bytes], size: int) -> None:
        """
        Send replies.

        :param wires: the octets of each, at least one
        :param size: how many these are together, or more than `BOUND` if they are many
        """
        if size <= BOUND and not self._queue:
            self._last = wires[-1]
            send(self._transport, b"".join(wires))
        else:
            self._queue.extend(wires)
            self._flush()

    def resume(self) -> bool:
        """The client has read what there was; answer whether it has read all."""
        self.blocked = False
        self._flush()
        return not self.blocked

    def drop(self) -> None:
        """Forget the replies that the transport was not given yet."""
        self._queue.clear()

    def _flush(self) -> None:
        queue = self._queue
        while queue and not self.blocked:
            piece = [queue.popleft()]
            size = len(piece[0])
            while queue and size < BOUND:
                piece.append(queue.popleft())
                size += len(piece[-1])
            self._last = piece[-1]
            send(self._transport, b"".join(piece))
