"""What happened on one connection: its transcript, and the mails that it was about."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from typing import TypeAlias

import attrs

from mocksmtp.behaviors.miss import Noted
from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.response import Effect
from mocksmtp.grammar.command import PathCommand, allows_utf8
from mocksmtp.grammar.reply import Reply
from mocksmtp.mail.decoded import plain_header
from mocksmtp.mail.fields import ParsedMessage
from mocksmtp.mail.mail import PlainRecipients
from mocksmtp.mail.refused import RefusedContent

MAX_EXCHANGES = 500
"""Exchanges of one session that are kept, the last ones; past it the older half goes.
The transactions that they are about are kept as long as there is room. To keep
exchanges as long costs each mail about 1 us more, for the collection of garbage."""

MAX_TOLD = 1000
"""Recipients of one transaction of whom it is kept what they were told."""

TRANSACTION_OCTETS = 400
"""About what a transaction takes besides its recipients, in bytes."""

RECIPIENT_OCTETS = 200
"""About what one of its recipients takes besides its text and parameters, in bytes."""

PLAIN_OCTETS = RECIPIENT_OCTETS + 50
"""About what a recipient takes whose address is ASCII, besides its octets."""

EXCHANGE_OCTETS = 150
"""About what an exchange takes besides its line, in bytes."""

MAX_IDENTITY = 1000
"""Characters of a Message-ID, or of a subject, that are recorded."""

_IDENTITY_OCTETS = 200
"""About what a `ContentIdentity` takes besides its texts, in bytes."""

_SESSION_OCTETS = 2000
"""About what a session takes before anything is said, in bytes."""

EARLY = 1
"""It came before the client could have seen the reply to what it sent before."""

SMUGGLING = 2
"""Content that has a terminator which other servers might take for its end."""

INJECTED = 4
"""Plaintext came with STARTTLS, and was thrown away (RFC 3207 §4.2)."""

MAX_MISSED = 100
"""Behaviors that were passed over other than for their condition, of which it is kept
why."""

Said: TypeAlias = bytes | tuple[int, int | None] | None
"""What a client sent: a command line, or of content its size and the number of the mail
that was kept of it; None where the server spoke first."""

Exchange: TypeAlias = tuple[float, Said, Reply | None, int, float, Noted | None]
"""What a client sent, and the reply to it.

When it came, in seconds; what it was; the reply, or None where there was none; the sum
of the flags above that hold; how many seconds later the reply left; what else behaviors
had to do with it. A plain tuple, for each command makes one.
"""


Told: TypeAlias = tuple[PathCommand, Reply | None, Effect]
"""A recipient, what its RCPT was answered, if anything, and whether it takes effect."""


@attrs.frozen
class ContentIdentity:
    """
    What a content is known by when the same mail arrives again.

    :ivar message_id: without its angle brackets; None where it has none
    :ivar subject: decoded; None where it has none
    """

    message_id: str | None
    subject: str | None

    @property
    def octets(self) -> int:
        """About how many bytes of memory it takes."""
        texts = (self.message_id, self.subject)
        return _IDENTITY_OCTETS + sum(len(text) for text in texts if text)


def identity_of(content: bytes) -> ContentIdentity:
    """Read the fields of a content that identify it, in time linear in its header."""
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
    """What became of a mail, or of one of its recipients."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    """The client was told so, whether or not it is kept all the same."""
    DISCARDED = "discarded"
    """The client was told that it is accepted, and it is not kept."""
    ABORTED = "aborted"
    """The transaction was ended before its content, or the client was told nothing."""
    OPEN = "open"


class End(enum.Enum):
    """How a session ended."""

    QUIT = "quit"
    CLOSED_BY_CLIENT = "closedByClient"
    CLOSED = "closed"
    RESET = "reset"
    TIMED_OUT = "timedOut"
    HUNG = "hung"


# Looking up a member of an enumeration takes as long as a short search.
_ACCEPTED, _REFUSED, _DISCARDED = Outcome.ACCEPTED, Outcome.REFUSED, Outcome.DISCARDED
_OPEN = Outcome.OPEN
_NONE = Effect.NONE
_NO_PLACES: list[tuple[int, int]] = []


@attrs.frozen
class PeerCertificate:
    """
    The certificate that a client has shown.

    :ivar subject: its distinguished name, as in RFC 4514
    :ivar issuer: likewise
    :ivar fingerprint: the SHA-256 of it, in hex
    """

    subject: str
    issuer: str
    fingerprint: str


@attrs.frozen
class TlsSession:
    """
    What a handshake has agreed on, or why it has failed.

    :ivar version: as OpenSSL has it: ``TLSv1.3``; None where it has failed
    :ivar cipher: as OpenSSL has it; None where it has failed
    :ivar sni: the server's name that the client asked for (RFC 6066 §3), or None
    :ivar error: why it has failed, in one line; None where it has not
    """

    version: str | None = None
    cipher: str | None = None
    sni: str | None = None
    client_certificate: PeerCertificate | None = None
    error: str | None = None


class Transaction:
    """
    A mail on its way: what MAIL and RCPT have said so far (RFC 5321 §3.3).

    :ivar sender: what MAIL named
    :ivar utf8: whether it may have addresses that are not ASCII (RFC 6531)
    :ivar discarded: the client believes in a mail that is not to be kept
    :ivar plain: the addresses of the recipients that take effect, as long as all are
        ASCII and have no parameters; then None
    :ivar contents: what each accepted recipient was answered to the content, and
        whether the mail was kept for it; None where all had the same answer
    :ivar accepted: how many recipients the client takes for accepted
    :ivar outcome: what became of it
    :ivar reply: what ended it: the reply to the content, or to a refused MAIL
    :ivar mail: the number of the mail that was kept, or None
    :ivar octets: about how many bytes of memory it takes
    :ivar size: octets of its content, or None where none has come to its end
    :ivar begun_at: when its MAIL arrived, in seconds since the epoch
    :ivar settled_at: when it ended, or when the reply that ended it was sent
    :ivar stage: the reply point at which it ended, where `ended_at` does not follow
        from the rest
    :ivar identity: what its content is known by, where no mail was kept of it or the
        mail was read for that already
    :ivar refused: its content, if that was refused and is kept
    :ivar attempt: the number of the first of its attempts, 0 if it has none; None as
        long as replicas have not numbered them
    """

    __slots__ = (
        "_places",
        "_recipients",
        "_told",
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
        self._told: list[Told] | None = None
        self._places: list[tuple[int, int]] = _NO_PLACES
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
        """Have all that another record of the same transaction has."""
        for name in Transaction.__slots__:
            setattr(self, name, getattr(other, name))

    @property
    def recipients(self) -> Sequence[PathCommand]:
        """Those that take effect."""
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
        """How many recipients take effect."""
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
        return Command.RCPT_TO if self.applied or self._told else Command.MAIL_FROM

    def tell(self, recipient: PathCommand, reply: Reply | None, effect: Effect) -> None:
        """Record that something else was answered to an RCPT than is usual."""
        if effect is not Effect.NONE:
            self.accepted += 1
        if effect is Effect.APPLY:
            self.add(recipient)
        if self._told is None:
            self._told = []
            self._places = []
        if len(self._told) < MAX_TOLD:
            self._told.append((recipient, reply, effect))
            self._places.append((self.applied, self.accepted))

    def told_with_places(self) -> Iterator[tuple[Told, tuple[int, int]]]:
        """`told`, each with how many had taken effect, and were accepted, by then."""
        return zip(self.told, self._places, strict=True)

    def restore_told(self, told: list[tuple[Told, tuple[int, int]]]) -> None:
        """Have what `told_with_places` returned."""
        if told:
            self._told = [one for one, _ in told]
            self._places = [places for _, places in told]

    def take_back(self, reply: Reply, instead: Reply | None) -> None:
        """The recipient that was named last did not receive the `reply` to it."""
        if self._told and self._told[-1][1] is reply:
            recipient, _, effect = self._told[-1]
            self._told[-1] = (recipient, instead, effect)

    def named(self) -> Iterator[PathCommand]:
        """Every recipient once: those that took effect or had content, then others."""
        if self.contents is None:
            yield from self.recipients
        else:
            yield from (recipient for recipient, _, _ in self.contents)
        for recipient, _, effect in self.told:
            if effect is Effect.NONE or (
                effect is Effect.DISCARD and self.contents is None
            ):
                yield recipient

    def in_order(self) -> Iterator[Told]:
        """
        Every RCPT, in order; None as its reply stands for the server's own 250.

        Those past `MAX_TOLD` that were answered otherwise are missing.
        """
        contents, apply = self.contents, Effect.APPLY
        accepted = [*self.recipients] if contents is None else [c[0] for c in contents]
        others = {id(told[0]): told for told in self.told}
        done = 0
        for told, (applied, places) in zip(self.told, self._places, strict=True):
            if told[2] is apply or (contents is not None and told[2] is not _NONE):
                continue
            place = applied if contents is None else places
            for path in accepted[done:place]:
                yield others.get(id(path), (path, None, apply))
            yield told
            done = place
        for path in accepted[done:]:
            yield others.get(id(path), (path, None, apply))

    @property
    def told(self) -> Sequence[Told]:
        """
        Recipients to whom something else was answered than is usual.

        With what that was, and whether they take effect; no more than `MAX_TOLD`.
        """
        return self._told or ()


def outcome_of(reply: Reply | None, kept: bool) -> Outcome:
    """What became of what was answered so, by what the client was told."""
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

    :ivar host: the name of the mail host that it reached
    :ivar listener: the address that it reached
    :ivar started_at: seconds since the epoch
    :ivar end: how it ended, or None while it lasts
    :ivar helo: the argument of the last HELO or EHLO
    :ivar tls: what the last handshake has agreed on, or why it failed; None for none
    :ivar auth_user: by which name the client has authenticated, or None
    :ivar auth_mechanism: and by which SASL mechanism
    :ivar omitted: how many exchanges were made and are not kept any more
    :ivar omitted_transactions: how many transactions there were that are not either
    :ivar recorded: whether a journal keeps it
    :ivar octets: about how many bytes of memory its transactions take
    :ivar octets_exchanged: and its exchanges
    :ivar octets_derived: and what was derived from them
    :ivar heard: when something came last, in seconds since the epoch
    :ivar pending: the transaction whose last reply has not been sent yet, or None
    :ivar derived: from how many of its transactions attempts were derived
    :ivar done: whether all its attempts were derived
    :ivar cleared: whether it was emptied while it lasted
    :ivar replica: the name of the replica that records it, None for this process
    :ivar attempt: the number of the attempt that it is itself, 0 if it is none; None as
        long as replicas have not numbered it
    :ivar weight: what `weigh` returned when the journal asked last
    :ivar weigh_at: the sum of these octets at which it asks again
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
    done: bool = False
    cleared: bool = False
    replica: str | None = None
    attempt: int | None = None

    @property
    def number(self) -> int:
        """Its place in the order of all sessions, of whatever host."""
        return int(self.id)

    @property
    def settled(self) -> int:
        """How many transactions there were."""
        return len(self.transactions) + self.omitted_transactions

    def transactions_from(self, place: int) -> list[Transaction]:
        """Those from a place on, among all that there were, that are kept."""
        return self.transactions[max(0, place - self.omitted_transactions) :]

    def forget(self) -> None:
        """Begin anew, with nothing said and no transaction."""
        self.exchanges = []
        self.transactions = []
        self.omitted = self.omitted_transactions = 0
        self.octets = self.octets_exchanged = self.octets_derived = 0
        self.weight = self.weigh_at = self.derived = 0
        self.cleared = True

    def assume(self, now: Session) -> None:
        """Have what a later record of it has; not its transactions, nor its end."""
        for name in _GROWING:
            setattr(self, name, getattr(now, name))

    def weigh(self) -> int:
        """About how many bytes of memory it takes."""
        return (
            _SESSION_OCTETS + self.octets + self.octets_exchanged + self.octets_derived
        )

    def trim(self) -> None:
        """Remove the older half of its exchanges: they are taken to be of one size."""
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
    """About how many bytes of memory exchanges take."""
    return sum(map(_octets_of, exchanges))


def _octets_of(exchange: Exchange) -> int:
    """About how many bytes of memory an exchange takes."""
    said, note = exchange[1], exchange[5]
    octets = EXCHANGE_OCTETS if note is None else EXCHANGE_OCTETS + note.octets
    return octets + len(said) if isinstance(said, bytes) else octets
