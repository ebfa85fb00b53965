"""Behaviors of DNS: to this question, if this condition holds, answer this."""

from __future__ import annotations

import enum

import attrs

from mocksmtp.model.condition import Condition, MatchAll
from mocksmtp.model.fault import NO_DELAY, Delay, Fixed
from mocksmtp.model.gate import OPEN, Gate
from mocksmtp.model.target import Target
from mocksmtp.model.turns import InTurn
from mocksmtp.model.zone import Record


class DnsSubject(enum.Enum):
    """What a condition on a query can look at."""

    NAME = "name"
    TYPE = "type"
    CLIENT_IP = "clientIp"
    TRANSPORT = "transport"

    @property
    def meaning(self) -> str:
        """What its value is."""
        return _MEANINGS[self]


_MEANINGS = {
    DnsSubject.NAME: "the name that is asked for, in lower case and without its final "
    "dot; the root is `.`",
    DnsSubject.TYPE: "the type that is asked for, as `MX` or `TYPE65280`",
    DnsSubject.CLIENT_IP: "the client's address",
    DnsSubject.TRANSPORT: "`udp` or `tcp`",
}


def parse_dns_target(text: str) -> Target:
    """
    The target of that name.

    :raises ValueError: there is none
    """
    try:
        return Target(DnsSubject(text))
    except ValueError:
        known = ", ".join(each.value for each in DnsSubject)
        raise ValueError(f"unknown target {text[:64]!r}; one of: {known}") from None


class DnsThen(enum.Enum):
    """What else becomes of an answer."""

    CONTINUE = "continue"
    DROP = "drop"
    """There is none, and the client waits."""
    TRUNCATE = "truncate"
    """Over UDP it has no records, and TC says that TCP has them (RFC 2181 §9)."""
    CLOSE = "close"
    """There is none, and over TCP the connection is closed."""

    @property
    def is_silent(self) -> bool:
        """Whether nothing is answered."""
        return self in (DnsThen.DROP, DnsThen.CLOSE)


class Wrong(enum.Enum):
    """What of an answer is not as it must be."""

    ID = "id"
    """Another one than the query's."""
    QUESTION = "question"
    """For another name than was asked for."""
    SIZE = "size"
    """A datagram is larger than the client takes, where the answer is."""


@attrs.frozen
class DnsResponse:
    """
    What a behavior answers, and what it does besides.

    :ivar rcode: None for 0 where there are `records`, else for the zone's
    :ivar records: the answer section; None for the zone's, or none where there is an
        `rcode`
    :ivar ad: whether the answer is called signed; None where the zone is to tell
    :ivar delay: before the answer
    :ivar raw: octets in the place of an answer, behind the ID of the query
    :ivar times: how often it is given before the next one is, or None for ever
    """

    rcode: int | None = None
    records: tuple[Record, ...] | None = None
    ad: bool | None = None
    delay: Delay = NO_DELAY
    then: DnsThen = DnsThen.CONTINUE
    wrong: Wrong | None = None
    raw: bytes | None = None
    times: int | None = 1

    @property
    def speaks(self) -> bool:
        """Whether it says what is to be answered."""
        return not (self.rcode is None and self.records is None and self.raw is None)

    @property
    def is_modifier(self) -> bool:
        """Whether it only slows down what somebody else answers."""
        changes = self.ad is not None or self.wrong is not None
        return not (self.speaks or changes or self.then is not DnsThen.CONTINUE)

    @property
    def draws(self) -> bool:
        """Whether its delay is by chance."""
        return not isinstance(self.delay, Fixed)


def _several(
    given: DnsResponse | tuple[DnsResponse, ...],
) -> tuple[DnsResponse, ...]:
    return given if isinstance(given, tuple) else (given,)


@attrs.frozen
class DnsBehavior(InTurn[DnsResponse]):
    """
    One rule.

    :ivar types: the types of queries that it is for; none for every query
    :ivar responses: what it answers, one after the other
    :ivar number_of_answer: how many times it fires for each key, or None for ever
    :ivar id: by which it is found, or None where one is to be made up
    :ivar tag: by which it is listed and deleted with others
    :ivar in_turn: whether the responses are used up; else there is one, for ever
    """

    types: tuple[int, ...]
    responses: tuple[DnsResponse, ...] = attrs.field(
        converter=_several, alias="response"
    )
    condition: Condition = attrs.field(factory=MatchAll)
    number_of_answer: int | None = None
    gate: Gate = OPEN
    id: str | None = None
    tag: str | None = None
    in_turn: bool = False
