"""The clients, the same for every server."""

import os
import re
import subprocess
from contextlib import ExitStack
from itertools import cycle
from typing import Protocol

from attrs import frozen

from benchmarks.content import content_of
from benchmarks.conversation import Conversation, all_ask
from benchmarks.errors import BenchmarkError
from benchmarks.kinds import postfix_tool
from benchmarks.listening import Address

_COUNTER = re.compile(r"(\d+)\s*$")


class Client(Protocol):
    """Something that sends mails."""

    def send(self, address: Address, mails: int, time_limit: float) -> None:
        """Send mails, and return when each was answered with 250.

        Args:
            address: the server's.
            mails: how many.
            time_limit: seconds until it fails.

        Raises:
            BenchmarkError: anything was refused, or the time was up.

        """


@frozen
class SmtpSource:
    """Postfix's smtp-source: every command waits for its reply.

    It ends with an error on any reply that is not the one wanted, and counts the
    contents that it sent, so that its code and its count together say that every
    mail was accepted.

    Attributes:
        size: bytes of each mail, without the five header lines that it adds.
        sessions: connections at a time.
        keep_connection: send the next mail over the same connection.

    """

    size: int
    sessions: int = 4
    keep_connection: bool = True

    def send(self, address: Address, mails: int, time_limit: float) -> None:
        """Send mails, one reply after the other."""
        try:
            ended = subprocess.run(
                self._command(address, mails),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=time_limit,
                text=True,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise BenchmarkError(f"smtp-source: {error}") from error
        if ended.returncode != 0:
            raise BenchmarkError(f"smtp-source: {ended.stderr.strip()[-500:]}")
        counted = _COUNTER.search(ended.stdout)
        if counted is None or int(counted[1]) != mails:
            raise BenchmarkError(f"smtp-source sent {ended.stdout!r}, not {mails}")

    def _command(self, address: Address, mails: int) -> list[str]:
        host, port = address
        keep = ["-d"] if self.keep_connection else []
        return [
            *(postfix_tool("smtp-source"), "-c", *keep),
            *("-M", "client.test", "-f", "from@client.test", "-t", "to@server.test"),
            *("-s", str(self.sessions), "-m", str(mails), "-l", str(self.size)),
            f"{host}:{port}",
        ]


@frozen
class Pipelining:
    """A client that pipelines as RFC 2920 allows.

    MAIL, every RCPT and DATA leave in one write, whose last reply must be seen
    before the content goes; with the content goes the next mail's envelope.

    Attributes:
        size: bytes of each content.
        recipients: RCPT commands of each mail.
        connections: how many take turns; all have written before the first is read.
        secure: whether it speaks TLS from the first byte.
        senders: how many addresses the mails are from, in turn.

    """

    size: int
    recipients: int = 1
    connections: int = 4
    secure: bool = False
    senders: int = 1

    def send(self, address: Address, mails: int, time_limit: float) -> None:
        """Send mails, several commands in a write."""
        with ExitStack() as connected:
            conversations = [
                connected.enter_context(Conversation(address, time_limit, self.secure))
                for _ in range(min(self.connections, mails))
            ]
            for conversation in conversations:
                conversation.greet()
            self._take_turns(conversations, mails)

    def _take_turns(self, conversations: list[Conversation], mails: int) -> None:
        envelopes = cycle([*map(self._envelope, range(self.senders))])
        begun = [b"250"] * (1 + self.recipients) + [b"354"]
        end = content_of(self.size) + b".\r\n"
        connections = len(conversations)
        all_ask(conversations, next(envelopes), begun)
        for _ in range(mails // connections - 1):
            all_ask(conversations, end + next(envelopes), [b"250", *begun])
        if some_more := mails % connections:
            some = conversations[:some_more]
            all_ask(some, end + next(envelopes), [b"250", *begun])
        all_ask(conversations, end + b"QUIT\r\n", [b"250", b"221"])

    def _envelope(self, sender: int) -> bytes:
        recipients = (
            b"RCPT TO:<to%d@server.test>\r\n" % number
            for number in range(self.recipients)
        )
        mail = b"MAIL FROM:<from%d@client.test>\r\n" % sender
        return b"".join([mail, *recipients, b"DATA\r\n"])


@frozen
class Segments:
    """A client whose content arrives in many small segments.

    After each it lets another process run: on the server's own CPU that is the
    server, which so reads nearly every segment by itself.

    Attributes:
        size: bytes of each content.
        segment: bytes of each write, with Nagle's algorithm off.

    """

    size: int
    segment: int = 1024

    def send(self, address: Address, mails: int, time_limit: float) -> None:
        """Send mails over one connection, their content in small writes."""
        content = content_of(self.size)
        starts = range(0, self.size, self.segment)
        pieces = [content[start : start + self.segment] for start in starts]
        with Conversation(address, time_limit) as conversation:
            conversation.greet()
            for _ in range(mails):
                conversation.ask(b"MAIL FROM:<from@client.test>\r\n", [b"250"])
                conversation.ask(b"RCPT TO:<to@server.test>\r\n", [b"250"])
                conversation.ask(b"DATA\r\n", [b"354"])
                for piece in pieces:
                    conversation.send(piece)
                    os.sched_yield()
                conversation.ask(b".\r\n", [b"250"])
            conversation.leave()
