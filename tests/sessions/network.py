"""Clients and two mail hosts in memory: what is tried there, and what is derived."""

from __future__ import annotations

import itertools
from typing import Any

from twisted.internet.task import Clock

from mocksmtp.behaviors.smtp import SMTP
from mocksmtp.hosts.host import Description, MailHost
from mocksmtp.hosts.listeners import MailProtocol
from mocksmtp.mock import Mock
from mocksmtp.sessions.delivery_documents import attempt_document, delivery_document
from mocksmtp.sessions.journal import Journal, JournalQuota
from mocksmtp.sessions.session import Session
from mocksmtp.smtp.factory import MockSMTPFactory
from mocksmtp.zone.zone import Zone
from tests.smtp.dialogue import ClosableTransport


class Connection:
    """A connection of a client to a host."""

    def __init__(self, factory: MockSMTPFactory) -> None:
        self._protocol: Any = factory.buildProtocol(None)
        self._transport = ClosableTransport()
        self._protocol.makeConnection(self._transport)

    @property
    def session(self) -> Session:
        """What is recorded of it."""
        session: Session = self._protocol.session
        return session

    def heard(self) -> str:
        """What the host has said since the last look."""
        said: str = self._transport.value().decode()
        self._transport.clear()
        return said

    def send(self, octets: bytes) -> None:
        """Send one packet."""
        self._protocol.dataReceived(octets)

    def say(self, *lines: str) -> None:
        """Send lines, each in a packet."""
        for line in lines:
            self.send(line.encode() + b"\r\n")

    def close(self) -> None:
        """Close it from the client's side."""
        self._transport.loseConnection()
        self._protocol.connectionLost()

    def deliver(self, *to: str, sender: str = "me@h.test", content: str = "") -> None:
        """Send a mail, without a look at the replies, and leave."""
        self.say("EHLO h.test", f"MAIL FROM:<{sender}>")
        self.say(*(f"RCPT TO:<{address}>" for address in to), "DATA")
        if self.heard().rstrip().rpartition("\n")[2].startswith("354"):
            self.say(*content.split("\n"), ".")
        self.say("QUIT")
        self.close()


def with_id(message_id: str, subject: str = "hi") -> str:
    """The content of a mail."""
    return f"Message-ID: <{message_id}>\nSubject: {subject}\n\ntext"


class Network:
    """
    Two hosts, the default one and mx2, and the time.

    :ivar mock: has the hosts
    :ivar clock: moves as a test says
    """

    def __init__(self, max_sessions: int = 10_000, octets: int = 2**26) -> None:
        self.clock = Clock()
        self.clock.advance(1_000_000)
        journal = Journal(max_sessions, JournalQuota(octets))
        self.mock = Mock(MailHost("default", "mx1.test", journal=journal), Zone())
        self.mock.add(self.mock.new_host(Description("mx2", "mx2.test")))
        self._numbers = itertools.count(1)

    def host(self, name: str = "default") -> MailHost:
        """One of the hosts."""
        return self.mock.hosts[name]

    def behave(self, *documents: Any, host: str = "default") -> None:
        """Set the behaviors of a host."""
        self.host(host).behaviors.replace_all(SMTP.parse_all(list(documents)))

    def connect(self, host: str = "default", lmtp: bool = False) -> Connection:
        """Connect to a host."""
        factory = MockSMTPFactory(self.host(host), self.clock, self._numbers)
        if lmtp:
            factory.spoken = MailProtocol.LMTP
        return Connection(factory)

    def attempts(self, probes: bool = False) -> list[dict[str, Any]]:
        """The documents of all attempts."""
        self.mock.deliveries.update(self.clock.seconds())
        attempts = self.mock.deliveries.attempts()
        return [attempt_document(one) for one in attempts if probes or not one.probe]

    def deliveries(self) -> list[dict[str, Any]]:
        """The documents of all deliveries."""
        self.mock.deliveries.update(self.clock.seconds())
        return [delivery_document(one) for one in self.mock.deliveries.deliveries()]
