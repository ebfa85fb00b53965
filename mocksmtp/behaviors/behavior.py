"""A behavior: one rule, as its document describes it.

The behaviors of SMTP (`mocksmtp.behaviors.smtp`) and of DNS (`mocksmtp.behaviors.dns`)
differ in the points at which they fire and in their responses. All other fields are
declared here.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any, Generic, Protocol, TypeVar

import attrs

from mocksmtp.behaviors.condition import Condition, MatchAll, Values
from mocksmtp.behaviors.delay import Delay
from mocksmtp.behaviors.scenarios import SCENARIO, ScenarioStep
from mocksmtp.behaviors.target import CONNECTION, PER_TRANSACTION, Target
from mocksmtp.documents.document import Document, ExactlyOne, field, parse
from mocksmtp.documents.kinds import (
    ID,
    LABEL,
    MAX_COUNT,
    AnyJson,
    Array,
    Boolean,
    Duration,
    Integer,
    Kind,
    Named,
    Number,
)
from mocksmtp.documents.problems import DocumentError, Problem, Refused
from mocksmtp.documents.schema import (
    MAX_INTEGER,
    NULL,
    TEXT,
    Schema,
    any_of,
    object_of,
    whole,
)

MAX_RESPONSES = 1000
"""The maximum number of responses of a behavior."""

MAX_PER = 8
"""The maximum number of names in ``per``."""

GLOBAL = "global"
"""The value of ``per`` that counts all attempts together."""


class Timed(Protocol):
    """What the engine needs from a response."""

    @property
    def delay(self) -> Delay:
        """The delay before the answer."""

    @property
    def times(self) -> int | None:
        """How often it is used before the next response; None means no limit."""

    @property
    def octets(self) -> int:
        """The approximate memory that its answer occupies, in bytes."""

    @property
    def is_random(self) -> bool:
        """Whether its delay is random."""

    @property
    def is_modifier(self) -> bool:
        """Whether it only delays the answer of another behavior or of the server."""


class Decided(Protocol):
    """What the engine needs from a decision."""

    @property
    def only_delays(self) -> bool:
        """Whether it only adds a delay, so that a later behavior can still answer."""

    def fill(self, attempt: Values) -> Any:
        """Return the decision with the values of an attempt inserted into its text."""

    def combine(self, later: Any) -> Any:
        """Return the later decision of the same walk, with this delay added."""


P = TypeVar("P", bound=Hashable)
R = TypeVar("R", bound=Timed)
D = TypeVar("D", bound=Decided)
B = TypeVar("B", bound="Behavior[Any, Any, Any]")


def own_first(
    _: type, fields: list[attrs.Attribute[Any]]
) -> list[attrs.Attribute[Any]]:
    """Sort the fields of a class before its inherited ones (an attrs transformer)."""
    return sorted(fields, key=lambda each: bool(getattr(each, "inherited", False)))


class Per(Kind[tuple[Target | str, ...]]):
    """
    The field ``per``: ``global``, a name, or a list of names.

    :param part: the kind of a name
    :param most: the maximum number of names
    """

    def __init__(self, part: Kind[Any], most: int = MAX_PER) -> None:
        self._part = part
        self._list = Array(part, 1, most, "names", unique=True)
        self.samples = (GLOBAL, part.samples[0], [part.samples[0]])
        self.misfits = (5, "no such", [part.samples[0]] * 2, [GLOBAL])

    def read(self, value: Any, _: object = None) -> tuple[Target | str, ...]:
        """Return the parts of a key; an empty tuple for ``global``."""
        if value == GLOBAL:
            return ()
        if isinstance(value, str):
            return (self._part.read(value),)
        return self._list.read(value)

    def write(self, value: tuple[Target | str, ...]) -> Any:
        """Return one name, or a list of names."""
        names = [str(part) for part in value]
        return names[0] if len(names) == 1 else names

    def written_schema(self, named: Named) -> Schema:
        """Return the schema: ``global``, a name, or a list."""
        part = self._part.written_schema(named)
        return any_of({"const": GLOBAL}, part, self._list.written_schema(named))


class _Answers(Integer):
    """The number of answers: a number, its digits, or ``""`` for no limit."""

    def __init__(self) -> None:
        super().__init__(1, MAX_INTEGER, digits=True)
        self.samples = (*self.samples, "")

    def read(self, value: Any, _: object = None) -> Any:
        """Return the number, or None for no limit."""
        return None if value == "" else super().read(value)

    def accepted_schema(self, named: Named) -> Schema:
        """Return the schema: a number, its digits, or an empty text."""
        return any_of(*super().accepted_schema(named)["anyOf"], {**TEXT, "const": ""})


class Responses(Array[R]):
    """The field ``responses``: several responses, used in turn."""

    def __init__(self, response: Kind[R]) -> None:
        super().__init__(response, 1, MAX_RESPONSES, "responses", bounded=False)

    def read(self, value: Any, _: object = None) -> tuple[R, ...]:
        """
        Return the responses.

        :raises Refused: ``times`` is null on a response before the last one
        """
        responses = super().read(value)
        for index, response in enumerate(responses[:-1]):
            if response.times is None:
                raise Refused("null is only allowed on the last").within(
                    f"[{index}].times"
                )
        return responses


@attrs.frozen(kw_only=True)
class Behavior(Generic[P, R, D]):
    """
    One rule; durations are in seconds.

    :ivar per: the parts of a key: targets, ``connection``, ``transaction``; empty to
        count all attempts together
    """

    condition: Condition = field(
        AnyJson(),
        "which attempts it matches; by default all",
        default=MatchAll(),
        shown="always",
        always=True,
    )
    response: R | None = field(AnyJson(), "the reply", default=None, shown="required")
    responses: tuple[R, ...] | None = field(
        AnyJson(),
        "replaces `response`: several responses, used in turn. After the last one the "
        "key is exhausted",
        default=None,
        shown="none",
        empty_is_absent=True,
    )
    number_of_answer: int | None = field(
        _Answers(),
        "how many times it fires for each key; null means no limit",
        default=None,
        always=True,
        example=2,
    )
    skip: int = field(
        Integer(0, MAX_COUNT),
        "the number of matches of each key that are passed over first",
        default=0,
    )
    per: tuple[Target | str, ...] = field(
        AnyJson(),
        'what splits the counts: `"global"`, or one to 8 names: `connection`, '
        "`transaction`, or a target that has a value at the command",
        default=(),
        shown='`"global"`',
        empty_is_absent=True,
    )
    active_for: float | None = field(
        Duration(0.001),
        "it fires only within this time after the key's first match",
        default=None,
    )
    window: float | None = field(
        Duration(0.001),
        "the key is removed this long after its first match",
        default=None,
    )
    probability: float = field(
        Number(0, 1, above=True),
        "a number above 0; the same matches get the same results in each run",
        default=1.0,
    )
    scenario: ScenarioStep | None = field(
        SCENARIO,
        '`{"name", "state"?, "next"?}`: it fires only in `state`, and sets `next`. '
        'A scenario starts in `"Started"`; see `/scenarios`',
        default=None,
        shown="none",
    )
    id: str | None = field(
        ID,
        "its id in the API: letters, digits, `.`, `_`, `-`",
        default=None,
        shown="assigned",
    )
    name: str | None = field(
        LABEL, "shown wherever its id is shown", default=None, shown="none"
    )
    tag: str | None = field(
        LABEL,
        "selects behaviors: `?tag=` on GET and DELETE",
        default=None,
        shown="none",
    )
    enabled: bool = field(
        Boolean(),
        "a disabled behavior is passed over and keeps its counts",
        default=True,
    )
    persistent: bool = field(
        Boolean(),
        "whether it survives a restart, if the service has a store",
        default=False,
    )

    # Defined by the behaviors of SMTP and of DNS

    @property
    def points(self) -> Iterable[P]:
        """The points at which it can fire."""
        raise NotImplementedError

    def fires_at(self, point: P) -> bool:
        """Return whether it can fire at a point."""
        return point in self.points

    @property
    def required_target(self) -> Target | None:
        """The target without whose value it is not evaluated, or None."""
        return None

    @property
    def fixed_decision(self) -> Any:
        """The point at which its decision is always the same; None if it varies."""
        raise NotImplementedError

    def decide(self, rule: str, response: R, point: P, delay: float) -> D:
        """
        Return the decision for one of its responses.

        :param rule: the id of the rule that fires
        :param response: the response
        :param point: the point at which the rule fires
        :param delay: the delay, fixed or drawn, in seconds
        """
        raise NotImplementedError

    def is_like(self, other: Any) -> bool:
        """Return whether it replaces `other` when it is added with ``PUT``."""
        raise NotImplementedError

    # Common to both

    @property
    def in_turn(self) -> bool:
        """Whether it has several responses, used in turn."""
        return self.responses is not None

    @property
    def sequence(self) -> tuple[R, ...]:
        """Its responses, in the order of their use."""
        if self.responses is not None:
            return self.responses
        assert self.response is not None
        return (self.response,)

    @property
    def answers(self) -> int | None:
        """The maximum number of answers for each key; None means no limit."""
        if self.responses is None:
            return self.number_of_answer
        limits = [] if self.number_of_answer is None else [self.number_of_answer]
        times = [response.times for response in self.responses]
        if None not in times:
            limits.append(sum(each or 0 for each in times))
        return min(limits, default=None)

    @property
    def is_random(self) -> bool:
        """Whether its decisions depend on random numbers."""
        if self.probability < 1:
            return True
        if self.response is not None:
            return self.response.is_random
        return any(response.is_random for response in self.sequence)

    @property
    def needs_time(self) -> bool:
        """Whether it depends on the time of an attempt."""
        return self.active_for is not None or self.window is not None

    @property
    def is_ungated(self) -> bool:
        """Whether only its condition and its number of answers decide if it fires."""
        return not (
            self.skip
            or self.per
            or self.needs_time
            or self.scenario
            or self.probability < 1
        )

    @property
    def is_counting(self) -> bool:
        """
        Whether its decisions depend on counts to which several connections contribute.

        Counts of one connection or transaction do not make it so, nor do random
        choices: each replica of a service draws its own random numbers.
        """
        if self.scenario is not None:
            return True
        if CONNECTION in self.per or PER_TRANSACTION in self.per:
            return False
        return (
            self.needs_time
            or self.answers is not None
            or bool(self.skip or self.per)
            or len(self.sequence) > 1
        )

    @property
    def random_identity(self) -> Behavior[P, R, D]:
        """The value that its random numbers depend on: all but name and switches."""
        return attrs.evolve(self, name=None, enabled=True, persistent=False)

    def response_to(self, fired: int) -> R:
        """Return the response for a key that has had `fired` answers."""
        sequence = self.sequence
        if self.responses is not None:
            for response in sequence:
                if response.times is None or fired < response.times:
                    return response
                fired -= response.times
        return sequence[-1]


def check_ids(behaviors: tuple[B, ...]) -> tuple[B, ...]:
    """
    Return the behaviors of an array unchanged, if their ids differ.

    :raises DocumentError: two behaviors have the same id
    """
    ids: set[str] = set()
    for index, behavior in enumerate(behaviors):
        if behavior.id is not None:
            if behavior.id in ids:
                raise DocumentError(Problem(f"$[{index}].id", "used twice"))
            ids.add(behavior.id)
    return behaviors


COUNTERS: dict[str, Schema] = {
    "seen": whole(0, MAX_INTEGER),
    "fired": whole(0, MAX_INTEGER),
    "remaining": any_of({"type": "integer"}, NULL),
}
"""The schemas of the counters that a listing adds to the document of a behavior."""

READ_ONLY = (*COUNTERS, "lastFiredAt", "keyCount", "keys")
"""The fields that a listing adds. A request may contain them and they are ignored, so
that the document of a listing can be the body of a PUT."""


class BehaviorDocument(Document[B]):
    """
    The document of a behavior.

    :param cls: the class of the behavior
    :param title: the prefix of the names of its schemas
    :param check: raises `Refused` for a behavior whose fields contradict each other
    :param kinds: the kinds of the fields that SMTP and DNS declare differently
    :param schema: the part of the schema that `check` corresponds to
    :param example: an example of a document
    """

    def __init__(
        self,
        cls: type[B],
        title: str,
        check: Callable[[B], None],
        kinds: dict[str, Kind[Any]],
        schema: Schema | None = None,
        example: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(
            cls,
            f"{title}Behavior",
            rules=(ExactlyOne("response", "responses"),),
            check=check,
            ignored=READ_ONLY,
            kinds=kinds,
            schema=schema,
            example=example,
        )
        self._rule_title = title

    def write(self, value: B) -> dict[str, Any]:
        """Return the document of a behavior, with its fields in declared order."""
        document = super().write(value)
        return {title: document[title] for title in self.fields if title in document}

    def parse_one(self, value: Any) -> B:
        """
        Parse the document of one behavior.

        :raises DocumentError: it is not valid
        """
        return parse(self, value)

    def parse_all(self, value: Any) -> tuple[B, ...]:
        """
        Parse an array of documents, or one document.

        :raises DocumentError: one is not valid, or two have the same id
        """
        if isinstance(value, dict):
            return (parse(self, value),)
        return check_ids(parse(Array(self), value))

    def schemas(self, named: Named) -> None:
        """
        Add the schemas of the document, and of a rule with its counters.

        :param named: the schemas by name, to which they are added
        """
        self.accepted_schema(named)
        self.written_schema(named)
        behavior = self.written_members(named)
        key = {"type": "object", "additionalProperties": any_of(TEXT, NULL)}
        counts = object_of({"key": key, **COUNTERS}, ["key", *COUNTERS])
        keys: dict[str, Schema] = {
            "keyCount": whole(0, MAX_INTEGER),
            "keys": {"type": "array", "items": counts},
        }
        for title, more in (("Rule", {}), ("CountedRule", keys)):
            counters = {**COUNTERS, "lastFiredAt": any_of(TEXT, NULL)}
            properties = {"id": TEXT, **behavior["properties"], **counters, **more}
            properties["id"] = TEXT
            required = [*behavior["required"], "id", *counters]
            schema = object_of(properties, required)
            named[self._rule_title + title] = {**schema, "allOf": behavior["allOf"]}
