"""Waiting until as many sessions match as a client asks for.

Rules:

- A waiter looks once at what is there when it begins, and from then on only at what
  is settled: a session that begins or ends, a transaction that has its outcome.
- Waiters are found by what they wait for: a mail that nobody waits for costs no more
  with many waiters than with one.
- What is settled within a turn of the reactor is looked at together, after it.
- A waiter is done when as many as it wants were found, are still kept and still
  match, or when its time is up. What it answers is what is kept then.
- When the last one has left, no host is listened to and no call is scheduled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from mocksmtp.hosts.host import MailHost
from mocksmtp.http.listing import Slices
from mocksmtp.mock import Mock
from mocksmtp.sessions.search import SessionQuery
from mocksmtp.sessions.session import Outcome, Session, Transaction

BITE = 100
"""How many sessions a waiter holds before it looks which of them are still kept."""

Key = tuple[str, str | Outcome | bool] | None
"""What a waiter is found by: its recipient, else its sender, else the outcome, else
whether it was kept; None for one that asks nothing of a mail."""


def session_number(session: Session) -> int:
    """Where a session stands in the order of all sessions, on whatever host."""
    return int(session.id)


class SessionWaiter:
    """
    A client that waits for sessions.

    :param after: the number of the last session that it is not interested in
    :param count: how many it wants

    :ivar host: the name of the only host that it looks at, or None for all
    :ivar done: fires when it need not wait any longer
    """

    def __init__(
        self, query: SessionQuery, host: str | None, after: int, count: int
    ) -> None:
        self.done: Deferred[None] = Deferred()
        self._query = query
        self.host = host
        self._after = after
        self._count = count
        self._found: dict[Session, None] = {}
        self._full: float = float("inf")  # it does not count while it begins

    @property
    def key(self) -> Key:
        """What it is found by."""
        query = self._query
        if query.recipient is not None:
            return ("to", query.recipient)
        if query.sender is not None:
            return ("from", query.sender)
        if query.outcome is not None:
            return ("outcome", query.outcome)
        return None if query.kept is None else ("kept", query.kept)

    def look_at(self, session: Session, transaction: Transaction | None) -> None:
        """Look at what was settled: a transaction, or None for the session itself."""
        query = self._query
        if (
            self.host not in (None, session.host)
            or session_number(session) <= self._after
            or not query.matches_client(session)
        ):
            return
        if transaction is None or query.matches_transaction(transaction):
            self._found[session] = None
            if len(self._found) >= self._full:
                self.count()

    async def begin(self, sessions: list[Session], clock: IReactorTime) -> None:
        """Look at what is there already; `sessions` is emptied, to hold none."""
        slices = Slices(clock)
        for session in sessions:
            for transaction in _settled(session, self._query):
                self.look_at(session, transaction)
                if slices.over:
                    await slices.next()
                if session in self._found:
                    break
        sessions.clear()

    def count(self) -> None:
        """Be done if there are enough, and forget what is not kept any more."""
        found = self.found()
        if len(found) >= self._count:
            self.give_up()
        self._found = dict.fromkeys(found)
        self._full = min(self._count, 2 * len(found) + BITE)

    def give_up(self) -> None:
        """There are enough, or the time is up."""
        if not self.done.called:
            self.done.callback(None)

    def found(self) -> list[Session]:
        """What was found, is still kept and still matches, the newest last."""
        kept = [s for s in self._found if s.recorded and self._query.matches(s)]
        return sorted(kept, key=session_number)


def _settled(session: Session, query: SessionQuery) -> Iterator[Transaction | None]:
    if query.of_mails:
        yield from tuple(session.transactions)
    else:
        yield None


class SessionWatch:
    """The waiters for sessions of a mock, and how they hear of them."""

    def __init__(self, mock: Mock, clock: IReactorTime) -> None:
        self._mock = mock
        self._clock = clock
        # Dictionaries, for they keep the order and forget in no time.
        self._waiters: dict[Key, dict[SessionWaiter, None]] = {}
        self._settled: list[tuple[Session, Transaction | None]] = []
        self._revoke: Callable[[], None] | None = None
        self._round: IDelayedCall | None = None

    async def wait(
        self, waiter: SessionWaiter, sessions: list[Session], deadline: float
    ) -> None:
        """
        Have `waiter` look until it is done, or until `deadline`.

        :param sessions: those that there are
        :param deadline: seconds, by the clock
        """
        self._join(waiter)
        timer = None
        try:
            await waiter.begin(sessions, self._clock)
            waiter.count()
            if not waiter.done.called:
                left = max(0.0, deadline - self._clock.seconds())
                timer = self._clock.callLater(left, self._give_up, waiter)
            await waiter.done
        finally:
            if timer is not None and timer.active():
                timer.cancel()
            self._leave(waiter)

    def end(self, host: str) -> None:
        """Nothing more will happen on `host`: who waits for that need not."""
        for waiters in tuple(self._waiters.values()):
            for waiter in tuple(waiters):
                if waiter.host == host:
                    waiter.give_up()

    def _give_up(self, waiter: SessionWaiter) -> None:
        self._look()
        waiter.give_up()

    def _join(self, waiter: SessionWaiter) -> None:
        self._waiters.setdefault(waiter.key, {})[waiter] = None
        if self._revoke is None:
            self._revoke = self._mock.watch(self._listen)

    def _leave(self, waiter: SessionWaiter) -> None:
        others = self._waiters[waiter.key]
        del others[waiter]
        if not others:
            del self._waiters[waiter.key]
        if self._waiters or self._revoke is None:
            return
        self._revoke()
        self._revoke = None
        for host in self._mock.hosts.values():
            if self._note in host.journal.listeners:
                host.journal.listeners.remove(self._note)
        self._settled.clear()
        if self._round is not None:
            self._round.cancel()
            self._round = None

    def _listen(self, host: MailHost) -> None:
        host.journal.listeners.append(self._note)

    def _note(self, session: Session) -> None:
        """Something about a session is settled."""
        if self._revoke is None:
            return  # a host that is none of the mock's any more
        ended_or_begun = session.end is not None or not session.transactions
        transaction = None if ended_or_begun else session.transactions[-1]
        if not any(key in self._waiters for key in self._keys(transaction)):
            return  # nobody waits for it, and a turn of the reactor is spared
        self._settled.append((session, transaction))
        if self._round is None:
            self._round = self._clock.callLater(0, self._turn)

    def _turn(self) -> None:
        self._round = None
        self._look()

    def _look(self) -> None:
        """Let those look whom it concerns."""
        settled, self._settled = self._settled, []
        for session, transaction in settled:
            for key in self._keys(transaction):
                for waiter in tuple(self._waiters.get(key, ())):
                    waiter.look_at(session, transaction)

    def _keys(self, transaction: Transaction | None) -> Iterator[Key]:
        """What waiters are found by whom it may concern that something is settled."""
        if transaction is None:
            yield None
        if transaction is None or self._waiters.keys() == {None}:
            return
        yield ("outcome", transaction.outcome)
        yield ("kept", transaction.mail is not None)
        yield ("from", transaction.sender.address.normalized)
        for address in {path.address.normalized for path in transaction.named()}:
            yield ("to", address)
