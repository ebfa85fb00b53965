"""What happens, told as it happens: mails, transactions, sessions, behaviors, queries.

Rules:

- Nothing is noted, and no host is listened to, before somebody wants to hear of it;
  from then on all is noted, so that a reader who was cut off can go on.
- Events have numbers without a gap. The last ones are kept, `MAX_EVENTS` of them and
  about `MAX_OCTETS` of memory at the most.
- An event holds what is told of it and nothing besides: no content of a mail, and no
  transcript, lest more be held than mailbox and journal keep.
- A bell rings once, at the next event: who wants to hear of more hangs it up again,
  so that a burst of events costs no more than one does.
"""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Callable
from typing import Any, TypeAlias

from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.response import Effect
from mocksmtp.behaviors.rule import Rule
from mocksmtp.behaviors.smtp import Decision, SmtpBehavior
from mocksmtp.grammar.command import PathCommand
from mocksmtp.hosts.host import MailHost
from mocksmtp.mail.mail import Envelope, Mail, Origin
from mocksmtp.mock import Mock
from mocksmtp.sessions.session import Session, Transaction
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


class Kind(enum.Enum):
    """What an event is about."""

    MAIL = "mail"
    TRANSACTION = "transaction"
    SESSION = "session"
    BEHAVIOR = "behavior"
    DNS_QUERY = "dnsQuery"


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

Event: TypeAlias = tuple[Kind, float, str | None, Any, int]
"""What it is about, seconds since the epoch, the name of the host, `Kept` or what
else goes with its kind, and about how many bytes of memory it takes.

A plain tuple, for each mail makes two.
"""

_MAIL, _TRANSACTION, _SESSION = Kind.MAIL, Kind.TRANSACTION, Kind.SESSION


class EventBus:
    """
    The last events of a mock.

    :param mock: whose hosts are listened to, those that come later too
    :param seconds: the time, in seconds since the epoch

    :ivar active: whether events are noted
    :ivar last: the number of the last event, 0 before the first
    :ivar octets: about how much memory the kept ones take, in bytes
    """

    def __init__(self, mock: Mock, seconds: Callable[[], float]) -> None:
        self.active = False
        self.last = 0
        self.octets = 0
        self._mock = mock
        self._seconds = seconds
        self._events: deque[Event] = deque()
        self._bell: Callable[[], None] | None = None

    @property
    def oldest(self) -> int:
        """The number of the oldest event that is kept, or of the next to come."""
        return self.last - len(self._events) + 1

    def activate(self) -> None:
        """Note all events from now on."""
        if not self.active:
            self.active = True
            self._mock.watch(self._listen)

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

        host.mailbox.listeners.append(kept)
        host.journal.listeners.append(self._hear)
        host.behaviors.listeners.append(fired)

    def _hear(self, session: Session) -> None:
        """Something about a session is settled; that it begins is no event."""
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
