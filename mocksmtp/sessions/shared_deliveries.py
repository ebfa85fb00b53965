"""Attempts and deliveries of several replicas, each of which records some sessions.

Rules:

- The replica that records a session numbers its attempts, once they are decided; all
  replicas derive the same ones from it, under the same numbers.
- A delivery has the number of its first attempt.
- Sessions of other replicas arrive late. Where an attempt is earlier than others of its
  recipient that were placed already, those are taken back, and placed again behind it:
  the order is that of time, then of numbers.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice

import attrs

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


@attrs.frozen
class _TakenBack:
    """
    Where an attempt was before it was taken back.

    :ivar place: the number of its delivery, and its index there
    :ivar before: the refused connections that it followed
    """

    place: tuple[int, int]
    before: list[Attempt]


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
        # Attempts that are to be placed again, and the refused connections before them.
        self._taken_back: dict[Attempt, _TakenBack] = {}
        self._followers: dict[Attempt, Attempt] = {}

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

    def _place(self, attempt: Attempt) -> None:
        former = self._taken_back.pop(attempt, None)
        if former is None:
            super()._place(attempt)
            return
        for refused in former.before:
            self._followers.pop(refused, None)
        before = [one for one in former.before if one.number in self._attempts]
        waited = super()._refused_before(attempt)
        if waited:
            client = attempt.session.client_ip
            self._added.setdefault(client, []).extend(waited)
            before = sorted((*before, *waited), key=_order)
        assert attempt.recipient is not None
        delivery = self._join(attempt, attempt.recipient, before)
        if (delivery.number, len(delivery.attempts) - 1) != former.place:
            self._tell(delivery)

    def _number_of(self, first: Attempt) -> int:
        return first.number

    def _is_over(self, refused: Attempt, now: float) -> bool:
        # What has followed it may arrive late. Only the number of those is bounded.
        return False

    def _following(self, refused: Attempt) -> Iterator[Attempt]:
        attempts = self._by_client.get(refused.session.client_ip, [])
        begin = bisect_left(attempts, (refused.decided_at, 0), key=_beginning)
        for attempt in islice(attempts, begin, None):
            if attempt.started_at > refused.decided_at + SOON:
                return
            if attempt in self._taken_back and precedes(refused, attempt):
                # It waits until that one is placed again.
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
            if precedes(refused, attempt) and self._leaves(refused, attempt):
                found.append(refused)
        found.sort(key=_order)
        if added or found:
            self._added[client] = [*dict.fromkeys((*added, *found))]
        else:
            self._added.pop(client, None)
        return found

    def _leaves(self, refused: Attempt, attempt: Attempt) -> bool:
        """Take a refused connection from an attempt that began after another one."""
        follower = self._followers.get(refused)
        delivery = refused.delivery
        if follower is not None:
            if _beginning(attempt) < _beginning(follower):
                del self._followers[refused]
                self._taken_back[follower].before.remove(refused)
                return True
        elif delivery is not None:
            place = delivery.attempts.index(refused)
            follower = next(one for one in delivery.attempts[place:] if one.recipient)
            if _beginning(attempt) < _beginning(follower):
                delivery.attempts.remove(refused)
                self._tell(delivery)
                return True
        return False

    def _tell(self, delivery: Delivery) -> None:
        for listener in tuple(self.delivery_listeners):
            listener(delivery)

    def _join(
        self, attempt: Attempt, recipient: Address, before: list[Attempt]
    ) -> Delivery:
        placed = self._by_recipient.setdefault(recipient.normalized, [])
        if placed and _order(attempt) < _order(placed[-1]):
            self._take_back(placed, bisect_left(placed, _order(attempt), key=_order))
        placed.append(attempt)
        return super()._join(attempt, recipient, before)

    def _take_back(self, placed: list[Attempt], begin: int) -> None:
        """
        Take attempts from their deliveries, to be placed again.

        :param placed: the attempts of a recipient, in order
        :param begin: the index of the first that is taken back
        """
        later = dict.fromkeys(placed[begin:])
        del placed[begin:]
        shortened = []
        for delivery in dict.fromkeys(one.delivery for one in later):
            assert delivery is not None
            if self._shorten(delivery, later):
                shortened.append(delivery)
        for attempt in later:
            entry = (attempt.decided_at, attempt.number, attempt.number, attempt)
            heapq.heappush(self._new, entry)
        for delivery in shortened:
            self._open_or_close(delivery)
        # The newest last, as if there had never been more.
        for pair in {_pair_of(delivery) for delivery in shortened}:
            for kind in (self._open, self._unnamed):
                if pair in kind:
                    kind[pair] = dict.fromkeys(sorted(kind[pair], key=_newest))

    def _shorten(self, delivery: Delivery, later: Mapping[Attempt, None]) -> bool:
        """
        Take the last attempts from a delivery, and remove it if none is left.

        :return: whether some are left
        """
        attempts = delivery.attempts
        begin = len(attempts)
        while begin and (
            attempts[begin - 1].recipient is None or attempts[begin - 1] in later
        ):
            begin -= 1
        before: list[Attempt] = []
        for place, attempt in enumerate(attempts[begin:], begin):
            attempt.delivery = None
            if attempt.recipient is None:
                before.append(attempt)
                continue
            former = _TakenBack((delivery.number, place), before)
            self._taken_back[attempt] = former
            self._followers |= dict.fromkeys(before, attempt)
            before = []
        self._open_or_close(delivery, closed=True)
        recipient = delivery.recipient.normalized
        self._by_message.pop((recipient, delivery.message_id or ""), None)
        self._by_envid.pop((recipient, delivery.envid or ""), None)
        del attempts[begin:]
        if not attempts:
            del self._deliveries[delivery.number]
            return False
        delivery.message_id = _first(one.content_id for one in attempts)
        delivery.envid = _first(one.envid for one in attempts)
        self._index(delivery)
        return True

    def _remove(self, attempt: Attempt, evicted: bool) -> None:
        former = self._taken_back.pop(attempt, None)
        self._followers.pop(attempt, None)
        super()._remove(attempt, evicted)
        if attempt.recipient is None:
            return
        if former is not None:
            for refused in former.before:
                refused.by_time = False
                self._followers.pop(refused, None)
        else:
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


def _newest(delivery: Delivery) -> tuple[float, int]:
    return _order(delivery.attempts[-1])


def _pair_of(delivery: Delivery) -> tuple[str, str]:
    return delivery.sender.normalized, delivery.recipient.normalized


def _first(values: Iterable[str | None]) -> str | None:
    return next((one for one in values if one is not None), None)
