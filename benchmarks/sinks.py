"""Servers on Twisted to compare with: ``python -m benchmarks.sinks NAME``.

Stock keeps its mails in memory, and forgets them when it is sent ``FORGET``.
"""

import signal
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import trustme
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import ITransport
from twisted.internet.protocol import Protocol, ServerFactory
from twisted.internet.ssl import PrivateCertificate
from twisted.mail.smtp import ESMTP, SMTPFactory

from benchmarks.clients import LOOPBACK
from benchmarks.servers import FORGET

_OK, _SEND_CONTENT = b"250 2.0.0 OK\r\n", b"354 Go ahead\r\n"
_GOODBYE, _UNKNOWN = b"221 2.0.0 Bye\r\n", b"500 5.5.2 Unknown command\r\n"
_REPLIES = {
    b"EHLO": b"250-floor.test\r\n250 PIPELINING\r\n",
    **dict.fromkeys((b"HELO", b"MAIL", b"RCPT", b"RSET", b"NOOP"), _OK),
    b"DATA": _SEND_CONTENT,
    b"QUIT": _GOODBYE,
}
_TERMINATOR = b"\r\n.\r\n"


class Floor(Protocol):
    """Finds line ends, replies by the first four bytes of a line, and keeps nothing.

    No server on Twisted that reads what it is sent can be much cheaper. The replies to
    one packet leave in one write.
    """

    transport: ITransport

    _line = b""  # the beginning of a command whose end has not come yet
    _in_content = False
    _seam = b""  # the last bytes of the content so far

    def connectionMade(self) -> None:
        self.transport.write(b"220 floor.test ESMTP\r\n")

    def dataReceived(self, data: bytes) -> None:
        replies: list[bytes] = []
        while data:
            step = self._skip_content if self._in_content else self._answer_commands
            data = step(data, replies)
        if replies:
            self.transport.write(b"".join(replies))
            if replies[-1] is _GOODBYE:
                self.transport.loseConnection()

    def _answer_commands(self, data: bytes, replies: list[bytes]) -> bytes:
        """Answer the complete lines, and return what belongs to content."""
        data, start = self._line + data, 0
        while not self._in_content and (end := data.find(b"\r\n", start)) >= 0:
            replies.append(_REPLIES.get(data[start : start + 4].upper(), _UNKNOWN))
            self._in_content = replies[-1] is _SEND_CONTENT
            start = end + 2
        # The line's own end may begin the terminator of an empty content.
        self._seam, rest = b"\r\n", data[start:]
        self._line, rest = (b"", rest) if self._in_content else (rest, b"")
        return rest

    def _skip_content(self, data: bytes, replies: list[bytes]) -> bytes:
        """Look for the end of the content, and return what follows it."""
        at = (self._seam + data[:4]).find(_TERMINATOR) - len(self._seam)
        if at < -len(self._seam):
            at = data.find(_TERMINATOR)
            if at < 0:
                self._seam = (self._seam + data[-4:])[-4:]
                return b""
        self._in_content = False
        replies.append(_OK)
        return data[at + len(_TERMINATOR) :]


class Message:
    """Joins the lines of a mail and keeps it."""

    def __init__(self, kept: list[bytes]) -> None:
        self._kept = kept
        self._lines: list[bytes] = []

    def lineReceived(self, line: bytes) -> None:
        self._lines.append(line)

    def eomReceived(self) -> Deferred[None]:
        self._lines.append(b"")
        self._kept.append(b"\r\n".join(self._lines))
        return succeed(None)

    def connectionLost(self) -> None:
        self._lines.clear()


class Copy:
    """Stands for the recipients after the first: stock must not pay for copies."""

    lineReceived = connectionLost = lambda *_: None

    def eomReceived(self) -> Deferred[None]:
        return succeed(None)


class Delivery:
    """Accepts every sender and recipient."""

    def __init__(self, kept: list[bytes]) -> None:
        self._kept = kept
        self._first = True

    def receivedHeader(self, helo: Any, origin: Any, recipients: Any) -> bytes:
        return b""

    def validateFrom(self, helo: Any, origin: Any) -> Any:
        self._first = True
        return origin

    def validateTo(self, user: Any) -> Callable[[], Message | Copy]:
        first, self._first = self._first, False
        return partial(Message, self._kept) if first else Copy


class Stock(ESMTP):
    """twisted.mail's protocol as it is, with an in-memory sink."""

    noisy = False

    def __init__(self, kept: list[bytes]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.delivery = Delivery(kept)


if __name__ == "__main__":
    from twisted.internet import reactor  # installed on import

    name, kept, context = sys.argv[1], list[bytes](), list[Any]()
    running: Any = reactor
    listen = running.listenTCP
    signal.signal(FORGET, lambda *_: kept.clear())
    factory = SMTPFactory() if name == "stock" else ServerFactory()
    factory.protocol = partial(Stock, kept) if name == "stock" else Floor
    factory.noisy = False
    if name == "floor-tls":
        # A key on P-256, as those of mocksmtp.
        pem = trustme.CA().issue_cert("floor.test").private_key_and_cert_chain_pem
        context = [PrivateCertificate.loadPEM(pem.bytes()).options()]
        listen = running.listenSSL
    bound = listen(0, factory, *context, 1024, LOOPBACK).getHost()
    print(f"smtp={LOOPBACK}:{bound.port}", flush=True)
    running.run()
