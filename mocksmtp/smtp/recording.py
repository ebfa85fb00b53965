"""Records a connection in the journal: its session and its exchanges."""

from __future__ import annotations

from twisted.internet.interfaces import IAddress, ITransport
from twisted.internet.tcp import Server

from mocksmtp.behaviors.miss import Trail
from mocksmtp.grammar.reply import Reply
from mocksmtp.hosts.host import MailHost
from mocksmtp.hosts.listeners import unmapped
from mocksmtp.sessions.session import INJECTED, ClientInput, Exchange, Session
from mocksmtp.smtp.output import Replies
from mocksmtp.smtp.pending import PendingReply


def new_session(
    session_id: str,
    host: str,
    transport: ITransport,
    at: float,
    listener: str | None = None,
    peer: IAddress | None = None,
) -> Session:
    """
    The record of a new connection.

    :param host: the name of the mail host
    :param at: seconds since the epoch
    :param listener: the address of the listener; None if it has several, or none
    :param peer: the address of the client, or None. A proxy has another one
    """
    if type(transport) is not Server:
        listener = peer = None
    if listener is None:
        listener = shown_listener(transport.getHost())
    if peer is None:
        peer = transport.getPeer()
    session = Session(
        session_id,
        host,
        listener,
        unmapped(getattr(peer, "host", "")),
        getattr(peer, "port", 0),
        at,
    )
    session.heard = at
    return session


def shown_listener(address: IAddress) -> str:
    """``127.0.0.1:25``, ``[::1]:25``, or ``""`` if it is not an IP address."""
    host, port = unmapped(getattr(address, "host", "")), getattr(address, "port", 0)
    if not host:
        return ""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class Recorder:
    """
    Counts and records the replies on one connection.

    :param host: has the counters and the journal
    """

    __slots__ = ("_counts", "_journal", "_session")

    def __init__(self, host: MailHost, session: Session) -> None:
        self._counts = host.counters.replies
        self._journal = host.journal
        self._session = session

    def record(
        self,
        at: float,
        said: ClientInput,
        answer: Replies | None,
        flags: int = 0,
        delay: float = 0.0,
        note: Trail | None = None,
    ) -> None:
        """Record the answer to one command, which may be several replies."""
        octets = len(said) if isinstance(said, bytes) else 0
        replies = (answer,) if answer is None or isinstance(answer, Reply) else answer
        exchanges: list[Exchange] = []
        for one in replies:
            if one is not None and one.code:
                self._counts[one.code] += 1
            exchanges.append((at, said, one, flags, delay, note))
            said = note = None
        self._journal.record(self._session, exchanges, octets)

    def hold(self, pending: PendingReply) -> None:
        """Record a reply that is decided but not sent yet."""
        replies = pending.replies
        if replies is not None:
            held = (replies,) if isinstance(replies, Reply) else replies
            self._journal.hold(self._session, held)

    def settle(
        self, pending: PendingReply, answer: Replies | None, delay: float, now: float
    ) -> None:
        """
        Record the result of a pending reply.

        :param answer: the replies that were sent; None if none were
        :param delay: seconds between the command and the reply
        """
        said, flags, note = pending.said, pending.flags, pending.note
        self.record(pending.asked_at, said, answer, flags, delay, note)
        if self._session.pending is not None:
            self._journal.release(self._session, now)


def injected(exchange: Exchange) -> Exchange:
    """Flag an exchange: octets were pipelined after a command that forbids it."""
    at, said, answer, flags, delay, note = exchange
    return at, said, answer, flags | INJECTED, delay, note


def with_mail(said: ClientInput, kept: int) -> ClientInput:
    """Content whose mail was stored since."""
    return (said[0], kept) if isinstance(said, tuple) else said
