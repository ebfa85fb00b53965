"""What happens on the service, as events: mails, sessions, behaviors, queries, changes.

Rules:

- Nothing is noted, and no host is listened to, before the first reader; from then on
  everything is noted, so that a reader that was cut off can continue. `LINGER` seconds
  after the last reader has left, the next event ends that.
- Exchanges and deliveries are noted from the first reader on that asks for them.
- Events have numbers without a gap, as long as they are noted. The last ones are kept:
  at most `MAX_EVENTS`, and about `MAX_OCTETS` of memory.
- An event holds only what is reported of it: no content of a mail, and no transcript,
  lest more be held than mailbox and journal keep.
- A bell rings once, at the next event; a reader that waits for more sets it again, so
  that a burst of events costs no more than one event.
"""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any, TypeAlias, TypeVar

from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.response import Effect
from mocksmtp.behaviors.rule import Rule
from mocksmtp.behaviors.smtp import Decision, SmtpBehavior, SmtpRules
from mocksmtp.grammar.command import PathCommand
from mocksmtp.hosts.host import MailHost
from mocksmtp.mail.mail import Envelope, Mail, Origin
from mocksmtp.mock import Change, Mock
from mocksmtp.sessions.deliveries import Delivery
from mocksmtp.sessions.delivery_documents import delivery_summary
from mocksmtp.sessions.documents import EXCHANGE, shown_of
from mocksmtp.sessions.session import Exchange, Session, Transaction
from mocksmtp.zone.answer import Question

MAX_EVENTS = 1000
"""How many events are kept for those who were cut off."""

MAX_OCTETS = 2**20
"""About how much memory they may take, in bytes."""

MAX_RECIPIENTS = 100
"""How many recipients of a mail an event names."""

MAX_TEXT = 2048
"""Characters of a reply's text that are told."""

MAX_SUBJECT = 200
"""Octets that are told of what a behavior fired on."""

_EVENT_OCTETS = 200
"""About what an event takes besides its texts, in bytes."""

_RECIPIENT_OCTETS = 200
"""About what a recipient takes besides its texts, in bytes."""

_PARAMETER_OCTETS = 128
"""About what a parameter takes besides its texts, in bytes."""

_MEMBER_OCTETS = 100
"""About what a member of a document takes besides its texts, in bytes."""


class Kind(enum.Enum):
    """What an event is about."""

    MAIL = "mail"
    TRANSACTION = "transaction"
    SESSION = "session"
    BEHAVIOR = "behavior"
    DNS_QUERY = "dnsQuery"
    SESSION_STARTED = "sessionStarted"
    EXCHANGE = "exchange"
    DELIVERY = "delivery"
    BEHAVIORS = "behaviors"
    HOSTS = "hosts"
    RECORDS = "records"
    RESET = "reset"


USUAL = frozenset(Kind) - {Kind.EXCHANGE}
"""What a reader is sent unless it asks for other kinds."""

LINGER = 60.0
"""Seconds for which events are noted after the last reader has left."""


Kept: TypeAlias = tuple[int, Envelope, int, int, Origin]
"""A mail: its number, its envelope with `MAX_RECIPIENTS` recipients at the most, how
many there are, the octets of its content, and where it came from."""

Settled: TypeAlias = tuple[str, str, str, Transaction, int]
"""A transaction: the session's id, client and HELO name, the transaction with
`MAX_RECIPIENTS` recipients of a kind at the most, and how many there are."""

Ended: TypeAlias = tuple[Session, int]
"""A session, without what was said in it, and how many transactions it had."""

Fired: TypeAlias = tuple[str, str | None, Command, int | None, str, int, bytes]
"""A behavior's id and name, its command, the code and text that it answered, None for
the code where it leaves that to the server, how often it has answered, and the
beginning of what it looked at."""

Asked: TypeAlias = tuple[Question | None, int | None, str, str, str | None]
"""What DNS was asked, the rcode of the answer or None for silence, ``udp`` or ``tcp``,
who asked, and the id of the behavior that decided on it."""

Document: TypeAlias = dict[str, Any]
"""An event that is held as it is sent: it tells of what changes, or is seldom."""

Event: TypeAlias = tuple[Kind, float, str | None, Any, int]
"""What it is about, seconds since the epoch, the name of the host, `Kept` or what
else goes with its kind, and about how many bytes of memory it takes.

A plain tuple, for each mail makes two.
"""

_MAIL, _TRANSACTION, _SESSION = Kind.MAIL, Kind.TRANSACTION, Kind.SESSION


class EventBus:
    """
    The last events of a mock.

    :param mock: whose hosts are listened to, also those that are added later
    :param seconds: the time, in seconds since the epoch

    :ivar active: whether events are noted
    :ivar first: the number of the first event since it is active
    :ivar last: the number of the last event, 0 before the first
    :ivar octets: about how much memory the kept ones take, in bytes
    """

    def __init__(self, mock: Mock, seconds: Callable[[], float]) -> None:
        self.active = False
        self.first = 1
        self.last = 0
        self.octets = 0
        self._mock = mock
        self._seconds = seconds
        self._events: deque[Event] = deque()
        self._bell: Callable[[], None] | None = None
        self._readers = 0
        self._left_at: float | None = None
        self._exchange_readers = 0
        self._exchange_left_at: float | None = None
        self._follows_exchanges = False
        self.follows_deliveries = False
        # What ends the listening: to each host, and to what all hosts share.
        self._heard: dict[MailHost, list[Callable[[], None]]] = {}
        self._shared: list[Callable[[], None]] = []

    @property
    def oldest(self) -> int:
        """The number of the oldest event that is kept, or of the next to come."""
        return self.last - len(self._events) + 1

    def activate(self) -> None:
        """Note all events from now on."""
        if self.active:
            return
        self.active = True
        self.first = self.last + 1
        mock = self._mock
        self._shared = [
            mock.watch(self._listen),
            _append(mock.listeners, self._changed),
            _append(mock.dns_behaviors.change_listeners, self._dns_behaviors_changed),
        ]

    def deactivate(self) -> None:
        """Note nothing any more, and forget what was noted."""
        if not self.active:
            return
        self.active = self.follows_deliveries = self._follows_exchanges = False
        self._left_at = self._exchange_left_at = None
        for revoke in self._shared:
            revoke()
        for host in tuple(self._heard):
            self._leave(host)
        self._events.clear()
        self.octets = 0
        # Readers of the last event have missed something.
        self.last += 1

    def join(self, kinds: Collection[Kind]) -> None:
        """A reader of these kinds has come; call `leave` with them when it leaves."""
        self.activate()
        self._readers += 1
        self._left_at = None
        if Kind.EXCHANGE in kinds:
            self._exchange_readers += 1
            self._exchange_left_at = None
            self._follow_exchanges()

    def leave(self, kinds: Collection[Kind]) -> None:
        """A reader of these kinds has left."""
        self._readers -= 1
        if not self._readers:
            self._left_at = self._seconds()
        if Kind.EXCHANGE in kinds:
            self._exchange_readers -= 1
            if not self._exchange_readers:
                self._exchange_left_at = self._seconds()

    def follow_deliveries(self) -> None:
        """Note each change of a delivery from now on; who derives them is not asked."""
        if not self.follows_deliveries:
            self.follows_deliveries = True
            listeners = self._mock.deliveries.delivery_listeners
            self._shared.append(_append(listeners, self._delivery_changed))

    def _follow_exchanges(self) -> None:
        if not self._follows_exchanges:
            self._follows_exchanges = True
            for host, revokes in self._heard.items():
                listeners = host.journal.exchange_listeners
                revokes.append(_append(listeners, self._exchanged))

    def _stop_exchanges(self) -> None:
        self._follows_exchanges = False
        for host in self._heard:
            _remove(host.journal.exchange_listeners, self._exchanged)

    def on_next(self, bell: Callable[[], None] | None) -> None:
        """Have `bell` called once, at the next event; None takes it away."""
        self._bell = bell

    def behind(self, number: int, limit: int) -> list[Event]:
        """The oldest `limit` of those kept whose number is above `number`."""
        start = max(0, number + 1 - self.oldest)
        end = min(len(self._events), start + limit)
        return [self._events[index] for index in range(start, end)]

    def publish(
        self, kind: Kind, at: float, host: str | None, told: Any, octets: int
    ) -> None:
        """Note an event, `octets` being what it takes besides a usual one."""
        left_at = self._left_at
        if left_at is not None and self._seconds() - left_at > LINGER:
            self.deactivate()
            return
        events = self._events
        octets += _EVENT_OCTETS
        events.append((kind, at, host, told, octets))
        self.last += 1
        self.octets = kept = self.octets + octets
        if kept > MAX_OCTETS or len(events) > MAX_EVENTS:
            self._make_room()
        bell = self._bell
        if bell is not None:
            self._bell = None
            bell()

    def query(
        self,
        question: Question | None,
        rcode: int | None,
        transport: str,
        client_ip: str,
        behavior: str | None = None,
    ) -> None:
        """DNS was asked."""
        if self.active:
            asked: Asked = (question, rcode, transport, client_ip, behavior)
            self.publish(Kind.DNS_QUERY, self._seconds(), None, asked, 0)

    def _make_room(self) -> None:
        """The last event stays, however large it is."""
        events = self._events
        while len(events) > 1 and (
            self.octets > MAX_OCTETS or len(events) > MAX_EVENTS
        ):
            self.octets -= events.popleft()[4]

    def _listen(self, host: MailHost) -> None:
        """Hear what happens on `host`, and hold nothing of it."""
        name = host.name
        self._leave(host)

        def kept(mail: Mail) -> None:
            envelope, size = mail.envelope, len(mail.content)
            count, octets = len(envelope.recipients), mail.weight - size
            if count > MAX_RECIPIENTS:
                named = envelope.recipients[:MAX_RECIPIENTS]
                envelope = Envelope(envelope.sender, envelope.parameters, named)
                octets = envelope.weight
            told: Kept = (mail.number, envelope, count, size, mail.origin)
            self.publish(_MAIL, mail.received_at, name, told, octets)

        def fired(rule: Rule[SmtpBehavior], decision: Decision, subject: bytes) -> None:
            reply, subject = decision.reply, subject[:MAX_SUBJECT]
            # The code of the server's own reply is not known yet.
            code = None if reply is None else reply.code
            text = (decision.text or "" if reply is None else reply.text)[:MAX_TEXT]
            behavior, times = rule.behavior, rule.fired
            shown = rule.id, behavior.name, behavior.command
            told: Fired = (*shown, code, text, times, subject)
            octets = len(text) + len(subject)
            self.publish(Kind.BEHAVIOR, self._seconds(), name, told, octets)

        def changed() -> None:
            self._tell_behaviors("smtp", name, len(host.behaviors))

        self._heard[host] = [
            _append(host.mailbox.listeners, kept),
            _append(host.journal.listeners, self._hear),
            partial(_leave_rules, host.behaviors, fired),
            _append(host.behaviors.change_listeners, changed),
        ]
        host.behaviors.listeners.append(fired)
        if self._follows_exchanges:
            listeners = host.journal.exchange_listeners
            self._heard[host].append(_append(listeners, self._exchanged))

    def _leave(self, host: MailHost) -> None:
        """Listen to a host no longer."""
        for revoke in self._heard.pop(host, ()):
            revoke()

    def _changed(self, change: Change, name: str | None) -> None:
        """The hosts or the records have changed, or were reset."""
        document: Document = {}
        match change:
            case Change.RECORDS:
                kind, document = Kind.RECORDS, {"count": len(self._mock.zone.records)}
            case Change.RESET | Change.RESTORED:
                kind, document = Kind.RESET, {"all": change is Change.RESTORED}
            case _:
                kind, document = Kind.HOSTS, {"change": change.value}
        self._publish_document(kind, name, document)
        if change is Change.HOST_REMOVED:
            for host in [host for host in self._heard if host.name == name]:
                self._leave(host)

    def _dns_behaviors_changed(self) -> None:
        self._tell_behaviors("dns", None, len(self._mock.dns_behaviors))

    def _tell_behaviors(self, protocol: str, host: str | None, count: int) -> None:
        document = {"protocol": protocol, "count": count}
        self._publish_document(Kind.BEHAVIORS, host, document)

    def _exchanged(self, session: Session, exchanges: Sequence[Exchange]) -> None:
        left_at = self._exchange_left_at
        if left_at is not None and self._seconds() - left_at > LINGER:
            self._stop_exchanges()
            return
        first = session.omitted + len(session.exchanges) - len(exchanges)
        for number, shown in enumerate(shown_of(session, exchanges), first):
            document = {
                "session": session.id,
                "clientIp": session.client_ip,
                "number": number,
                "exchange": EXCHANGE.write(shown),
            }
            self._publish_document(Kind.EXCHANGE, session.host, document)

    def _delivery_changed(self, delivery: Delivery) -> None:
        attempt = delivery.attempts[-1]
        document = delivery_summary(delivery)
        self._publish_document(Kind.DELIVERY, attempt.session.host, document)

    def _publish_document(
        self, kind: Kind, host: str | None, document: Document
    ) -> None:
        self.publish(kind, self._seconds(), host, document, _document_octets(document))

    def _hear(self, session: Session) -> None:
        """A session has begun, a transaction of it is settled, or it has ended."""
        if session.end is not None:
            ended: Ended = (_bare(session), session.settled)
            at = session.ended_at or self._seconds()
            self.publish(_SESSION, at, session.host, ended, len(session.helo))
        elif session.transactions:
            transaction = session.transactions[-1]
            count = len(transaction.recipients)
            if transaction.told or transaction.contents is not None:
                count = sum(1 for _ in transaction.named())
            if count > MAX_RECIPIENTS:
                transaction = _trimmed(transaction)
            helo = session.helo
            told: Settled = (session.id, session.client_ip, helo, transaction, count)
            octets = len(helo) + _weight(transaction)
            self.publish(_TRANSACTION, self._seconds(), session.host, told, octets)
        elif not (session.settled or session.cleared):
            begun = _bare(session)
            at = session.started_at
            self.publish(Kind.SESSION_STARTED, at, session.host, begun, 0)


T = TypeVar("T")


def _append(listeners: list[T], listener: T) -> Callable[[], None]:
    """Add a listener; answer what removes it."""
    listeners.append(listener)
    return partial(_remove, listeners, listener)


def _remove(listeners: list[T], listener: T) -> None:
    if listener in listeners:
        listeners.remove(listener)


def _leave_rules(rules: SmtpRules, listener: Any) -> None:
    """Remove a listener of a list of behaviors, which may be calling it."""
    rules.listeners = [one for one in rules.listeners if one is not listener]


def _document_octets(document: Document) -> int:
    """About how many bytes of memory a document takes."""
    octets = 0
    for value in document.values():
        octets += _MEMBER_OCTETS
        if isinstance(value, str):
            octets += len(value)
        elif isinstance(value, dict):
            octets += _document_octets(value)
    return octets


def _bare(session: Session) -> Session:
    """A session as it is now, without what was said in it."""
    return Session(
        session.id,
        session.host,
        session.listener,
        session.client_ip,
        session.client_port,
        session.started_at,
        session.ended_at,
        session.end,
        session.helo,
    )


def _trimmed(transaction: Transaction) -> Transaction:
    """The same with `MAX_RECIPIENTS` of those that took effect and of the others."""
    named = list(transaction.recipients[:MAX_RECIPIENTS])
    kept = {id(recipient) for recipient in named}
    applied = [told for told in transaction.told if id(told[0]) in kept]
    others = [told for told in transaction.told if told[2] is not Effect.APPLY]
    trimmed = Transaction(transaction.sender)
    for told in (*applied, *others[:MAX_RECIPIENTS]):
        trimmed.tell(*told)
    trimmed.recipients = named
    if transaction.contents is not None:
        trimmed.contents = transaction.contents[:MAX_RECIPIENTS]
    trimmed.outcome = transaction.outcome
    trimmed.reply = transaction.reply
    trimmed.mail = transaction.mail
    return trimmed


def _weight(transaction: Transaction) -> int:
    """About how many bytes of memory it takes, with its texts."""
    octets = _path_octets(transaction.sender)
    for recipient in transaction.recipients:
        octets += _path_octets(recipient)
    for recipient, reply, _ in (*transaction.told, *(transaction.contents or ())):
        octets += _path_octets(recipient) + (0 if reply is None else len(reply.text))
    return octets if transaction.reply is None else octets + len(transaction.reply.text)


def _path_octets(command: PathCommand) -> int:
    octets = _RECIPIENT_OCTETS + len(command.address.text)
    for parameter in command.parameters:
        octets += _PARAMETER_OCTETS + len(parameter.name) + len(parameter.value)
    return octets
