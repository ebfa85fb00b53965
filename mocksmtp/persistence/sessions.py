"""Sessions with their exchanges and transactions, as documents of the store.

New exchanges are stored each second, in one document: a long session is not stored
again and again.

With replicas, each replica numbers the attempts of the sessions that it records, and
stores these sessions. It has copies of the others (`mocksmtp.persistence.copies`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from operator import itemgetter
from typing import TypeAlias

import attrs

from mocksmtp.mock import Mock
from mocksmtp.persistence.comparing import Changes
from mocksmtp.persistence.walks import SharedWalks
from mocksmtp.sessions.session import End, Session, Transaction
from mocksmtp.sessions.stored import (
    WalkDigest,
    exchange_to_store,
    session_from_store,
    session_to_store,
    transaction_from_store,
    transaction_to_store,
)
from mocksmtp.store.interface import Document, Key, Kind, State

_DIGITS = 16

_REPLICA = "replica"
"""The member of the document of a session that names the replica that records it."""


@attrs.define
class Saved:
    """
    The stored part of a session.

    :ivar end: the place after its last transaction
    :ivar said: the number of its exchanges, with those that are not kept any more; -1
        before the first time
    :ivar rows: the exchanges that are stored: where each row begins and ends
    :ivar settled: the same of its transactions; where rows overlap, the last one counts
    :ivar open: the place of the first transaction whose attempts were not numbered yet
    :ivar is_stale: whether its document is not what this process has stored
    """

    end: int = 0
    said: int = -1
    ended: End | None = None
    rows: list[tuple[int, int]] = attrs.field(factory=list)
    settled: list[tuple[int, int]] = attrs.field(factory=list)
    open: int | None = None
    is_stale: bool = False


StoredSession: TypeAlias = Mapping[Key, Document]
"""The documents of a session, by their keys."""


class SessionsState:
    """
    The sessions of all journals, compared with their stored documents.

    :ivar last: the highest number of a restored session
    """

    def __init__(self, mock: Mock) -> None:
        self._mock = mock
        self._quota = mock.default.journal.quota
        replicas = mock.store.replicas
        self._replica = None if replicas is None else replicas.name
        self.walks = None if replicas is None else SharedWalks(mock)
        self._saved: dict[str, Saved] = {}
        self._gone: dict[str, Saved] = {}
        # With replicas: ended sessions that were not stored since, and those of which a
        # document is to be stored again.
        self._ended: dict[Session, None] = {}
        self._again: dict[str, Session] = {}
        self.last = 0
        if replicas is not None:
            mock.watch(lambda host: host.journal.observers.append(self))

    def start(self) -> None:
        """Listen to the removals of sessions."""
        self._quota.removal_listeners.append(self._removed)

    def _removed(self, session: Session, evicted: bool) -> None:
        if not session.recorded and session.id in self._saved:
            self._gone[session.id] = self._saved.pop(session.id)

    def settled(self, session: Session, transaction: Transaction) -> None:
        """Do nothing: the sessions that last are looked at each time."""

    def ended(self, session: Session) -> None:
        """Store a session of this replica that has ended; copies make no such call."""
        self._ended[session] = None

    def changes(self) -> Changes:
        """Return the documents of everything that changed."""
        found: Changes = {}
        gone, self._gone = self._gone, {}
        for session_id, saved in gone.items():
            found[_session_key(session_id)] = None
            for begin, _ in saved.settled:
                found[_transaction_key(session_id, begin)] = None
            for begin, _ in saved.rows:
                found[_exchanges_key(session_id, begin)] = None
        for session in self.own():
            found.update(self._changes_of(session))
        self._ended.clear()
        self._again = {
            name: session
            for name, session in self._again.items()
            if name in self._saved and self._saved[name].open is not None
        }
        return found

    def own(self) -> Iterator[Session]:
        """Yield the sessions of this process that may have changed since last time."""
        if self._replica is None:
            yield from self._quota.open_sessions
            for session in reversed(self._quota.ended_sessions):
                saved = self._saved.get(session.id)
                if saved is not None and saved.ended is not None:
                    return
                yield session
            return
        lasting = (one for one in self._quota.open_sessions if one.replica is None)
        for session in dict.fromkeys((*lasting, *self._ended, *self._again.values())):
            if session.recorded:
                yield session

    def _changes_of(self, session: Session) -> Iterator[tuple[Key, Document]]:
        saved = self._saved.setdefault(session.id, Saved())
        said = session.omitted + len(session.exchanges)
        settled, first = session.settled, session.omitted_transactions
        again = saved.is_stale
        if saved.open is not None and not again:
            again = _is_numbered(session, saved.open)
        state = said, settled, session.end
        if not again and state == (saved.said, saved.end, saved.ended):
            return
        begin = saved.end - 1
        if again and saved.open is not None:
            begin = min(begin, saved.open)
        begin = max(begin, first)
        document = session_to_store(session)
        if self._replica is not None:
            document[_REPLICA] = self._replica
        yield _session_key(session.id), document
        digest_walk = None if self.walks is None else self.walks.digest
        yield from _exchange_changes(session, saved, digest_walk)
        # The last one may have been changed since: its reply was not sent, or late.
        new = session.transactions[begin - first :]
        if new:
            row = [transaction_to_store(one) for one in new]
            while saved.settled and saved.settled[-1][0] >= begin:
                yield _transaction_key(session.id, saved.settled.pop()[0]), None
            yield _transaction_key(session.id, begin), row
            saved.settled.append((begin, settled))
        while saved.settled and saved.settled[0][1] <= first:
            yield _transaction_key(session.id, saved.settled.pop(0)[0]), None
        saved.end = settled
        saved.said, saved.ended = said, session.end
        saved.is_stale = False
        saved.open = None
        if self._replica is not None:
            saved.open = _first_open(session, begin)
            if session.end is not None and saved.open is not None:
                self._again[session.id] = session

    def restore(self, state: State) -> int:
        """Restore all sessions, and return their number; open ones were reset."""
        sessions = []
        for number, documents in stored_sessions(state).items():
            found = session_of(number, documents)
            if found is None:
                continue
            session, saved = found
            self.last = max(self.last, number)
            if session.end is None:
                session.end = saved.ended = End.RESET
                session.ended_at = session.heard or session.started_at
            self._saved[session.id] = saved
            sessions.append(session)
        self.start()
        for session in sorted(sessions, key=lambda one: one.ended_at or 0.0):
            host = self._mock.hosts.get(session.host)
            if host is None or not host.journal.max_sessions:
                self._gone[session.id] = self._saved.pop(session.id)
            else:
                host.journal.restore(session)
        return len(self._saved)

    def has(self, session_id: str) -> bool:
        """Return whether this process stores the session with this id."""
        return session_id in self._saved

    def adopt(self, session: Session, saved: Saved) -> None:
        """Begin to store a session whose replica has left."""
        self._saved[session.id] = saved
        if session.end is not None:
            saved.open = _first_open(session, session.omitted_transactions)
            if saved.open is not None:
                self._again[session.id] = session

    def give_up(self, session_id: str) -> None:
        """Stop storing a session whose replica has returned."""
        del self._saved[session_id]
        self._again.pop(session_id, None)

    def store_again(self, session: Session) -> None:
        """Store the document and the transactions of a session again."""
        saved = self._saved[session.id]
        saved.is_stale, saved.open = True, session.omitted_transactions
        self._again[session.id] = session


def stored_sessions(state: State) -> dict[int, dict[Key, Document]]:
    """Return the documents of each session, by its number."""
    found: dict[int, dict[Key, Document]] = {}
    for kind in (Kind.SESSION, Kind.EXCHANGES, Kind.TRANSACTION):
        for path, document in state.get(kind, {}).items():
            number = int(path.partition("/")[0])
            found.setdefault(number, {})[kind, path] = document
    return found


def session_of(
    number: int, documents: StoredSession, walks: SharedWalks | None = None
) -> tuple[Session, Saved] | None:
    """Return a stored session, and what is stored of it; None if it was removed."""
    name = _session_key(str(number))
    if name not in documents:
        return None
    document = documents[name]
    rows = _rows(documents, Kind.EXCHANGES)
    settled = _rows(documents, Kind.TRANSACTION)
    said = [one for _, row in rows for one in row]
    if rows:
        del said[: max(0, document["omitted"] - rows[0][0])]
    session = session_from_store(
        number,
        document,
        said,
        _transactions_of(settled, document["omitted_transactions"]),
        None if walks is None else walks.finder(document["host"]),
    )
    session.replica = document.get(_REPLICA)
    return session, Saved(
        session.settled,
        session.omitted + len(session.exchanges),
        session.end,
        [(begin, begin + len(row)) for begin, row in rows],
        [(begin, begin + len(row)) for begin, row in settled],
    )


def _is_numbered(session: Session, place: int) -> bool:
    """
    Return whether the attempts of a transaction are numbered.

    :param place: the index of the transaction; after the last one, the session itself
    """
    place -= session.omitted_transactions
    if place < len(session.transactions):
        return place < 0 or session.transactions[place].attempt is not None
    return session.attempt is not None


def _first_open(session: Session, begin: int) -> int | None:
    """Return the index of the first transaction from `begin` that is not numbered."""
    first = session.omitted_transactions
    for place, transaction in enumerate(session.transactions[begin - first :], begin):
        if transaction.attempt is None:
            return place
    if session.end is not None and session.attempt is None:
        return session.settled
    return None


def _exchange_changes(
    session: Session, saved: Saved, digest_walk: WalkDigest | None
) -> Iterator[tuple[Key, Document]]:
    """Yield the documents of new exchanges, and the removal of those not kept."""
    omitted = session.omitted
    begin = max(saved.said, omitted, 0)
    new = session.exchanges[begin - omitted :]
    if new:
        row = [exchange_to_store(one, digest_walk) for one in new]
        yield _exchanges_key(session.id, begin), row
        saved.rows.append((begin, begin + len(new)))
    while saved.rows and saved.rows[0][1] <= omitted:
        yield _exchanges_key(session.id, saved.rows.pop(0)[0]), None


def _transactions_of(
    rows: list[tuple[int, Document]], omitted: int
) -> list[Transaction]:
    """Return the transactions of rows, without the first `omitted` ones."""
    places = {
        place: document
        for begin, row in rows
        for place, document in enumerate(row, begin)
        if place >= omitted
    }
    return [transaction_from_store(places[place]) for place in sorted(places)]


def _rows(documents: StoredSession, kind: Kind) -> list[tuple[int, Document]]:
    """Return the rows of one kind of a session with their indexes, in order."""
    rows = [
        (int(path.partition("/")[2]), row)
        for (found, path), row in documents.items()
        if found is kind
    ]
    rows.sort(key=itemgetter(0))
    return rows


def _exchanges_key(session_id: str, place: int) -> Key:
    return Kind.EXCHANGES, f"{session_id.zfill(_DIGITS)}/{place:08}"


def _session_key(session_id: str) -> Key:
    return Kind.SESSION, session_id.zfill(_DIGITS)


def _transaction_key(session_id: str, place: int) -> Key:
    return Kind.TRANSACTION, f"{session_id.zfill(_DIGITS)}/{place:08}"
