"""The floor: a bare protocol that finds line ends, answers, and keeps nothing.

No server on Twisted that reads what it is sent can be cheaper by much: what is
measured here is the reactor, the system calls and one search through the bytes.
"""

from twisted.internet.interfaces import ITransport
from twisted.internet.protocol import Protocol, ServerFactory

_GREETING = b"220 floor.test ESMTP\r\n"
_OK = b"250 2.0.0 OK\r\n"
_SEND_CONTENT = b"354 Go ahead\r\n"
_GOODBYE = b"221 2.0.0 Bye\r\n"
_UNKNOWN = b"500 5.5.2 Unknown command\r\n"
_REPLIES = {
    b"EHLO": b"250-floor.test\r\n250 PIPELINING\r\n",
    b"HELO": b"250 floor.test\r\n",
    b"MAIL": _OK,
    b"RCPT": _OK,
    b"RSET": _OK,
    b"NOOP": _OK,
    b"DATA": _SEND_CONTENT,
    b"QUIT": _GOODBYE,
}
_TERMINATOR = b"\r\n.\r\n"
_SEAM = len(_TERMINATOR) - 1


class FloorProtocol(Protocol):
    """Answers each line by its first four bytes, and each content's end.

    The replies to one packet leave in one write.
    """

    transport: ITransport

    _line = b""  # the beginning of a command whose end has not come yet
    _in_content = False
    _seam = b""  # the last bytes of the content so far

    def connectionMade(self) -> None:
        """Greet the client."""
        self.transport.write(_GREETING)

    def dataReceived(self, data: bytes) -> None:
        """Answer what the packet completes."""
        replies: list[bytes] = []
        while data:
            if self._in_content:
                data = self._skip_content(data, replies)
            else:
                data = self._answer_commands(data, replies)
        if replies:
            self.transport.write(b"".join(replies))
            if replies[-1] is _GOODBYE:
                self.transport.loseConnection()

    def _answer_commands(self, data: bytes, replies: list[bytes]) -> bytes:
        """Answer the complete lines, and return what belongs to content."""
        if self._line:
            data = self._line + data
        start = 0
        while (end := data.find(b"\r\n", start)) >= 0:
            reply = _REPLIES.get(data[start : start + 4].upper(), _UNKNOWN)
            replies.append(reply)
            start = end + 2
            if reply is _SEND_CONTENT:
                self._in_content = True
                # The line's own end may begin the terminator of an empty content.
                self._seam = b"\r\n"
                self._line = b""
                return data[start:]
            if reply is _GOODBYE:
                return b""
        self._line = data[start:]
        return b""

    def _skip_content(self, data: bytes, replies: list[bytes]) -> bytes:
        """Look for the end of the content, and return what follows it."""
        seam = self._seam
        at = (seam + data[:_SEAM]).find(_TERMINATOR)
        if at >= 0:
            at -= len(seam)
        else:
            at = data.find(_TERMINATOR)
            if at < 0:
                self._seam = (seam + data)[-_SEAM:] if len(data) < 4 else data[-_SEAM:]
                return b""
        self._in_content = False
        replies.append(_OK)
        return data[at + len(_TERMINATOR) :]


class FloorFactory(ServerFactory):
    """Makes a floor of every connection."""

    protocol = FloorProtocol
    noisy = False


if __name__ == "__main__":
    from benchmarks.listening import listen_and_run

    listen_and_run(FloorFactory())
