"""The factory of a host's SMTP connections, which knows those that are open."""

from __future__ import annotations

from collections.abc import Iterator

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IAddress, IReactorTime, ITransport
from twisted.internet.protocol import Protocol
from twisted.mail.smtp import SMTPFactory

from mocksmtp.core.host import MailHost
from mocksmtp.model.reply import TOO_MANY_CONNECTIONS
from mocksmtp.smtp.protocol import MockESMTP


class Refusal(Protocol):
    """A connection past the limit: 421 in place of the banner, and the end."""

    transport: ITransport

    def connectionMade(self) -> None:
        """Say why, and close (RFC 5321 §3.8)."""
        self.transport.write(TOO_MANY_CONNECTIONS.wire)
        self.transport.loseConnection()


class MockSMTPFactory(SMTPFactory):
    """
    Makes the connections of one host.

    :param host: the mail host that clients reach
    :param clock: for idle times and the time of arrival
    :param sessions: where the sessions' numbers come from
    """

    noisy = False

    def __init__(
        self, host: MailHost, clock: IReactorTime, sessions: Iterator[int]
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.host = host
        self.domain = host.hostname.encode()
        self.connections: set[MockESMTP] = set()
        self._clock = clock
        self._sessions = sessions
        self._waiting: list[Deferred[None]] = []

    def buildProtocol(self, addr: IAddress | None) -> Protocol:
        """A connection, or its refusal where there are too many."""
        if len(self.connections) >= self.host.limits.connections:
            return Refusal()
        protocol = MockESMTP(self.host, str(next(self._sessions)), self._clock)
        protocol.factory = self
        protocol.host = self.domain
        self.connections.add(protocol)
        return protocol

    def lost(self, protocol: MockESMTP) -> None:
        """A connection has ended."""
        self.connections.discard(protocol)
        if not self.connections:
            waiting, self._waiting = self._waiting, []
            for gone in waiting:
                gone.callback(None)

    def shut_down(self) -> Deferred[None]:
        """Tell every client that this is the end; fires when all have gone."""
        for protocol in tuple(self.connections):
            protocol.shut_down()
        if not self.connections:
            return succeed(None)
        gone: Deferred[None] = Deferred()
        self._waiting.append(gone)
        return gone

    def abort(self) -> None:
        """Cut off those that have not gone."""
        for protocol in tuple(self.connections):
            protocol.transport.abortConnection()
