"""A client that looks at each octet; its calls block."""

from __future__ import annotations

import socket
import ssl

PATIENCE = 20.0
"""Seconds after which something does not come any more."""

SILENCE = 0.05
"""Seconds without an octet that are taken for silence."""


def anyhow(name: str = "PROTOCOL_TLS_CLIENT") -> ssl.SSLContext:
    """What a client has that takes any certificate."""
    context = ssl.SSLContext(getattr(ssl, name))
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Wire:
    """One connection to `address`."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=PATIENCE)
        self._unread = b""

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, octets: bytes) -> None:
        """Have these go out."""
        self.socket.sendall(octets)

    def some(self) -> bytes:
        """What comes next; nothing behind the end of the connection."""
        unread, self._unread = self._unread, b""
        return unread or self.socket.recv(65536)

    def exactly(self, count: int) -> bytes:
        """So many octets."""
        while len(self._unread) < count:
            self._unread += self._more()
        octets, self._unread = self._unread[:count], self._unread[count:]
        return octets

    def line(self) -> bytes:
        """The next line, with its end."""
        while b"\n" not in self._unread:
            self._unread += self._more()
        line, end, self._unread = self._unread.partition(b"\n")
        return line + end

    def reply(self) -> str:
        """The lines of the next reply, without what ends them."""
        lines = [self.line()]
        while lines[-1][3:4] == b"-":
            lines.append(self.line())
        return b"".join(lines).decode("latin-1").replace("\r\n", "\n").rstrip("\n")

    def code(self) -> str:
        """The code of the next reply."""
        return self.reply()[:3]

    def say(self, line: str) -> str:
        """The reply to a command."""
        self.send(line.encode() + b"\r\n")
        return self.reply()

    def codes(self, *lines: str) -> list[str]:
        """The codes of the replies to commands, one after the other."""
        return [self.say(line)[:3] for line in lines]

    def rest(self) -> bytes:
        """
        All up to an orderly end of the connection.

        :raises ConnectionResetError: it ends otherwise
        """
        octets = b""
        while more := self.some():
            octets += more
        return octets

    def is_silent(self) -> bool:
        """Whether nothing comes, and the connection is there."""
        if self._unread:
            return False
        self.socket.settimeout(SILENCE)
        try:
            self._unread = self.socket.recv(65536)
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(PATIENCE)
        return False

    def start_tls(self, context: ssl.SSLContext | None = None, name: str = "") -> None:
        """Shake hands, as a client that asks for `name`."""
        context = context or anyhow()
        self.socket = context.wrap_socket(self.socket, server_hostname=name or None)

    def _more(self) -> bytes:
        more = self.socket.recv(65536)
        if not more:
            raise ConnectionAbortedError(f"closed behind {self._unread!r}")
        return more
