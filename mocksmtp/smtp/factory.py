"""The factory of a listener's SMTP connections, which knows those that are open."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.internet.protocol import Protocol
from twisted.mail.smtp import SMTPFactory

from mocksmtp.core.host import MailHost
from mocksmtp.model.host import Disconnect, MailProtocol
from mocksmtp.model.reply import TOO_MANY_CONNECTIONS
from mocksmtp.model.session import End
from mocksmtp.model.tls import TlsMode
from mocksmtp.smtp.lifetime import Lifetime
from mocksmtp.smtp.lmtp import MockLMTP
from mocksmtp.smtp.protocol import MockESMTP
from mocksmtp.smtp.security import Security, security_of
from mocksmtp.smtp.sessions import new_session
from mocksmtp.tls.contexts import ServerContexts

LEAVING_TIME = 1.0
"""Seconds that a client gets to take the last reply when it is disconnected."""


class Refusal(Protocol):
    """
    A connection past the limit: 421 in place of the banner, and the end.

    :param session: the id of this session
    :param security: how it would do TLS
    """

    transport: Any

    def __init__(
        self,
        host: MailHost,
        session: str,
        seconds: Callable[[], float],
        security: Security | None = None,
    ) -> None:
        self._host = host
        self._id = session
        self._seconds = seconds
        self._security = security

    def connectionMade(self) -> None:
        """Say why, and close (RFC 5321 §3.8)."""
        now = self._seconds()
        session = new_session(self._id, self._host.name, self.transport, now)
        self._host.counters.replies[TOO_MANY_CONNECTIONS.code] += 1
        journal = self._host.journal
        journal.begin(session)
        journal.record(session, [(now, None, TOO_MANY_CONNECTIONS, 0, 0.0, None)], 0)
        journal.end(session, End.CLOSED, now)
        if self._security is not None and self._security.mode is TlsMode.IMPLICIT:
            self.transport.startTLS(self._security.context())
        self.transport.write(TOO_MANY_CONNECTIONS.wire)
        self.transport.loseConnection()


class Leaving:
    """
    Connections that are being ended.

    A client that does not take the last reply is cut off after `LEAVING_TIME`.

    :ivar count: how many there were
    :ivar gone: fires when the last of them has ended
    """

    def __init__(self, connections: set[Lifetime], clock: IReactorTime) -> None:
        self.count = len(connections)
        self.gone: Deferred[None] = Deferred(lambda _: None)
        self._connections = connections
        self._timer = clock.callLater(LEAVING_TIME, self._cut_off)
        if not connections:
            self._end()

    def lost(self, protocol: Lifetime) -> None:
        """A connection has ended, perhaps one of these."""
        self._connections.discard(protocol)
        if not self._connections and not self.gone.called:
            self._end()

    def _cut_off(self) -> None:
        for protocol in tuple(self._connections):
            protocol.transport.abortConnection()

    def _end(self) -> None:
        if self._timer.active():
            self._timer.cancel()
        self.gone.callback(None)


class MockSMTPFactory(SMTPFactory):
    """
    Makes the connections of one listener.

    :param host: the mail host that clients reach, which counts them all
    :param clock: for idle times and the time of arrival
    :param sessions: where the sessions' numbers come from
    :param contexts: for TLS; without them there is none

    :ivar spoken: what is spoken on new connections
    :ivar secret: the salts of the host's users are derived from it
    :ivar tls: when their handshake comes; None for as the host says
    """

    noisy = False
    spoken = MailProtocol.SMTP
    tls: TlsMode | None = None

    def __init__(
        self,
        host: MailHost,
        clock: IReactorTime,
        sessions: Iterator[int],
        contexts: ServerContexts | None = None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.host = host
        self.connections: set[Lifetime] = set()
        self._clock = clock
        self._sessions = sessions
        self._contexts = contexts
        self.secret = os.urandom(32)
        self._waiting: list[Deferred[None]] = []
        self._leaving: set[Leaving] = set()

    def buildProtocol(self, addr: IAddress | None) -> Protocol:
        """A connection, or its refusal where there are too many."""
        host = self.host
        session = str(next(self._sessions))
        host.counters.sessions += 1
        security = None
        if host.tls is not None and self._contexts is not None:
            security = security_of(host, self._contexts, self.tls)
        if host.counters.open >= host.limits.connections:
            return Refusal(host, session, self._clock.seconds, security)
        speaking = MockLMTP if self.spoken is MailProtocol.LMTP else MockESMTP
        protocol = speaking(host, session, self._clock, security)
        protocol.factory = self
        self.connections.add(protocol)
        host.counters.open += 1
        return protocol

    def lost(self, protocol: Lifetime) -> None:
        """A connection has ended."""
        self.connections.discard(protocol)
        self.host.counters.open -= 1
        for leaving in tuple(self._leaving):
            leaving.lost(protocol)
        if not self.connections:
            waiting, self._waiting = self._waiting, []
            for gone in waiting:
                gone.callback(None)

    def disconnect(self, how: Disconnect) -> Leaving:
        """End the connections that are open now; those that come later stay."""
        connections = tuple(self.connections)
        leaving = Leaving(set(connections), self._clock)
        self._leaving.add(leaving)
        leaving.gone.addBoth(lambda _: self._leaving.discard(leaving))
        for protocol in connections:
            if how is Disconnect.RESET:
                protocol.cut_off()
            else:
                protocol.shut_down()
            # A journal that is cleared meanwhile need not keep it: it is over.
            protocol.session.end = protocol.end
        return leaving

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
