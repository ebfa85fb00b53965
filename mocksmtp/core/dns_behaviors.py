"""The behaviors of DNS: which of them fires on a query, and what then.

A query is asked of the behaviors for its type and of those for every type, in the order
of the list. One that cannot be read has no type, and an empty name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import attrs

from mocksmtp.core.keys import Attempt
from mocksmtp.core.rule import Firing, Rule
from mocksmtp.core.rules import Rules
from mocksmtp.model.dnsbehavior import DnsBehavior, DnsResponse, DnsSubject
from mocksmtp.model.fault import Fixed
from mocksmtp.model.rrtype import type_name
from mocksmtp.model.target import Target
from mocksmtp.model.zone import Question

EVERY = -1
"""The point of behaviors that are for every query, and of types that none names."""


class DnsAttempt:
    """
    A query on its way, of which may be decided otherwise than the zone would.

    :param question: None where it could not be read
    :param transport: ``udp`` or ``tcp``
    :param seconds: the time; asked only where something depends on it

    :ivar subject: the name as conditions look at it
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
        """The values of `target`; none where it is not there."""
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
    """The name of a type; of 255 ``TYPE255``, for ``ANY`` is said of every query."""
    name = type_name(number)
    return f"TYPE{number}" if name == "ANY" else name


@attrs.frozen
class DnsDecision:
    """
    What is to be done about one query.

    :ivar rules: the ids of the behaviors that fired, in order; all but the last have
        only slowed it down
    :ivar response: what is answered, but for its delay
    :ivar delay: seconds before that, all delays together
    """

    rules: tuple[str, ...]
    response: DnsResponse
    delay: float = 0.0

    @property
    def is_own(self) -> bool:
        """Whether nothing but time was decided."""
        return self.response.is_modifier


class DnsBehaviors(Rules[int, DnsBehavior, DnsDecision]):
    """The behaviors of the service's DNS, by the types of queries."""

    def decide_query(self, attempt: DnsAttempt) -> DnsDecision | None:
        """What is to be done about a query; None where no behavior fires."""
        question = attempt.question
        point = EVERY if question is None else question.type
        if point not in self.taken:
            # Types are the client's to choose: those that nobody names are one point.
            point = EVERY
        return self.decide(point, attempt.subject, attempt)

    # What the walk asks

    def points(self, behavior: DnsBehavior) -> Iterable[int]:
        """Where it is named."""
        return behavior.types or (EVERY,)

    def fires_at(self, behavior: DnsBehavior, point: int) -> bool:
        """Whether it is for queries of that type."""
        return not behavior.types or point in behavior.types

    def prepare(self, rule: Rule[DnsBehavior]) -> DnsDecision | None:
        """The decision where no chance or turn has a say in it."""
        behavior = rule.behavior
        response = behavior.response
        if behavior.in_turn or response.is_modifier or response.draws:
            return None
        return _decision(rule, response, _fixed(response))

    def conclude(
        self, firing: Firing[DnsBehavior], attempt: Attempt, point: int
    ) -> DnsDecision:
        """The decision of a behavior that fires."""
        response = firing.rule.behavior.response_to(firing.number)
        return _decision(firing.rule, response, response.delay.draw(firing.random))

    def goes_on(self, decision: DnsDecision) -> bool:
        """Whether it only slows down what somebody else answers."""
        return decision.is_own

    def combine(self, earlier: DnsDecision, later: DnsDecision) -> DnsDecision:
        """Delays add up."""
        rules, delay = earlier.rules + later.rules, earlier.delay + later.delay
        return attrs.evolve(later, rules=rules, delay=delay)

    def is_like(self, one: DnsBehavior, other: DnsBehavior) -> bool:
        """Whether they are for the same types and condition."""
        return (one.types, one.condition) == (other.types, other.condition)

    def may_go_on(self, rule: Rule[DnsBehavior]) -> bool:
        """Whether one of its responses only slows down."""
        return any(response.is_modifier for response in rule.behavior.responses)


def _fixed(response: DnsResponse) -> float:
    return response.delay.seconds if isinstance(response.delay, Fixed) else 0.0


def _decision(
    rule: Rule[DnsBehavior], response: DnsResponse, delay: float
) -> DnsDecision:
    return DnsDecision((rule.id,), response, delay)
