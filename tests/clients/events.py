"""What ``/events`` tells, read as it comes; blocks, so it is for a thread."""

from __future__ import annotations

import json
import socket
from typing import Any

from tests.e2e.program import PATIENCE


class Events:
    """
    A reader of the events.

    :param address: the host and port of the API
    :ivar text: all that was read so far
    """

    def __init__(self, address: tuple[str, int]) -> None:
        self.text = ""
        self._seen = 0
        self._socket = socket.create_connection(address, PATIENCE)
        host = f"{address[0]}:{address[1]}"
        # In HTTP/1.0 an answer has no chunks.
        self._socket.sendall(f"GET /events HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
        # Its beginning is told once whatever comes next will be told as well.
        self._next("\r\n\r\n")

    def session(self) -> dict[str, Any]:
        """The next session that has ended, without what was said in it."""
        while True:
            lines = self._next("\n\n").split("\n")
            # A line without a name is a comment.
            fields = dict(line.split(": ", 1) for line in lines if line[0] != ":")
            if fields.get("event") == "session":
                return dict(json.loads(fields["data"]))

    def close(self) -> None:
        """Read no more."""
        self._socket.close()

    def _next(self, end: str) -> str:
        """What comes up to `end`."""
        while (found := self.text.find(end, self._seen)) < 0:
            octets = self._socket.recv(65536)
            if not octets:
                raise AssertionError(f"the events have ended: {self.text}")
            self.text += octets.decode()
        told, self._seen = self.text[self._seen : found], found + len(end)
        return told
