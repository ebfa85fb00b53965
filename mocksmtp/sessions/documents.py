"""Sessions as documents: who came, what was said, and what became of the mails.

The content of a mail is never repeated there; its size and the mail's id are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import attrs

from mocksmtp.behaviors.explain import (
    considered,
    considered_document,
    names_of,
    passed_over,
)
from mocksmtp.behaviors.miss import Noted
from mocksmtp.documents.units import timestamp
from mocksmtp.grammar.command import Parameter, PathCommand
from mocksmtp.grammar.reply import Reply
from mocksmtp.mail.documents import NULL_SENDER
from mocksmtp.sessions.recall import ContentFinder, Recalled, recall
from mocksmtp.sessions.search import Attempt, fates
from mocksmtp.sessions.session import (
    EARLY,
    INJECTED,
    MAX_MISSED,
    SMUGGLING,
    Exchange,
    PeerCertificate,
    Session,
    TlsSession,
    Transaction,
)

MAX_TEXT = 2048
"""Octets of a line, and characters of a reply, that are told; more is an oddity."""

FLAGS = {EARLY: "pipelined", SMUGGLING: "smuggling", INJECTED: "injected"}
"""What a flag of an exchange is called; it is told only where it is set."""


def session_document(
    session: Session, transactions: object = None, transcript: object = None
) -> dict[str, Any]:
    """
    A session with its transactions and its transcript.

    :param transactions: what stands in it for these, if not they themselves
    :param transcript: likewise
    """
    if transactions is None:
        transactions = [transaction_document(t) for t in session.transactions]
    if transcript is None:
        transcript = list(transcript_documents(session))
    return {
        **session_summary(session),
        "transactions": transactions,
        "transcript": transcript,
        "omitted": session.omitted,
        "omittedTransactions": session.omitted_transactions,
    }


def session_summary(session: Session) -> dict[str, Any]:
    """Who came, where, when and how it ended."""
    return {
        "id": session.id,
        "host": session.host,
        "listener": session.listener,
        "clientIp": session.client_ip,
        "clientPort": session.client_port,
        "startedAt": timestamp(session.started_at),
        "endedAt": None if session.ended_at is None else timestamp(session.ended_at),
        "end": None if session.end is None else session.end.value,
        "tls": _tls(session.tls),
        "authUser": session.auth_user,
        "authMechanism": session.auth_mechanism,
        "helo": session.helo,
    }


def transaction_document(transaction: Transaction) -> dict[str, Any]:
    """A mail on its way, and what became of it and of each recipient."""
    return {
        "from": transaction.sender.address.text or NULL_SENDER,
        **_parameters(transaction.sender),
        "recipients": [
            {
                "address": fate.recipient.address.text,
                **_parameters(fate.recipient),
                "outcome": fate.outcome.value,
                "kept": fate.kept,
                **({} if fate.reply is None else {"reply": reply_document(fate.reply)}),
            }
            for fate in fates(transaction)
        ],
        "outcome": transaction.outcome.value,
        "kept": transaction.mail is not None,
        "reply": reply_document(transaction.reply),
        "mailId": _mail_id(transaction.mail),
    }


def transcript_documents(session: Session) -> Iterator[dict[str, Any]]:
    """What was said, line for line; `session` may go on meanwhile."""
    for exchange, names in _with_names(session.exchanges):
        yield exchange_document(session, exchange, names)


def _with_names(
    exchanges: Sequence[Exchange],
) -> Iterator[tuple[Exchange, Mapping[str, str]]]:
    """Exchanges, with the names of the behaviors that may have answered."""
    names: dict[str, str] = {}
    for exchange in tuple(exchanges):
        _, said, *_, note = exchange
        if note is not None:
            names = names_of(note.trail)
        elif said is not None:
            # Else it is a further reply to the same content (RFC 2033 §4.2).
            names = {}
        yield exchange, names


def exchange_document(
    session: Session, exchange: Exchange, names: Mapping[str, str]
) -> dict[str, Any]:
    """
    What a client sent, and the reply to it.

    :param names: those of behaviors that may have answered, by their ids
    """
    at, said, reply, flags, delay, note = exchange
    document: dict[str, Any] = {"at": _milliseconds(at - session.started_at)}
    if isinstance(said, bytes):
        document |= _line(said)
    elif said is not None:
        size, mail = said
        document["content"] = {"size": size, "mailId": _mail_id(mail)}
    if flags:
        document |= {name: True for flag, name in FLAGS.items() if flags & flag}
    if delay:
        document["delay"] = _milliseconds(delay)
    document["reply"] = reply_document(reply)
    source = None if reply is None else reply.source
    document["behavior"] = source
    if source is not None and source in names:
        document["behaviorName"] = names[source]
    if note is not None:
        document |= _noted(note)
    return document


def explained_transcript(
    session: Session, find_content: ContentFinder
) -> Iterator[tuple[dict[str, Any], Iterator[dict[str, Any]] | None]]:
    """
    The exchanges of a session, each with what became of the behaviors asked about it.

    That is None where it is not recorded any more.
    """
    exchanges = _with_names(session.exchanges)
    recalls = recall(session, find_content)
    for (exchange, names), recalled in zip(exchanges, recalls, strict=False):
        document = exchange_document(session, exchange, names)
        forgotten = any(walked.walk.is_forgotten for walked in recalled.walks)
        yield document, None if forgotten else considered_documents(recalled)


def considered_documents(recalled: Recalled) -> Iterator[dict[str, Any]]:
    """What became of each behavior that was asked about an exchange, in order."""
    for walked in recalled.walks:
        for one in considered(walked, recalled.at(walked.walk.point)):
            yield considered_document(one)


def _noted(note: Noted) -> dict[str, Any]:
    """What else behaviors had to do with a reply."""
    document: dict[str, Any] = {}
    if note.slowed:
        document["slowedBy"] = list(note.slowed)
    missed = [
        {
            "behavior": rule,
            **({} if name is None else {"name": name}),
            "reason": reason.value,
        }
        for rule, name, reason in islice(passed_over(note.trail), MAX_MISSED)
    ]
    if missed:
        document["passedOver"] = missed
    return document


def reply_document(reply: Reply | None) -> dict[str, Any] | None:
    r"""A reply's code and text, whose lines ``\n`` divides."""
    if reply is None or not reply.wire:
        return None
    document: dict[str, Any] = {"code": reply.code, "text": reply.text[:MAX_TEXT]}
    if len(reply.text) > MAX_TEXT:
        document["length"] = len(reply.text)
    return document


def explanation_document(attempt: Attempt) -> dict[str, Any]:
    """In what an attempt is what was asked for, and in what it is not."""
    return {
        "session": attempt.session.id,
        **({} if attempt.transaction is None else {"transaction": attempt.transaction}),
        "matched": [found.name for found in attempt.comparisons if found.matches],
        "failed": [
            {"filter": found.name, "wanted": found.wanted, "found": list(found.found)}
            for found in attempt.comparisons
            if not found.matches
        ],
    }


def _tls(tls: TlsSession | None) -> dict[str, Any] | None:
    if tls is None:
        return None
    document = {
        "version": tls.version,
        "cipher": tls.cipher,
        "sni": tls.sni,
        "clientCertificate": _peer(tls.client_certificate),
    }
    return document if tls.error is None else {**document, "error": tls.error}


def _peer(certificate: PeerCertificate | None) -> dict[str, str] | None:
    return None if certificate is None else attrs.asdict(certificate)


def _mail_id(number: int | None) -> str | None:
    return None if number is None else str(number)


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 1)


def _line(said: bytes) -> dict[str, Any]:
    r"""A line without its end; what is not UTF-8 is told as ``\xff``."""
    line = said.removesuffix(b"\r")
    text = line[:MAX_TEXT].decode(errors="backslashreplace")
    document: dict[str, Any] = {"line": text}
    if len(line) > MAX_TEXT:
        document["length"] = len(line)
    return document


def _parameters(command: PathCommand) -> dict[str, Any]:
    if not command.parameters:
        return {}
    return {"parameters": [_parameter(p) for p in command.parameters]}


def _parameter(parameter: Parameter) -> dict[str, str]:
    return {"name": parameter.name, "value": parameter.value}
