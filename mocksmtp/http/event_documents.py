"""Events as documents: when, on which host, and what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mocksmtp.documents.units import timestamp
from mocksmtp.events import Asked, Ended, Event, Fired, Kept, Kind, Settled
from mocksmtp.mail.documents import NULL_SENDER
from mocksmtp.sessions.documents import session_summary, transaction_document
from mocksmtp.zone.answer import rcode_name
from mocksmtp.zone.rdata import type_name


def event_document(event: Event) -> dict[str, Any]:
    """When it was, on which host, and what its kind tells."""
    kind, at, host, told, _ = event
    document: dict[str, Any] = {"at": timestamp(at)}
    if host is not None:
        document["host"] = host
    return document | _DOCUMENTS[kind](told)


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
        **transaction_document(transaction),
        "recipientCount": count,
    }


def _session(told: Ended) -> dict[str, Any]:
    session, transactions = told
    return {**session_summary(session), "transactionCount": transactions}


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


_DOCUMENTS: dict[Kind, Callable[[Any], dict[str, Any]]] = {
    Kind.MAIL: _mail,
    Kind.TRANSACTION: _transaction,
    Kind.SESSION: _session,
    Kind.BEHAVIOR: _behavior,
    Kind.DNS_QUERY: _dns_query,
}
