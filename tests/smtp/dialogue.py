"""A conversation with the protocol in memory, written as it is on the wire."""

from __future__ import annotations

import itertools
from typing import Any

from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from mocksmtp.behaviors.condition import Contains, MatchAll
from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.response import Effect, Response
from mocksmtp.behaviors.smtp import SmtpBehavior
from mocksmtp.hosts.host import MailHost
from mocksmtp.hosts.limits import Limits
from mocksmtp.mail.mailbox import Mailbox
from mocksmtp.smtp.factory import MockSMTPFactory


class ClosableTransport(StringTransport):
    """Remembers how it was closed, and tells the protocol as a socket does."""

    aborted = False

    def abortConnection(self) -> None:
        self.aborted = True
        self.loseConnection()


class Dialogue:
    """One client's connection to a host, and what was said on it."""

    def __init__(self, host: MailHost | None = None, clock: Clock | None = None):
        self.host = MailHost("default", "mx.test") if host is None else host
        self.clock = Clock() if clock is None else clock
        self.factory = MockSMTPFactory(self.host, self.clock, itertools.count(1))
        self.connect()

    def connect(self) -> None:
        """Open a (further) connection."""
        self.protocol = self.factory.buildProtocol(None)
        self.transport = ClosableTransport()
        self.protocol.makeConnection(self.transport)
        self.banner = self.heard()

    def heard(self) -> str:
        """What the server has said since the last look."""
        said: str = self.transport.value().decode("utf-8", "replace")
        self.transport.clear()
        return said

    def send(self, octets: bytes) -> str:
        """Send one packet; answer what it brought."""
        self.protocol.dataReceived(octets)
        return self.heard()

    def say(self, *lines: str) -> list[str]:
        """Send lines one by one; answer the first line of each reply."""
        replies = []
        for line in lines:
            replies.append(self.send(line.encode() + b"\r\n").split("\r\n")[0])
        return replies

    def codes(self, *lines: str) -> list[str]:
        """Send lines one by one; answer the codes of the replies."""
        return [reply[:3] for reply in self.say(*lines)]

    def open_mail(self) -> None:
        """Everything up to the content of a mail."""
        self.send(b"EHLO c\r\nMAIL FROM:<b@x.test>\r\nRCPT TO:<a@x.test>\r\nDATA\r\n")

    def contents(self) -> list[bytes]:
        """The content of each kept mail."""
        mailbox = self.host.mailbox
        assert isinstance(mailbox, Mailbox)
        return [mail.content for mail in mailbox.mails()]


def host(**limits: Any) -> MailHost:
    """A host with other limits than the usual."""
    return MailHost("default", "mx.test", limits=Limits(**limits))


def small_host(max_bytes: int) -> MailHost:
    """A host whose mailbox takes `max_bytes` of memory."""
    return MailHost("default", "mx.test", mailbox=Mailbox(max_bytes=max_bytes))


def behavior(
    command: Command,
    code: int,
    message: str = "mocked",
    contains: str | None = None,
    times: int | None = None,
    effect: Effect | None = None,
) -> SmtpBehavior:
    """A behavior in one line."""
    condition = MatchAll() if contains is None else Contains(contains)
    return SmtpBehavior(
        command,
        response=Response(code, message, effect),
        condition=condition,
        number_of_answer=times,
    )
