"""One SMTP connection whose every reply is read, counted and checked."""

import socket
import ssl
import time
from collections.abc import Sequence
from functools import cache
from types import TracebackType
from typing import Self

from benchmarks.errors import BenchmarkError
from benchmarks.listening import Address

_SILENCE_LIMIT = 30.0  # seconds that a server may owe a reply
_LEAST_WAIT = 0.001  # seconds, also where the time is up already
_PACKET = 65536  # bytes


class Conversation:
    """A client's side of a connection, with blocking reads.

    Args:
        address: the server's.
        time_limit: seconds until the conversation fails.
        secure: begin with a TLS handshake, and take any certificate.

    Raises:
        BenchmarkError: from every method, when the connection fails, a reply is
            another than expected, or the time is up.

    """

    def __init__(
        self, address: Address, time_limit: float, secure: bool = False
    ) -> None:
        self._deadline = time.monotonic() + time_limit
        self._unread = b""
        try:
            timeout = max(_LEAST_WAIT, min(time_limit, _SILENCE_LIMIT))
            self._socket = socket.create_connection(address, timeout=timeout)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if secure:
                self._socket = _client_context().wrap_socket(self._socket)
        except OSError as error:
            raise BenchmarkError(f"cannot connect to {address}: {error}") from error

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

    def fileno(self) -> int:
        """Return the socket's descriptor, for selectors."""
        return self._socket.fileno()

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


def all_ask(
    conversations: Sequence[Conversation], commands: bytes, codes: list[bytes]
) -> None:
    """Write to every connection before the first reply is read."""
    for conversation in conversations:
        conversation.send(commands)
    for conversation in conversations:
        conversation.expect(codes)


@cache
def _client_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
