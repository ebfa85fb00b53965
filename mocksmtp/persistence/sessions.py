"""Sessions with their exchanges and transactions, as documents of the store.

Each second what is new is stored, the exchanges of that second together: a long session
is not stored again and again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from operator import itemgetter

import attrs

from mocksmtp.mock import Mock
from mocksmtp.persistence.state import Changes
from mocksmtp.sessions.session import End, Session, Transaction
from mocksmtp.sessions.stored import (
    exchange_to_store,
    session_from_store,
    session_to_store,
    transaction_from_store,
    transaction_to_store,
)
from mocksmtp.store.interface import Document, Key, Kind, State

_DIGITS = 16


@attrs.define
class _Saved:
    """
    What is stored of a session.

    :ivar end: the place after its last transaction
    :ivar said: the number of its exchanges, with those that are not kept any more; -1
        before the first time
    :ivar rows: the exchanges that are stored: where each row begins and ends
    :ivar settled: the same of its transactions; where rows overlap, the last one counts
    """

    end: int = 0
    said: int = -1
    ended: End | None = None
    rows: list[tuple[int, int]] = attrs.field(factory=list)
    settled: list[tuple[int, int]] = attrs.field(factory=list)


class SessionsState:
    """
    The sessions of all journals, compared with what is stored of them.

    :ivar last: the highest number of a session that was restored
    """

    def __init__(self, mock: Mock) -> None:
        self._mock = mock
        self._quota = mock.default.journal.quota
        self._saved: dict[str, _Saved] = {}
        self._gone: dict[str, _Saved] = {}
        self.last = 0

    def start(self) -> None:
        """Hear of sessions that are removed."""
        self._quota.removal_listeners.append(self._removed)

    def _removed(self, session: Session, evicted: bool) -> None:
        if not session.recorded and session.id in self._saved:
            self._gone[session.id] = self._saved.pop(session.id)

    def changes(self) -> Changes:
        """The documents of all that has changed."""
        found: Changes = {}
        gone, self._gone = self._gone, {}
        for session_id, saved in gone.items():
            found[_session_key(session_id)] = None
            for begin, _ in saved.settled:
                found[_transaction_key(session_id, begin)] = None
            for begin, _ in saved.rows:
                found[_exchanges_key(session_id, begin)] = None
        for session in self._candidates():
            found.update(self._changes_of(session))
        return found

    def _candidates(self) -> Iterator[Session]:
        """The sessions that last, and those that ended since the last time."""
        yield from self._quota.lasting
        for session in reversed(self._quota.ended):
            saved = self._saved.get(session.id)
            if saved is not None and saved.ended is not None:
                return
            yield session

    def _changes_of(self, session: Session) -> Iterator[tuple[Key, Document]]:
        saved = self._saved.setdefault(session.id, _Saved())
        said = session.omitted + len(session.exchanges)
        settled = session.settled
        if (said, settled, session.end) == (saved.said, saved.end, saved.ended):
            return
        yield _session_key(session.id), session_to_store(session)
        yield from _exchange_changes(session, saved)
        first = session.omitted_transactions
        # The last one may have been changed since: its reply was not sent, or late.
        begin = max(first, saved.end - 1)
        new = session.transactions[begin - first :]
        if new:
            row = [transaction_to_store(one) for one in new]
            yield _transaction_key(session.id, begin), row
            if not saved.settled or saved.settled[-1][0] != begin:
                saved.settled.append((begin, settled))
            else:
                saved.settled[-1] = begin, settled
        while saved.settled and saved.settled[0][1] <= first:
            yield _transaction_key(session.id, saved.settled.pop(0)[0]), None
        saved.end = settled
        saved.said, saved.ended = said, session.end

    def restore(self, state: State) -> int:
        """Restore all sessions; return their number."""
        transactions = _by_session(state.get(Kind.TRANSACTION, {}))
        exchanges = _by_session(state.get(Kind.EXCHANGES, {}))
        sessions = []
        for name, document in state.get(Kind.SESSION, {}).items():
            rows = exchanges.get(name, [])
            settled = transactions.get(name, [])
            said = [one for _, row in rows for one in row]
            if rows:
                del said[: max(0, document["omitted"] - rows[0][0])]
            session = session_from_store(
                int(name),
                document,
                said,
                _transactions_of(settled, document["omitted_transactions"]),
            )
            self.last = max(self.last, session.number)
            self._saved[session.id] = _Saved(
                session.settled,
                session.omitted + len(session.exchanges),
                session.end,
                [(begin, begin + len(row)) for begin, row in rows],
                [(begin, begin + len(row)) for begin, row in settled],
            )
            sessions.append(session)
        self.start()
        for session in sorted(sessions, key=lambda one: one.ended_at or 0.0):
            host = self._mock.hosts.get(session.host)
            if host is None or not host.journal.max_sessions:
                self._gone[session.id] = self._saved.pop(session.id)
            else:
                host.journal.restore(session)
        return len(self._saved)


def _exchange_changes(
    session: Session, saved: _Saved
) -> Iterator[tuple[Key, Document]]:
    """The documents of further exchanges; those that are not kept any more are gone."""
    omitted = session.omitted
    begin = max(saved.said, omitted, 0)
    new = session.exchanges[begin - omitted :]
    if new:
        row = [exchange_to_store(one) for one in new]
        yield _exchanges_key(session.id, begin), row
        saved.rows.append((begin, begin + len(new)))
    while saved.rows and saved.rows[0][1] <= omitted:
        yield _exchanges_key(session.id, saved.rows.pop(0)[0]), None


def _transactions_of(
    rows: list[tuple[int, Document]], omitted: int
) -> list[Transaction]:
    """The transactions of rows, except the first ones, which are not kept any more."""
    places = {
        place: document
        for begin, row in rows
        for place, document in enumerate(row, begin)
        if place >= omitted
    }
    return [transaction_from_store(places[place]) for place in sorted(places)]


def _by_session(
    documents: Mapping[str, Document],
) -> dict[str, list[tuple[int, Document]]]:
    """Documents by the names of sessions, each with its place, in order."""
    found: dict[str, list[tuple[int, Document]]] = {}
    for path, document in documents.items():
        session_id, _, place = path.partition("/")
        found.setdefault(session_id, []).append((int(place), document))
    for each in found.values():
        each.sort(key=itemgetter(0))
    return found


def _exchanges_key(session_id: str, place: int) -> Key:
    return Kind.EXCHANGES, f"{session_id.zfill(_DIGITS)}/{place:08}"


def _session_key(session_id: str) -> Key:
    return Kind.SESSION, session_id.zfill(_DIGITS)


def _transaction_key(session_id: str, place: int) -> Key:
    return Kind.TRANSACTION, f"{session_id.zfill(_DIGITS)}/{place:08}"
