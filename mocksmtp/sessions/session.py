"""A session: one connection of a client, with its transcript and transactions."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from typing import TypeAlias

import attrs

from mocksmtp.behaviors.miss import Trail
from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.response import Effect
from mocksmtp.grammar.command import PathCommand, allows_utf8
from mocksmtp.grammar.reply import Reply
from mocksmtp.mail.decoded import plain_header
from mocksmtp.mail.fields import ParsedMessage
from mocksmtp.mail.mail import PlainRecipients
from mocksmtp.mail.refused import RefusedContent

MAX_EXCHANGES = 500
"""The maximum number of exchanges of a session; above it the older half is removed.
Transactions are kept longer, as long as there is memory. Keeping exchanges as long as
transactions would cost each mail about 1 us more, for the garbage collection."""

MAX_OTHER_RCPTS = 1000
"""The maximum number of recipients of a transaction whose replies are recorded."""

TRANSACTION_OCTETS = 400
"""The approximate memory of a transaction without its recipients, in bytes."""

RECIPIENT_OCTETS = 200
"""The approximate memory of a recipient without its text and parameters, in bytes."""

PLAIN_OCTETS = RECIPIENT_OCTETS + 50
"""The approximate memory of a recipient with an ASCII address, without its octets, in
bytes."""

EXCHANGE_OCTETS = 150
"""The approximate memory of an exchange without its line, in bytes."""

MAX_IDENTITY = 1000
"""The maximum length of a recorded Message-ID or subject, in characters."""

_IDENTITY_OCTETS = 200
"""The approximate memory of a `ContentIdentity` without its texts, in bytes."""

_SESSION_OCTETS = 2000
"""The approximate memory of a session without exchanges and transactions, in bytes."""

PIPELINED = 1
"""Flag: it arrived before the client can have received the previous reply."""

SMUGGLING = 2
"""Flag: the content contains a line end that other servers may read as its end."""

INJECTED = 4
"""Flag: plaintext arrived with STARTTLS, and was discarded (RFC 3207 §4.2)."""

MAX_MISSED = 100
"""The maximum number of behaviors of a trail that did not fire for another reason than
their condition."""

ClientInput: TypeAlias = bytes | tuple[int, int | None] | None
"""What a client sent: the octets of a command line; or, for a content, its size in
octets and the number of its mail, None if it was not kept; None if the server spoke
first."""

Exchange: TypeAlias = tuple[float, ClientInput, Reply | None, int, float, Trail | None]
"""What a client sent, and the reply to it.

The time of its arrival, in seconds since the epoch; what the client sent; the reply, or
None; the sum of the flags above; the seconds from its arrival to the reply; the trail
of the behaviors, or None. It is a tuple, because each command creates one.
"""


RcptResult: TypeAlias = tuple[PathCommand, Reply | None, Effect]
"""A recipient, the reply to its RCPT (None for no reply), and the effect of RCPT."""


@attrs.frozen
class ContentIdentity:
    """
    The values that identify a content when the same mail arrives again.

    :ivar message_id: the Message-ID without angle brackets, or None
    :ivar subject: the decoded subject, or None
    """

    message_id: str | None
    subject: str | None

    @property
    def octets(self) -> int:
        """The approximate memory that it occupies, in bytes."""
        texts = (self.message_id, self.subject)
        return _IDENTITY_OCTETS + sum(len(text) for text in texts if text)


def identity_of(content: bytes) -> ContentIdentity:
    """Return the identity of a content, in time linear in the size of its header."""
    plain = plain_header(content)
    if plain is not None:
        name, title = plain.message_id, plain.subject
        return ContentIdentity(
            None if name is None else name[:MAX_IDENTITY],
            None if title is None else title.strip(" \t")[:MAX_IDENTITY],
        )
    message = ParsedMessage(content)
    message_id = next(message.fields("message-id"), None)
    subject = next(message.fields("subject"), None)
    return ContentIdentity(
        None if message_id is None else message_id.text.strip("<> \t")[:MAX_IDENTITY],
        None if subject is None else subject.text[:MAX_IDENTITY],
    )


class Outcome(enum.Enum):
    """The outcome of a mail, or of one of its recipients, for the client."""

    ACCEPTED = "accepted"
    """The client received 2xx, and the mail was kept."""
    REFUSED = "refused"
    """The client received 4xx or 5xx, whether or not the mail was kept."""
    DISCARDED = "discarded"
    """The client received 2xx, and the mail was not kept."""
    ABORTED = "aborted"
    """The transaction ended before its content, or the client received no reply."""
    OPEN = "open"
    """The transaction has not ended."""


class End(enum.Enum):
    """How a session ended."""

    QUIT = "quit"
    CLOSED_BY_CLIENT = "closedByClient"
    CLOSED = "closed"
    RESET = "reset"
    TIMED_OUT = "timedOut"
    HUNG = "hung"


# Looking up a member of an enumeration costs as much as a short search.
_ACCEPTED, _REFUSED, _DISCARDED = Outcome.ACCEPTED, Outcome.REFUSED, Outcome.DISCARDED
_OPEN = Outcome.OPEN
_NONE = Effect.NONE
_NO_COUNTS: list[tuple[int, int]] = []


@attrs.frozen
class PeerCertificate:
    """
    The certificate of a client.

    :ivar subject: its distinguished name (RFC 4514)
    :ivar issuer: the distinguished name of its issuer (RFC 4514)
    :ivar fingerprint: its SHA-256, in hexadecimal
    """

    subject: str
    issuer: str
    fingerprint: str


@attrs.frozen
class TlsSession:
    """
    The result of a TLS handshake.

    :ivar version: OpenSSL's name of the version, for example ``TLSv1.3``; None if the
        handshake failed
    :ivar cipher: OpenSSL's name of the cipher; None if the handshake failed
    :ivar sni: the server name that the client requested (RFC 6066 §3), or None
    :ivar client_certificate: the certificate of the client, or None
    :ivar error: the reason of the failure, in one line; None if it succeeded
    """

    version: str | None = None
    cipher: str | None = None
    sni: str | None = None
    client_certificate: PeerCertificate | None = None
    error: str | None = None


class Transaction:
    """
    A mail transaction: the sender, the recipients and the outcome (RFC 5321 §3.3).

    :ivar sender: the path of MAIL
    :ivar utf8: whether addresses with other characters than ASCII are allowed (RFC
        6531)
    :ivar discarded: whether the mail will not be kept although the client receives 2xx
    :ivar plain: the addresses of the recipients that take effect, if all are ASCII and
        without parameters; else None
    :ivar contents: for each accepted recipient, the reply to the content and whether
        the mail was kept for it (LMTP); None if one reply was for all of them
    :ivar accepted: the number of recipients whose RCPT the client sees as accepted
    :ivar outcome: the outcome
    :ivar reply: the reply that ended it, to the content or to a refused MAIL
    :ivar mail: the number of the kept mail, or None
    :ivar octets: the approximate memory that it occupies, in bytes
    :ivar size: the size of its content in octets; None without a complete content
    :ivar begun_at: when its MAIL arrived, in seconds since the epoch
    :ivar settled_at: when it ended, or when the reply that ended it was sent; in
        seconds since the epoch
    :ivar stage: the reply point at which it ended, if `ended_at` cannot derive it;
        else None
    :ivar identity: the identity of its content, if it was read already; else None
    :ivar refused: its content, if it was refused and is kept; else None
    :ivar attempt: the number of the first of its attempts; 0 without attempts; None
        until the replicas have numbered them
    """

    __slots__ = (
        "_counts",
        "_other_rcpts",
        "_recipients",
        "accepted",
        "attempt",
        "begun_at",
        "contents",
        "discarded",
        "identity",
        "mail",
        "octets",
        "outcome",
        "plain",
        "refused",
        "reply",
        "sender",
        "settled_at",
        "size",
        "stage",
        "utf8",
    )

    def __init__(self, sender: PathCommand, discarded: bool = False) -> None:
        self.sender = sender
        self.utf8 = bool(sender.parameters) and allows_utf8(sender.parameters)
        self.discarded = discarded
        self.plain: list[bytes] | None = []
        self._recipients: Sequence[PathCommand] = ()
        self._other_rcpts: list[RcptResult] | None = None
        self._counts: list[tuple[int, int]] = _NO_COUNTS
        self.contents: list[tuple[PathCommand, Reply | None, bool]] | None = None
        self.accepted = 0
        self.outcome = _OPEN
        self.reply: Reply | None = None
        self.mail: int | None = None
        self.octets = TRANSACTION_OCTETS
        self.size: int | None = None
        self.begun_at = self.settled_at = 0.0
        self.stage: Command | None = None
        self.identity: ContentIdentity | None = None
        self.refused: RefusedContent | None = None
        self.attempt: int | None = None

    def become(self, other: Transaction) -> None:
        """Copy all fields of another record of the same transaction."""
        for name in Transaction.__slots__:
            setattr(self, name, getattr(other, name))

    @property
    def recipients(self) -> Sequence[PathCommand]:
        """The recipients that take effect, in the order of RCPT."""
        plain = self.plain
        if plain is None:
            return self._recipients
        return PlainRecipients(plain) if plain else ()

    @recipients.setter
    def recipients(self, recipients: Sequence[PathCommand]) -> None:
        self.plain = None
        self._recipients = recipients

    @property
    def applied(self) -> int:
        """The number of recipients that take effect."""
        return len(self._recipients if self.plain is None else self.plain)

    def add(self, recipient: PathCommand) -> None:
        """Add a recipient that takes effect."""
        if self.plain is not None:
            self.recipients = list(self.recipients)
        assert isinstance(self._recipients, list)
        self._recipients.append(recipient)

    @property
    def ended_at(self) -> Command:
        """The reply point at which it ended."""
        if self.stage is not None:
            return self.stage
        if self.size is not None:
            return Command.DATA
        return (
            Command.RCPT_TO if self.applied or self._other_rcpts else Command.MAIL_FROM
        )

    def record_rcpt(
        self, recipient: PathCommand, reply: Reply | None, effect: Effect
    ) -> None:
        """
        Record an RCPT with another reply than the server's own 250.

        :param reply: the reply; None for no reply
        :param effect: the effect of the RCPT
        """
        if effect is not Effect.NONE:
            self.accepted += 1
        if effect is Effect.APPLY:
            self.add(recipient)
        if self._other_rcpts is None:
            self._other_rcpts = []
            self._counts = []
        if len(self._other_rcpts) < MAX_OTHER_RCPTS:
            self._other_rcpts.append((recipient, reply, effect))
            self._counts.append((self.applied, self.accepted))

    def other_rcpts_with_counts(self) -> Iterator[tuple[RcptResult, tuple[int, int]]]:
        """Yield `other_rcpts` with the numbers of applied and accepted ones so far."""
        return zip(self.other_rcpts, self._counts, strict=True)

    def restore_other_rcpts(
        self, rcpt: list[tuple[RcptResult, tuple[int, int]]]
    ) -> None:
        """Set what `other_rcpts_with_counts` returned."""
        if rcpt:
            self._other_rcpts = [one for one, _ in rcpt]
            self._counts = [places for _, places in rcpt]

    def replace_reply(self, reply: Reply, instead: Reply | None) -> None:
        """Replace the recorded `reply` to the last RCPT, if it was not received."""
        if self._other_rcpts and self._other_rcpts[-1][1] is reply:
            recipient, _, effect = self._other_rcpts[-1]
            self._other_rcpts[-1] = (recipient, instead, effect)

    def all_recipients(self) -> Iterator[PathCommand]:
        """Yield every recipient once; first those that took effect or had content."""
        if self.contents is None:
            yield from self.recipients
        else:
            yield from (recipient for recipient, _, _ in self.contents)
        for recipient, _, effect in self.other_rcpts:
            if effect is Effect.NONE or (
                effect is Effect.DISCARD and self.contents is None
            ):
                yield recipient

    def all_rcpts(self) -> Iterator[RcptResult]:
        """
        Yield every RCPT, in order; None as its reply means the server's own 250.

        RCPTs with other replies above `MAX_OTHER_RCPTS` are missing.
        """
        contents, apply = self.contents, Effect.APPLY
        accepted = [*self.recipients] if contents is None else [c[0] for c in contents]
        others = {id(rcpt[0]): rcpt for rcpt in self.other_rcpts}
        done = 0
        for rcpt, (applied, places) in zip(self.other_rcpts, self._counts, strict=True):
            if rcpt[2] is apply or (contents is not None and rcpt[2] is not _NONE):
                continue
            place = applied if contents is None else places
            for path in accepted[done:place]:
                yield others.get(id(path), (path, None, apply))
            yield rcpt
            done = place
        for path in accepted[done:]:
            yield others.get(id(path), (path, None, apply))

    @property
    def other_rcpts(self) -> Sequence[RcptResult]:
        """At most `MAX_OTHER_RCPTS` RCPTs with another reply than the server's own."""
        return self._other_rcpts or ()


def outcome_of(reply: Reply | None, kept: bool) -> Outcome:
    """
    Return the outcome that a reply means for the client.

    :param reply: the reply to the content; None for no reply
    :param kept: whether the mail was kept
    """
    if reply is None or (reply.raw is not None and not reply.is_readable):
        return Outcome.ABORTED
    if reply.code // 100 != 2:
        return _REFUSED
    return _ACCEPTED if kept else _DISCARDED


_GROWING = (
    *("helo", "tls", "auth_user", "auth_mechanism", "exchanges", "omitted"),
    *("octets_exchanged", "heard", "cleared", "attempt"),
)
"""What of a session may change while it lasts; transactions are only added."""


@attrs.define(eq=False)
class Session:
    """
    One connection of a client.

    :ivar id: its id: its number, as text
    :ivar host: the name of the mail host
    :ivar listener: the address of the listener
    :ivar started_at: when the client connected, in seconds since the epoch
    :ivar ended_at: when the session ended, in seconds since the epoch; None while open
    :ivar end: how it ended; None while open
    :ivar helo: the argument of the last HELO or EHLO
    :ivar tls: the result of the last TLS handshake; None without one
    :ivar auth_user: the name of the authenticated user, or None
    :ivar auth_mechanism: the SASL mechanism of the authentication, or None
    :ivar exchanges: the transcript, without the removed exchanges
    :ivar transactions: the settled transactions, without the removed ones
    :ivar omitted: the number of removed exchanges
    :ivar omitted_transactions: the number of removed transactions
    :ivar recorded: whether a journal contains it
    :ivar octets: the approximate memory of its transactions, in bytes
    :ivar octets_exchanged: the approximate memory of its exchanges, in bytes
    :ivar octets_derived: the approximate memory of its attempts, in bytes
    :ivar heard: when the last octets arrived, in seconds since the epoch
    :ivar pending: the transaction whose last reply has not been sent yet, or None
    :ivar derived: the number of transactions from which attempts were derived
    :ivar is_derived: whether all its attempts were derived
    :ivar cleared: whether it was cleared while it was open
    :ivar replica: the name of the replica that records it; None for this process
    :ivar attempt: the number of the attempt that the session itself is; 0 if it is
        none; None until the replicas have numbered it
    :ivar weight: the last value of `weigh` that the journal counted, in bytes
    :ivar weigh_at: the sum of `octets` and `octets_exchanged` above which the journal
        weighs it again
    """

    id: str
    host: str
    listener: str
    client_ip: str
    client_port: int
    started_at: float
    ended_at: float | None = None
    end: End | None = None
    helo: str = ""
    tls: TlsSession | None = None
    auth_user: str | None = None
    auth_mechanism: str | None = None
    exchanges: list[Exchange] = attrs.Factory(list)
    transactions: list[Transaction] = attrs.Factory(list)
    omitted: int = 0
    omitted_transactions: int = 0
    recorded: bool = False
    octets: int = 0
    octets_exchanged: int = 0
    octets_derived: int = 0
    weight: int = 0
    weigh_at: int = 0
    heard: float = 0.0
    pending: Transaction | None = None
    derived: int = 0
    is_derived: bool = False
    cleared: bool = False
    replica: str | None = None
    attempt: int | None = None

    @property
    def number(self) -> int:
        """Its number in the order of the sessions of all hosts."""
        return int(self.id)

    @property
    def settled(self) -> int:
        """The number of settled transactions, including removed ones."""
        return len(self.transactions) + self.omitted_transactions

    def transactions_from(self, place: int) -> list[Transaction]:
        """Return the kept transactions from the one with this index on."""
        return self.transactions[max(0, place - self.omitted_transactions) :]

    def forget(self) -> None:
        """Remove all exchanges and transactions, without counting them as omitted."""
        self.exchanges = []
        self.transactions = []
        self.omitted = self.omitted_transactions = 0
        self.octets = self.octets_exchanged = self.octets_derived = 0
        self.weight = self.weigh_at = self.derived = 0
        self.cleared = True

    def assume(self, now: Session) -> None:
        """Copy the growing fields of a later record, without transactions and end."""
        for name in _GROWING:
            setattr(self, name, getattr(now, name))

    def weigh(self) -> int:
        """Return the approximate memory that it occupies, in bytes."""
        return (
            _SESSION_OCTETS + self.octets + self.octets_exchanged + self.octets_derived
        )

    def trim(self) -> None:
        """Remove the older half of its exchanges, as if all had the same size."""
        count = len(self.exchanges)
        del self.exchanges[: count // 2]
        self.omitted += count // 2
        kept = count - count // 2
        self.octets_exchanged = self.octets_exchanged * kept // count

    def shrink(self) -> bool:
        """
        Remove the older half of its exchanges and of its transactions, and count them.

        :return: False where there were none
        """
        exchanges, transactions = self.exchanges, self.transactions
        if not exchanges and not transactions:
            return False
        gone = (len(exchanges) + 1) // 2
        del exchanges[:gone]
        self.omitted += gone
        gone = (len(transactions) + 1) // 2
        del transactions[:gone]
        self.omitted_transactions += gone
        self.octets_exchanged = weigh_exchanges(exchanges)
        self.octets = sum(transaction.octets for transaction in transactions)
        return True


def weigh_exchanges(exchanges: list[Exchange]) -> int:
    """Return the approximate memory that exchanges occupy, in bytes."""
    return sum(map(_octets_of, exchanges))


def _octets_of(exchange: Exchange) -> int:
    """Return the approximate memory that an exchange occupies, in bytes."""
    said, note = exchange[1], exchange[5]
    octets = EXCHANGE_OCTETS if note is None else EXCHANGE_OCTETS + note.octets
    return octets + len(said) if isinstance(said, bytes) else octets
