"""The journal of a host: its latest sessions, within a memory limit.

Rules:

- The journal contains a session from its beginning; the session grows while it is open.
- A journal contains at most `max_sessions`, and the journals of all hosts together use
  at most the memory that their `JournalQuota` allows.
- Above a limit, the sessions that ended first are removed first, on all hosts; open
  sessions are removed only if none has ended. Removed sessions are counted. An open
  session that is removed is not recorded further.
- The last `MAX_EXCHANGES` of a session are kept, and its transactions as long as there
  is memory; removed ones are counted.
- A session that uses a large part of the memory is not removed: the older half of its
  exchanges and transactions is removed.
- Clearing the journal removes ended sessions. Open sessions are emptied and recorded
  further, so that a client that keeps its connection stays visible.
- Sessions of other replicas are copies, within the same limits; removing one here
  removes only the copy.
- Listeners are called with a session when it begins, when one of its transactions is
  settled (the last one has its outcome), and when it ends.
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
"""The default memory limit of the journals of all hosts together, in bytes."""

_SLACK = 8192
"""The growth of a session after which it is weighed again, in bytes: weighing costs
more than recording."""

_GREEDY = 4
"""A growing session that uses more than 1 / _GREEDY of the memory is itself shrunk."""

_HEAVY = 16
"""A session that uses more than 1 / _HEAVY of the memory is shrunk, not removed."""

_Listener: TypeAlias = Callable[[Session], None]

_RemovalListener: TypeAlias = Callable[[Session, bool], None]

ExchangeListener: TypeAlias = Callable[[Session, Sequence[Exchange]], None]

ChangeListener: TypeAlias = Callable[[], None]


def _time_of_end(session: Session) -> float:
    return session.ended_at or 0.0


def _merge(kept: dict[K, V], new: dict[K, V], order: Callable[[K], float]) -> None:
    """Add entries to a dictionary whose keys are sorted by `order`, in that order."""
    first = min(map(order, new))
    later = list(takewhile(lambda key: order(key) > first, reversed(kept)))
    for key in later:
        new[key] = kept.pop(key)
    for key in sorted(new, key=order):
        kept[key] = new[key]


class JournalQuota:
    """
    The memory limit of the journals of all hosts together, and their sessions.

    :param max_octets: the limit, in bytes

    :ivar used: the approximate memory that the sessions occupy, in bytes
    :ivar last: the number of the last session, 0 before the first
    :ivar past: the former lists of behaviors that exchanges refer to, limited to a
        quarter of `max_octets`
    :ivar ended_sessions: the ended sessions with their journals, in the order of their
        ends
    :ivar open_sessions: the open sessions with their journals, in the order of their
        starts
    :ivar removal_listeners: each is called with a session that was removed, or lost
        transactions, and with whether that was an eviction
    :ivar next_change_listeners: each is called once, after the next change; see
        `on_next_change`
    """

    def __init__(self, max_octets: int = JOURNAL_BYTES) -> None:
        self.max_octets = max_octets
        self.used = 0
        self.past = PastWalks(max_octets // 4)
        self.last = 0
        self.ended_sessions: OrderedDict[Session, Journal] = OrderedDict()
        self.open_sessions: OrderedDict[Session, Journal] = OrderedDict()
        self.removal_listeners: list[_RemovalListener] = []
        self.next_change_listeners: list[ChangeListener] = []

    def on_next_change(self, listener: ChangeListener) -> Callable[[], None]:
        """
        Call `listener` once, after the next settled, sent or removed item.

        :return: a function that cancels this
        """
        self.next_change_listeners.append(listener)

        def revoke() -> None:
            if listener in self.next_change_listeners:
                self.next_change_listeners.remove(listener)

        return revoke

    def notify_change(self) -> None:
        """Call and remove all `next_change_listeners`."""
        listeners, self.next_change_listeners = self.next_change_listeners, []
        for listener in listeners:
            listener()

    def notify_removed(self, session: Session, evicted: bool) -> None:
        """
        Notify the listeners of a removed session, or of its removed transactions.

        :param evicted: whether the removal freed memory, and no user requested it
        """
        for listener in self.removal_listeners:
            listener(session, evicted)
        self.notify_change()

    def charge(self, session: Session, octets: int) -> None:
        """
        Count the memory of derived data as memory of the session.

        :param octets: the additional memory, in bytes
        """
        if session.recorded:
            session.octets_derived += octets
            kept = (
                self.open_sessions
                if session in self.open_sessions
                else self.ended_sessions
            )
            kept[session].weigh(session)

    @property
    def is_full(self) -> bool:
        """Whether the memory in use exceeds the limit."""
        return self.used + self.past.octets > self.max_octets

    def make_room(self, grown: Session) -> None:
        """
        Shrink or remove sessions until the memory in use is within the limit.

        :param grown: the session that has grown
        """
        while self.is_full and (self.ended_sessions or self.open_sessions):
            if grown.recorded and grown.weight * _GREEDY > self.max_octets:
                session = grown
            else:
                session = next(iter(self.ended_sessions or self.open_sessions))
            self._reduce(session)

    def _reduce(self, session: Session) -> None:
        lasts = session in self.open_sessions
        journal = self.open_sessions[session] if lasts else self.ended_sessions[session]
        keeps = lasts or session.weight * _HEAVY > self.max_octets
        if not (keeps and journal.shrink(session)):
            journal.drop(session)
        elif lasts:
            # The next call shrinks another session.
            self.open_sessions.move_to_end(session)


class Observer(Protocol):
    """Receives the events of all sessions, also of those that no journal keeps."""

    def settled(self, session: Session, transaction: Transaction) -> None:
        """Receive a transaction that has its outcome."""

    def ended(self, session: Session) -> None:
        """Receive a session that has ended."""


class Journal:
    """
    The latest sessions of a host.

    :param max_sessions: the maximum number of sessions; 0 keeps none
    :param quota: the memory limit that it shares with the journals of other hosts

    :ivar dropped: the number of evicted sessions
    :ivar evicted: the highest number of an evicted session, 0 for none
    :ivar octets: the approximate memory that the sessions occupy, in bytes
    :ivar listeners: each is called with a session that began, ended, or has a newly
        settled transaction
    :ivar exchange_listeners: each is called with a session and its new exchanges
    :ivar observers: receive the events of all sessions, also of those that are not kept
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
        # By id, in the order of their starts; the ended ones, in that of their ends.
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._ended: OrderedDict[Session, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._sessions)

    def sessions(self) -> list[Session]:
        """Return all kept sessions, in the order of their starts."""
        return list(self._sessions.values())

    def get(self, session_id: str) -> Session:
        """
        Return the session with this id.

        :raises KeyError: no kept session has the id
        """
        return self._sessions[session_id]

    def begin(self, session: Session) -> None:
        """Add an open session."""
        if not self.max_sessions:
            return
        number = session.number
        if number < self.quota.last:
            # Later sessions of other replicas may be here already.
            _merge(self._sessions, {session.id: session}, int)
        else:
            self._sessions[session.id] = session
            self.quota.last = number
        self.quota.open_sessions[session] = self
        session.recorded = True
        self.weigh(session)
        if self.listeners:
            self._notify(session)

    def restore(self, session: Session) -> None:
        """Add an ended session from a store."""
        if not self.max_sessions:
            return
        self._sessions[session.id] = session
        self._ended[session] = None
        self.quota.last = max(self.quota.last, session.number)
        self.quota.ended_sessions[session] = self
        session.recorded = True
        self.weigh(session)

    def record(self, session: Session, exchanges: list[Exchange], octets: int) -> None:
        """
        Add exchanges to the transcript of a session, if it is kept.

        :param octets: the sum of the lengths of their lines, in octets
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
        """Add a transaction to a session, and set its outcome."""
        transaction.outcome = outcome
        for observer in self.observers:
            observer.settled(session, transaction)
        if not session.recorded:
            return
        session.transactions.append(transaction)
        session.octets += transaction.octets
        if self.listeners:
            self._notify(session)
        if self.quota.next_change_listeners:
            self.quota.notify_change()
        # The session is weighed with the exchanges of the transaction; only a
        # transaction with many recipients must be weighed at once.
        if transaction.octets > _SLACK:
            self.weigh(session)

    def replace_reply(
        self, session: Session, transaction: Transaction, reply: Reply | None
    ) -> None:
        """
        Record that the client did not receive the reply to its last transaction.

        :param reply: the reply that is recorded instead; None for no reply
        """
        transaction.reply = reply
        transaction.outcome = Outcome.ABORTED
        if transaction.contents is not None:
            contents = [(path, reply, kept) for path, _, kept in transaction.contents]
            transaction.contents = contents
        if session.recorded:
            self._notify(session)
            if self.quota.next_change_listeners:
                self.quota.notify_change()

    def note_kept(self, session: Session) -> None:
        """Record that a mail was stored whose client has not waited for that."""
        if session.recorded:
            self._notify(session)
            if self.quota.next_change_listeners:
                self.quota.notify_change()

    def hold(self, session: Session, replies: tuple[Reply, ...]) -> None:
        """Set `pending` if one of the unsent replies settled the last transaction."""
        last = session.transactions[-1] if session.transactions else None
        if last is not None and any(reply is last.reply for reply in replies):
            session.pending = last

    def release(self, session: Session, at: float) -> None:
        """
        Clear `pending`: its reply was sent, or will never be sent.

        :param at: the time of that, in seconds since the epoch
        """
        if session.pending is not None:
            session.pending.settled_at = at
            session.pending = None
            self.quota.notify_change()

    def end(self, session: Session, end: End, at: float) -> None:
        """
        End a session.

        :param at: the time of its end, in seconds since the epoch
        """
        session.end = end
        session.ended_at = at
        session.pending = None
        for observer in self.observers:
            observer.ended(session)
        if session.recorded:
            del self.quota.open_sessions[session]
            self.quota.ended_sessions[session] = self
            self._ended[session] = None
            self.weigh(session)
            self._notify(session)
            if self.quota.next_change_listeners:
                self.quota.notify_change()

    def clear(self) -> list[Session]:
        """Remove and return all sessions; open ones are recorded further, empty."""
        removed = []
        for session in self.sessions():
            self._remove(session)
            removed.append(attrs.evolve(session))
            if session.end is None and session.replica is None:
                session.forget()
                self.begin(session)
        return removed

    def close(self) -> None:
        """Remove all sessions, and keep no session from now on."""
        self.max_sessions = 0
        for session in self.sessions():
            self._remove(session)

    def drop(self, session: Session) -> None:
        """Evict a session."""
        self._remove(session, evicted=True)
        self.dropped += 1
        self.evicted = max(self.evicted, session.number)

    def shrink(self, session: Session) -> bool:
        """Remove the older half of a session; return False if it is empty."""
        shrunk = session.shrink()
        self.quota.notify_removed(session, evicted=True)
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
            self.quota.open_sessions[session] = self
            session.recorded = True
            self._notify(session)

    def _extend(self, session: Session, now: Session) -> None:
        """Apply a newer record of a session, without its end."""
        session.assume(now)
        first = max(session.omitted_transactions, now.omitted_transactions)
        if first > session.omitted_transactions:
            del session.transactions[: first - session.omitted_transactions]
            session.omitted_transactions = first
            self.quota.notify_removed(session, evicted=True)
        others = now.transactions_from(first)
        for transaction, other in zip(session.transactions, others, strict=False):
            if transaction.attempt is None:
                transaction.become(other)
        for transaction in others[len(session.transactions) :]:
            session.transactions.append(transaction)
            self._notify(session)
        session.octets = sum(one.octets for one in session.transactions)

    def finish(self, ended: Sequence[tuple[Session, End, float]]) -> None:
        """Copies of sessions are over: how they ended, and when."""
        if not ended:
            return
        for session, end, at in ended:
            session.end, session.ended_at = end, at
            del self.quota.open_sessions[session]
        sessions = [session for session, _, _ in ended]
        _merge(self._ended, dict.fromkeys(sessions), _time_of_end)
        _merge(self.quota.ended_sessions, dict.fromkeys(sessions, self), _time_of_end)
        for session in sessions:
            self._notify(session)

    def _remove(self, session: Session, evicted: bool = False) -> None:
        session.recorded = False
        self._count(session, 0)
        del self._sessions[session.id]
        if session in self._ended:
            del self._ended[session], self.quota.ended_sessions[session]
        else:
            del self.quota.open_sessions[session]
        if self.quota.removal_listeners or self.quota.next_change_listeners:
            self.quota.notify_removed(session, evicted)

    def _notify(self, session: Session) -> None:
        for listener in tuple(self.listeners):
            listener(session)

    def _count(self, session: Session, weight: int) -> None:
        growth = weight - session.weight
        self.octets += growth
        self.quota.used += growth
        session.weight = weight
        session.weigh_at = session.octets + session.octets_exchanged + _SLACK

    def weigh(self, session: Session) -> None:
        """Update the memory that a session occupies, and free memory if necessary."""
        self._count(session, session.weigh())
        while len(self._sessions) > self.max_sessions:
            self.drop(next(iter(self._ended or self._sessions.values())))
        if self.quota.is_full:
            self.quota.make_room(session)
