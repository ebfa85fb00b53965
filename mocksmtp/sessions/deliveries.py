"""Deliveries: all attempts to deliver one mail to one recipient, on whatever host.

Rules:

- Attempts are grouped by recipient and Message-ID, otherwise ENVID, otherwise sender.
- An attempt that ended before its content is added to the newest delivery of its sender
  and recipient that is neither accepted nor rejected yet.
- A refused connection without a recipient is added to the delivery that the same client
  attempts next within `SOON`.
- A round ends when a host that was already tried in it is tried again, or `SOON` after
  its last attempt.
- All of this is derived from the journals when it is asked for, and kept up to date
  from then on; nothing is done while a mail is received.
- What is derived from a session counts with the session's memory, and is removed
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
"""Seconds within which a client goes on with the same round."""

MAX_REFUSED = 100
"""Refused connections of one client that may be added to its next delivery."""

RECENT = 16
"""Attempts of one client, the last ones, that a refused connection may precede."""

MAX_REMEMBERED = 1000
"""Mails of those that are removed at once, the newest, whose Message-ID is recorded:
about 10 us each."""

ATTEMPT_OCTETS = 500
"""About what an attempt takes, with its part of a delivery, in bytes."""

_MailFinder: TypeAlias = Callable[[str, int], bytes | None]
"""The content of a kept mail, by the host's name and the mail's number, or None."""

_T = TypeVar("_T")
_OPEN = frozenset({Verdict.DEFERRED, Verdict.NONE})


class MatchedBy(enum.Enum):
    """What shows that attempts belong together."""

    MESSAGE_ID = "messageId"
    ENVID = "envid"
    ADDRESSES = "addresses"
    TIME = "time"


@attrs.frozen(eq=False)
class Round:
    """Attempts on one host after the other, until one is tried again."""

    attempts: tuple[Attempt, ...]

    @property
    def started_at(self) -> float:
        """When it began, in seconds since the epoch."""
        return self.attempts[0].started_at

    @property
    def ended_at(self) -> float:
        """When its last result was received."""
        return max(attempt.decided_at for attempt in self.attempts)


@attrs.define(eq=False, repr=False)
class Delivery:
    """
    All attempts to deliver one mail to one recipient.

    :ivar number: its place in the order of all deliveries
    :ivar attempts: in the order in which they were decided
    :ivar message_id: None as long as it is not known
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
        """That of the last content, or None."""
        for attempt in reversed(self.attempts):
            transaction = attempt.transaction
            if transaction is not None and transaction.identity is not None:
                return transaction.identity.subject
        return None

    @property
    def copies(self) -> int:
        """How many times the mail was kept."""
        return sum(attempt.kept for attempt in self.attempts)

    @property
    def matched_by(self) -> MatchedBy:
        """What shows that its attempts belong together."""
        if self.message_id is not None:
            return MatchedBy.MESSAGE_ID
        return MatchedBy.ADDRESSES if self.envid is None else MatchedBy.ENVID

    @property
    def rounds(self) -> list[Round]:
        """Its attempts, divided."""
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
        """Seconds from the end of each round to the beginning of the next."""
        rounds = self.rounds
        return [
            max(0.0, later.started_at - one.ended_at) for one, later in pairwise(rounds)
        ]


class Deliveries:
    """
    The attempts and deliveries of all journals that share a quota.

    Call `update` before looking at them.

    :param quota: has the sessions
    :param find_content: finds what the Message-ID is read from

    :ivar due: when the next attempt will be decided by the time alone, or infinity
    :ivar last_attempt: the number of the newest attempt, 0 before the first
    :ivar last_delivery: the number of the newest delivery, 0 before the first
    :ivar evicted_attempt: the highest number of an attempt that was evicted, 0 for none
    :ivar evicted_delivery: likewise of a delivery
    :ivar attempt_listeners: called with each new attempt
    :ivar delivery_listeners: called with each delivery that has changed
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
        # Of each sender and recipient those that may get further attempts, the newest
        # at the end; and of these, those whose Message-ID is not known.
        self._open: dict[tuple[str, str], dict[Delivery, None]] = {}
        self._unnamed: dict[tuple[str, str], dict[Delivery, None]] = {}
        # Of each client: refused connections, and its last attempts.
        self._refused: dict[str, list[Attempt]] = {}
        self._recent: dict[str, list[Attempt]] = {}
        quota.removal_listeners.append(self._forget)

    def attempts(self, after: int = 0) -> list[Attempt]:
        """All that are kept whose number is above `after`, in order; probes as well."""
        return _above(self._attempts, after)

    def attempt_or_none(self, number: int) -> Attempt | None:
        """The attempt with this number, if it is kept."""
        return self._attempts.get(number)

    def deliveries(self, after: int = 0) -> list[Delivery]:
        """All that are kept whose number is above `after`, in order."""
        return _above(self._deliveries, after)

    def delivery_or_none(self, number: int) -> Delivery | None:
        """The delivery with this number, if it is kept."""
        return self._deliveries.get(number)

    def preview(self, most: int, now: float) -> list[Delivery]:
        """
        The newest deliveries of the journal, in order, without deriving the others.

        They are values of their own: their numbers mean nothing, and attempts before
        those that were read are missing in them.

        :param most: of so many attempts, of the sessions that last, and of those that
            have ended
        :param now: seconds since the epoch
        """
        part = Deliveries(JournalQuota(), self._find_content)
        for sessions in (self.quota.lasting, self.quota.ended):
            part._read_newest(reversed(sessions), most, now)
        while part._new:
            part._place(heapq.heappop(part._new)[3])
        return part.deliveries()

    def _read_newest(self, sessions: Iterable[Session], most: int, now: float) -> None:
        """Read transactions, the newest first, until they have so many attempts."""
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
        for session in chain(self.quota.lasting, reversed(self.quota.ended)):
            if session.done:
                break
            count += session.settled - session.derived
            if count > most:
                return True
        return False

    def update(self, now: float) -> None:
        """Look at all that was settled since the last time."""
        for _ in self.steps(now):
            pass

    def steps(self, now: float) -> Iterator[None]:
        """
        The same in short steps, between which others may do it as well.

        :param now: seconds since the epoch
        """
        self.due = float("inf")
        sessions = self._unfinished()
        yield
        for session in sessions:
            if session.recorded and not session.done:
                yield from self._look_at(session, now)
        grown: dict[Session, int] = {}
        while self._new:
            attempt = heapq.heappop(self._new)[3]
            self._place(attempt)
            grown[attempt.session] = grown.get(attempt.session, 0) + 1
            yield
        for session, count in grown.items():
            self.quota.charge(session, count * ATTEMPT_OCTETS)

    def _unfinished(self) -> list[Session]:
        """The sessions whose attempts may not all have been derived."""
        ended = []
        for session in reversed(self.quota.ended):
            if session.done:
                break
            ended.append(session)
        ended.reverse()
        return [*ended, *self.quota.lasting]

    def _look_at(self, session: Session, now: float) -> Iterator[None]:
        """Derive the attempts of what was settled in a session."""
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
        if session.end is not None and not session.done:
            session.done = True
            connection = connection_attempt(session)
            if connection is not None:
                self._add(connection)
            yield

    def _identify(self, session: Session, transaction: Transaction) -> None:
        """Read the Message-ID of a mail that was kept."""
        if transaction.identity is None and transaction.mail is not None:
            content = self._find_content(session.host, transaction.mail)
            if content is not None:
                identify(session, transaction, content)

    def _add(self, attempt: Attempt) -> None:
        self._count += 1
        number = int(attempt.session.id)
        heapq.heappush(self._new, (attempt.decided_at, number, self._count, attempt))

    def _place(self, attempt: Attempt) -> None:
        """Give an attempt its number, and add it to its delivery."""
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
        """Add an attempt to its delivery."""
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
        """The delivery that an attempt is one of, which may be new."""
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
        """Have it found by its addresses, if it may get further attempts."""
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
        """Add a refused connection to what its client has attempted next, if it has."""
        client = refused.session.client_ip
        for attempt in self._following(client):
            if precedes(refused, attempt) and attempt.delivery is not None:
                refused.by_time = True
                attempts = attempt.delivery.attempts
                place = next(
                    index for index, one in enumerate(attempts) if one is attempt
                )
                self._insert(attempt.delivery, refused, place)
                return attempt.delivery
        waiting = self._refused.setdefault(client, [])
        waiting[:] = [
            one for one in waiting if refused.decided_at - one.decided_at <= SOON
        ]
        waiting.append(refused)
        del waiting[:-MAX_REFUSED]
        return None

    def _following(self, client: str) -> Iterable[Attempt]:
        """The last attempts of a client."""
        return self._recent.get(client, ())

    def _refused_before(self, attempt: Attempt) -> list[Attempt]:
        """The refused connections of this client that an attempt follows."""
        client = attempt.session.client_ip
        waiting = self._refused.get(client)
        if waiting is None:
            return []
        found = [refused for refused in waiting if precedes(refused, attempt)]
        rest = [
            refused
            for refused in waiting
            if refused not in found and attempt.started_at - refused.decided_at <= SOON
        ]
        if rest:
            self._refused[client] = rest
        else:
            del self._refused[client]
        return found

    def _forget(self, session: Session, evicted: bool) -> None:
        """A session was removed, or some of its transactions were."""
        attempts = self._of.get(session, [])
        gone, left = attempts, []
        kept: set[Transaction | None] = set()
        if session.recorded:
            # What is no part of a transaction goes only with its session.
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
    """Record what mails are known by that are removed before anybody has looked."""
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
    """Record what the content of a kept mail is known by."""
    if transaction.identity is None:
        transaction.identity = identity = identity_of(content)
        transaction.octets += identity.octets
        session.octets += identity.octets


def _above(kept: dict[int, _T], number: int) -> list[_T]:
    """The values of a dictionary, in order, whose keys are above `number`."""
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
    """Whether two that may be unknown can be the same."""
    return one is None or other is None or one == other


def precedes(refused: Attempt, attempt: Attempt) -> bool:
    """Whether a client was refused, and attempted this one next."""
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
