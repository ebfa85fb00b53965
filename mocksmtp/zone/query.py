"""DNS queries as they are remembered, with no wire format."""

from __future__ import annotations

import attrs

from mocksmtp.zone.answer import Question
from mocksmtp.zone.names import Name

UDP = "udp"
TCP = "tcp"


@attrs.frozen
class DnsReply:
    """
    What a query was told.

    :ivar answers: how many records the answer section has
    :ivar truncated: whether TC was set
    """

    rcode: int
    answers: int
    truncated: bool


@attrs.frozen
class DnsExchange:
    """
    What was asked and what was told: the same for many queries.

    :ivar question: None where it could not be read
    :ivar edns_size: the octets that the client takes over UDP; None without EDNS
    :ivar dnssec_ok: whether DO was set (RFC 3225 §3)
    :ivar reply: None where there was silence, or octets without a whole header
    """

    question: Question | None
    edns_size: int | None
    dnssec_ok: bool
    reply: DnsReply | None


@attrs.frozen
class DnsQuery:
    """
    A query that was met.

    :ivar number: where it stands in the order of all, from 1
    :ivar at: when it came, in seconds since the epoch
    :ivar behavior: the id of the behavior that decided on it, or None for the zone
    """

    number: int
    at: float
    client_ip: str
    client_port: int
    transport: str
    exchange: DnsExchange
    behavior: str | None = None


@attrs.frozen
class QueryFilter:
    """Which queries are meant; what is None is not looked at.

    A type is meant by what was asked for: `ANY` is that type, not all of them.
    """

    name: Name | None = None
    type: int | None = None
    client_ip: str | None = None
    transport: str | None = None

    def matches(self, query: DnsQuery) -> bool:
        """Whether `query` is meant."""
        question = query.exchange.question
        asked = (question.name, question.type) if question else (None, None)
        return (
            self.name in (None, asked[0])
            and self.type in (None, asked[1])
            and self.client_ip in (None, query.client_ip)
            and self.transport in (None, query.transport)
        )
