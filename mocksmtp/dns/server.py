"""The DNS server: one factory for datagrams and connections, over twisted.names.

    datagram, or message of a connection
      -> DNSFactory.messageReceived
      -> Responder: remembered octets, or read_query, resolve(query, zone) to an
         Answer, and write_response
      -> DnsRules: if there are behaviors, another reply, silence or a delay; in the
         turn of the replica, if counts matter that replicas have in common
      -> QueryLog

Behaviors decide on every query, even if its response is remembered. A query is logged
before its reply is delayed.

A TCP connection (RFC 7766) carries any number of queries. It is closed when `idle`
seconds pass without a whole query. Its input is paused while the client does not read
the replies, and after `PER_TURN` queries until the reactor's next turn, so that a
client that pipelines does not delay others.
"""

# mypy: disable-error-code="no-untyped-call"
# twisted.names, its TCP framing and TimeoutMixin have no annotations.

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IHalfCloseableProtocol, IPushProducer
from twisted.names.dns import DNSDatagramProtocol, DNSProtocol
from twisted.names.server import DNSServerFactory
from twisted.protocols.policies import TimeoutMixin
from zope.interface import implementer

from mocksmtp.behaviors.dns import DnsAttempt, DnsDecision, DnsRules
from mocksmtp.dns.faults import (
    ChangedReply,
    DelayedReplies,
    DelayedResponse,
    changed_reply,
)
from mocksmtp.dns.message import ID_SIZE, read_query
from mocksmtp.dns.responder import CountedResponse, Responder, answered, limit_of
from mocksmtp.hosts.counters import Queries, new_queries
from mocksmtp.hosts.listeners import unmapped
from mocksmtp.zone.answer import Answer, Rcode
from mocksmtp.zone.queries import TCP, UDP, DnsExchange, QueryLog
from mocksmtp.zone.zone import Zone

if TYPE_CHECKING:
    from twisted.internet.interfaces import IAddress
    from twisted.python.failure import Failure

IDLE = 30.0
"""Seconds without a query after which a connection is closed (RFC 7766 §6.2.3)."""

MAX_CONNECTIONS = 200
"""Maximum TCP connections at a time; further ones are closed at once."""

PER_TURN = 50
"""Maximum queries of a connection answered in one turn of the reactor."""

MAX_UNDECIDED = 10_000
"""Maximum queries that wait for the turn; further ones are answered SERVFAIL."""

LAST_REPLIES_TIME = 1.0
"""Seconds to send the last replies when the server stops."""

Peer: TypeAlias = tuple[str, int]


class Datagrams(DNSDatagramProtocol):
    """Queries over UDP, each answered with one datagram."""

    noisy = False
    controller: DNSFactory
    name = UDP

    def datagramReceived(self, data: bytes, addr: Peer) -> None:
        """Answer a datagram."""
        self.controller.messageReceived(data, self, addr)

    def send(self, message: bytes, address: Peer | None) -> None:
        """Send a response; errors are ignored, as datagrams may be lost."""
        with suppress(OSError):  # the port is 0, or the network is gone
            self.transport.write(message, address)

    def later(self, waiting: DelayedResponse | UndecidedQuery) -> None:
        """Do nothing for a delayed reply: it delays no others."""

    def sent(
        self, waiting: DelayedResponse | UndecidedQuery | None, closes: bool
    ) -> None:
        """Do nothing after a reply: there is no connection to close."""


@implementer(IPushProducer, IHalfCloseableProtocol)
class Connection(DNSProtocol, TimeoutMixin):
    """Queries over TCP."""

    controller: DNSFactory
    transport: Any  # ITCPTransport and IConsumer
    name = TCP
    is_closing = False

    def __init__(self, controller: DNSFactory, reactor: Any) -> None:
        super().__init__(controller, reactor)
        self.waiting: set[DelayedResponse | UndecidedQuery] = set()
        self._reactor = reactor
        self._in_turn = 0
        self._next_turn: Any = None
        self._is_unread = False

    def connectionMade(self) -> None:
        """Begin to read queries, and start the idle time."""
        super().connectionMade()
        self.transport.registerProducer(self, True)
        self.setTimeout(self.controller.idle)

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]
        """Discard delayed replies, and report the end to the factory."""
        self.setTimeout(None)
        if self._next_turn is not None:
            self._next_turn.cancel()
        for waiting in self.waiting:
            waiting.forget()
        super().connectionLost(reason)

    def dataReceived(self, data: bytes) -> None:
        """Read messages from `data`."""
        self._in_turn = 0
        super().dataReceived(data)

    def stringReceived(self, data: bytes) -> None:
        """Answer a whole message."""
        if self.controller.messageReceived(data, self):
            self.resetTimeout()
        self._in_turn += 1
        if self._in_turn >= PER_TURN and not self.paused:
            super().pauseProducing()
            self._next_turn = self._reactor.callLater(0, self._go_on)

    def pauseProducing(self) -> None:
        """Stop reading queries, because the client does not read its replies."""
        self._is_unread = True
        super().pauseProducing()

    def resumeProducing(self) -> None:
        """Continue, because the client has read its replies."""
        self._is_unread = False
        self._resume()

    def _go_on(self) -> None:
        self._next_turn = None
        self._resume()

    def _resume(self) -> None:
        waits = self._is_unread or self._next_turn is not None
        if not (waits or self.is_closing):
            super().resumeProducing()

    def readConnectionLost(self) -> None:
        """Close after the last replies, because the client sends no more queries."""
        self.close()

    def writeConnectionLost(self) -> None:
        """Do nothing: the server never half-closes."""

    def timeoutConnection(self) -> None:
        """Reset an idle connection, unless a delayed reply is still to be sent."""
        if self.waiting:
            self.setTimeout(self.controller.idle)
        else:
            self.transport.abortConnection()

    def close(self) -> None:
        """Accept no more queries, and close after the replies were sent."""
        self.paused = self.is_closing = True
        if self.waiting:
            return
        # A transport with an active producer would not close.
        self.transport.unregisterProducer()
        self.transport.loseConnection()

    def send(self, message: bytes, address: Peer | None) -> None:
        """Send a response."""
        self.sendString(message)

    def later(self, waiting: DelayedResponse | UndecidedQuery) -> None:
        """Keep the connection open for a delayed reply."""
        self.waiting.add(waiting)

    def sent(
        self, waiting: DelayedResponse | UndecidedQuery | None, closes: bool
    ) -> None:
        """Handle a reply that was sent, or is never sent."""
        if waiting is not None:
            self.waiting.discard(waiting)
        if closes:
            self.waiting, late = set(), self.waiting
            for other in late:
                other.forget()
        if closes or self.is_closing:
            self.close()


class DNSFactory(DNSServerFactory):
    """
    Answers queries from the current zone.

    :ivar idle: seconds without a query after which a connection is closed
    :ivar max_connections: maximum connections at a time
    :ivar on_exchange: called with an exchange, ``udp`` or ``tcp``, the address of the
        client and the id of the behavior that decided; or None
    :ivar waiting: replies that behaviors delay
    """

    noisy = False

    def __init__(
        self,
        zone: Callable[[], Zone],
        reactor: Any,
        *,
        idle: float = IDLE,
        max_connections: int = MAX_CONNECTIONS,
        counts: Queries | None = None,
        log: QueryLog | None = None,
        behaviors: DnsRules | None = None,
    ) -> None:
        super().__init__()
        self._responder = Responder(zone)
        self._counts = new_queries() if counts is None else counts
        self._log = QueryLog() if log is None else log
        self._reactor = reactor
        self.idle = idle
        self.max_connections = max_connections
        self._zone = zone
        self._behaviors = DnsRules() if behaviors is None else behaviors
        self.waiting = DelayedReplies(reactor, self._behaviors)
        self._undecided: set[UndecidedQuery] = set()
        self.on_exchange: Callable[[DnsExchange, str, str, str | None], None] | None = (
            None
        )
        self._closed: Deferred[None] | None = None

    def datagrams(self) -> Datagrams:
        """Return the protocol of a UDP port."""
        return Datagrams(self, self._reactor)

    def buildProtocol(self, addr: IAddress | None) -> Connection | None:
        """Return a protocol; None, which closes the connection, above the limit."""
        if len(self.connections) >= self.max_connections:
            return None
        return Connection(self, self._reactor)

    def connectionLost(self, protocol: Connection) -> None:
        """Remove a connection that was closed."""
        super().connectionLost(protocol)
        if self._closed is not None and not self.connections:
            self._closed.callback(None)
            self._closed = None

    async def close_connections(self) -> None:
        """Close all connections after their replies, or after `LAST_REPLIES_TIME`.

        Delayed replies are not sent.
        """
        self.forget_waiting()
        if not self.connections:
            return
        closed = self._closed = Deferred()
        for connection in [*self.connections]:
            connection.waiting.clear()
            connection.close()
        late = self._reactor.callLater(LAST_REPLIES_TIME, self._abort_connections)
        await closed
        if late.active():
            late.cancel()

    def forget_waiting(self) -> None:
        """Send no replies to the queries that wait."""
        self.waiting.forget()
        for query in [*self._undecided]:
            query.forget()

    def _abort_connections(self) -> None:
        for connection in [*self.connections]:
            connection.transport.abortConnection()

    def messageReceived(
        self, message: bytes, proto: Datagrams | Connection, address: Peer | None = None
    ) -> bool:
        """Answer `message`, received over `proto`; for UDP, from `address`.

        :return: whether it was a query
        """
        response = self._responder.respond(message, proto.name)
        if response is None:
            return False
        client = address or _peer(proto)
        behaviors = self._behaviors
        if behaviors.points or behaviors.turns is not None:
            question, seconds = response.exchange.question, self._reactor.seconds
            attempt = DnsAttempt(question, unmapped(client[0]), proto.name, seconds)
            if behaviors.turns is not None and behaviors.needs_turn(attempt):
                self._postpone(message, proto, client, attempt)
                return True
            decision = behaviors.decide_query(attempt)
            if decision is not None:
                self._reply_as(decision, message, proto, client)
                return True
        proto.send(message[:ID_SIZE] + response.octets, address)
        self._note(response, client, proto.name)
        return True

    def _postpone(
        self,
        message: bytes,
        proto: Datagrams | Connection,
        client: Peer,
        attempt: DnsAttempt,
    ) -> None:
        """Queue a query for the turn of this replica."""
        turns = self._behaviors.turns
        assert turns is not None
        query = UndecidedQuery(self, message, proto, client, attempt)
        if len(self._undecided) >= MAX_UNDECIDED:
            self.refuse(message, proto, client)
            return
        self._undecided.add(query)
        proto.later(query)
        turns.add(query)

    def decide(
        self,
        message: bytes,
        proto: Datagrams | Connection,
        client: Peer,
        attempt: DnsAttempt,
    ) -> Callable[[], None]:
        """Decide on a query that has waited; return a function that replies."""
        decision = self._behaviors.decide_query(attempt)
        if decision is not None:
            return partial(self._reply_as, decision, message, proto, client)
        # The zone may have changed.
        response = self._responder.respond(message, proto.name)
        assert response is not None, "it was a query"
        return partial(self._reply, message, response, proto, client)

    def refuse(
        self, message: bytes, proto: Datagrams | Connection, client: Peer
    ) -> None:
        """Answer SERVFAIL, because the store cannot be used."""
        query = read_query(message)
        assert query is not None, "it was a query"
        limit = limit_of(query, proto.name)
        response = answered(query, Answer(Rcode.SERVFAIL), limit)
        self._reply(message, response, proto, client)

    def discard(self, query: UndecidedQuery) -> None:
        """Remove a query that waits no more."""
        self._undecided.discard(query)
        if self._behaviors.turns is not None:
            self._behaviors.turns.discard(query)

    def _reply(
        self,
        message: bytes,
        response: CountedResponse,
        proto: Datagrams | Connection,
        client: Peer,
    ) -> None:
        proto.send(message[:ID_SIZE] + response.octets, client)
        self._note(response, client, proto.name)

    def _reply_as(
        self,
        decision: DnsDecision,
        message: bytes,
        proto: Datagrams | Connection,
        client: Peer,
    ) -> None:
        """Reply as a behavior decides."""
        query = read_query(message)
        assert query is not None, "it was answered"
        changed = changed_reply(query, decision.response, self._zone(), proto.name)
        self._note(changed.response, client, proto.name, decision.rules[-1])
        self._send(changed, decision, proto, client)

    def _send(
        self,
        changed: ChangedReply,
        decision: DnsDecision,
        proto: Datagrams | Connection,
        client: Peer,
    ) -> None:
        waiting: DelayedResponse | None = None

        def send() -> None:
            if changed.message is not None:
                proto.send(changed.message, client)
            proto.sent(waiting, changed.closes)

        if decision.delay:
            waiting = self.waiting.add(decision.delay, decision.rules, send)
        if waiting is None:
            send()
        else:
            proto.later(waiting)

    def _note(
        self,
        response: CountedResponse,
        client: Peer,
        transport: str,
        behavior: str | None = None,
    ) -> None:
        """Count and log a response, and report it to the subscriber."""
        exchange = response.exchange
        if response.kind is not None:
            self._counts[response.kind] += 1
        client = unmapped(client[0]), client[1]
        self._log.add(self._reactor.seconds(), client, transport, exchange, behavior)
        if self.on_exchange is not None:
            self.on_exchange(exchange, transport, client[0], behavior)


class UndecidedQuery:
    """
    A query that waits for the turn of its replica (`mocksmtp.behaviors.turns`).

    :param factory: decides on it, and answers it
    """

    def __init__(
        self,
        factory: DNSFactory,
        message: bytes,
        proto: Datagrams | Connection,
        client: Peer,
        attempt: DnsAttempt,
    ) -> None:
        self._factory = factory
        self._message = message
        self._proto = proto
        self._client = client
        self._attempt = attempt
        self._reply: Callable[[], None] | None = None
        self._is_over = False

    def decide(self) -> None:
        """Decide, and hold the reply back."""
        self._reply = self._factory.decide(
            self._message, self._proto, self._client, self._attempt
        )

    def send(self) -> None:
        """Send the reply."""
        if not self._is_over and self._reply is not None:
            self._reply()
            self._end()

    def fail(self, decided: bool) -> None:
        """Answer SERVFAIL."""
        if not self._is_over:
            self._factory.refuse(self._message, self._proto, self._client)
            self._end()

    def _end(self) -> None:
        self.forget()
        self._proto.sent(self, False)

    def forget(self) -> None:
        """Never answer it."""
        self._is_over = True
        self._factory.discard(self)


def _peer(proto: Datagrams | Connection) -> Peer:
    assert isinstance(proto, Connection)
    peer = proto.transport.getPeer()
    return peer.host, peer.port
