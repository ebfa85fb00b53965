"""One SMTP connection whose every reply is read, counted and checked."""

import socket
import time
from types import TracebackType
from typing import Self

from benchmarks.errors import BenchmarkError
from benchmarks.listening import Address

_SILENCE_LIMIT = 30.0  # seconds that a server may owe a reply
_PACKET = 65536  # bytes


class Conversation:
    """A client's side of a connection, with blocking reads.

    Args:
        address: the server's.
        time_limit: seconds until the conversation fails.

    Raises:
        BenchmarkError: from every method, when the connection fails, a reply is
            another than expected, or the time is up.

    """

    def __init__(self, address: Address, time_limit: float) -> None:
        self._deadline = time.monotonic() + time_limit
        self._unread = b""
        try:
            self._socket = socket.create_connection(address, timeout=_SILENCE_LIMIT)
        except OSError as error:
            raise BenchmarkError(f"cannot connect to {address}: {error}") from error
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Self:
        """Return the open connection."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connection."""
        self._socket.close()

    def greet(self) -> None:
        """Read the banner, and say EHLO."""
        self.expect([b"220"])
        self.ask(b"EHLO client.test\r\n", [b"250"])

    def leave(self) -> None:
        """Say QUIT."""
        self.ask(b"QUIT\r\n", [b"221"])

    def ask(self, commands: bytes, codes: list[bytes]) -> None:
        """Send commands in one write, and read a reply with each of the codes."""
        self.send(commands)
        self.expect(codes)

    def send(self, data: bytes) -> None:
        """Send bytes as one segment, where they fit in one."""
        if time.monotonic() > self._deadline:
            raise BenchmarkError("the load's time limit is over")
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise BenchmarkError(f"the connection broke: {error}") from error

    def expect(self, codes: list[bytes]) -> None:
        """Read as many replies as there are codes, and compare them in order."""
        for code in codes:
            line = self._read_line()
            while line[3:4] == b"-":
                line = self._read_line()
            if line[:3] != code:
                raise BenchmarkError(f"expected {code.decode()}, was told {line!r}")

    def _read_line(self) -> bytes:
        while True:
            line, end, rest = self._unread.partition(b"\r\n")
            if end:
                self._unread = rest
                return line
            self._unread += self._receive()

    def _receive(self) -> bytes:
        if time.monotonic() > self._deadline:
            raise BenchmarkError("the load's time limit is over")
        try:
            data = self._socket.recv(_PACKET)
        except OSError as error:
            raise BenchmarkError(f"the connection broke: {error}") from error
        if not data:
            raise BenchmarkError("the server closed the connection")
        return data
