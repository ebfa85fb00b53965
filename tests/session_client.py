"""Sessions made of what a client says, by a conversation in memory."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from twisted.internet.task import Clock

from mocksmtp.hosts.host import MailHost
from mocksmtp.sessions.session import Session
from mocksmtp.smtp.factory import MockSMTPFactory
from tests.smtp.dialogue import ClosableTransport


class Client:
    """One connection, on which lines are sent one by one."""

    def __init__(
        self,
        host: MailHost,
        numbers: Iterator[int] | None = None,
        clock: Clock | None = None,
    ) -> None:
        clock = Clock() if clock is None else clock
        factory = MockSMTPFactory(host, clock, numbers or itertools.count(1))
        self.protocol: Any = factory.buildProtocol(None)
        self.transport = ClosableTransport()
        self.protocol.makeConnection(self.transport)

    @property
    def session(self) -> Session:
        session: Session = self.protocol.session
        return session

    def say(self, *lines: str) -> None:
        for line in lines:
            self.protocol.dataReceived(line.encode() + b"\r\n")

    def deliver(
        self, *to: str, sender: str = "me@a.test", content: str = "hello"
    ) -> None:
        """Send a mail as far as that is possible."""
        recipients = [f"RCPT TO:<{address}>" for address in to]
        self.say(f"MAIL FROM:<{sender}>", *recipients, "DATA")
        if self.transport.value().splitlines()[-1].startswith(b"354 "):
            self.say(content, ".")

    def quit(self) -> None:
        self.say("QUIT")
        self.leave()

    def leave(self) -> None:
        self.transport.loseConnection()
        self.protocol.connectionLost()
