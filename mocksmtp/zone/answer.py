"""DNS records, questions and answers (RFC 1034 §3.6 to §3.7), with no wire format."""

from __future__ import annotations

import enum

import attrs

from mocksmtp.zone.kinds import within
from mocksmtp.zone.names import Name, to_name
from mocksmtp.zone.rdata import Rdata
from mocksmtp.zone.types import type_name

DEFAULT_TTL = 60
"""Seconds that a record may be kept, unless it says otherwise."""

MAX_TTL = 2**31 - 1
"""RFC 2181 §8."""


@attrs.frozen
class Record:
    """A resource record of class IN: what `name` is told to have, for `ttl` seconds."""

    name: Name = attrs.field(converter=to_name)
    rdata: Rdata
    ttl: int = attrs.field(default=DEFAULT_TTL, validator=within(MAX_TTL))

    @property
    def type(self) -> int:
        """The number of the record's type."""
        return self.rdata.type


@attrs.frozen
class Question:
    """What is asked: the records of a type, or of any, that a name has."""

    name: Name = attrs.field(converter=to_name)
    type: int

    def __str__(self) -> str:
        return f"{self.name} {type_name(self.type)}"


class Rcode(enum.IntEnum):
    """How a question was answered (RFC 1035 §4.1.1, RFC 6895 §2.3)."""

    NOERROR = 0
    FORMERR = 1
    SERVFAIL = 2
    NXDOMAIN = 3
    NOTIMP = 4
    REFUSED = 5
    YXDOMAIN = 6
    YXRRSET = 7
    NXRRSET = 8
    NOTAUTH = 9
    NOTZONE = 10
    BADVERS = 16


@attrs.frozen
class Answer:
    """
    A response without its wire format.

    :ivar aa: whether it speaks with authority (RFC 1035 §4.1.1)
    :ivar ad: whether all of it is signed (RFC 4035 §3.2.3)
    :ivar answers: what was asked for, after the aliases that lead to it
    :ivar authority: for "there is none", the zone's SOA (RFC 2308 §2)
    :ivar additional: addresses that will be wanted next
    """

    rcode: int = Rcode.NOERROR
    aa: bool = False
    answers: tuple[Record, ...] = ()
    authority: tuple[Record, ...] = ()
    additional: tuple[Record, ...] = ()
    ad: bool = False
