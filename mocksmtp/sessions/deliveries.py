"""Deliveries: all attempts to deliver one mail to one recipient, on all hosts.

Rules:

- Attempts are grouped by recipient and Message-ID, otherwise ENVID, otherwise sender.
- An attempt that ended before its content is added to the newest delivery of its sender
  and recipient that is neither accepted nor rejected yet.
- A refused connection without a recipient is added to the delivery that the same client
  attempts next within `SOON`.
- A round ends when the client tries a host of the round again, or `SOON` after its last
  attempt.
- Deliveries are derived from the journals when they are first requested, and updated
  with each request. While a mail is received, nothing is recorded for them.
- The memory of what is derived from a session counts as the session's, and is freed
  together with it.
"""

from __future__ import annotations

import enum
import heapq
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, pairwise
from typing import TypeAlias, TypeVar

import attrs

from mocksmtp.behaviors.point import Command
from mocksmtp.grammar.address import Address
from mocksmtp.mail.mail import Mail
from mocksmtp.sessions.attempts import (
    Attempt,
    Verdict,
    attempts_of,
    connection_attempt,
    is_decided,
)
from mocksmtp.sessions.journal import Journal, JournalQuota
from mocksmtp.sessions.session import Session, Transaction, identity_of

SOON = 30.0
"""The maximum time between two attempts of a round, in seconds."""

MAX_REFUSED = 100
"""The maximum number of refused connections of a client that are kept for its next
delivery."""

RECENT = 16
"""The number of latest attempts of a client that a refused connection can precede."""

MAX_REMEMBERED = 1000
"""The maximum number of mails removed in one step whose Message-ID is recorded, the
newest; recording one takes about 10 us."""

ATTEMPT_OCTETS = 500
"""The approximate memory of an attempt with its part of a delivery, in bytes."""

_MailFinder: TypeAlias = Callable[[str, int], bytes | None]
"""Returns the content of a kept mail, by the name of the host and the number of the
mail; None if it is not kept."""

_T = TypeVar("_T")
_OPEN = frozenset({Verdict.DEFERRED, Verdict.NONE})


class MatchedBy(enum.Enum):
    """The criterion by which attempts belong to the same delivery."""

    MESSAGE_ID = "messageId"
    ENVID = "envid"
    ADDRESSES = "addresses"
    TIME = "time"


@attrs.frozen(eq=False)
class Round:
    """Successive attempts on different hosts, in order."""

    attempts: tuple[Attempt, ...]

    @property
    def started_at(self) -> float:
        """When its first attempt began, in seconds since the epoch."""
        return self.attempts[0].started_at

    @property
    def ended_at(self) -> float:
        """When its last verdict was decided, in seconds since the epoch."""
        return max(attempt.decided_at for attempt in self.attempts)


@attrs.define(eq=False, repr=False)
class Delivery:
    """
    All attempts to deliver one mail to one recipient.

    :ivar number: its number in the order of all deliveries
    :ivar attempts: the attempts, in the order in which they were decided
    :ivar message_id: the Message-ID; None until it is known
    :ivar envid: the ENVID; None until it is known
    """

    number: int
    recipient: Address
    sender: Address
    attempts: list[Attempt] = attrs.Factory(list)
    message_id: str | None = None
    envid: str | None = None

    @property
    def final(self) -> Verdict:
        """The last verdict."""
        return self.attempts[-1].verdict

    @property
    def subject(self) -> str | None:
        """The subject of the last content; None if there is none."""
        for attempt in reversed(self.attempts):
            transaction = attempt.transaction
            if transaction is not None and transaction.identity is not None:
                return transaction.identity.subject
        return None

    @property
    def copies(self) -> int:
        """The number of times that the mail was kept."""
        return sum(attempt.kept for attempt in self.attempts)

    @property
    def matched_by(self) -> MatchedBy:
        """The criterion by which its attempts belong together."""
        if self.message_id is not None:
            return MatchedBy.MESSAGE_ID
        return MatchedBy.ADDRESSES if self.envid is None else MatchedBy.ENVID

    @property
    def rounds(self) -> list[Round]:
        """Its attempts, divided into rounds."""
        rounds: list[Round] = []
        tried: list[Attempt] = []
        for attempt in self.attempts:
            host = attempt.session.host
            if tried and (
                attempt.started_at - tried[-1].decided_at > SOON
                or any(one.session.host == host for one in tried)
            ):
                rounds.append(Round(tuple(tried)))
                tried = []
            tried.append(attempt)
        if tried:
            rounds.append(Round(tuple(tried)))
        return rounds

    @property
    def backoffs(self) -> list[float]:
        """The seconds from the end of each round to the beginning of the next."""
        rounds = self.rounds
        return [
            max(0.0, later.started_at - one.ended_at) for one, later in pairwise(rounds)
        ]


class Deliveries:
    """
    The attempts and deliveries of all journals that share a quota.

    Call `update` before reading them.

    :param quota: contains the sessions
    :param find_content: returns the content of a mail, to read its Message-ID

    :ivar due: when the next attempt will be decided by the passing of time, in seconds
        since the epoch; infinity if there is none
    :ivar last_attempt: the number of the newest attempt, 0 before the first
    :ivar last_delivery: the number of the newest delivery, 0 before the first
    :ivar evicted_attempt: the highest number of an evicted attempt, 0 for none
    :ivar evicted_delivery: the highest number of an evicted delivery, 0 for none
    :ivar attempt_listeners: each is called with each new attempt
    :ivar delivery_listeners: each is called with each changed delivery
    """

    def __init__(self, quota: JournalQuota, find_content: _MailFinder) -> None:
        self.quota = quota
        self.due = float("inf")
        self.last_attempt = self.last_delivery = 0
        self.evicted_attempt = self.evicted_delivery = 0
        self.attempt_listeners: list[Callable[[Attempt], None]] = []
        self.delivery_listeners: list[Callable[[Delivery], None]] = []
        self._find_content = find_content
        self._attempts: dict[int, Attempt] = {}
        self._deliveries: dict[int, Delivery] = {}
        self._of: dict[Session, list[Attempt]] = {}
        self._new: list[tuple[float, int, int, Attempt]] = []
        self._count = 0
        self._by_message: dict[tuple[str, str], Delivery] = {}
        self._by_envid: dict[tuple[str, str], Delivery] = {}
        # By sender and recipient: the deliveries that can get further attempts, the
        # newest last; and those of them whose Message-ID is unknown.
        self._open: dict[tuple[str, str], dict[Delivery, None]] = {}
        self._unnamed: dict[tuple[str, str], dict[Delivery, None]] = {}
        # By client: its refused connections, and its latest attempts.
        self._refused: dict[str, list[Attempt]] = {}
        self._recent: dict[str, list[Attempt]] = {}
        quota.removal_listeners.append(self._forget)

    def attempts(self, after: int = 0) -> list[Attempt]:
        """Return the attempts, with probes, whose number is above `after`, in order."""
        return _above(self._attempts, after)

    def attempt_or_none(self, number: int) -> Attempt | None:
        """Return the attempt with this number, or None."""
        return self._attempts.get(number)

    def deliveries(self, after: int = 0) -> list[Delivery]:
        """Return the deliveries whose number is above `after`, in order."""
        return _above(self._deliveries, after)

    def delivery_or_none(self, number: int) -> Delivery | None:
        """Return the delivery with this number, or None."""
        return self._deliveries.get(number)

    def preview(self, most: int, now: float) -> list[Delivery]:
        """
        Return the newest deliveries of the journal, in order, without deriving others.

        They are independent objects: their numbers are arbitrary, and they lack the
        attempts before those that were read.

        :param most: the maximum number of attempts to read from open sessions, and
            the same from ended sessions
        :param now: seconds since the epoch
        """
        part = Deliveries(JournalQuota(), self._find_content)
        for sessions in (self.quota.open_sessions, self.quota.ended_sessions):
            part._read_newest(reversed(sessions), most, now)
        while part._new:
            part._place(heapq.heappop(part._new)[3])
        return part.deliveries()

    def _read_newest(self, sessions: Iterable[Session], most: int, now: float) -> None:
        """Add the attempts of the newest transactions, about `most` of them."""
        until = self._count + most
        for session in sessions:
            for transaction in reversed(session.transactions):
                if self._count >= until:
                    return
                if is_decided(session, transaction, now) is None:
                    self._identify(session, transaction)
                    for attempt in attempts_of(session, transaction):
                        self._add(attempt)

    def is_behind(self, most: int) -> bool:
        """Whether more than so many transactions were settled since the last time."""
        count = len(self._new)
        for session in chain(
            self.quota.open_sessions, reversed(self.quota.ended_sessions)
        ):
            if session.is_derived:
                break
            count += session.settled - session.derived
            if count > most:
                return True
        return False

    def update(self, now: float) -> None:
        """
        Derive the attempts of all transactions that were settled since the last call.

        :param now: seconds since the epoch
        """
        for _ in self.steps(now):
            pass

    def steps(self, now: float) -> Iterator[None]:
        """
        Do the same as `update` in short steps; several callers can alternate.

        :param now: seconds since the epoch
        """
        self.due = float("inf")
        sessions = self._unfinished()
        yield
        for session in sessions:
            if session.recorded and not session.is_derived:
                yield from self._look_at(session, now)
        grown: dict[Session, int] = {}
        while self._new:
            attempt = heapq.heappop(self._new)[3]
            if attempt.number not in self._attempts:
                grown[attempt.session] = grown.get(attempt.session, 0) + 1
            self._place(attempt)
            yield
        for session, count in grown.items():
            self.quota.charge(session, count * ATTEMPT_OCTETS)

    def _unfinished(self) -> list[Session]:
        """The sessions whose attempts may not all have been derived."""
        ended = []
        for session in reversed(self.quota.ended_sessions):
            if session.is_derived:
                break
            ended.append(session)
        ended.reverse()
        return [*ended, *self.quota.open_sessions]

    def _look_at(self, session: Session, now: float) -> Iterator[None]:
        """Derive the attempts of the newly settled transactions of a session."""
        while session.derived < session.settled:
            place = max(0, session.derived - session.omitted_transactions)
            transaction = session.transactions[place]
            again = is_decided(session, transaction, now)
            if again is not None:
                self.due = min(self.due, again)
                return
            session.derived = session.omitted_transactions + place + 1
            self._identify(session, transaction)
            for attempt in attempts_of(session, transaction):
                self._add(attempt)
            yield
        if session.end is not None and not session.is_derived:
            session.is_derived = True
            connection = connection_attempt(session)
            if connection is not None:
                self._add(connection)
            yield

    def _identify(self, session: Session, transaction: Transaction) -> None:
        """Record the identity of a kept mail with its transaction, if it is missing."""
        if transaction.identity is None and transaction.mail is not None:
            content = self._find_content(session.host, transaction.mail)
            if content is not None:
                identify(session, transaction, content)

    def _add(self, attempt: Attempt) -> None:
        self._count += 1
        number = int(attempt.session.id)
        heapq.heappush(self._new, (attempt.decided_at, number, self._count, attempt))

    def _place(self, attempt: Attempt) -> None:
        """Assign the number of an attempt, add it to its delivery, and notify."""
        if not attempt.number:
            attempt.number = self.last_attempt + 1
        self.last_attempt = max(self.last_attempt, attempt.number)
        self._attempts[attempt.number] = attempt
        self._of.setdefault(attempt.session, []).append(attempt)
        delivery = None
        if attempt.recipient is not None:
            delivery = self._deliver(attempt, attempt.recipient)
        elif not attempt.probe:
            delivery = self._place_refused(attempt)
        for listener in tuple(self.attempt_listeners):
            listener(attempt)
        if delivery is not None:
            for changed in tuple(self.delivery_listeners):
                changed(delivery)

    def _deliver(self, attempt: Attempt, recipient: Address) -> Delivery:
        """Add an attempt and the refused connections before it to its delivery."""
        delivery = self._join(attempt, recipient, self._refused_before(attempt))
        recent = self._recent.setdefault(attempt.session.client_ip, [])
        recent.append(attempt)
        del recent[:-RECENT]
        return delivery

    def _join(
        self, attempt: Attempt, recipient: Address, before: list[Attempt]
    ) -> Delivery:
        """
        Add an attempt to its delivery.

        :param before: the refused connections that it follows
        """
        delivery = self._delivery_of(attempt, recipient)
        self._open_or_close(delivery, closed=True)
        for refused in before:
            refused.by_time = True
            self._insert(delivery, refused, len(delivery.attempts))
        self._insert(delivery, attempt, len(delivery.attempts))
        if delivery.message_id is None and attempt.content_id is not None:
            delivery.message_id = attempt.content_id
        if delivery.envid is None:
            delivery.envid = attempt.envid
        self._index(delivery)
        self._open_or_close(delivery)
        return delivery

    def _delivery_of(self, attempt: Attempt, address: Address) -> Delivery:
        """Return the delivery of an attempt; create it if there is none."""
        recipient = address.normalized
        message_id, envid = attempt.content_id, attempt.envid
        found = None
        if message_id is not None:
            found = self._by_message.get((recipient, message_id))
        if found is None and envid is not None:
            found = self._by_envid.get((recipient, envid))
            if found is not None and not _agree(found.message_id, message_id):
                found = None
        if found is None:
            had_content = (
                attempt.transaction is not None
                and attempt.transaction.identity is not None
            )
            kind = self._unnamed if had_content else self._open
            for candidate in reversed(kind.get(_pair(attempt), {})):
                if _agree(candidate.envid, envid):
                    found = candidate
                    break
        if found is None:
            sender = attempt.sender
            assert sender is not None
            found = Delivery(self._number_of(attempt), address, sender)
            self.last_delivery = max(self.last_delivery, found.number)
            self._deliveries[found.number] = found
        return found

    def _number_of(self, first: Attempt) -> int:
        """The number of a new delivery."""
        return self.last_delivery + 1

    def _insert(self, delivery: Delivery, attempt: Attempt, place: int) -> None:
        delivery.attempts.insert(place, attempt)
        attempt.delivery = delivery

    def _index(self, delivery: Delivery) -> None:
        recipient = delivery.recipient.normalized
        if delivery.message_id is not None:
            self._by_message[recipient, delivery.message_id] = delivery
        if delivery.envid is not None:
            self._by_envid[recipient, delivery.envid] = delivery

    def _open_or_close(self, delivery: Delivery, closed: bool = False) -> None:
        """
        Index a delivery by its addresses if it can get further attempts, else not.

        :param closed: remove it from the index in any case
        """
        pair = delivery.sender.normalized, delivery.recipient.normalized
        closed = closed or not delivery.attempts or delivery.final not in _OPEN
        unnamed = delivery.message_id is None
        for kind, is_one in ((self._open, True), (self._unnamed, unnamed)):
            if is_one and not closed:
                kind.setdefault(pair, {})[delivery] = None
            elif pair in kind:
                kind[pair].pop(delivery, None)
                if not kind[pair]:
                    del kind[pair]

    def _place_refused(self, refused: Attempt) -> Delivery | None:
        """Add a refused connection to the delivery that its client attempted next."""
        client = refused.session.client_ip
        for attempt in self._following(refused):
            if precedes(refused, attempt) and attempt.delivery is not None:
                refused.by_time = True
                attempts = attempt.delivery.attempts
                place = next(
                    index for index, one in enumerate(attempts) if one is attempt
                )
                while place and _is_later(attempts[place - 1], refused):
                    place -= 1
                self._insert(attempt.delivery, refused, place)
                return attempt.delivery
        waiting = self._refused.setdefault(client, [])
        waiting[:] = [
            one for one in waiting if not self._is_over(one, refused.decided_at)
        ]
        waiting.append(refused)
        del waiting[:-MAX_REFUSED]
        return None

    def _is_over(self, refused: Attempt, now: float) -> bool:
        """Whether no attempt that begins later than `now` can follow it."""
        return now - refused.decided_at > SOON

    def _following(self, refused: Attempt) -> Iterable[Attempt]:
        """Return the last attempts of the client of a refused connection."""
        return self._recent.get(refused.session.client_ip, ())

    def _refused_before(self, attempt: Attempt) -> list[Attempt]:
        """Return and unregister the refused connections that an attempt follows."""
        client = attempt.session.client_ip
        waiting = self._refused.get(client)
        if waiting is None:
            return []
        found = [refused for refused in waiting if precedes(refused, attempt)]
        rest = [
            refused
            for refused in waiting
            if refused not in found and not self._is_over(refused, attempt.started_at)
        ]
        if rest:
            self._refused[client] = rest
        else:
            del self._refused[client]
        return found

    def _forget(self, session: Session, evicted: bool) -> None:
        """Remove the attempts of a removed session, or of its removed transactions."""
        attempts = self._of.get(session, [])
        gone, left = attempts, []
        kept: set[Transaction | None] = set()
        if session.recorded:
            # An attempt without a transaction is removed only with its session.
            kept = {None, *session.transactions}
            gone = [one for one in attempts if one.transaction not in kept]
            left = [one for one in attempts if one.transaction in kept]
        if self._new:
            self._new = [
                entry
                for entry in self._new
                if entry[3].session is not session or entry[3].transaction in kept
            ]
            heapq.heapify(self._new)
        session.octets_derived = ATTEMPT_OCTETS * len(left)
        if left:
            self._of[session] = left
        else:
            self._of.pop(session, None)
        for attempt in gone:
            self._remove(attempt, evicted)

    def _remove(self, attempt: Attempt, evicted: bool) -> None:
        del self._attempts[attempt.number]
        if evicted:
            self.evicted_attempt = max(self.evicted_attempt, attempt.number)
        client = attempt.session.client_ip
        for kind in (self._refused, self._recent):
            if attempt in kind.get(client, ()):
                kind[client].remove(attempt)
                if not kind[client]:
                    del kind[client]
        delivery, attempt.delivery = attempt.delivery, None
        if delivery is None:
            return
        self._open_or_close(delivery, closed=True)
        delivery.attempts.remove(attempt)
        if any(one.recipient is not None for one in delivery.attempts):
            self._open_or_close(delivery)
            return
        for refused in delivery.attempts:
            refused.delivery = None
            refused.by_time = False
        recipient = delivery.recipient.normalized
        self._by_message.pop((recipient, delivery.message_id or ""), None)
        self._by_envid.pop((recipient, delivery.envid or ""), None)
        del self._deliveries[delivery.number]
        if evicted:
            self.evicted_delivery = max(self.evicted_delivery, delivery.number)


def remember_removed(journal: Journal, mails: list[Mail]) -> None:
    """Record the identities of removed mails that no reader has requested yet."""
    contents: dict[str, dict[int, bytes]] = {}
    for mail in mails[-MAX_REMEMBERED:]:
        contents.setdefault(mail.origin.session, {})[mail.number] = mail.content
    for session_id, numbers in contents.items():
        try:
            session = journal.get(session_id)
        except KeyError:
            continue
        for transaction in session.transactions[-MAX_REMEMBERED:]:
            number = transaction.mail
            if number in numbers:
                identify(session, transaction, numbers[number])


def identify(session: Session, transaction: Transaction, content: bytes) -> None:
    """Record the identity of the content of a kept mail."""
    if transaction.identity is None:
        transaction.identity = identity = identity_of(content)
        transaction.octets += identity.octets
        session.octets += identity.octets


def _above(kept: dict[int, _T], number: int) -> list[_T]:
    """Return the values whose keys are above `number`, in order."""
    if not number:
        return list(kept.values())
    found = []
    for key in reversed(kept):
        if key <= number:
            break
        found.append(kept[key])
    found.reverse()
    return found


def _pair(attempt: Attempt) -> tuple[str, str]:
    assert attempt.sender is not None
    assert attempt.recipient is not None
    return attempt.sender.normalized, attempt.recipient.normalized


def _agree(one: str | None, other: str | None) -> bool:
    """Return whether two values are equal, or one of them is unknown."""
    return one is None or other is None or one == other


def _is_later(one: Attempt, refused: Attempt) -> bool:
    """Return whether one is a refused connection too, and later than the other."""
    order = (one.decided_at, one.number) > (refused.decided_at, refused.number)
    return one.recipient is None and order


def precedes(refused: Attempt, attempt: Attempt) -> bool:
    """Return whether the client made `attempt` next after the refused connection."""
    if not refused.decided_at <= attempt.started_at <= refused.decided_at + SOON:
        return False
    if refused.stage is not Command.MAIL_FROM or refused.sender is None:
        return True
    # A sender whose mail was rejected does not send that mail again.
    sender = attempt.sender
    return (
        refused.verdict is not Verdict.REJECTED
        and sender is not None
        and refused.sender.normalized == sender.normalized
    )
