"""The event bus: mails, sessions, behaviors, queries and changes, as numbered events.

Rules:

- Recording begins, and listeners are added to hosts, with the first reader. It goes on
  between readers, so that a reader that reconnects can continue, and stops with the
  first event later than `LINGER` seconds after the last reader has left.
- Exchanges and deliveries are recorded from the first reader that requests them.
- While events are recorded, their numbers have no gaps. The last ones are kept: at most
  `MAX_EVENTS`, using about `MAX_OCTETS` of memory.
- An event contains only what is reported: neither the content of a mail nor a
  transcript, so that it keeps nothing in memory that mailbox and journal have removed.
- The listener of `on_next_event` is called once; a reader sets it again to wait for
  more, so that a burst of events results in one call.
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
from mocksmtp.documents.units import timestamp
from mocksmtp.grammar.command import PathCommand
from mocksmtp.hosts.host import MailHost
from mocksmtp.mail.documents import NULL_SENDER
from mocksmtp.mail.mail import Envelope, Mail, Origin
from mocksmtp.mock import Change, Mock
from mocksmtp.sessions.deliveries import Delivery
from mocksmtp.sessions.delivery_documents import delivery_summary
from mocksmtp.sessions.documents import (
    EXCHANGE,
    SESSION_SUMMARY,
    TRANSACTION,
    shown_of,
)
from mocksmtp.sessions.session import Exchange, Session, Transaction
from mocksmtp.zone.answer import Question, rcode_name
from mocksmtp.zone.rdata import type_name

MAX_EVENTS = 1000
"""Maximum events kept for readers that reconnect."""

MAX_OCTETS = 2**20
"""Approximate maximum memory of the kept events, in bytes."""

MAX_RECIPIENTS = 100
"""Maximum recipients of a mail in an event."""

_MAX_TEXT = 2048
"""Maximum characters of a reply's text in an event."""

MAX_SUBJECT = 200
"""Maximum octets of the subject of a behavior in an event."""

_EVENT_OCTETS = 200
"""Approximate memory of an event without its texts, in bytes."""

_RECIPIENT_OCTETS = 200
"""Approximate memory of a recipient without its texts, in bytes."""

_PARAMETER_OCTETS = 128
"""Approximate memory of a parameter without its texts, in bytes."""

_MEMBER_OCTETS = 100
"""Approximate memory of a member of a document without its texts, in bytes."""


class EventKind(enum.Enum):
    """The kinds of events."""

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


USUAL = frozenset(EventKind) - {EventKind.EXCHANGE}
"""The kinds that a reader receives by default."""

LINGER = 60.0
"""Seconds for which events are recorded after the last reader has left."""


Kept: TypeAlias = tuple[int, Envelope, int, int, Origin]
"""A mail: its number, its envelope with at most `MAX_RECIPIENTS` recipients, the number
of all recipients, the octets of its content, and its origin."""

Settled: TypeAlias = tuple[str, str, str, Transaction, int]
"""A transaction: the session's id, client address and HELO name, the transaction with
at most `MAX_RECIPIENTS` accepted and as many refused recipients, and the number of
all recipients."""

SessionEnd: TypeAlias = tuple[Session, int]
"""A session without its exchanges, and the number of its transactions."""

Fired: TypeAlias = tuple[str, str | None, Command, int | None, str, int, bytes]
"""A match of a behavior: its id, name and command, the code of its reply (None for the
server's own code) and the text, the number of its matches, and the beginning of the
subject."""

Asked: TypeAlias = tuple[Question | None, int | None, str, str, str | None]
"""A DNS query: the question, the rcode of the response or None for silence, ``udp`` or
``tcp``, the client's address, and the id of the behavior that decided, or None."""

EventDocument: TypeAlias = dict[str, Any]
"""An event that is kept as its document, because it is rare or its source changes."""

Event: TypeAlias = tuple[EventKind, float, str | None, Any, int]
"""An event: its kind, seconds since the epoch, the name of the host, the data of its
kind such as `Kept`, and its approximate memory in bytes.

It is a plain tuple for speed: each mail creates two.
"""

_MAIL, _TRANSACTION, _SESSION = EventKind.MAIL, EventKind.TRANSACTION, EventKind.SESSION


class EventBus:
    """
    The last events of a mock.

    :param mock: publishes its hosts and changes; hosts added later are included
    :param seconds: returns the time, in seconds since the epoch

    :ivar active: whether events are recorded
    :ivar first: the number of the first event since the bus became active
    :ivar last: the number of the last event, 0 before the first
    :ivar octets: approximate memory of the kept events, in bytes
    """

    def __init__(self, mock: Mock, seconds: Callable[[], float]) -> None:
        self.active = False
        self.first = 1
        self.last = 0
        self.octets = 0
        self._mock = mock
        self._seconds = seconds
        self._events: deque[Event] = deque()
        self._next_listener: Callable[[], None] | None = None
        self._readers = 0
        self._left_at: float | None = None
        self._exchange_readers = 0
        self._exchange_left_at: float | None = None
        self._follows_exchanges = False
        self.follows_deliveries = False
        # Functions that remove the listeners of each host, and the shared ones.
        self._removers: dict[MailHost, list[Callable[[], None]]] = {}
        self._shared: list[Callable[[], None]] = []

    @property
    def oldest(self) -> int:
        """The number of the oldest kept event, or of the next one if none is kept."""
        return self.last - len(self._events) + 1

    def activate(self) -> None:
        """Begin to record events."""
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
        """Stop recording, and discard the kept events."""
        if not self.active:
            return
        self.active = self.follows_deliveries = self._follows_exchanges = False
        self._left_at = self._exchange_left_at = None
        for revoke in self._shared:
            revoke()
        for host in tuple(self._removers):
            self._leave(host)
        self._events.clear()
        self.octets = 0
        # A gap in the numbers, so that readers detect the events that they missed.
        self.last += 1

    async def open(self, kinds: Collection[EventKind], known: int | None) -> None:
        """
        Prepare for a reader of these kinds.

        :param known: the number of the last event that it knows, if it says one
        """
        self.activate()

    def close(self) -> None:
        """A reader that `open` was called for has ended."""

    def join(self, kinds: Collection[EventKind]) -> None:
        """Register a reader of these kinds; unregister it with `leave`."""
        self.activate()
        self._readers += 1
        self._left_at = None
        if EventKind.EXCHANGE in kinds:
            self._exchange_readers += 1
            self._exchange_left_at = None
            self._follow_exchanges()

    def leave(self, kinds: Collection[EventKind]) -> None:
        """Unregister a reader of these kinds."""
        self._readers -= 1
        if not self._readers:
            self._left_at = self._seconds()
        if EventKind.EXCHANGE in kinds:
            self._exchange_readers -= 1
            if not self._exchange_readers:
                self._exchange_left_at = self._seconds()

    def follow_deliveries(self) -> None:
        """Begin to record changes of deliveries; the caller must have them derived."""
        if not self.follows_deliveries:
            self.follows_deliveries = True
            listeners = self._mock.deliveries.delivery_listeners
            self._shared.append(_append(listeners, self._delivery_changed))

    def _follow_exchanges(self) -> None:
        if not self._follows_exchanges:
            self._follows_exchanges = True
            for host, revokes in self._removers.items():
                listeners = host.journal.exchange_listeners
                revokes.append(_append(listeners, self._exchanged))

    def _stop_exchanges(self) -> None:
        self._follows_exchanges = False
        for host in self._removers:
            _remove(host.journal.exchange_listeners, self._exchanged)

    def on_next_event(self, listener: Callable[[], None] | None) -> None:
        """Set the function to call once, at the next event; None removes it."""
        self._next_listener = listener

    def behind(self, number: int, limit: int) -> list[Event]:
        """Return the oldest `limit` kept events with numbers above `number`."""
        start = max(0, number + 1 - self.oldest)
        end = min(len(self._events), start + limit)
        return [self._events[index] for index in range(start, end)]

    def publish(
        self, kind: EventKind, at: float, host: str | None, data: Any, octets: int
    ) -> None:
        """
        Record an event.

        :param at: seconds since the epoch
        :param data: the data of its kind
        :param octets: the memory of its texts
        """
        if self._has_lingered:
            self.deactivate()
            return
        self._keep((kind, at, host, data, octets + _EVENT_OCTETS))

    @property
    def _has_lingered(self) -> bool:
        left_at = self._left_at
        return left_at is not None and self._seconds() - left_at > LINGER

    def _keep(self, event: Event) -> None:
        """Keep one more event for the readers."""
        events = self._events
        events.append(event)
        self.last += 1
        self.octets = kept = self.octets + event[4]
        if kept > MAX_OCTETS or len(events) > MAX_EVENTS:
            self._make_room()
        listener = self._next_listener
        if listener is not None:
            self._next_listener = None
            listener()

    def query(
        self,
        question: Question | None,
        rcode: int | None,
        transport: str,
        client_ip: str,
        behavior: str | None = None,
    ) -> None:
        """Publish a DNS query."""
        if self.active:
            asked: Asked = (question, rcode, transport, client_ip, behavior)
            self.publish(EventKind.DNS_QUERY, self._seconds(), None, asked, 0)

    def _make_room(self) -> None:
        """Remove the oldest events above the limits, but never the last event."""
        events = self._events
        while len(events) > 1 and (
            self.octets > MAX_OCTETS or len(events) > MAX_EVENTS
        ):
            self.octets -= events.popleft()[4]

    def _listen(self, host: MailHost) -> None:
        """Add listeners to `host`."""
        name = host.name
        self._leave(host)

        def kept(mail: Mail) -> None:
            envelope, size = mail.envelope, len(mail.content)
            count, octets = len(envelope.recipients), mail.weight - size
            if count > MAX_RECIPIENTS:
                named = envelope.recipients[:MAX_RECIPIENTS]
                envelope = Envelope(envelope.sender, envelope.parameters, named)
                octets = envelope.weight
            data: Kept = (mail.number, envelope, count, size, mail.origin)
            self.publish(_MAIL, mail.received_at, name, data, octets)

        def fired(rule: Rule[SmtpBehavior], decision: Decision, subject: bytes) -> None:
            reply, subject = decision.reply, subject[:MAX_SUBJECT]
            # The server's own reply is not decided yet.
            code = None if reply is None else reply.code
            text = (decision.text or "" if reply is None else reply.text)[:_MAX_TEXT]
            behavior, times = rule.behavior, rule.fired
            shown = rule.id, behavior.name, behavior.command
            data: Fired = (*shown, code, text, times, subject)
            octets = len(text) + len(subject)
            self.publish(EventKind.BEHAVIOR, self._seconds(), name, data, octets)

        def changed() -> None:
            self._publish_behaviors("smtp", name, len(host.behaviors))

        self._removers[host] = [
            _append(host.mailbox.listeners, kept),
            _append(host.journal.listeners, self._session_changed),
            partial(_leave_rules, host.behaviors, fired),
            _append(host.behaviors.change_listeners, changed),
        ]
        host.behaviors.listeners.append(fired)
        if self._follows_exchanges:
            listeners = host.journal.exchange_listeners
            self._removers[host].append(_append(listeners, self._exchanged))

    def _leave(self, host: MailHost) -> None:
        """Remove the listeners of `host`."""
        for revoke in self._removers.pop(host, ()):
            revoke()

    def _changed(self, change: Change, name: str | None) -> None:
        """Publish a change of hosts or records, or a reset."""
        if not self._mock.is_following:
            self._publish_change(change, name)
        if change is Change.HOST_REMOVED:
            for host in [host for host in self._removers if host.name == name]:
                self._leave(host)

    def _publish_change(self, change: Change, name: str | None) -> None:
        document: EventDocument = {}
        match change:
            case Change.RECORDS:
                kind, document = (
                    EventKind.RECORDS,
                    {"count": len(self._mock.zone.records)},
                )
            case Change.RESET | Change.RESTORED:
                kind, document = EventKind.RESET, {"all": change is Change.RESTORED}
            case _:
                kind, document = EventKind.HOSTS, {"change": change.value}
        self._publish_document(kind, name, document)

    def _dns_behaviors_changed(self) -> None:
        self._publish_behaviors("dns", None, len(self._mock.dns_behaviors))

    def _publish_behaviors(self, protocol: str, host: str | None, count: int) -> None:
        if self._mock.is_following:
            return
        document = {"protocol": protocol, "count": count}
        self._publish_document(EventKind.BEHAVIORS, host, document)

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
            self._publish_document(EventKind.EXCHANGE, session.host, document)

    def _delivery_changed(self, delivery: Delivery) -> None:
        attempt = delivery.attempts[-1]
        document = delivery_summary(delivery)
        self._publish_document(EventKind.DELIVERY, attempt.session.host, document)

    def _publish_document(
        self, kind: EventKind, host: str | None, document: EventDocument
    ) -> None:
        self.publish(kind, self._seconds(), host, document, document_octets(document))

    def _session_changed(self, session: Session) -> None:
        """Publish the start of a session, an outcome within it, or its end."""
        if session.replica is not None:
            return
        if session.end is not None:
            ended: SessionEnd = (_bare(session), session.settled)
            at = session.ended_at or self._seconds()
            self.publish(_SESSION, at, session.host, ended, len(session.helo))
        elif session.transactions:
            transaction = session.transactions[-1]
            count = transaction.applied
            if transaction.other_rcpts or transaction.contents is not None:
                count = sum(1 for _ in transaction.all_recipients())
            if count > MAX_RECIPIENTS:
                transaction = _trimmed(transaction)
            helo = session.helo
            data: Settled = (session.id, session.client_ip, helo, transaction, count)
            octets = len(helo) + _weight(transaction)
            self.publish(_TRANSACTION, self._seconds(), session.host, data, octets)
        elif not (session.settled or session.cleared):
            begun = _bare(session)
            at = session.started_at
            self.publish(EventKind.SESSION_STARTED, at, session.host, begun, 0)


T = TypeVar("T")


def _append(listeners: list[T], listener: T) -> Callable[[], None]:
    """Add a listener; return a function that removes it."""
    listeners.append(listener)
    return partial(_remove, listeners, listener)


def _remove(listeners: list[T], listener: T) -> None:
    if listener in listeners:
        listeners.remove(listener)


def _leave_rules(rules: SmtpRules, listener: Any) -> None:
    """Remove a listener of `rules`; the list is replaced, as it may be in iteration."""
    rules.listeners = [one for one in rules.listeners if one is not listener]


def document_octets(document: EventDocument) -> int:
    """Approximate memory of a document, in bytes."""
    octets = 0
    for value in document.values():
        octets += _MEMBER_OCTETS
        if isinstance(value, str):
            octets += len(value)
        elif isinstance(value, dict):
            octets += document_octets(value)
        elif isinstance(value, list):
            octets += sum(document_octets({"": one}) for one in value)
    return octets


def _bare(session: Session) -> Session:
    """A copy of a session without its exchanges."""
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
    """A copy with at most `MAX_RECIPIENTS` accepted and as many refused recipients."""
    named = list(transaction.recipients[:MAX_RECIPIENTS])
    kept = {id(recipient) for recipient in named}
    applied = [told for told in transaction.other_rcpts if id(told[0]) in kept]
    others = [told for told in transaction.other_rcpts if told[2] is not Effect.APPLY]
    trimmed = Transaction(transaction.sender)
    for told in (*applied, *others[:MAX_RECIPIENTS]):
        trimmed.record_rcpt(*told)
    trimmed.recipients = named
    if transaction.contents is not None:
        trimmed.contents = transaction.contents[:MAX_RECIPIENTS]
    trimmed.outcome = transaction.outcome
    trimmed.reply = transaction.reply
    trimmed.mail = transaction.mail
    return trimmed


def _weight(transaction: Transaction) -> int:
    """Approximate memory of a transaction with its texts, in bytes."""
    octets = _path_octets(transaction.sender)
    for recipient in transaction.recipients:
        octets += _path_octets(recipient)
    for recipient, reply, _ in (
        *transaction.other_rcpts,
        *(transaction.contents or ()),
    ):
        octets += _path_octets(recipient) + (0 if reply is None else len(reply.text))
    return octets if transaction.reply is None else octets + len(transaction.reply.text)


def _path_octets(command: PathCommand) -> int:
    octets = _RECIPIENT_OCTETS + len(command.address.text)
    for parameter in command.parameters:
        octets += _PARAMETER_OCTETS + len(parameter.name) + len(parameter.value)
    return octets


def event_document(event: Event) -> dict[str, Any]:
    """When it was, on which host, and what its kind tells."""
    kind, at, host, told, _ = event
    document: dict[str, Any] = {"at": timestamp(at)}
    if host is not None:
        document["host"] = host
    return document | told_document(kind, told)


def told_document(kind: EventKind, told: Any) -> EventDocument:
    """What an event of a kind tells; it may be that document already."""
    return told if isinstance(told, dict) else _DOCUMENTS[kind](told)


def _mail(told: Kept) -> dict[str, Any]:
    number, envelope, count, size, origin = told
    return {
        "id": str(number),
        "from": envelope.sender.text or NULL_SENDER,
        "recipients": [recipient.address.text for recipient in envelope.recipients],
        "recipientCount": count,
        "size": size,
        "clientIp": origin.client_ip,
        "helo": origin.helo,
        "session": origin.session,
    }


def _transaction(told: Settled) -> dict[str, Any]:
    session, client_ip, helo, transaction, count = told
    return {
        "session": session,
        "clientIp": client_ip,
        "helo": helo,
        **TRANSACTION.write(transaction),
        "recipientCount": count,
    }


def _session(told: SessionEnd) -> dict[str, Any]:
    session, transactions = told
    return {**SESSION_SUMMARY.write(session), "transactionCount": transactions}


def _behavior(told: Fired) -> dict[str, Any]:
    rule, name, command, code, text, times, subject = told
    return {
        "behavior": rule,
        **({} if name is None else {"behaviorName": name}),
        "command": command.value,
        "reply": {"code": code, "text": text} if code is not None or text else None,
        "fired": times,
        "subject": subject.decode(errors="replace"),
    }


def _dns_query(told: Asked) -> dict[str, Any]:
    question, rcode, transport, client_ip, behavior = told
    return {
        "name": None if question is None else str(question.name),
        "type": None if question is None else type_name(question.type),
        "rcode": None if rcode is None else rcode_name(rcode),
        "transport": transport,
        "clientIp": client_ip,
        "behavior": behavior,
    }


_DOCUMENTS: dict[EventKind, Callable[[Any], dict[str, Any]]] = {
    EventKind.MAIL: _mail,
    EventKind.TRANSACTION: _transaction,
    EventKind.SESSION: _session,
    EventKind.BEHAVIOR: _behavior,
    EventKind.DNS_QUERY: _dns_query,
    EventKind.SESSION_STARTED: SESSION_SUMMARY.write,
}
