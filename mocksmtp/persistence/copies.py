"""Copies of the sessions that other replicas record, in the journals of this replica.

Rules:

- Only the replica that records a session stores, changes and removes it: when it evicts
  the session, all replicas remove it. Evicting a copy removes only the copy.
- The sessions of a replica that has left are adopted. Its open sessions ended by a
  reset when the last octets of their client arrived.
- A replica that returns after it was excluded stores its sessions again, and the
  replica that has adopted them gives them up.
"""

from __future__ import annotations

from collections.abc import Mapping

from mocksmtp.mock import Mock
from mocksmtp.persistence.sessions import (
    Saved,
    SessionsState,
    StoredSession,
    session_of,
)
from mocksmtp.sessions.journal import Journal
from mocksmtp.sessions.session import End, Session
from mocksmtp.store.replicas import Replicas


class SessionCopies:
    """
    The sessions of other replicas.

    :param own: the sessions that this replica records
    """

    def __init__(self, mock: Mock, replicas: Replicas, own: SessionsState) -> None:
        self._mock = mock
        self._replicas = replicas
        self._own = own
        self._copies: dict[int, tuple[Session, Saved]] = {}
        self._adopted: dict[int, Session] = {}
        mock.default.journal.quota.removal_listeners.append(self._removed)

    def _removed(self, session: Session, evicted: bool) -> None:
        if session.recorded:
            return
        if session.replica is not None:
            self._copies.pop(session.number, None)
        self._adopted.pop(session.number, None)

    def read(
        self, sessions: Mapping[int, StoredSession], are_all: bool = False
    ) -> list[Session]:
        """
        Create and update copies from stored sessions.

        :param sessions: the stored sessions by their numbers
        :param are_all: whether `sessions` contains all stored sessions; then all other
            copies are removed
        :return: the new and changed copies
        """
        if are_all:
            for number in self._copies.keys() - sessions.keys():
                self._drop(number)
        by_journal: dict[Journal, list[tuple[Session, Saved]]] = {}
        for number in sorted(sessions):
            found = session_of(number, sessions[number], self._own.walks)
            if found is None:
                self._drop(number)
            elif not self._is_own(found[0]):
                host = self._mock.hosts.get(found[0].host)
                if host is not None and host.journal.max_sessions:
                    by_journal.setdefault(host.journal, []).append(found)
        changed: list[Session] = []
        for journal, records in by_journal.items():
            changed += self._update(journal, records)
        return changed

    def _drop(self, number: int) -> None:
        """Remove a session that another replica removed."""
        session = None
        if number in self._copies:
            session = self._copies[number][0]
        elif number in self._adopted:
            session = self._adopted[number]
            self._own.give_up(session.id)
        if session is not None:
            self._mock.hosts[session.host].journal.drop(session)

    def _is_own(self, now: Session) -> bool:
        """Return whether this replica records a stored session."""
        if now.replica == self._replicas.name:
            return True
        if now.number in self._adopted:
            self._own.give_up(now.id)
            self._mock.hosts[now.host].journal.discard(self._adopted[now.number])
            return False
        if self._own.has(now.id):
            # Another replica adopted it while this one was excluded.
            self._own.store_again(self._mock.hosts[now.host].journal.get(now.id))
            return True
        return False

    def _update(
        self, journal: Journal, records: list[tuple[Session, Saved]]
    ) -> list[Session]:
        """Update the copies in a journal from their records."""
        pairs: list[tuple[Session, Session]] = []
        for now, saved in records:
            copy = self._copies.get(now.number, (None, saved))[0]
            if copy is not None and not _is_continued(copy, now):
                journal.discard(copy)
                copy = None
            if copy is None:
                copy = _beginning_of(now)
            self._copies[now.number] = copy, saved
            pairs.append((copy, now))
        journal.follow(pairs)
        return [copy for copy, _ in pairs]

    def adopt(self) -> None:
        """Adopt the sessions of replicas that have left."""
        living = {self._replicas.name, *self._replicas.others}
        ended: dict[Journal, list[tuple[Session, End, float]]] = {}
        for number, (session, saved) in tuple(self._copies.items()):
            if session.replica in living:
                continue
            del self._copies[number]
            session.replica = None
            self._adopted[number] = session
            self._own.adopt(session, saved)
            if session.end is None:
                journal = self._mock.hosts[session.host].journal
                at = session.heard or session.started_at
                ended.setdefault(journal, []).append((session, End.RESET, at))
        for journal, sessions in ended.items():
            journal.finish(sessions)
            for session, _, _ in sessions:
                self._own.store_again(session)


def _beginning_of(now: Session) -> Session:
    """Return a session as it was when its client connected."""
    return Session(
        now.id,
        now.host,
        now.listener,
        now.client_ip,
        now.client_port,
        now.started_at,
        heard=now.heard,
        omitted_transactions=now.omitted_transactions,
        replica=now.replica,
    )


def _is_continued(copy: Session, now: Session) -> bool:
    """Return whether a record continues a copy; not if the session was cleared."""
    if copy.end is not now.end and copy.end is not None:
        return False
    said = copy.omitted + len(copy.exchanges)
    if (
        copy.replica != now.replica
        or now.settled < copy.settled
        or now.omitted + len(now.exchanges) < said
    ):
        return False
    first = max(copy.omitted_transactions, now.omitted_transactions)
    return all(
        one.attempt in (None, other.attempt)
        for one, other in zip(
            copy.transactions_from(first), now.transactions_from(first), strict=False
        )
    )
