"""DNS queries as documents: who asked for what, and what was told."""

from __future__ import annotations

from typing import Any

from mocksmtp.documents.units import timestamp
from mocksmtp.zone.answer import Rcode
from mocksmtp.zone.query import DnsQuery, DnsReply
from mocksmtp.zone.types import type_name


def query_document(query: DnsQuery) -> dict[str, Any]:
    """A query and its answer; None for what could not be read, or was not there."""
    exchange = query.exchange
    question, reply = exchange.question, exchange.reply
    return {
        "id": str(query.number),
        "receivedAt": timestamp(query.at),
        "clientIp": query.client_ip,
        "clientPort": query.client_port,
        "transport": query.transport,
        "name": None if question is None else str(question.name),
        "type": None if question is None else type_name(question.type),
        "ednsSize": exchange.edns_size,
        "dnssecOk": exchange.dnssec_ok,
        "answer": None if reply is None else _reply(reply),
        "behavior": query.behavior,
    }


def _reply(reply: DnsReply) -> dict[str, Any]:
    return {
        "rcode": rcode_name(reply.rcode),
        "answers": reply.answers,
        "truncated": reply.truncated,
    }


def rcode_name(number: int) -> str:
    """``NXDOMAIN`` for 3; ``RCODE15`` where there is no better name."""
    try:
        return Rcode(number).name
    except ValueError:
        return f"RCODE{number}"
