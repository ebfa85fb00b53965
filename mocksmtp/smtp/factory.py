"""The factory of a listener: makes SMTP connections, and lists the open ones."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Iterator
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, fail, succeed
from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IHandshakeListener,
    IReactorTime,
)
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.mail.smtp import SMTPFactory
from twisted.python.failure import Failure
from zope.interface import implementer

from mocksmtp.grammar.reply import (
    SHUTTING_DOWN,
    STORE_UNAVAILABLE,
    TOO_MANY_CONNECTIONS,
    Reply,
)
from mocksmtp.hosts.host import MailHost
from mocksmtp.hosts.listeners import Disconnect, MailProtocol
from mocksmtp.sessions.session import End
from mocksmtp.smtp.connection import MockESMTP
from mocksmtp.smtp.lmtp import MockLMTP
from mocksmtp.smtp.recording import new_session
from mocksmtp.smtp.sharing import SharedESMTP, SharedLMTP
from mocksmtp.smtp.starttls import Security, security_of
from mocksmtp.tls.contexts import ServerContexts
from mocksmtp.tls.handshake import failed, requested_name, tls_session
from mocksmtp.tls.settings import TlsMode

DISCONNECT_TIME = 1.0
"""Seconds before a disconnected client that does not read its last reply is reset."""

REFUSING_TIME = 10.0
"""Seconds in which a client above the connection limit must complete its handshake."""

_log = Logger()

MAX_REFUSING = 100
"""Maximum clients above the connection limit, per host; further ones are reset."""


@implementer(IHandshakeListener)
class RefusedConnection(Protocol):
    """
    A connection above the connection limit: sends 421 instead of a banner, and closes.

    With implicit TLS it first completes the handshake, within `REFUSING_TIME`.

    :param factory: counts it while it is open
    :param session: the id of its session
    :param security: when and how TLS begins; None to disable TLS
    """

    transport: Any
    _handshaking = False
    _end = End.CLOSED
    _timer: IDelayedCall | None = None

    def __init__(
        self,
        factory: MockSMTPFactory,
        session: str,
        clock: IReactorTime,
        security: Security | None = None,
    ) -> None:
        self.factory = factory
        self._id = session
        self._clock = clock
        self._security = security

    def connectionMade(self) -> None:
        """Send 421, and close (RFC 5321 §3.8)."""
        host, now = self.factory.host, self._clock.seconds()
        self._session = new_session(self._id, host.name, self.transport, now)
        host.journal.begin(self._session)
        if self._security is None or self._security.mode is not TlsMode.IMPLICIT:
            self._refuse()
        elif host.counters.refusing > MAX_REFUSING:
            self.transport.abortConnection()
        else:
            self._timer = self._clock.callLater(REFUSING_TIME, self._time_out)
            self._handshaking = True
            self.transport.startTLS(self._security.context())

    def handshakeCompleted(self) -> None:
        """Send 421 now that the handshake is complete."""
        self._handshaking = False
        self._session.tls = tls_session(self.transport.getHandle())
        self._refuse()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Record the end."""
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        if self._handshaking:
            sni = requested_name(self.transport.getHandle())
            self._session.tls = failed(reason, sni)
        host = self.factory.host
        host.journal.end(self._session, self._end, self._clock.seconds())
        self.factory.refused(self)

    def _refuse(self) -> None:
        host, now = self.factory.host, self._clock.seconds()
        host.counters.replies[TOO_MANY_CONNECTIONS.code] += 1
        exchange = (now, None, TOO_MANY_CONNECTIONS, 0, 0.0, None)
        host.journal.record(self._session, [exchange], 0)
        self.transport.write(TOO_MANY_CONNECTIONS.wire)
        self.transport.loseConnection()

    def _time_out(self) -> None:
        self._end = End.TIMED_OUT
        self.transport.abortConnection()


class ClosingConnections:
    """
    Connections that are being closed.

    A client that does not read the last reply is reset after `DISCONNECT_TIME`.

    :ivar count: the number of connections
    :ivar gone: fires when all of them have ended
    """

    def __init__(self, connections: set[MockESMTP], clock: IReactorTime) -> None:
        self.count = len(connections)
        self.gone: Deferred[None] = Deferred(lambda _: None)
        self._connections = connections
        self._timer = clock.callLater(DISCONNECT_TIME, self._cut_off)
        if not connections:
            self._end()

    def lost(self, protocol: MockESMTP) -> None:
        """Remove a connection that has ended, if it is one of these."""
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


class UnnumberedConnection(Protocol):
    """
    A connection whose session has no number yet: the client waits for the banner.

    Without a number there could be no record of the session, and with one of its own a
    replica might use that of another. Therefore a client is told 421 where the store
    assigns none, as it is told 451 where the store keeps no mail.

    :param factory: makes the protocol that takes the place of this one
    :param number: fires with the number of its session

    :ivar is_refused: whether too many wait already
    """

    transport: Any
    is_refused = False

    def __init__(
        self,
        factory: MockSMTPFactory,
        number: Awaitable[int],
        addr: IAddress | None,
        is_implicit: bool,
    ) -> None:
        self.factory = factory
        self._number = number
        self._addr = addr
        self._is_implicit = is_implicit
        self._waiting: Deferred[None] | None = None

    def connectionMade(self) -> None:
        """Wait for the number."""
        self.transport.pauseProducing()
        if self.is_refused:
            self.refuse(TOO_MANY_CONNECTIONS)
        self._waiting = Deferred.fromCoroutine(self._wait())

    async def _wait(self) -> None:
        try:
            number = await self._number
        except CancelledError:
            return
        except Exception as error:
            if not self.is_refused:
                _log.error("A session was not numbered: {error}", error=error)
                self.refuse(STORE_UNAVAILABLE)
            return
        if self.is_refused:
            return
        self._waiting = None
        protocol = self.factory.connection(str(number), self._addr)
        self.factory.numbered(self)
        transport = self.transport
        if hasattr(transport, "wrappedProtocol"):
            transport.wrappedProtocol = protocol
        else:
            transport.protocol = protocol
        transport.resumeProducing()
        protocol.makeConnection(transport)

    def refuse(self, last: Reply) -> None:
        """Send a reply, unless the client expects a handshake first, and close."""
        self.is_refused = True
        if self._is_implicit:
            self.transport.abortConnection()
            return
        self.factory.host.counters.replies[last.code] += 1
        # What is not read when a connection is closed resets it.
        self.transport.resumeProducing()
        self.transport.write(last.wire)
        self.transport.loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Wait no longer."""
        if self._waiting is not None:
            self._waiting.cancel()
        self.factory.numbered(self)


class MockSMTPFactory(SMTPFactory):
    """
    Makes the connections of one listener.

    :param host: the mail host that clients reach, which counts them all
    :param clock: for deadlines and the time of arrival
    :param sessions: yields the numbers of the sessions, or awaitables that fire with
        them; may raise an error of the store
    :param contexts: the TLS contexts; None to disable TLS

    :ivar unnumbered: the connections that wait for the number of their session
    :ivar spoken: the protocol of new connections
    :ivar secret: the key from which the salts of the host's users are derived
    :ivar tls: when new connections begin TLS; None for the host's setting
    :ivar listener: the address of the listener, such as ``127.0.0.1:25``, which a
        connection need not ask the system for; None if it has several, or none
    """

    noisy = False
    listener: str | None = None
    spoken = MailProtocol.SMTP
    tls: TlsMode | None = None

    def __init__(
        self,
        host: MailHost,
        clock: IReactorTime,
        sessions: Iterator[int | Awaitable[int]],
        contexts: ServerContexts | None = None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.host = host
        self.connections: set[MockESMTP] = set()
        self._clock = clock
        self._sessions = sessions
        self._contexts = contexts
        self.secret = os.urandom(32)
        self._waiting: list[Deferred[None]] = []
        self._closing: set[ClosingConnections] = set()
        self._refusing: set[RefusedConnection] = set()
        self.unnumbered: set[UnnumberedConnection] = set()

    def buildProtocol(self, addr: IAddress | None) -> Protocol:
        """
        Make a connection, or a `RefusedConnection` above the connection limit.

        If its number is not there yet, it is an `UnnumberedConnection`.
        """
        try:
            number = next(self._sessions)
        except Exception:
            number = fail()
        if type(number) is int:
            return self.connection(str(number), addr)
        security = self._security()
        is_implicit = security is not None and security.mode is TlsMode.IMPLICIT
        assert not isinstance(number, int)
        waiting = UnnumberedConnection(self, number, addr, is_implicit)
        waiting.is_refused = len(self.unnumbered) >= self.host.limits.connections
        self.unnumbered.add(waiting)
        return waiting

    def numbered(self, waiting: UnnumberedConnection) -> None:
        """Remove a connection that waits for its number no longer."""
        self.unnumbered.discard(waiting)
        self._fire_if_gone()

    def _security(self) -> Security | None:
        if self.host.tls is None or self._contexts is None:
            return None
        return security_of(self.host, self._contexts, self.tls)

    def connection(
        self, session: str, addr: IAddress | None
    ) -> MockESMTP | RefusedConnection:
        """
        Make a connection, or one that is refused.

        :param session: the id of its session
        """
        host = self.host
        host.counters.sessions += 1
        security = self._security()
        if host.counters.open >= host.limits.connections:
            refusal = RefusedConnection(self, session, self._clock, security)
            self._refusing.add(refusal)
            host.counters.refusing += 1
            return refusal
        speaking = MockLMTP if self.spoken is MailProtocol.LMTP else MockESMTP
        if host.behaviors.turns is not None:
            speaking = SharedLMTP if speaking is MockLMTP else SharedESMTP
        protocol = speaking(host, session, self._clock, security)
        protocol.factory = self
        protocol.peer = addr
        self.connections.add(protocol)
        host.counters.open += 1
        return protocol

    def lost(self, protocol: MockESMTP) -> None:
        """Remove a connection that has ended."""
        self.connections.discard(protocol)
        self.host.counters.open -= 1
        for closing in tuple(self._closing):
            closing.lost(protocol)
        self._fire_if_gone()

    def refused(self, refusal: RefusedConnection) -> None:
        """Remove a connection above the limit that has ended."""
        self._refusing.discard(refusal)
        self.host.counters.refusing -= 1
        self._fire_if_gone()

    def _fire_if_gone(self) -> None:
        if not (self.connections or self._refusing or self.unnumbered):
            waiting, self._waiting = self._waiting, []
            for gone in waiting:
                gone.callback(None)

    def disconnect(self, how: Disconnect) -> ClosingConnections:
        """Close or reset the connections that are open now."""
        connections = tuple(self.connections)
        closing = ClosingConnections(set(connections), self._clock)
        self._closing.add(closing)
        closing.gone.addBoth(lambda _: self._closing.discard(closing))
        for unnumbered in tuple(self.unnumbered):
            if how is Disconnect.RESET:
                unnumbered.transport.abortConnection()
            else:
                unnumbered.refuse(SHUTTING_DOWN)
        for protocol in connections:
            if how is Disconnect.RESET:
                protocol.cut_off()
            else:
                protocol.shut_down()
            # The journal may have been cleared since; then it does not record the end.
            protocol.session.end = protocol.end
        return closing

    def shut_down(self) -> Deferred[None]:
        """Close all connections, with a reply; fires when all have ended."""
        for protocol in tuple(self.connections):
            protocol.shut_down()
        for unnumbered in tuple(self.unnumbered):
            unnumbered.refuse(SHUTTING_DOWN)
        self._abort_refusing()
        if not (self.connections or self._refusing or self.unnumbered):
            return succeed(None)
        gone: Deferred[None] = Deferred()
        self._waiting.append(gone)
        return gone

    def abort(self) -> None:
        """Reset the connections that have not ended."""
        for protocol in tuple(self.connections):
            protocol.transport.abortConnection()
        for unnumbered in tuple(self.unnumbered):
            unnumbered.transport.abortConnection()
        self._abort_refusing()

    def _abort_refusing(self) -> None:
        for refusal in tuple(self._refusing):
            refusal.transport.abortConnection()
