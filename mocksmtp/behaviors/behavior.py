"""A behavior: one rule, as its document describes it.

SMTP's (`mocksmtp.behaviors.smtp`) and DNS's (`mocksmtp.behaviors.dns`) differ in the
points at which they fire and in their responses; all else is declared here, once.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any, Generic, Protocol, TypeVar

import attrs

from mocksmtp.behaviors.condition import Condition, MatchAll, Values
from mocksmtp.behaviors.delay import Delay
from mocksmtp.behaviors.scenarios import SCENARIO, ScenarioStep
from mocksmtp.behaviors.target import Target
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
"""How many responses a behavior may have."""

MAX_PER = 8
"""By how many things at once its answers may be counted."""

GLOBAL = "global"
"""Of ``per``: one count for all."""


class Timed(Protocol):
    """What the engine needs from a response."""

    @property
    def delay(self) -> Delay:
        """Before the answer."""

    @property
    def times(self) -> int | None:
        """How often it is given before the next one is, or None for no limit."""

    @property
    def octets(self) -> int:
        """About how many bytes of memory what it answers takes."""

    @property
    def is_random(self) -> bool:
        """Whether its delay is drawn at random."""

    @property
    def is_modifier(self) -> bool:
        """Whether it only slows down what another behavior or the server answers."""


class Decided(Protocol):
    """What the engine needs from a decision."""

    @property
    def only_delays(self) -> bool:
        """Whether only time was decided, so that other behaviors may still answer."""

    def fill(self, attempt: Values) -> Any:
        """The decision with the values of an attempt in its text."""

    def combine(self, later: Any) -> Any:
        """The decision that results from a later one, with this delay added."""


P = TypeVar("P", bound=Hashable)
R = TypeVar("R", bound=Timed)
D = TypeVar("D", bound=Decided)
B = TypeVar("B", bound="Behavior[Any, Any, Any]")


def own_first(
    _: type, fields: list[attrs.Attribute[Any]]
) -> list[attrs.Attribute[Any]]:
    """The fields of a class before those that it inherits."""
    return sorted(fields, key=lambda each: bool(getattr(each, "inherited", False)))


class Per(Kind[tuple[Target | str, ...]]):
    """
    What splits the counts: ``global``, a name, or a list of names.

    :param part: what a name stands for
    :param most: how many names there are at most
    """

    def __init__(self, part: Kind[Any], most: int = MAX_PER) -> None:
        self._part = part
        self._list = Array(part, 1, most, "names", unique=True)
        self.samples = (GLOBAL, part.samples[0], [part.samples[0]])
        self.misfits = (5, "no such", [part.samples[0]] * 2, [GLOBAL])

    def read(self, value: Any, _: object = None) -> tuple[Target | str, ...]:
        """The parts of a key; none for one count of all."""
        if value == GLOBAL:
            return ()
        if isinstance(value, str):
            return (self._part.read(value),)
        return self._list.read(value)

    def write(self, value: tuple[Target | str, ...]) -> Any:
        """One name, or a list."""
        names = [str(part) for part in value]
        return names[0] if len(names) == 1 else names

    def written_schema(self, named: Named) -> Schema:
        """One of the three."""
        part = self._part.written_schema(named)
        return any_of({"const": GLOBAL}, part, self._list.written_schema(named))


class _Answers(Integer):
    """How many answers a behavior gives: a number, its digits, or ``""`` for any."""

    def __init__(self) -> None:
        super().__init__(1, MAX_INTEGER, digits=True)
        self.samples = (*self.samples, "")

    def read(self, value: Any, _: object = None) -> Any:
        """A number, or None for any number."""
        return None if value == "" else super().read(value)

    def accepted_schema(self, named: Named) -> Schema:
        """A number, its digits, or an empty text."""
        return any_of(*super().accepted_schema(named)["anyOf"], {**TEXT, "const": ""})


class Responses(Array[R]):
    """Several responses, one after the other."""

    def __init__(self, response: Kind[R]) -> None:
        super().__init__(response, 1, MAX_RESPONSES, "responses", bounded=False)

    def read(self, value: Any, _: object = None) -> tuple[R, ...]:
        """The responses, of which only the last is given without limit."""
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
    One rule; times in seconds.

    :ivar per: what splits the counts: targets, ``connection``, ``transaction``;
        empty for one count of all
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

    # What the two kinds define

    @property
    def points(self) -> Iterable[P]:
        """Where it can fire."""
        raise NotImplementedError

    def fires_at(self, point: P) -> bool:
        """Whether it can fire there."""
        return point in self.points

    @property
    def required_target(self) -> Target | None:
        """The target without whose value it is not evaluated, if there is one."""
        return None

    @property
    def fixed_decision(self) -> Any:
        """Where the decision is the same each time, the point that it is made for."""
        raise NotImplementedError

    def decide(self, rule: str, response: R, point: P, delay: float) -> D:
        """
        The decision that a response leads to.

        :param rule: the id of the rule that fires
        :param delay: seconds, as drawn
        """
        raise NotImplementedError

    def is_like(self, other: Any) -> bool:
        """Whether it replaces the other when it is set on its own."""
        raise NotImplementedError

    # What they have in common

    @property
    def in_turn(self) -> bool:
        """Whether its responses are used up."""
        return self.responses is not None

    @property
    def sequence(self) -> tuple[R, ...]:
        """Its responses, one after the other."""
        if self.responses is not None:
            return self.responses
        assert self.response is not None
        return (self.response,)

    @property
    def answers(self) -> int | None:
        """How many answers each key has, or None for no limit."""
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
        """Whether it depends on the time of a match."""
        return self.active_for is not None or self.window is not None

    @property
    def is_ungated(self) -> bool:
        """Whether only its condition and its own count decide that it fires."""
        return not (
            self.skip
            or self.per
            or self.needs_time
            or self.scenario
            or self.probability < 1
        )

    @property
    def random_identity(self) -> Behavior[P, R, D]:
        """What its random numbers depend on: all but how it is called and switched."""
        return attrs.evolve(self, name=None, enabled=True, persistent=False)

    def response_to(self, fired: int) -> R:
        """The response of a key that has had `fired` answers."""
        sequence = self.sequence
        if self.responses is not None:
            for response in sequence:
                if response.times is None or fired < response.times:
                    return response
                fired -= response.times
        return sequence[-1]


def check_ids(behaviors: tuple[B, ...]) -> tuple[B, ...]:
    """
    The behaviors of an array, no two of which have the same id.

    :raises DocumentError: two have
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
"""What is listed of a behavior in force, besides its document."""

READ_ONLY = (*COUNTERS, "lastFiredAt", "keyCount", "keys")
"""What a listing adds; ignored when it is read, so that a listing can be PUT back."""


class BehaviorDocument(Document[B]):
    """
    The document of a behavior.

    :param title: what the names of its schemas begin with
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
        """The object that describes a behavior, in the order of its fields."""
        document = super().write(value)
        return {title: document[title] for title in self.fields if title in document}

    def parse_one(self, value: Any) -> B:
        """
        One behavior.

        :raises DocumentError: the document describes none
        """
        return parse(self, value)

    def parse_all(self, value: Any) -> tuple[B, ...]:
        """
        Behaviors from an array, or from one object.

        :raises DocumentError: the document describes none, or two have the same id
        """
        if isinstance(value, dict):
            return (parse(self, value),)
        return check_ids(parse(Array(self), value))

    def schemas(self, named: Named) -> None:
        """Add the schemas of the document, and of a rule with its counters."""
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
