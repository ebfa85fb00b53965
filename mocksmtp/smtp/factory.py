"""The factory of a listener's SMTP connections, which knows those that are open."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IAddress, IReactorTime, ITransport
from twisted.internet.protocol import Protocol
from twisted.mail.smtp import SMTPFactory

from mocksmtp.core.host import MailHost
from mocksmtp.model.reply import TOO_MANY_CONNECTIONS
from mocksmtp.model.session import End
from mocksmtp.smtp.protocol import MockESMTP
from mocksmtp.smtp.sessions import new_session


class Refusal(Protocol):
    """
    A connection past the limit: 421 in place of the banner, and the end.

    :param session: the id of this session
    """

    transport: ITransport

    def __init__(self, host: MailHost, session: str, seconds: Callable[[], float]):
        self._host = host
        self._id = session
        self._seconds = seconds

    def connectionMade(self) -> None:
        """Say why, and close (RFC 5321 §3.8)."""
        now = self._seconds()
        session = new_session(self._id, self._host.name, self.transport, now)
        self._host.counters.replies[TOO_MANY_CONNECTIONS.code] += 1
        journal = self._host.journal
        journal.begin(session)
        journal.record(session, [(now, None, TOO_MANY_CONNECTIONS, False, 0.0)], 0)
        journal.end(session, End.CLOSED, now)
        self.transport.write(TOO_MANY_CONNECTIONS.wire)
        self.transport.loseConnection()


class MockSMTPFactory(SMTPFactory):
    """
    Makes the connections of one listener.

    :param host: the mail host that clients reach, which counts them all
    :param clock: for idle times and the time of arrival
    :param sessions: where the sessions' numbers come from
    """

    noisy = False

    def __init__(
        self, host: MailHost, clock: IReactorTime, sessions: Iterator[int]
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.host = host
        self.connections: set[MockESMTP] = set()
        self._clock = clock
        self._sessions = sessions
        self._waiting: list[Deferred[None]] = []

    def buildProtocol(self, addr: IAddress | None) -> Protocol:
        """A connection, or its refusal where there are too many."""
        session = str(next(self._sessions))
        self.host.counters.sessions += 1
        if self.host.counters.open >= self.host.limits.connections:
            return Refusal(self.host, session, self._clock.seconds)
        protocol = MockESMTP(self.host, session, self._clock)
        protocol.factory = self
        protocol.host = self.host.hostname.encode()
        self.connections.add(protocol)
        self.host.counters.open += 1
        return protocol

    def lost(self, protocol: MockESMTP) -> None:
        """A connection has ended."""
        self.connections.discard(protocol)
        self.host.counters.open -= 1
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
