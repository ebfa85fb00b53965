"""DNS questions and answers (RFC 1034 §3.7) as values, without a wire format."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

import attrs

from mocksmtp.zone.names import Name, to_name
from mocksmtp.zone.rdata import type_name

if TYPE_CHECKING:
    from mocksmtp.zone.records import Record


@attrs.frozen
class Question:
    """A question for the records of a name, of one type or of any."""

    name: Name = attrs.field(converter=to_name)
    type: int

    def __str__(self) -> str:
        return f"{self.name} {type_name(self.type)}"


class Rcode(enum.IntEnum):
    """Response codes (RFC 1035 §4.1.1, RFC 6895 §2.3)."""

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


def rcode_name(number: int) -> str:
    """``NXDOMAIN`` for 3; ``RCODE15`` for a number without a name."""
    try:
        return Rcode(number).name
    except ValueError:
        return f"RCODE{number}"


@attrs.frozen
class Answer:
    """
    A response without its wire format.

    :ivar aa: whether it is authoritative (RFC 1035 §4.1.1)
    :ivar ad: whether all of it is signed (RFC 4035 §3.2.3)
    :ivar answers: the requested records, after the CNAMEs that lead to them
    :ivar authority: the zone's SOA in a negative answer (RFC 2308 §2)
    :ivar additional: addresses of the hosts in the answer
    """

    rcode: int = Rcode.NOERROR
    aa: bool = False
    answers: tuple[Record, ...] = ()
    authority: tuple[Record, ...] = ()
    additional: tuple[Record, ...] = ()
    ad: bool = False
