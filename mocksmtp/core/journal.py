"""The journal of a host: its sessions, the last ones, within a bound of memory.

Rules:

- A session is in the journal from its beginning, and grows there while it lasts.
- There are never more than `max_sessions`, and their weight is never more than
  `max_octets`; the oldest go first, and how many went so is counted. One that goes
  while it lasts is not recorded any further.
- Of one session the last exchanges and transactions are kept, as many as
  `mocksmtp.model.session` says, and how many exchanges are missing is counted.
- Clearing the journal takes ended sessions out. Those that last are emptied, and go
  on to be recorded: a client that keeps its connection is not lost sight of.
- Listeners are told of a session whenever something about it is settled: it has
  begun, a transaction, the last of it, has its outcome, or it has ended.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import TypeAlias

import attrs

from mocksmtp.model.session import (
    MAX_EXCHANGES,
    MAX_TRANSACTIONS,
    RECIPIENT_OCTETS,
    TRANSACTION_OCTETS,
    End,
    Exchange,
    Outcome,
    Session,
    Transaction,
)

MAX_OCTETS = 64 * 2**20
"""About how much memory the sessions of a journal may take, in bytes."""

_EXCHANGE_OCTETS = 150
"""About what an exchange takes besides its line, in bytes."""

_MANY_RECIPIENTS = 20

_SLACK = 8192
"""Bytes by which a session may grow before it is weighed again: weighing takes
longer than recording."""

Listener: TypeAlias = Callable[[Session], None]


class Journal:
    """
    A bounded ring of sessions.

    :param max_sessions: how many are kept at the most; 0 keeps none
    :param max_octets: about how many bytes of memory they take at the most

    :ivar dropped: how many sessions had to go
    :ivar octets: about how many bytes of memory the sessions take
    :ivar listeners: called with a session about which something was settled
    """

    def __init__(
        self, max_sessions: int = 10_000, max_octets: int = MAX_OCTETS
    ) -> None:
        self.max_sessions = max_sessions
        self.max_octets = max_octets
        self.dropped = 0
        self.octets = 0
        self.listeners: list[Listener] = []
        # By id, in the order of their beginning.
        self._sessions: OrderedDict[str, Session] = OrderedDict()

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
        session.recorded = True
        self._weigh(session)
        if self.listeners:
            self._tell(session)

    def record(self, session: Session, exchanges: list[Exchange], octets: int) -> None:
        """
        Add what was said to a session that is still kept.

        :param octets: the sum of the lines' lengths
        """
        if not session.recorded:
            return
        kept = session.exchanges
        kept += exchanges
        if len(kept) > MAX_EXCHANGES:
            del kept[: -MAX_EXCHANGES // 2]
        count = len(exchanges)
        session.exchanged += count
        session.octets_exchanged += octets + count * _EXCHANGE_OCTETS
        if session.octets_exchanged > session.weigh_at:
            self._weigh(session)

    def settle(
        self, session: Session, transaction: Transaction, outcome: Outcome
    ) -> None:
        """Add a transaction, now that it has its outcome."""
        transaction.outcome = outcome
        if not session.recorded:
            return
        kept = session.transactions
        kept.append(transaction)
        if len(kept) > MAX_TRANSACTIONS:
            del kept[: -MAX_TRANSACTIONS // 2]
        session.settled += 1
        session.octets_settled += TRANSACTION_OCTETS + RECIPIENT_OCTETS * (
            len(transaction.recipients) + len(transaction.told)
        )
        # Each transaction comes with exchanges, at which the session is weighed;
        # only one with many recipients can't wait for that.
        if len(transaction.recipients) > _MANY_RECIPIENTS:
            self._weigh(session)
        if self.listeners:
            self._tell(session)

    def end(self, session: Session, end: End, at: float) -> None:
        """A session is over."""
        session.end = end
        session.ended_at = at
        if session.recorded:
            self._weigh(session)
            self._tell(session)

    def clear(self) -> list[Session]:
        """Take all out, and answer them; those that last go on, empty."""
        removed = []
        sessions, self._sessions = self._sessions, OrderedDict()
        self.octets = 0
        for session in sessions.values():
            session.recorded = False
            removed.append(attrs.evolve(session))
            if session.end is None:
                session.forget()
                self.begin(session)
        return removed

    def _tell(self, session: Session) -> None:
        for listener in tuple(self.listeners):
            listener(session)

    def _weigh(self, session: Session) -> None:
        weight = session.weigh()
        self.octets += weight - session.weight
        session.weight = weight
        session.weigh_at = session.octets_exchanged + _SLACK
        if self.octets > self.max_octets or len(self._sessions) > self.max_sessions:
            self._make_room()

    def _make_room(self) -> None:
        """Drop the oldest until the rest is within the bounds."""
        while self._sessions and (
            self.octets > self.max_octets or len(self._sessions) > self.max_sessions
        ):
            session = self._sessions.popitem(last=False)[1]
            session.recorded = False
            self.octets -= session.weight
            self.dropped += 1
