"""The journal of a host: its sessions, the last ones, within a bound of memory.

Rules:

- A session is in the journal from its beginning, and grows there while it lasts.
- A journal never has more than `max_sessions`, and the journals of all hosts together
  never use more memory than their `JournalQuota` allows.
- Past a bound the sessions that ended first are removed first, whichever host they are
  of; those that last only where none has ended. Removed sessions are counted. One that
  is removed while it lasts is not recorded any further.
- Of one session the last `MAX_EXCHANGES` are kept, and its transactions as long as
  there is room; what is removed is counted.
- A session that uses much of the memory is not removed as a whole: the older half of
  its exchanges and transactions is.
- Clearing the journal removes ended sessions. Those that last are emptied, and are
  recorded further: a client that keeps its connection is not lost sight of.
- Sessions of other replicas are copies, within the same bounds; to remove one here
  removes the copy alone.
- Listeners are called with a session whenever something about it is settled: it has
  begun, a transaction, its last one, has its outcome, or it has ended.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import Protocol, TypeAlias, TypeVar

import attrs

from mocksmtp.behaviors.walk import PastWalks
from mocksmtp.grammar.reply import Reply
from mocksmtp.sessions.session import (
    EXCHANGE_OCTETS,
    MAX_EXCHANGES,
    End,
    Exchange,
    Outcome,
    Session,
    Transaction,
)

K = TypeVar("K")
V = TypeVar("V")

JOURNAL_BYTES = 64 * 2**20
"""About how much memory the journals of all hosts may use together, in bytes."""

_SLACK = 8192
"""Bytes by which a session may grow before it is weighed again: weighing takes
longer than recording."""

_GREEDY = 4
"""A session that grows past the bound is shrunk itself where it has more than this
part of the memory."""

_HEAVY = 16
"""One that would be removed is shrunk where it has more than this part of it."""

_Listener: TypeAlias = Callable[[Session], None]

_RemovalListener: TypeAlias = Callable[[Session, bool], None]

ExchangeListener: TypeAlias = Callable[[Session, Sequence[Exchange]], None]

Bell: TypeAlias = Callable[[], None]


def _time_of_end(session: Session) -> float:
    return session.ended_at or 0.0


def _merge(kept: dict[K, V], new: dict[K, V], order: Callable[[K], float]) -> None:
    """Add entries to a dictionary that is in `order`, so that it still is."""
    first = min(map(order, new))
    later = list(takewhile(lambda key: order(key) > first, reversed(kept)))
    for key in later:
        new[key] = kept.pop(key)
    for key in sorted(new, key=order):
        kept[key] = new[key]


class JournalQuota:
    """
    The memory that the journals of all hosts may use together.

    :param max_octets: about how many bytes

    :ivar used: about how many bytes the sessions use
    :ivar last: the number of the last session, 0 before the first
    :ivar past: the lists of behaviors that exchanges refer to and that are not in force
        any more; they have a quarter of it at the most
    :ivar removal_listeners: called with a session that is removed, or of which
        transactions were, and whether that was to make room
    :ivar bells: to be called once at the next change, see `on_next`
    """

    def __init__(self, max_octets: int = JOURNAL_BYTES) -> None:
        self.max_octets = max_octets
        self.used = 0
        self.past = PastWalks(max_octets // 4)
        self.last = 0
        # With their journals: in the order of their end, and of their beginning.
        self.ended: OrderedDict[Session, Journal] = OrderedDict()
        self.lasting: OrderedDict[Session, Journal] = OrderedDict()
        self.removal_listeners: list[_RemovalListener] = []
        self.bells: list[Bell] = []

    def on_next(self, bell: Bell) -> Callable[[], None]:
        """
        Have `bell` called once, when something is settled, sent or removed.

        :return: what revokes that
        """
        self.bells.append(bell)

        def revoke() -> None:
            if bell in self.bells:
                self.bells.remove(bell)

        return revoke

    def ring(self) -> None:
        """Call those who wait for the next change."""
        bells, self.bells = self.bells, []
        for bell in bells:
            bell()

    def tell_removed(self, session: Session, evicted: bool) -> None:
        """A session is removed, or some of its transactions are."""
        for listener in self.removal_listeners:
            listener(session, evicted)
        self.ring()

    def charge(self, session: Session, octets: int) -> None:
        """Count memory that was derived from a session with the session itself."""
        if session.recorded:
            session.octets_derived += octets
            kept = self.lasting if session in self.lasting else self.ended
            kept[session].weigh(session)

    @property
    def is_full(self) -> bool:
        """Whether more is in use than may be."""
        return self.used + self.past.octets > self.max_octets

    def make_room(self, grown: Session) -> None:
        """
        Shrink or remove sessions until the rest is within the bound.

        :param grown: the session that has grown
        """
        while self.is_full and (self.ended or self.lasting):
            if grown.recorded and grown.weight * _GREEDY > self.max_octets:
                session = grown
            else:
                session = next(iter(self.ended or self.lasting))
            self._reduce(session)

    def _reduce(self, session: Session) -> None:
        lasts = session in self.lasting
        journal = self.lasting[session] if lasts else self.ended[session]
        keeps = lasts or session.weight * _HEAVY > self.max_octets
        if not (keeps and journal.shrink(session)):
            journal.drop(session)
        elif lasts:
            # Next time another one is shrunk.
            self.lasting.move_to_end(session)


class Observer(Protocol):
    """Is told of what a journal is told, whether or not it keeps any of it."""

    def settled(self, session: Session, transaction: Transaction) -> None:
        """A transaction has its outcome."""

    def ended(self, session: Session) -> None:
        """A session is over."""


class Journal:
    """
    A bounded ring of sessions.

    :param max_sessions: how many are kept at the most; 0 keeps none
    :param quota: the memory that it shares with the journals of other hosts

    :ivar dropped: how many sessions were removed to make room
    :ivar evicted: the highest number of those, 0 for none
    :ivar octets: about how many bytes of memory the sessions take
    :ivar listeners: called with a session about which something was settled
    :ivar exchange_listeners: called with a session and what is added to its transcript
    :ivar observers: told of all sessions, those that are not kept too
    """

    def __init__(
        self, max_sessions: int = 10_000, quota: JournalQuota | None = None
    ) -> None:
        self.max_sessions = max_sessions
        self.quota = JournalQuota() if quota is None else quota
        self.dropped = self.evicted = 0
        self.octets = 0
        self.listeners: list[_Listener] = []
        self.exchange_listeners: list[ExchangeListener] = []
        self.observers: list[Observer] = []
        # By id, in the order of their beginning; and those that ended, in that order.
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._ended: OrderedDict[Session, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._sessions)

    def sessions(self) -> list[Session]:
        """All that are kept, in the order of their beginning."""
        return list(self._sessions.values())

    def get(self, session_id: str) -> Session:
        """
        The session with this id.

        :raises KeyError: it is not kept
        """
        return self._sessions[session_id]

    def begin(self, session: Session) -> None:
        """Keep a session from now on."""
        if not self.max_sessions:
            return
        self._sessions[session.id] = session
        self.quota.last = max(self.quota.last, session.number)
        self.quota.lasting[session] = self
        session.recorded = True
        self.weigh(session)
        if self.listeners:
            self._tell(session)

    def restore(self, session: Session) -> None:
        """Keep a session that has ended before this process has begun."""
        if not self.max_sessions:
            return
        self._sessions[session.id] = session
        self._ended[session] = None
        self.quota.last = max(self.quota.last, session.number)
        self.quota.ended[session] = self
        session.recorded = True
        self.weigh(session)

    def record(self, session: Session, exchanges: list[Exchange], octets: int) -> None:
        """
        Add what was said to a session that is still kept.

        :param octets: the sum of the lines' lengths
        """
        if not session.recorded:
            return
        session.exchanges += exchanges
        session.octets_exchanged += octets + len(exchanges) * EXCHANGE_OCTETS
        if self.exchange_listeners:
            for listener in tuple(self.exchange_listeners):
                listener(session, exchanges)
        if len(session.exchanges) > MAX_EXCHANGES:
            session.trim()
        if session.octets + session.octets_exchanged > session.weigh_at:
            self.weigh(session)

    def settle(
        self, session: Session, transaction: Transaction, outcome: Outcome
    ) -> None:
        """Add a transaction, now that it has its outcome."""
        transaction.outcome = outcome
        for observer in self.observers:
            observer.settled(session, transaction)
        if not session.recorded:
            return
        session.transactions.append(transaction)
        session.octets += transaction.octets
        if self.listeners:
            self._tell(session)
        if self.quota.bells:
            self.quota.ring()
        # Each transaction comes with exchanges, at which the session is weighed;
        # only one with many recipients can't wait for that.
        if transaction.octets > _SLACK:
            self.weigh(session)

    def take_back(
        self, session: Session, transaction: Transaction, reply: Reply | None
    ) -> None:
        """
        The client did not receive the reply that settled its last transaction.

        :param reply: what is recorded in its place
        """
        transaction.reply = reply
        transaction.outcome = Outcome.ABORTED
        if transaction.contents is not None:
            contents = [(path, reply, kept) for path, _, kept in transaction.contents]
            transaction.contents = contents
        if session.recorded:
            self._tell(session)
            if self.quota.bells:
                self.quota.ring()

    def hold(self, session: Session, replies: tuple[Reply, ...]) -> None:
        """A reply that may have settled its last transaction is still to be sent."""
        last = session.transactions[-1] if session.transactions else None
        if last is not None and any(reply is last.reply for reply in replies):
            session.pending = last

    def release(self, session: Session, at: float) -> None:
        """The reply that was held was sent, or never will be."""
        if session.pending is not None:
            session.pending.settled_at = at
            session.pending = None
            self.quota.ring()

    def end(self, session: Session, end: End, at: float) -> None:
        """A session is over."""
        session.end = end
        session.ended_at = at
        session.pending = None
        for observer in self.observers:
            observer.ended(session)
        if session.recorded:
            del self.quota.lasting[session]
            self.quota.ended[session] = self
            self._ended[session] = None
            self.weigh(session)
            self._tell(session)
            if self.quota.bells:
                self.quota.ring()

    def clear(self) -> list[Session]:
        """Remove all, and return them; those that last go on, empty."""
        removed = []
        for session in self.sessions():
            self._remove(session)
            removed.append(attrs.evolve(session))
            if session.end is None and session.replica is None:
                session.forget()
                self.begin(session)
        return removed

    def close(self) -> None:
        """Remove all for good: nothing is recorded here again."""
        self.max_sessions = 0
        for session in self.sessions():
            self._remove(session)

    def drop(self, session: Session) -> None:
        """Remove a session to make room."""
        self._remove(session, evicted=True)
        self.dropped += 1
        self.evicted = max(self.evicted, session.number)

    def shrink(self, session: Session) -> bool:
        """Remove the older half of what a session has; False where it has nothing."""
        shrunk = session.shrink()
        self.quota.tell_removed(session, evicted=True)
        self._count(session, session.weigh())
        return shrunk

    def discard(self, session: Session) -> None:
        """Remove a copy of a session, which another one is to replace."""
        self._remove(session)

    def follow(self, records: Sequence[tuple[Session, Session]]) -> None:
        """
        Have copies of sessions as other replicas have recorded these.

        Listeners are called as if all of it had happened here.

        :param records: copies, which are kept from now on, with their present records
        """
        if not self.max_sessions:
            return
        self._include([copy for copy, _ in records if not copy.recorded])
        for copy, now in records:
            self._extend(copy, now)
        self.finish(
            [
                (copy, now.end, now.ended_at or now.started_at)
                for copy, now in records
                if now.end is not None and copy.end is None
            ]
        )
        for copy, _ in records:
            if copy.recorded:
                self.weigh(copy)

    def _include(self, sessions: Sequence[Session]) -> None:
        """Keep sessions from now on, in their places."""
        if not sessions:
            return
        _merge(self._sessions, {one.id: one for one in sessions}, int)
        for session in sessions:
            self.quota.last = max(self.quota.last, session.number)
            self.quota.lasting[session] = self
            session.recorded = True
            self._tell(session)

    def _extend(self, session: Session, now: Session) -> None:
        """Have what is recorded of a session now, its end excepted."""
        session.assume(now)
        first = max(session.omitted_transactions, now.omitted_transactions)
        if first > session.omitted_transactions:
            del session.transactions[: first - session.omitted_transactions]
            session.omitted_transactions = first
            self.quota.tell_removed(session, evicted=True)
        others = now.transactions_from(first)
        for transaction, other in zip(session.transactions, others, strict=False):
            if transaction.attempt is None:
                transaction.become(other)
        for transaction in others[len(session.transactions) :]:
            session.transactions.append(transaction)
            self._tell(session)
        session.octets = sum(one.octets for one in session.transactions)

    def finish(self, ended: Sequence[tuple[Session, End, float]]) -> None:
        """Copies of sessions are over: how they ended, and when."""
        if not ended:
            return
        for session, end, at in ended:
            session.end, session.ended_at = end, at
            del self.quota.lasting[session]
        sessions = [session for session, _, _ in ended]
        _merge(self._ended, dict.fromkeys(sessions), _time_of_end)
        _merge(self.quota.ended, dict.fromkeys(sessions, self), _time_of_end)
        for session in sessions:
            self._tell(session)

    def _remove(self, session: Session, evicted: bool = False) -> None:
        session.recorded = False
        self._count(session, 0)
        del self._sessions[session.id]
        if session in self._ended:
            del self._ended[session], self.quota.ended[session]
        else:
            del self.quota.lasting[session]
        if self.quota.removal_listeners or self.quota.bells:
            self.quota.tell_removed(session, evicted)

    def _tell(self, session: Session) -> None:
        for listener in tuple(self.listeners):
            listener(session)

    def _count(self, session: Session, weight: int) -> None:
        growth = weight - session.weight
        self.octets += growth
        self.quota.used += growth
        session.weight = weight
        session.weigh_at = session.octets + session.octets_exchanged + _SLACK

    def weigh(self, session: Session) -> None:
        """Look how much memory a session takes, and make room if that is too much."""
        self._count(session, session.weigh())
        while len(self._sessions) > self.max_sessions:
            self.drop(next(iter(self._ended or self._sessions.values())))
        if self.quota.is_full:
            self.quota.make_room(session)
