"""Queries as dnspython sends them, and responses as it reads them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import dns.flags
import dns.message
from dns.rrset import RRset

from mocksmtp.dns.message import Query, read_query
from mocksmtp.zone.records import Record


def packet(name: str, type_: str = "MX", **options: Any) -> bytes:
    """A query for the records of a name; `options` as `dns.message.make_query` has."""
    return dns.message.make_query(name, type_, **options).to_wire()


def query(name: str, type_: str = "MX", **options: Any) -> Query:
    """The same, read."""
    read = read_query(packet(name, type_, **options))
    assert read is not None
    return read


def read(response: bytes) -> dns.message.Message:
    """A response, which must be well formed to the last octet."""
    return dns.message.from_wire(response)


def flags(response: bytes) -> str:
    """The names of a response's flags: ``QR AA RD RA``."""
    return dns.flags.to_text(
        dns.message.from_wire(response, ignore_trailing=True).flags
    )


def lines(section: Iterable[RRset]) -> list[str]:
    """The records of a section of a response, as lines of a zone file."""
    return [line for rrset in section for line in rrset.to_text().split("\n")]


def records(*pairs: Any) -> tuple[Record, ...]:
    """Records of names and data."""
    return tuple(Record(name, rdata) for name, rdata in pairs)
