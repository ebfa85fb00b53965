"""The documents of sessions: the client, the transcript, and the outcome of each mail.

A document contains the size of a content and the id of its mail, not the content.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import attrs

from mocksmtp.behaviors.explain import (
    CONSIDERED,
    Considered,
    considered,
    names_of,
    passed_over,
)
from mocksmtp.behaviors.miss import Reason
from mocksmtp.documents.kinds import Array, Boolean, Integer, Optional, Text
from mocksmtp.documents.schema import MAX_INTEGER
from mocksmtp.documents.view import (
    ABSENT,
    MILLISECONDS,
    NUMBER_AS_ID,
    TIME,
    View,
    value_of,
    view_field,
)
from mocksmtp.grammar.reply import Reply
from mocksmtp.mail.documents import DIFFERENCE, NULL_SENDER, PARAMETER
from mocksmtp.sessions.recall import ContentFinder, Recalled, recall
from mocksmtp.sessions.search import ComparedAttempt, Fate, fates
from mocksmtp.sessions.session import (
    INJECTED,
    MAX_MISSED,
    PIPELINED,
    SMUGGLING,
    End,
    Exchange,
    Outcome,
    PeerCertificate,
    Session,
    TlsSession,
    Transaction,
)

MAX_TEXT = 2048
"""The maximum length of a line (in octets) and of a reply (in characters)."""

FLAGS = {PIPELINED: "pipelined", SMUGGLING: "smuggling", INJECTED: "injected"}
"""The field of each flag of an exchange; it is omitted if the flag is not set."""


_TEXT = Text()
_COUNT = Integer(0, MAX_INTEGER)
_ID = Optional(NUMBER_AS_ID)
_PARAMETERS: Array[Any] = Array(PARAMETER)


@attrs.frozen
class ShownReply:
    """
    The fields of a reply in a document.

    :ivar length: the length of the whole text, if `text` is only its beginning
    """

    code: int
    text: str
    length: object = ABSENT


def sent_reply(reply: Reply | None) -> ShownReply | None:
    """Return the document fields of a reply; None if nothing was sent."""
    if reply is None or not reply.wire:
        return None
    text = reply.text
    if len(text) <= MAX_TEXT:
        return ShownReply(reply.code, text)
    return ShownReply(reply.code, text[:MAX_TEXT], len(text))


REPLY: View[ShownReply] = View(
    "Reply",
    view_field("code", _COUNT, "code", "its code"),
    view_field("text", _TEXT, "text", "`\\n` separates lines"),
    view_field(
        "length",
        _COUNT,
        "length",
        "of a text of which only the beginning is shown",
        optional=True,
    ),
)
"""A reply."""

FATE: View[Fate] = View(
    "SessionRecipient",
    view_field("address", _TEXT, "recipient.address.text", "as it was sent"),
    view_field(
        "parameters",
        _PARAMETERS,
        lambda fate: fate.recipient.parameters or ABSENT,
        "of RCPT, if there were any",
        optional=True,
    ),
    view_field("outcome", value_of(Outcome), "outcome", "what became of it"),
    view_field("kept", Boolean(), "kept", "whether the mail was kept for it"),
    view_field(
        "reply",
        Optional(REPLY),
        lambda fate: ABSENT if fate.reply is None else sent_reply(fate.reply),
        "the reply to its RCPT, unless it was the usual 250",
        optional=True,
    ),
)
"""The outcome of a recipient."""

TRANSACTION: View[Transaction] = View(
    "Transaction",
    view_field(
        "from",
        _TEXT,
        lambda transaction: transaction.sender.address.text or NULL_SENDER,
        "as it was sent; `<>` for the null sender",
    ),
    view_field(
        "parameters",
        _PARAMETERS,
        lambda transaction: transaction.sender.parameters or ABSENT,
        "of MAIL, if there were any",
        optional=True,
    ),
    view_field("recipients", Array(FATE), fates, "all, accepted or not"),
    view_field("outcome", value_of(Outcome), "outcome", "what became of the mail"),
    view_field(
        "kept", Boolean(), lambda one: one.mail is not None, "whether it was kept"
    ),
    view_field(
        "reply",
        Optional(REPLY),
        lambda transaction: sent_reply(transaction.reply),
        "the reply that decided",
    ),
    view_field("mailId", _ID, "mail", "the id of the mail that was kept"),
)
"""A transaction, with the outcomes of the mail and of each recipient."""

CONTENT: View[tuple[int, int | None]] = View(
    "Size",
    view_field("size", _COUNT, "[0]", "octets"),
    view_field("mailId", _ID, "[1]", "the id of the mail that was kept"),
)
"""The size of a content, and the mail that was kept."""

MISS: View[tuple[str, str | None, Reason]] = View(
    "Miss",
    view_field("behavior", _TEXT, "[0]", "the id of the behavior"),
    view_field(
        "name",
        _TEXT,
        lambda miss: ABSENT if miss[1] is None else miss[1],
        "its name, if it has one",
        optional=True,
    ),
    view_field("reason", value_of(Reason), "[2]", "why it did not answer"),
)
"""A behavior that did not fire, and why."""


@attrs.define
class ShownExchange:
    """The fields of an exchange in a document; most are absent in most exchanges."""

    at: float
    reply: ShownReply | None
    behavior: str | None
    line: object = ABSENT
    length: object = ABSENT
    content: object = ABSENT
    pipelined: object = ABSENT
    smuggling: object = ABSENT
    injected: object = ABSENT
    delay: object = ABSENT
    behavior_name: object = ABSENT
    slowed_by: object = ABSENT
    passed_over: object = ABSENT
    considered: object = ABSENT


def shown_exchange(
    exchange: Exchange, started_at: float, names: Mapping[str, str]
) -> ShownExchange:
    """
    Return the document fields of an exchange.

    :param started_at: when the session began, in seconds since the epoch
    :param names: the names of the behaviors that can have decided it, by their ids
    """
    at, said, reply, flags, delay, note = exchange
    source = None if reply is None else reply.source
    one = ShownExchange(at - started_at, sent_reply(reply), source)
    if isinstance(said, bytes):
        line = said.removesuffix(b"\r")
        one.line = line[:MAX_TEXT].decode(errors="backslashreplace")
        if len(line) > MAX_TEXT:
            one.length = len(line)
    elif said is not None:
        one.content = said
    if flags:
        for flag, name in FLAGS.items():
            if flags & flag:
                setattr(one, name, True)
    if delay:
        one.delay = delay
    if source is not None:
        one.behavior_name = names.get(source, ABSENT)
    if note is not None:
        one.slowed_by = note.slowed or ABSENT
        missed = list(islice(passed_over(note.items), MAX_MISSED))
        one.passed_over = missed or ABSENT
    return one


EXCHANGE: View[ShownExchange] = View(
    "Exchange",
    view_field("at", MILLISECONDS, "at", "milliseconds since the session began"),
    view_field("line", _TEXT, "line", "what the client sent", optional=True),
    view_field("length", _COUNT, "length", "octets of a long line", optional=True),
    view_field("content", CONTENT, "content", "instead of content", optional=True),
    view_field("pipelined", Boolean(), "pipelined", "sent too early", optional=True),
    view_field(
        "smuggling", Boolean(), "smuggling", "ambiguous line ends", optional=True
    ),
    view_field(
        "injected", Boolean(), "injected", "sent behind STARTTLS", optional=True
    ),
    view_field("delay", MILLISECONDS, "delay", "milliseconds", optional=True),
    view_field("reply", Optional(REPLY), "reply", "null for no reply"),
    view_field("behavior", Optional(_TEXT), "behavior", "what decided it, or null"),
    view_field("behaviorName", _TEXT, "behavior_name", "its name", optional=True),
    view_field("slowedBy", Array(_TEXT), "slowed_by", "what delayed it", optional=True),
    view_field("passedOver", Array(MISS), "passed_over", "what did not", optional=True),
    view_field(
        "considered",
        Optional(Array(CONSIDERED)),
        "considered",
        "with `explain=true`; null where it is not recorded any more",
        optional=True,
    ),
)
"""What a client sent, and the reply; without the first if the server spoke first."""

PEER: View[PeerCertificate] = View(
    "PeerCertificate",
    view_field("subject", _TEXT, "subject", "its distinguished name (RFC 4514)"),
    view_field("issuer", _TEXT, "issuer", "that of its issuer"),
    view_field("fingerprint", _TEXT, "fingerprint", "its SHA-256, in hex"),
)
"""The certificate of a client."""

TLS: View[TlsSession] = View(
    "SessionTls",
    view_field("version", Optional(_TEXT), "version", "null if the handshake failed"),
    view_field("cipher", Optional(_TEXT), "cipher", "likewise"),
    view_field("sni", Optional(_TEXT), "sni", "the name that the client asked for"),
    view_field("clientCertificate", Optional(PEER), "client_certificate"),
    view_field(
        "error",
        _TEXT,
        lambda tls: ABSENT if tls.error is None else tls.error,
        "why the handshake failed",
        optional=True,
    ),
)
"""The result of a TLS handshake, or the reason why it failed."""


def shown_exchanges(session: Session) -> Iterator[ShownExchange]:
    """Yield the exchanges of a session; the session may continue meanwhile."""
    return shown_of(session, session.exchanges)


def shown_of(
    session: Session, exchanges: Sequence[Exchange]
) -> Iterator[ShownExchange]:
    """Yield the document fields of some exchanges of a session."""
    started_at = session.started_at
    for exchange, names in _with_names(exchanges):
        yield shown_exchange(exchange, started_at, names)


SESSION_SUMMARY: View[Session] = View(
    "SessionSummary",
    view_field("id", _TEXT, "id", "the id of the session"),
    view_field("host", _TEXT, "host", "the host that was reached"),
    view_field("listener", _TEXT, "listener", "the address that was reached"),
    view_field("clientIp", _TEXT, "client_ip", "the address of the client"),
    view_field("clientPort", _COUNT, "client_port", "its port"),
    view_field("startedAt", TIME, "started_at", "when the client connected"),
    view_field("endedAt", Optional(TIME), "ended_at", "null while it lasts"),
    view_field("end", Optional(value_of(End)), "end", "how it ended"),
    view_field("tls", Optional(TLS), "tls", "null for cleartext"),
    view_field("authUser", Optional(_TEXT), "auth_user", "the name of the user"),
    view_field(
        "authMechanism", Optional(_TEXT), "auth_mechanism", "the SASL mechanism"
    ),
    view_field("helo", _TEXT, "helo", "the argument of the last HELO or EHLO"),
)
"""The client, its address, the times, and the end of the session."""

SESSION: View[Session] = View(
    "Session",
    *SESSION_SUMMARY.fields,
    view_field("transactions", Array(TRANSACTION), "transactions", "its mails"),
    view_field("transcript", Array(EXCHANGE), shown_exchanges, "what was said"),
    view_field("omitted", _COUNT, "omitted", "exchanges that are no longer kept"),
    view_field("omittedTransactions", _COUNT, "omitted_transactions", "likewise"),
)
"""A session with its transcript and transactions."""

NEAR_ATTEMPT: View[ComparedAttempt] = View(
    "ComparedAttempt",
    view_field("session", _TEXT, "session.id", "the id of the session"),
    view_field(
        "transaction",
        _COUNT,
        lambda one: ABSENT if one.transaction is None else one.transaction,
        "its place among the transactions of the session, from 0",
        optional=True,
    ),
    view_field(
        "matched",
        Array(_TEXT),
        lambda one: (found.name for found in one.comparisons if found.matches),
        "the filters that it matches",
    ),
    view_field(
        "failed",
        Array(DIFFERENCE),
        lambda one: (found for found in one.comparisons if not found.matches),
        "the others",
    ),
)
"""An attempt that nearly matches, with the filters that do not match."""

SESSION_EXPLANATION: View[Any] = View(
    "Explanation",
    view_field("sessions", Array(SESSION), "sessions", "the sessions that match"),
    view_field("nearest", Array(NEAR_ATTEMPT), "nearest", "the nearest attempts"),
)
"""The sessions that match, and the nearest other attempts if there are too few."""


def _with_names(
    exchanges: Sequence[Exchange],
) -> Iterator[tuple[Exchange, Mapping[str, str]]]:
    """Yield exchanges, with the names of the behaviors that can have decided them."""
    names: dict[str, str] = {}
    for exchange in tuple(exchanges):
        _, said, *_, note = exchange
        if note is not None:
            names = names_of(note.items)
        elif said is not None:
            # Otherwise it is a further reply to the same content (RFC 2033 §4.2).
            names = {}
        yield exchange, names


def explained_transcript(
    session: Session, find_content: ContentFinder
) -> Iterator[tuple[dict[str, Any], Iterator[dict[str, Any]] | None]]:
    """
    Yield the documents of the exchanges of a session, each with those of its behaviors.

    The second value is the result of each behavior; None if it is no longer recorded.
    """
    exchanges = _with_names(session.exchanges)
    recalls = recall(session, find_content)
    for (exchange, names), recalled in zip(exchanges, recalls, strict=False):
        one = shown_exchange(exchange, session.started_at, names)
        forgotten = any(walked.walk.is_forgotten for walked in recalled.walks)
        yield (
            EXCHANGE.write(one),
            None if forgotten else map(CONSIDERED.write, considered_of(recalled)),
        )


def considered_of(recalled: Recalled) -> Iterator[Considered]:
    """Yield the result of each behavior that was evaluated for an exchange."""
    for walked in recalled.walks:
        yield from considered(walked, recalled.at(walked.walk.point))


@attrs.frozen
class NearMiss:
    """
    An exchange that no behavior decided although at least one nearly did.

    :ivar considered: the results of the behaviors that nearly fired
    """

    recalled: Recalled
    considered: list[Considered]

    @property
    def shown(self) -> ShownExchange:
        """The document fields of the exchange."""
        recalled = self.recalled
        return shown_exchange(recalled.exchange, recalled.session.started_at, {})

    @property
    def received_at(self) -> float:
        """When the client sent it, in seconds since the epoch."""
        return self.recalled.exchange[0]


NEAR_MISS: View[NearMiss] = View(
    "NearMiss",
    view_field("session", _TEXT, "recalled.session.id", "the id of the session"),
    view_field(
        "exchange", _COUNT, "recalled.number", "its place in the session, from 0"
    ),
    view_field("host", _TEXT, "recalled.session.host", "the host that was reached"),
    view_field(
        "clientIp", _TEXT, "recalled.session.client_ip", "the address of the client"
    ),
    view_field("receivedAt", TIME, "received_at", "when the client sent it"),
    view_field("line", _TEXT, "shown.line", "what the client sent", optional=True),
    view_field("content", CONTENT, "shown.content", "instead of it", optional=True),
    view_field("reply", Optional(REPLY), "shown.reply", "null for no reply"),
    view_field("considered", Array(CONSIDERED), "considered", "what nearly answered"),
)
"""An exchange that no behavior decided although at least one nearly did."""
