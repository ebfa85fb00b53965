"""The documents of attempts and deliveries."""

from __future__ import annotations

from typing import Any

import attrs

from mocksmtp.behaviors.point import Command
from mocksmtp.documents.document import Document, field
from mocksmtp.documents.kinds import (
    Array,
    Boolean,
    Choice,
    Integer,
    Kind,
    Named,
    Number,
    Optional,
    Text,
)
from mocksmtp.documents.schema import MAX_INTEGER, TEXT, Schema
from mocksmtp.documents.units import MAX_SECONDS, timestamp
from mocksmtp.grammar.address import Address
from mocksmtp.grammar.reply import Reply
from mocksmtp.mail.documents import NULL_SENDER
from mocksmtp.sessions.attempts import STAGES, Attempt, Verdict
from mocksmtp.sessions.deliveries import Delivery, MatchedBy
from mocksmtp.sessions.documents import MAX_TEXT

_COUNT = Integer(0, MAX_INTEGER)
_TEXT = Text()
_VERDICT = Choice(Verdict, "verdict")
_STAGE = Choice(Command, "stage", *(c for c in Command if c not in STAGES))
_MATCHED_BY = Choice(MatchedBy, "criterion")


class Time(Kind[str]):
    """The kind of a field that is a time (RFC 3339)."""

    def written_schema(self, named: Named) -> Schema:
        """Return the schema: a text."""
        return {**TEXT, "format": "date-time"}


_TIME = Time()


@attrs.frozen(kw_only=True)
class ReplyFields:
    """A reply."""

    code: int = field(Integer(0, 999), "its code")
    text: str = field(_TEXT, "its text; `\\n` separates lines")


_REPLY = Document(ReplyFields, "AttemptReply")


@attrs.frozen(kw_only=True)
class AttemptFields:
    """One recipient in one transaction, or a connection without a recipient."""

    id: str = field(_TEXT, "assigned when the attempt is decided")
    started_at: str = field(_TIME, "time of MAIL, or of the connection")
    decided_at: str = field(_TIME, "when the deciding reply was sent")
    host: str = field(_TEXT, "the host that the client reached")
    listener: str = field(_TEXT, "its address and port")
    session: str = field(_TEXT, "id of the session")
    client_ip: str = field(_TEXT, "address of the client")
    helo: str = field(_TEXT, "argument of its HELO or EHLO")
    tls: bool = field(Boolean(), "whether the session was encrypted")
    stage: Command = field(_STAGE, "the point at which the verdict was decided")
    sender: str | None = field(
        Optional(_TEXT), "reverse-path, `<>` for the null one; null before MAIL"
    )
    recipient: str | None = field(
        Optional(_TEXT), "forward-path; null where none was named"
    )
    reply: ReplyFields | None = field(
        Optional(_REPLY), "the reply that decided; null where there was none"
    )
    verdict: Verdict = field(
        _VERDICT,
        "`accepted` (2xx after the content), `deferred` (4xx), `rejected` (5xx), "
        "`none` (no reliable result)",
    )
    kept: bool = field(
        Boolean(), "whether the mail is in the mailbox for this recipient"
    )
    behavior: str | None = field(
        Optional(_TEXT), "id of the behavior that gave the reply, or null"
    )
    mail_id: str | None = field(Optional(_TEXT), "id of the mail that was kept")
    message_id: str | None = field(
        Optional(_TEXT), "Message-ID, once known for the delivery"
    )
    envid: str | None = field(Optional(_TEXT), "ENVID of MAIL (RFC 3461)")
    subject: str | None = field(Optional(_TEXT), "decoded subject")
    size: int | None = field(Optional(_COUNT), "octets of the content")
    probe: bool = field(
        Boolean(), "true for a client that only checked the server", default=False
    )
    matched_by: MatchedBy | None = field(
        _MATCHED_BY,
        "`time` for a refused connection that was added to the next delivery",
        default=None,
    )


ATTEMPT = Document(AttemptFields, "SmtpAttempt")


@attrs.frozen(kw_only=True)
class DeliveryFields:
    """All attempts to deliver one mail to one recipient."""

    id: str = field(_TEXT, "assigned with its first attempt")
    recipient: str = field(_TEXT, "forward-path")
    sender: str = field(_TEXT, "reverse-path, `<>` for the null one")
    message_id: str | None = field(Optional(_TEXT), "Message-ID, once known")
    subject: str | None = field(Optional(_TEXT), "decoded subject, once known")
    final: Verdict = field(_VERDICT, "the last verdict")
    verdicts: tuple[Verdict, ...] = field(
        Array(_VERDICT), "the verdicts of all attempts, in order"
    )
    hosts: tuple[str, ...] = field(Array(_TEXT), "the host of each attempt")
    copies: int = field(_COUNT, "how many times the mail was kept")
    rounds: tuple[tuple[AttemptFields, ...], ...] = field(
        Array(Array(ATTEMPT)), "the attempts of each round"
    )
    backoffs: tuple[float, ...] = field(
        Array(Number(0, MAX_SECONDS * 1000)),
        "milliseconds from the end of each round to the start of the next",
    )
    matched_by: MatchedBy = field(
        _MATCHED_BY,
        "what the attempts have in common: `messageId`, `envid`, or `addresses`",
    )


DELIVERY = Document(DeliveryFields, "Delivery")


def attempt_document(attempt: Attempt) -> dict[str, Any]:
    """Return the document of an attempt."""
    return ATTEMPT.write(_attempt(attempt))


def delivery_document(delivery: Delivery) -> dict[str, Any]:
    """Return the document of a delivery with all its attempts."""
    rounds = delivery.rounds
    return DELIVERY.write(
        DeliveryFields(
            id=str(delivery.number),
            recipient=delivery.recipient.text,
            sender=_path(delivery.sender),
            message_id=delivery.message_id,
            subject=delivery.subject,
            final=delivery.final,
            verdicts=tuple(one.verdict for one in delivery.attempts),
            hosts=tuple(one.session.host for one in delivery.attempts),
            copies=delivery.copies,
            rounds=tuple(tuple(map(_attempt, one.attempts)) for one in rounds),
            backoffs=tuple(round(one * 1000, 1) for one in delivery.backoffs),
            matched_by=delivery.matched_by,
        )
    )


def delivery_summary(delivery: Delivery) -> dict[str, Any]:
    """Return a short document of a delivery, with its last attempt only."""
    return {
        "id": str(delivery.number),
        "recipient": delivery.recipient.text,
        "sender": _path(delivery.sender),
        "messageId": delivery.message_id,
        "subject": delivery.subject,
        "final": delivery.final.value,
        "copies": delivery.copies,
        "attemptCount": len(delivery.attempts),
        "attempt": attempt_document(delivery.attempts[-1]),
    }


def _attempt(attempt: Attempt) -> AttemptFields:
    session, transaction = attempt.session, attempt.transaction
    sender, reply, recipient = attempt.sender, attempt.reply, attempt.recipient
    mail = None if transaction is None or not attempt.kept else transaction.mail
    tls = session.tls is not None and session.tls.error is None
    return AttemptFields(
        id=str(attempt.number),
        started_at=timestamp(attempt.started_at),
        decided_at=timestamp(attempt.decided_at),
        host=session.host,
        listener=session.listener,
        session=session.id,
        client_ip=session.client_ip,
        helo=session.helo,
        tls=tls,
        stage=attempt.stage,
        sender=None if sender is None else _path(sender),
        recipient=None if recipient is None else recipient.text,
        reply=_reply(reply),
        verdict=attempt.verdict,
        kept=attempt.kept,
        behavior=None if reply is None else reply.source,
        mail_id=None if mail is None else str(mail),
        message_id=attempt.message_id,
        envid=attempt.envid,
        subject=attempt.subject,
        size=None if transaction is None else transaction.size,
        probe=attempt.probe,
        matched_by=MatchedBy.TIME if attempt.by_time else None,
    )


def _reply(reply: Reply | None) -> ReplyFields | None:
    if reply is None or not reply.wire:
        return None
    return ReplyFields(code=reply.code, text=reply.text[:MAX_TEXT])


def _path(address: Address) -> str:
    return address.text or NULL_SENDER
