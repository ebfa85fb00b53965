"""The behaviors of DNS.

For a query the behaviors of its type and those of every type are evaluated, in the
order of the list. A query that cannot be parsed has no type and an empty name.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import attrs

from mocksmtp.behaviors.behavior import (
    Behavior,
    BehaviorDocument,
    Per,
    Responses,
    own_first,
)
from mocksmtp.behaviors.condition import Conditions, Values
from mocksmtp.behaviors.delay import DELAY, NO_DELAY, Delay, Fixed
from mocksmtp.behaviors.explain import CONSIDERED, Considered
from mocksmtp.behaviors.miss import Item
from mocksmtp.behaviors.rules import Rules
from mocksmtp.behaviors.target import Target
from mocksmtp.documents.document import Constraint, Document, field
from mocksmtp.documents.kinds import (
    ADDRESS,
    MAX_COUNT,
    Array,
    Boolean,
    Choice,
    Integer,
    Kind,
    Named,
    Optional,
    Text,
)
from mocksmtp.documents.problems import Refused, json_type, listed, shown, unknown
from mocksmtp.documents.schema import (
    NULL,
    NUMBER,
    TEXT,
    Schema,
    any_of,
    given,
    not_given,
)
from mocksmtp.documents.units import milliseconds
from mocksmtp.documents.view import View, Written, view_field
from mocksmtp.zone.answer import Question, Rcode
from mocksmtp.zone.names import Name
from mocksmtp.zone.queries import DNS_REPLY, DnsReply
from mocksmtp.zone.rdata import RRType, type_name, type_number
from mocksmtp.zone.rdata_fields import NAME
from mocksmtp.zone.records import SENT_RECORD, Record

EVERY = -1
"""The point of behaviors for every query, and of the types that no behavior names."""

ANY = "ANY"
"""The value of ``query`` that selects every query."""

MAX_TYPES = 100
"""The maximum number of types of a behavior."""

MAX_RECORDS = 5000
"""The maximum number of records of a response; no message has room for more."""

MAX_RAW = 0xFFFF - 2
"""The maximum length of a message over TCP (RFC 1035 §4.2.2), without its ID, in
octets."""

RCODES = [one.name for one in Rcode if one is not Rcode.BADVERS]
"""The names of the response codes that fit into a header (RFC 6895 §2.3)."""


class DnsSubject(enum.Enum):
    """The targets of conditions on a query."""

    NAME = "name"
    TYPE = "type"
    CLIENT_IP = "clientIp"
    TRANSPORT = "transport"

    @property
    def meaning(self) -> str:
        """A short text that describes the value."""
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
    Parse the name of a target.

    :raises ValueError: no target of queries has the name
    """
    try:
        return Target(DnsSubject(text))
    except ValueError:
        known = [each.value for each in DnsSubject]
        raise ValueError(unknown(f"target {shown(text)}", text, known)) from None


class DnsThen(enum.Enum):
    """What happens to the answer."""

    CONTINUE = "continue"
    """The answer is sent."""
    DROP = "drop"
    """No answer is sent; the client waits."""
    TRUNCATE = "truncate"
    """Over UDP the answer has no records and sets TC (RFC 2181 §9)."""
    CLOSE = "close"
    """No answer is sent; over TCP the connection is closed."""

    @property
    def is_silent(self) -> bool:
        """Whether no answer is sent."""
        return self in (DnsThen.DROP, DnsThen.CLOSE)


class Wrong(enum.Enum):
    """The part of an answer that is wrong."""

    ID = "id"
    """The ID differs from the query's."""
    QUESTION = "question"
    """The name in the question differs from the query's."""
    SIZE = "size"
    """The datagram is not truncated to the size that the client accepts."""


class _TargetKind(Kind[Target]):
    """The kind of a field that is a target of a query."""

    samples = ("clientIp", "name")
    misfits = ("sender", 5)

    def read(self, value: Any, _: object = None) -> Target:
        """Return the target with this name."""
        return parse_dns_target(_text(value))

    def write(self, value: Target) -> str:
        """Return its name."""
        return str(value)

    def written_schema(self, named: Named) -> Schema:
        """Return the schema: one of the names."""
        return {**TEXT, "enum": [subject.value for subject in DnsSubject]}


class _TypeKind(Kind[int]):
    """The kind of a field that is a type of queries."""

    samples = ("MX", "TYPE65280")
    misfits = ("mx", "SECURE", "ANY", 5)

    def read(self, value: Any, _: object = None) -> int:
        """Return the number of the type with this name."""
        name = _text(value)
        if name == ANY:
            raise Refused(f"{ANY} can't be combined; the type of that name is TYPE255")
        number = type_number(name)
        if number in (RRType.SECURE, RRType.TLSAFROM):
            raise Refused(f"{name} is no type of queries")
        return number

    def write(self, value: int) -> str:
        """Return its name."""
        return query_type(value)

    def written_schema(self, named: Named) -> Schema:
        """Return the schema: a text."""
        return {**TEXT, "format": "query-type"}


class _QueryKind(Kind[tuple[int, ...]]):
    """The kind of ``query``: ``ANY``, the name of a type, or a list of names."""

    samples = (ANY, "MX", ["A", "AAAA"])
    misfits = (5, [], ["MX", "MX"], ["MX", "ANY"])

    def __init__(self) -> None:
        self._type = _TypeKind()
        self._types = Array(self._type, 1, MAX_TYPES, "types", unique=True)

    def read(self, value: Any, _: object = None) -> tuple[int, ...]:
        """Return the numbers of the types; an empty tuple for ``ANY``."""
        if value == ANY:
            return ()
        if isinstance(value, list):
            return self._types.read(value)
        return (self._type.read(value),)

    def write(self, value: tuple[int, ...]) -> Any:
        """Return ``ANY``, a name or a list of names."""
        names = [query_type(number) for number in value] or [ANY]
        return names[0] if len(names) == 1 else names

    def written_schema(self, named: Named) -> Schema:
        """Return the schema: ``ANY``, a name or a list."""
        one = self._type.written_schema(named)
        return any_of({**TEXT, "const": ANY}, one, self._types.written_schema(named))


class _RcodeKind(Kind[int]):
    """The kind of a field that is a response code (RFC 6895 §2.3)."""

    samples = ("SERVFAIL", "NOERROR")
    misfits = ("BADVERS", "x", 2)

    def read(self, value: Any, _: object = None) -> int:
        """Return the number of the code with this name."""
        name = _text(value)
        if name not in RCODES:
            raise Refused(unknown(f"rcode {shown(name)}", name, RCODES))
        return Rcode[name].value

    def write(self, value: int) -> str:
        """Return its name."""
        return Rcode(value).name

    def written_schema(self, named: Named) -> Schema:
        """Return the schema: one of the names."""
        return {**TEXT, "enum": RCODES}


class _HexKind(Kind[bytes]):
    """The kind of a field of octets in hexadecimal."""

    samples = ("", "00fF")
    misfits = ("abc", "x", 5)

    def read(self, value: Any, _: object = None) -> bytes:
        """Return the octets."""
        text = _text(value)
        if not _HEX.fullmatch(text):
            raise Refused(f"must be octets in hexadecimal, got {shown(text)}")
        if len(text) > 2 * MAX_RAW:
            raise Refused(f"must have at most {MAX_RAW:,} octets")
        return bytes.fromhex(text)

    def write(self, value: bytes) -> str:
        """Return two digits for each octet, in lower case."""
        return value.hex()

    def written_schema(self, named: Named) -> Schema:
        """Return the schema: a text of digits."""
        return {**TEXT, "pattern": f"^{_HEX.pattern}$"}


_HEX = re.compile("(?:[0-9A-Fa-f]{2})*")


def _text(value: Any) -> str:
    if type(value) is not str:
        raise Refused(f"must be a string, got {json_type(value)}")
    return value


@attrs.frozen
class DnsResponse:
    """The answer of a behavior and its effects; `delay` is in seconds."""

    rcode: int | None = field(
        _RcodeKind(),
        "NOERROR where there are `records`, else the zone's",
        default=None,
        shown="see left",
        example="SERVFAIL",
    )
    records: tuple[Record, ...] | None = field(
        Array(SENT_RECORD, most=MAX_RECORDS, noun="records", bounded=False),
        "the answer section; without it the zone's, or none where there is an `rcode`",
        default=None,
        shown="the zone's",
    )
    ad: bool | None = field(
        Boolean(), "whether the answer is marked as signed", default=None
    )
    delay: Delay = field(
        DELAY, "before the answer", default=NO_DELAY, shown="`0`", example="2s"
    )
    then: DnsThen = field(
        Choice(DnsThen, "end"), "what else happens", default=DnsThen.CONTINUE
    )
    wrong: Wrong | None = field(
        Choice(Wrong, "fault"), "which part of the answer is wrong", default=None
    )
    raw: bytes | None = field(
        _HexKind(),
        "octets in hexadecimal instead of an answer, behind the ID of the query",
        default=None,
    )
    times: int | None = field(
        Optional(Integer(1, MAX_COUNT)),
        "in `responses` only: how often it is given before the next; null, allowed on "
        "the last, means no limit",
        default=1,
        keeps_null=True,
    )

    @property
    def octets(self) -> int:
        """The approximate memory that its answer occupies, in bytes."""
        return 500 * len(self.records or ()) + len(self.raw or b"")

    @property
    def defines_reply(self) -> bool:
        """Whether it defines a response code, records or raw octets."""
        return not (self.rcode is None and self.records is None and self.raw is None)

    @property
    def is_modifier(self) -> bool:
        """Whether it only delays the answer of another behavior or the zone."""
        changes = self.ad is not None or self.wrong is not None
        return not (self.defines_reply or changes or self.then is not DnsThen.CONTINUE)

    @property
    def is_random(self) -> bool:
        """Whether its delay is random."""
        return not isinstance(self.delay, Fixed)


_SAYS = "rcode", "records", "ad", "wrong", "raw"
_SILENT = [then.value for then in DnsThen if then.is_silent]
_ENDS = [then.value for then in DnsThen if then is not DnsThen.CONTINUE]
_BESIDE_RAW = "rcode", "records", "ad"


class _Answers(Constraint):
    """The constraint that a response has an effect and its fields can be combined."""

    def check(self, document: dict[str, Any]) -> Iterator[Refused]:
        """Yield an error for each field that is missing or can't be combined."""
        then = document.get("then", DnsThen.CONTINUE.value)
        says = [name for name in _SAYS if name in document]
        if then in _SILENT:
            for name in says:
                yield Refused(f"can't be combined with {then}, which is silent", name)
        elif then == DnsThen.CONTINUE.value and not says and "delay" not in document:
            others = listed((*_SAYS, "delay", "then"))
            yield Refused(f"required, but missing; {others}", "rcode")
        elif "raw" in document:
            for name in _BESIDE_RAW:
                if name in document:
                    yield Refused("can't be combined with raw", name)
            if then == DnsThen.TRUNCATE.value:
                yield Refused("can't be combined with raw", "then")
            if document.get("wrong", Wrong.ID.value) != Wrong.ID.value:
                yield Refused("must be id where there is raw", "wrong")

    def schema(self) -> Schema:
        """Return the schema of the constraint."""
        beside: dict[str, Schema] = {
            **dict.fromkeys(_BESIDE_RAW, NULL),
            "then": {"enum": [DnsThen.CONTINUE.value, *_SILENT, None]},
            "wrong": {"enum": [Wrong.ID.value, None]},
        }
        return {
            "allOf": [
                any_of(*map(given, (*_SAYS, "delay")), given("then", {"enum": _ENDS})),
                {
                    "if": given("then", {"enum": _SILENT}),
                    "then": not_given(*_SAYS),
                },
                {"if": given("raw"), "then": {"properties": beside}},
            ]
        }


def _finish(response: DnsResponse, document: dict[str, Any]) -> dict[str, Any]:
    """Add the delay 0 to a response without another field, which would be refused."""
    if response.is_modifier:
        document.setdefault("delay", 0)
    return document


def _response(title: str, **without: str) -> Document[DnsResponse]:
    return Document(
        DnsResponse,
        title,
        rules=(_Answers(),),
        finish=_finish,
        without=without,
        example={"rcode": "SERVFAIL"},
    )


DNS_RESPONSE = _response("DnsResponse", times="only allowed in responses")
"""The document of the field ``response``."""

DNS_RESPONSE_IN_TURN = _response("DnsResponseInTurn")
"""The document of an item of the field ``responses``."""


@attrs.frozen
class DnsDecision:
    """
    The decision of the behaviors about one query.

    :ivar rules: the ids of the behaviors that fired, in order; all but the last only
        delayed the answer
    :ivar response: the response; its own delay is not used
    :ivar delay: the sum of all delays before the answer, in seconds
    """

    rules: tuple[str, ...]
    response: DnsResponse
    delay: float = 0.0

    @property
    def only_delays(self) -> bool:
        """Whether the zone's answer is sent, only later."""
        return self.response.is_modifier

    def fill(self, attempt: Values) -> DnsDecision:
        """Return itself: a DNS response has no template."""
        return self

    def combine(self, later: DnsDecision) -> DnsDecision:
        """Return `later` with this delay added."""
        rules, delay = self.rules + later.rules, self.delay + later.delay
        return attrs.evolve(later, rules=rules, delay=delay)


@attrs.frozen(field_transformer=own_first)
class DnsBehavior(Behavior[int, DnsResponse, DnsDecision]):
    """A behavior of DNS."""

    types: tuple[int, ...] = field(
        _QueryKind(), '`"ANY"`, a type, or an array of types', name="query"
    )

    @property
    def points(self) -> Iterable[int]:
        """The types that it names; `EVERY` if it is for every query."""
        return self.types or (EVERY,)

    def fires_at(self, point: int) -> bool:
        """Return whether it is for queries of this type."""
        return not self.types or point in self.types

    @property
    def fixed_decision(self) -> int | None:
        """`EVERY`, if its decision is not random or one of several; else None."""
        response = self.sequence[0]
        varies = self.in_turn or response.is_modifier or response.is_random
        return None if varies else EVERY

    def decide(
        self, rule: str, response: DnsResponse, point: int, delay: float
    ) -> DnsDecision:
        """Return the decision for a response."""
        return DnsDecision((rule,), response, delay)

    def is_like(self, other: DnsBehavior) -> bool:
        """Return whether both have the same types and condition."""
        return (self.types, self.condition) == (other.types, other.condition)


DNS: BehaviorDocument[DnsBehavior] = BehaviorDocument(
    DnsBehavior,
    "Dns",
    lambda _: None,
    {
        "condition": Conditions(_TargetKind(), "DnsCondition"),
        "response": DNS_RESPONSE,
        "responses": Responses(DNS_RESPONSE_IN_TURN),
        "per": Per(_TargetKind(), len(DnsSubject)),
    },
    example={"query": "MX", "response": {"rcode": "SERVFAIL"}},
)
"""The document of a DNS behavior."""


class DnsAttempt:
    """
    A query as the input of the behaviors.

    :param question: the question; None if the query could not be parsed
    :param client_ip: the address of the client
    :param transport: ``udp`` or ``tcp``
    :param seconds: returns the time in seconds since the epoch; called only if needed

    :ivar subject: the name, in the form that conditions test
    """

    __slots__ = ("_client_ip", "_transport", "question", "seconds", "subject")

    connection = transaction = None

    def __init__(
        self,
        question: Question | None,
        client_ip: str,
        transport: str,
        seconds: Callable[[], float],
    ) -> None:
        self.question = question
        self.seconds = seconds
        self.subject = b"" if question is None else str(question.name).lower().encode()
        self._client_ip = client_ip
        self._transport = transport

    def values(self, target: Target) -> Sequence[bytes]:
        """Return the values of `target`; an empty sequence if it is absent."""
        question = self.question
        match target.subject:
            case DnsSubject.CLIENT_IP:
                return (self._client_ip.encode(),)
            case DnsSubject.TRANSPORT:
                return (self._transport.encode(),)
            case DnsSubject.NAME if question is not None:
                return (self.subject,)
            case DnsSubject.TYPE if question is not None:
                return (query_type(question.type).encode(),)
            case _:
                return ()


def query_type(number: int) -> str:
    """Return the name of a type; ``TYPE255`` for 255, as ``ANY`` means every query."""
    name = type_name(number)
    return f"TYPE{number}" if name == "ANY" else name


class _Transport(enum.Enum):
    """The transport of a query."""

    UDP = "udp"
    TCP = "tcp"


@attrs.frozen(kw_only=True)
class DnsEvaluation:
    """A query to evaluate without sending it."""

    name: Name = field(NAME, "the name that is asked for", example="ex.test")
    type: int = field(_TypeKind(), "its type, as `MX`")
    client_ip: str = field(ADDRESS, "the client's address", default="127.0.0.1")
    transport: _Transport = field(
        Choice(_Transport, "transport"), "`udp` or `tcp`", default=_Transport.UDP
    )


DNS_EVALUATION = Document(
    DnsEvaluation, "DnsEvaluation", example={"name": "ex.test", "type": "MX"}
)
"""The document of a query to evaluate."""


class DnsRules(Rules[int, DnsBehavior, DnsDecision]):
    """The behaviors in force for DNS queries."""

    def decide_query(
        self, attempt: DnsAttempt, trail: list[Item] | None = None
    ) -> DnsDecision | None:
        """
        Return the decision about a query; None if no behavior fires.

        :param trail: a list to which the result of the walk is appended
        """
        return self.decide(self._point_of(attempt), attempt.subject, attempt, trail)

    def needs_turn(self, attempt: DnsAttempt) -> bool:
        """
        Return whether a query is decided in the turn of this replica.

        It is if common counts may matter, or if the state may have changed.
        """
        if self.turns is None:
            return False
        if not self.turns.is_current:
            return True
        point = self._point_of(attempt)
        return bool(self.counting) and self.may_count(point, attempt.subject)

    def _point_of(self, attempt: DnsAttempt) -> int:
        question = attempt.question
        point = EVERY if question is None else question.type
        # Clients choose the types: all types that no behavior names share a walk.
        return point if point in self.points else EVERY


@attrs.frozen
class DnsEvaluated:
    """
    The result of an evaluated query.

    :ivar answer: the answer; None if none would be sent
    :ivar behavior: the id of the behavior that would decide; None for the zone
    :ivar delay: the delay before the answer, in seconds
    :ivar considered: the result of each behavior
    """

    answer: DnsReply | None
    behavior: str | None
    delay: float
    considered: list[Considered]


DNS_EVALUATED: View[DnsEvaluated] = View(
    "DnsEvaluated",
    view_field("answer", Optional(DNS_REPLY), "answer", "null for silence"),
    view_field(
        "behavior", Optional(Text()), "behavior", "what would decide it, or null"
    ),
    view_field("delay", Written(NUMBER, milliseconds), "delay", "milliseconds"),
    view_field("considered", Array(CONSIDERED), "considered", "each behavior asked"),
)
"""The document of the result of an evaluated query."""
