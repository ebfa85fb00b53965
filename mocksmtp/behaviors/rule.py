"""A behavior in force: its counters, and whether it fires.

In this order, at each attempt: enabled, protocol, scenario state, condition,
(seen + 1), skip, activeFor, remaining, probability. A behavior that fails a step is
passed over and uses up no answer. All this is the same for SMTP and DNS.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from typing import Any, Generic, TypeVar

import attrs

from mocksmtp.behaviors.behavior import Behavior
from mocksmtp.behaviors.condition import Comparison, Test, direct_test, leaves_of
from mocksmtp.behaviors.counts import (
    Counts,
    Key,
    KeyedCounts,
    RuleInput,
    digest_of,
    draw,
    key_of,
)
from mocksmtp.behaviors.miss import Miss, Reason, Slowed
from mocksmtp.behaviors.scenarios import Scenarios
from mocksmtp.behaviors.target import Target

B = TypeVar("B", bound=Behavior[Any, Any, Any])


DEFAULT_SEED = "0"

_RULE_OCTETS = 2000


@attrs.define(eq=False)
class Shared:
    """What all the rules of a host share: seed, scenarios, counts by key."""

    seed: str = DEFAULT_SEED
    scenarios: Scenarios = attrs.field(factory=Scenarios)
    keys: KeyedCounts = attrs.field(factory=KeyedCounts)


@attrs.define(eq=False)
class Rule(Generic[B]):
    """A behavior in force, with its counters.

    :ivar ordinal: how many of its like there were before it
    :ivar seen: how often its condition held when it was asked
    :ivar fired: how often it answered
    :ivar limit: how many answers each key has, or None for no end of them
    :ivar test: of the command's subject, if that is all its condition looks at
    :ivar needs: the target without whose value it is not evaluated, or None
    :ivar made: what its list has made of its responses, lest that is done again
    :ivar owner: whose counts by key are its own: the same after a change of its fields
    :ivar last_fired: when it answered last, in seconds since the epoch; None for never
    """

    id: str
    behavior: B
    shared: Shared = attrs.field(factory=Shared, repr=False)
    ordinal: int = 0
    seen: int = 0
    fired: int = 0
    limit: int | None = attrs.field(init=False)
    test: Test | None = attrs.field(init=False, repr=False)
    needs: Target | None = attrs.field(init=False, repr=False)
    made: dict[object, Any] = attrs.field(init=False, factory=dict, repr=False)
    owner: object = attrs.field(init=False, factory=object, repr=False)
    last_fired: float | None = attrs.field(init=False, default=None, repr=False)
    _counts: Counts = attrs.field(init=False, factory=Counts, repr=False)
    _salt: str | None = attrs.field(init=False, default=None, repr=False)
    _misses: dict[Reason, Miss] = attrs.field(init=False, factory=dict, repr=False)
    _slowed: Slowed | None = attrs.field(init=False, default=None, repr=False)
    _weight: int = attrs.field(init=False, default=0, repr=False)

    @limit.default
    def _limit(self) -> int | None:
        return self.behavior.answers

    @test.default
    def _test(self) -> Test | None:
        return direct_test(self.behavior.condition)

    @needs.default
    def _needs(self) -> Target | None:
        return self.behavior.needs

    @property
    def is_plain(self) -> bool:
        """Whether its condition and its own counters are all that decides."""
        return self.test is not None and self.behavior.is_open

    @property
    def is_keyed(self) -> bool:
        """Whether each key has counts of its own."""
        return bool(self.behavior.per)

    def remaining(self, now: float) -> int | None:
        """
        How many answers are left, for a new key where there are keys; None for any.

        :param now: the time of the attempts, in seconds
        """
        if self.is_keyed:
            return self.limit
        if self.behavior.needs_time:
            return self.remaining_of(self._known((), now), now)
        return None if self.limit is None else self.limit - self.fired

    def remaining_of(self, counts: Counts, now: float) -> int | None:
        """How many answers the key with these counts has left; None for any number."""
        if counts.seen and self._is_over(counts, now):
            return 0
        return None if self.limit is None else self.limit - counts.fired

    def exhausted(self, now: float) -> bool:
        """Whether it will never answer again."""
        behavior = self.behavior
        return behavior.window is None and not behavior.per and self.remaining(now) == 0

    def can_answer(self, now: float) -> bool:
        """Whether it may still answer, unless its user changes it."""
        return self.behavior.enabled and not self.exhausted(now)

    def missed(self, reason: Reason) -> Miss:
        """That it did not fire, and why."""
        found, step = None, self.behavior.scenario
        if reason is Reason.SCENARIO and step is not None:
            found = self.shared.scenarios.state(step.name)
        miss = self._misses.get(reason)
        if miss is None or miss.found != found:
            miss = self._misses[reason] = Miss(self.id, reason, found)
        return miss

    @property
    def slowed(self) -> Slowed:
        """That it has fired and only slowed down the reply."""
        if self._slowed is None:
            self._slowed = Slowed(self.id)
        return self._slowed

    @property
    def weight(self) -> int:
        """About how many bytes of memory it takes."""
        if not self._weight:
            behavior = self.behavior
            leaves = leaves_of(behavior.condition)
            values = (e.matching_value for e in leaves if isinstance(e, Comparison))
            answers = sum(response.octets for response in behavior.sequence)
            self._weight = _RULE_OCTETS + 2 * sum(map(len, values)) + answers
        return self._weight

    def changed(self, behavior: B, ordinal: int) -> Rule[B]:
        """
        The same rule with other fields: it keeps its id, its place and its counts.

        Those of its keys it keeps unless they are now counted by something else.
        """
        rule = Rule(self.id, behavior, self.shared, ordinal, self.seen, self.fired)
        rule.last_fired = self.last_fired
        rule._counts = self._counts
        if self.behavior.is_open and not behavior.needs_time:
            # It has counted only for itself; what it is now may count for the key.
            rule._counts.seen, rule._counts.fired = self.seen, self.fired
        if behavior.per == self.behavior.per:
            rule.owner = self.owner
        return rule

    def tried(self, shared: Shared) -> Rule[B]:
        """A copy that answers as it would, and whose counts are its own."""
        rule = copy(self)
        rule.shared = shared
        rule._counts = copy(self._counts)  # noqa: SLF001 - of the same class
        return rule

    def counts(self, now: float) -> Iterator[tuple[Key, Counts]]:
        """Those of its keys whose window has not ended, the oldest first."""
        for key, counts in self.shared.keys.of(self.owner):
            if not self._is_forgotten(counts, now):
                yield key, counts

    @property
    def stored(self) -> list[Any]:
        """Its counters, without those of its keys, as values of JSON."""
        counts = self._counts
        own = [counts.seen, counts.fired, counts.first, counts.drawn]
        return [self.seen, self.fired, self.last_fired, self.ordinal, own]

    def restore(self, stored: list[Any]) -> None:
        """Have the counters that `stored` was."""
        self.seen, self.fired, self.last_fired, self.ordinal, own = stored
        self._counts = Counts.of(own)

    def restore_key(self, key: Key, stored: list[Any]) -> None:
        """Have the counters of a key, as `Counts.stored`."""
        self.shared.keys.put(self.owner, key, Counts.of(stored))

    def enter(self, subject: bytes, attempt: RuleInput) -> Firing[B] | Reason:
        """Whether it fires; its counts move as far as it comes."""
        behavior = self.behavior
        if not behavior.enabled:
            return Reason.DISABLED
        if self.needs is not None and not attempt.values(self.needs):
            return Reason.PROTOCOL
        step = behavior.scenario
        if step is not None and not self.shared.scenarios.allows(step):
            return Reason.SCENARIO
        if not behavior.condition.holds(subject, attempt):
            return Reason.CONDITION
        now = attempt.seconds() if behavior.needs_time else 0.0
        key = key_of(behavior.per, attempt) if behavior.per else ()
        counts = self._counts_of(key, now)
        counts.seen += 1
        self.seen += 1
        reason = self._closed(counts, counts.seen, now)
        if reason is not None:
            return reason
        firing = Firing(self, key, counts)
        if behavior.probability < 1 and firing.random() >= behavior.probability:
            return Reason.PROBABILITY
        firing.number = counts.fired
        counts.fired += 1
        self.fired += 1
        self.last_fired = attempt.seconds()
        if behavior.scenario is not None:
            self.shared.scenarios.move(behavior.scenario)
        return firing

    def draw(self, key: Key, number: int) -> float:
        """The number that comes as `number` for a key."""
        if self._salt is None:
            self._salt = f"{digest_of(self.behavior.drawn_by)} {self.ordinal}"
        return draw(self.shared.seed, self._salt, key, number)

    def _closed(self, counts: Counts, seen: int, now: float) -> Reason | None:
        behavior = self.behavior
        if seen <= behavior.skip:
            return Reason.SKIP
        if self._is_over(counts, now):
            return Reason.ACTIVE_FOR
        if self.limit is not None and counts.fired >= self.limit:
            return Reason.EXHAUSTED
        return None

    def _is_over(self, counts: Counts, now: float) -> bool:
        """Whether the key's `activeFor` has ended."""
        active_for = self.behavior.active_for
        return active_for is not None and now - counts.first >= active_for

    def _is_forgotten(self, counts: Counts, now: float) -> bool:
        """Whether the key's `window` has ended."""
        window = self.behavior.window
        return window is not None and now - counts.first >= window

    def _known(self, key: Key, now: float) -> Counts:
        """The counts of a key; fresh ones, which are not kept yet, if it is new."""
        counts = self.shared.keys.get(self.owner, key) if key else self._counts
        if counts is None or (not key and not counts.seen):
            return Counts(now, 0 if counts is None else counts.drawn)
        if self._is_forgotten(counts, now):
            # What comes by chance goes on, lest it come the same in each window.
            return Counts(now, counts.drawn)
        return counts

    def _counts_of(self, key: Key, now: float) -> Counts:
        counts = self._known(key, now)
        if not counts.seen:
            if key:
                self.shared.keys.put(self.owner, key, counts)
            else:
                self._counts = counts
        return counts


class Firing(Generic[B]):
    """
    A behavior that fires.

    :ivar number: how many answers its key has had before this one
    """

    __slots__ = ("counts", "key", "number", "rule")

    def __init__(self, rule: Rule[B], key: Key, counts: Counts) -> None:
        self.rule = rule
        self.key = key
        self.counts = counts
        self.number = 0

    def random(self) -> float:
        """The next number by chance of its key."""
        number = self.counts.drawn
        self.counts.drawn += 1
        return self.rule.draw(self.key, number)
