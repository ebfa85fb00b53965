"""Attempts and deliveries of several replicas, each of which records some sessions.

Rules:

- The replica that records a session numbers its attempts, once they are decided; all
  replicas derive the same ones from it, under the same numbers.
- A delivery has the number of its first attempt.
- Sessions of other replicas arrive late. The deliveries of a recipient are derived anew
  where an attempt is earlier than one that was placed already: their order is that of
  time, then of numbers.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from mocksmtp.grammar.address import Address
from mocksmtp.sessions.attempts import (
    Attempt,
    attempts_of,
    connection_attempt,
    count_attempts,
    is_decided,
)
from mocksmtp.sessions.deliveries import SOON, Deliveries, Delivery, precedes
from mocksmtp.sessions.journal import JournalQuota
from mocksmtp.sessions.session import Session, Transaction


class Unnumbered:
    """
    The decided attempts that have no numbers yet.

    :ivar count: the number of these attempts
    :ivar sessions: the sessions of these attempts
    """

    def __init__(self) -> None:
        self.count = 0
        self._found: list[tuple[float, int, int, Transaction | Session, int]] = []
        self.sessions: dict[Session, None] = {}

    def look_at(self, session: Session, now: float) -> Iterator[Transaction]:
        """
        Add those of a session; yield its decided transactions.

        :param now: seconds since the epoch
        """
        place = len(session.transactions)
        while place and session.transactions[place - 1].attempt is None:
            place -= 1
        for transaction in session.transactions[place:]:
            if is_decided(session, transaction, now) is not None:
                return
            attempts = count_attempts(session, transaction)
            self._add(session, transaction, transaction.settled_at, attempts)
            yield transaction
        if session.end is not None and session.attempt is None:
            found = connection_attempt(session)
            if found is None:
                self._add(session, session, 0.0, 0)
            else:
                self._add(session, session, found.decided_at, 1)

    def _add(
        self, session: Session, whose: Transaction | Session, at: float, attempts: int
    ) -> None:
        self.sessions[session] = None
        self.count += attempts
        entry = (at, session.number, len(self._found), whose, attempts)
        self._found.append(entry)

    def number(self, first: int) -> None:
        """
        Number all of them, in the order in which they were decided.

        :param first: the number of the first one
        """
        self._found.sort()
        for *_, whose, attempts in self._found:
            whose.attempt = first if attempts else 0
            first += attempts


class SharedDeliveries(Deliveries):
    """The attempts and deliveries of all replicas."""

    def __init__(
        self, quota: JournalQuota, find_content: Callable[[str, int], bytes | None]
    ) -> None:
        super().__init__(quota, find_content)
        self._noted: dict[Session, None] = {}
        self._by_recipient: dict[str, list[Attempt]] = {}
        # Of each client: its attempts by their beginning, and the refused connections
        # that were added to what it has attempted next.
        self._by_client: dict[str, list[Attempt]] = {}
        self._added: dict[str, list[Attempt]] = {}

    def unnumbered(self, sessions: Iterable[Session], now: float) -> Unnumbered:
        """
        Return the attempts of sessions that were decided since the last numbering.

        It records the identities of their mails, which the other replicas need.

        :param now: seconds since the epoch
        """
        found = Unnumbered()
        for session in sessions:
            for transaction in found.look_at(session, now):
                self._identify(session, transaction)
        return found

    def note(self, session: Session) -> None:
        """Record a session with newly numbered attempts, or a new copy."""
        self._noted[session] = None

    def attempts(self, after: int = 0) -> list[Attempt]:
        """Return the entries whose number is above `after`, in order."""
        self._attempts = dict(sorted(self._attempts.items()))
        return super().attempts(after)

    def deliveries(self, after: int = 0) -> list[Delivery]:
        """Return the entries whose number is above `after`, in order."""
        self._deliveries = dict(sorted(self._deliveries.items()))
        return super().deliveries(after)

    def _unfinished(self) -> list[Session]:
        noted, self._noted = self._noted, {}
        return [*noted]

    def _look_at(self, session: Session, now: float) -> Iterator[None]:
        while session.derived < session.settled:
            place = max(session.derived, session.omitted_transactions)
            transaction = session.transactions_from(place)[0]
            if transaction.attempt is None:
                return
            session.derived = place + 1
            self._identify(session, transaction)
            attempts = attempts_of(session, transaction)
            for number, attempt in enumerate(attempts, transaction.attempt):
                self._add_numbered(attempt, number)
            yield
        if session.end is not None and session.attempt is not None:
            session.is_derived = True
            connection = connection_attempt(session) if session.attempt else None
            if connection is not None:
                self._add_numbered(connection, session.attempt)
            yield

    def _add_numbered(self, attempt: Attempt, number: int) -> None:
        attempt.number = number
        heapq.heappush(self._new, (attempt.decided_at, number, number, attempt))

    def _number_of(self, first: Attempt) -> int:
        return first.number

    def _following(self, refused: Attempt) -> Iterator[Attempt]:
        attempts = self._by_client.get(refused.session.client_ip, [])
        begin = bisect_left(attempts, (refused.decided_at, 0), key=_beginning)
        for attempt in islice(attempts, begin, None):
            if attempt.started_at > refused.decided_at + SOON:
                return
            yield attempt

    def _place_refused(self, refused: Attempt) -> Delivery | None:
        delivery = super()._place_refused(refused)
        if delivery is not None:
            self._added.setdefault(refused.session.client_ip, []).append(refused)
        return delivery

    def _refused_before(self, attempt: Attempt) -> list[Attempt]:
        """The refused connections that an attempt follows, also those of later ones."""
        found = super()._refused_before(attempt)
        client = attempt.session.client_ip
        insort(self._by_client.setdefault(client, []), attempt, key=_beginning)
        added = [one for one in self._added.get(client, ()) if one.by_time]
        for refused in added:
            delivery = refused.delivery
            if delivery is not None and precedes(refused, attempt):
                place = delivery.attempts.index(refused)
                follower = next(
                    one for one in delivery.attempts[place:] if one.recipient
                )
                if _beginning(attempt) < _beginning(follower):
                    delivery.attempts.remove(refused)
                    found.append(refused)
                    self._tell(delivery)
        found.sort(key=_order)
        if added or found:
            self._added[client] = [*dict.fromkeys((*added, *found))]
        else:
            self._added.pop(client, None)
        return found

    def _tell(self, delivery: Delivery) -> None:
        for listener in tuple(self.delivery_listeners):
            listener(delivery)

    def _join(
        self, attempt: Attempt, recipient: Address, before: list[Attempt]
    ) -> Delivery:
        placed = self._by_recipient.setdefault(recipient.normalized, [])
        if placed and _order(attempt) < _order(placed[-1]):
            return self._join_again(placed, attempt, recipient, before)
        placed.append(attempt)
        return super()._join(attempt, recipient, before)

    def _join_again(
        self,
        placed: list[Attempt],
        attempt: Attempt,
        recipient: Address,
        before: list[Attempt],
    ) -> Delivery:
        """Derive the deliveries of a recipient again, with one more attempt."""
        refused = {attempt: before}
        former: dict[Delivery, list[Attempt]] = {}
        for one in placed:
            if one.delivery is not None:
                former[one.delivery] = [*one.delivery.attempts]
        for delivery, attempts in former.items():
            self._dissolve(delivery)
            waiting: list[Attempt] = []
            for one in attempts:
                waiting.append(one)
                if one.recipient is not None:
                    refused[one], waiting = waiting[:-1], []
        placed.append(attempt)
        placed.sort(key=_order)
        made = [
            super(SharedDeliveries, self)._join(one, recipient, refused.get(one, []))
            for one in placed
        ]
        shown = [*former.values()]
        for delivery in dict.fromkeys(made):
            if delivery is not attempt.delivery and delivery.attempts not in shown:
                self._tell(delivery)
        assert attempt.delivery is not None
        return attempt.delivery

    def _dissolve(self, delivery: Delivery) -> None:
        """Remove a delivery, and keep its attempts."""
        self._open_or_close(delivery, closed=True)
        recipient = delivery.recipient.normalized
        self._by_message.pop((recipient, delivery.message_id or ""), None)
        self._by_envid.pop((recipient, delivery.envid or ""), None)
        del self._deliveries[delivery.number]

    def _remove(self, attempt: Attempt, evicted: bool) -> None:
        super()._remove(attempt, evicted)
        if attempt.recipient is not None:
            recipient = attempt.recipient.normalized
            placed = self._by_recipient[recipient]
            placed.remove(attempt)
            if not placed:
                del self._by_recipient[recipient]
            client = attempt.session.client_ip
            attempts = self._by_client[client]
            attempts.pop(bisect_left(attempts, _beginning(attempt), key=_beginning))
            if not attempts:
                del self._by_client[client]


def _beginning(attempt: Attempt) -> tuple[float, int]:
    return attempt.started_at, attempt.number


def _order(attempt: Attempt) -> tuple[float, int]:
    return attempt.decided_at, attempt.number
