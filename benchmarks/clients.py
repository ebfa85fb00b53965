"""The clients, the same for every server."""

import os
import re
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import cycle, islice
from tempfile import NamedTemporaryFile

from attrs import frozen

Address = tuple[str, int]
"""An IPv4 address and a port."""

LOOPBACK = "127.0.0.1"
KIB, MIB = 1024, 1024 * 1024

_SILENCE_LIMIT = 60.0  # seconds that a server may owe a reply
_LINE = b"0123456789abcdef" * 4 + b"quick brown fo\r\n"  # 80 bytes, as smtp-source's
_HEADER = b"From: <sender@client.test>\r\nSubject: benchmark\r\n\r\n"
_MAIL = b"MAIL FROM:<from%d@client.test>\r\n"
_RCPT = b"RCPT TO:<to%d@server.test>\r\n"
_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
_TLS.check_hostname, _TLS.verify_mode = False, ssl.CERT_NONE


class BenchmarkError(OSError):
    """A server could not be started, or a load not be run to its end."""


def content_of(size: int) -> bytes:
    """Return a header and lines of 80 bytes, `size` bytes in all (at least 64)."""
    body = size - len(_HEADER)
    lines = _LINE * (body // len(_LINE) + 1)
    return _HEADER + lines[: body - 2] + b"\r\n"


class Conversation:
    """A client's connection, with blocking reads; every reply is checked."""

    def __init__(self, address: Address, secure: bool) -> None:
        self._unread = b""
        self._socket = socket.create_connection(address, timeout=_SILENCE_LIMIT)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if secure:
            self._socket = _TLS.wrap_socket(self._socket)
        self.send, self.close = self._socket.sendall, self._socket.close

    def ask(self, commands: bytes, codes: Sequence[bytes]) -> None:
        """Send commands in one write, and read a reply with each of the codes."""
        self.send(commands)
        self.expect(codes)

    def expect(self, codes: Sequence[bytes]) -> None:
        for code in codes:
            line = self._read_line()
            while line[3:4] == b"-":
                line = self._read_line()
            if line[:3] != code:
                raise BenchmarkError(f"expected {code.decode()}, got {line!r}")

    def _read_line(self) -> bytes:
        while True:
            line, end, rest = self._unread.partition(b"\r\n")
            if end:
                self._unread = rest
                return line
            if not (data := self._socket.recv(65536)):
                raise BenchmarkError("the server closed the connection")
            self._unread += data


@contextmanager
def connected(
    address: Address, count: int, secure: bool = False
) -> Iterator[list[Conversation]]:
    """Open so many connections, of which each has been greeted."""
    with ExitStack() as opened:
        conversations: list[Conversation] = []
        for _ in range(count):
            conversations.append(Conversation(address, secure))
            opened.callback(conversations[-1].close)
            conversations[-1].ask(b"EHLO client.test\r\n", [b"220", b"250"])
        yield conversations


Step = tuple[bytes, Sequence[bytes]]
"""The octets of one write, and the codes of the replies to wait for."""

Script = Callable[[int], Iterator[Step]]
"""Returns the steps of one connection that sends the given number of mails."""


def lockstep(size: int) -> Script:
    """Wait for the reply to each command."""
    content = content_of(size) + b".\r\n"
    mail = [(_MAIL % 0, [b"250"]), (_RCPT % 0, [b"250"])]
    mail += [(b"DATA\r\n", [b"354"]), (content, [b"250"])]
    return lambda mails: (step for _ in range(mails) for step in mail)


def pipelined(size: int, recipients: int = 1, senders: int = 1) -> Script:
    """Pipeline (RFC 2920): with each content goes the next mail's envelope.

    Mails are from so many addresses in turn.
    """
    end = content_of(size) + b".\r\n"
    begun = [b"250"] * (1 + recipients) + [b"354"]
    to = b"".join(_RCPT % number for number in range(recipients)) + b"DATA\r\n"

    def steps(mails: int) -> Iterator[Step]:
        envelopes = (_MAIL % sender + to for sender in cycle(range(senders)))
        yield next(envelopes), begun
        for envelope in islice(envelopes, mails - 1):
            yield end + envelope, [b"250", *begun]
        yield end, [b"250"]

    return steps


def segments(size: int) -> Script:
    """Send the content in segments of 1 KiB, of which the server reads nearly each."""
    content, mail = content_of(size), list(lockstep(64)(1))[:3]
    mail += [(content[start : start + KIB], []) for start in range(0, size, KIB)]
    mail.append((b".\r\n", [b"250"]))
    return lambda mails: (step for _ in range(mails) for step in mail)


def chunks(size: int) -> Script:
    """Send the content by BDAT (RFC 3030), in chunks of 1 MiB."""
    content = content_of(size)
    pieces = [content[start : start + MIB] for start in range(0, size, MIB)]
    mail: list[Step] = [(_MAIL % 0 + _RCPT % 0, [b"250", b"250"])]
    mail += [(b"BDAT %d\r\n%b" % (len(p), p), [b"250"]) for p in pieces[:-1]]
    mail.append((b"BDAT %d LAST\r\n%b" % (len(pieces[-1]), pieces[-1]), [b"250"]))
    return lambda mails: (step for _ in range(mails) for step in mail)


@frozen
class Scripted:
    """A client whose connections take turns; all write before the first one reads.

    They are open before the first mail: what they cost is another load.
    """

    script: Script
    connections: int = 4

    def send(self, on: Sequence[Conversation], to: Address, mails: int) -> None:
        share, more = divmod(mails, len(on))
        talks = [(one, self.script(share + (n < more))) for n, one in enumerate(on)]
        while talks:
            asked = [(one, talk, next(talk, None)) for one, talk in talks]
            talks = [(one, talk) for one, talk, step in asked if step is not None]
            for one, _, step in asked:
                if step is not None:
                    one.send(step[0])
                    if not step[1]:
                        os.sched_yield()
            for one, _, step in asked:
                one.expect(step[1] if step is not None else ())


@frozen
class SmtpSource:
    """Postfix's smtp-source, lock-step; it fails on any reply that is not wanted."""

    size: int
    keep: bool = True
    connections = 0  # it opens its own

    def send(self, on: object, to: Address, mails: int) -> None:
        envelope = (
            "-M",
            "client.test",
            "-f",
            "from@client.test",
            "-t",
            "to@server.test",
        )
        much = ("-s", "4", "-m", str(mails), "-l", str(self.size))
        keep = ["-d"] if self.keep else []
        said = run_program(
            "smtp-source", "-c", *keep, *envelope, *much, f"{to[0]}:{to[1]}"
        )
        if not re.search(rf"\b{mails}\s*$", said):
            raise BenchmarkError(f"smtp-source did not send {mails} mails: {said!r}")


@frozen
class DnsPerf:
    """dnsperf, which asks for the MX of so many domains in turn, over UDP."""

    names: int
    connections = 0

    def send(self, on: object, to: Address, queries: int) -> None:
        lines = (f"d{number}.test MX\n" for number in cycle(range(self.names)))
        with NamedTemporaryFile("w") as file:
            file.writelines(islice(lines, queries))
            file.flush()
            place = ("-s", to[0], "-p", str(to[1]), "-d", file.name)
            much = ("-n", "1", "-c", "4", "-q", "20", "-T", "1")
            said = run_program("dnsperf", *place, *much)
        if not re.search(rf"Response codes: +NOERROR {queries} \(100.00%\)\n", said):
            raise BenchmarkError(f"dnsperf: {said[-500:]}")


Client = Scripted | SmtpSource | DnsPerf


def run_program(*command: str) -> str:
    """Run a program, which may be in /usr/sbin, and return its output."""
    ended = subprocess.run(
        command,
        env={**os.environ, "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=180.0,
        text=True,
    )
    if ended.returncode:
        raise BenchmarkError(f"{command[0]}: {ended.stdout[-500:]}")
    return ended.stdout
