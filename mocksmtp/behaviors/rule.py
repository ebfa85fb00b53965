"""A behavior in force, with its counters: decides whether the behavior fires.

Each attempt is tested in this order: enabled, protocol, scenario state, condition,
(seen + 1), skip, activeFor, remaining, probability. A behavior that fails a test does
not fire, and its number of answers does not change. SMTP and DNS use the same rules.
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
"""The seed of the random numbers unless the configuration sets one."""

_RULE_OCTETS = 2000


@attrs.define(eq=False)
class SharedState:
    """
    The state that all rules of a host share.

    :ivar seed: the seed of the random numbers
    :ivar scenarios: the states of the scenarios
    :ivar keys: the counts of each key of each rule
    :ivar moved: the rules whose counters have changed, each with the key; a set that
        its reader replaces, or None if no replica has them in common
    """

    seed: str = DEFAULT_SEED
    scenarios: Scenarios = attrs.field(factory=Scenarios)
    keys: KeyedCounts = attrs.field(factory=KeyedCounts)
    moved: set[tuple[Rule[Any], Key]] | None = None


@attrs.define(eq=False)
class Rule(Generic[B]):
    """A behavior in force, with its counters.

    :ivar ordinal: the number of equal random behaviors that were added before it; it
        makes their random numbers differ
    :ivar seen: the number of attempts for which its condition was true
    :ivar fired: the number of attempts for which it fired
    :ivar limit: the maximum number of answers for each key; None means no limit
    :ivar test: the test of the subject, if its condition tests nothing else; else None
    :ivar required_target: the target without whose value it is not evaluated, or None
    :ivar decisions: a cache of the decisions of its responses, by response and point
    :ivar owner: identifies the rule in the counts by key; a change of its fields keeps
        it
    :ivar last_fired: when it fired last, in seconds since the epoch; None if it never
        fired
    :ivar common: the values of `seen` and `fired` that all replicas know of
    :ivar lineage: identifies the rule and those that it is changed to; one that
        replaces it has another
    """

    id: str
    behavior: B
    shared: SharedState = attrs.field(factory=SharedState, repr=False)
    ordinal: int = 0
    seen: int = 0
    fired: int = 0
    limit: int | None = attrs.field(init=False)
    test: Test | None = attrs.field(init=False, repr=False)
    required_target: Target | None = attrs.field(init=False, repr=False)
    decisions: dict[object, Any] = attrs.field(init=False, factory=dict, repr=False)
    owner: object = attrs.field(init=False, factory=object, repr=False)
    last_fired: float | None = attrs.field(init=False, default=None, repr=False)
    common: tuple[int, int] = attrs.field(init=False, default=(0, 0), repr=False)
    lineage: object = attrs.field(init=False, factory=object, repr=False)
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

    @required_target.default
    def _required_target(self) -> Target | None:
        return self.behavior.required_target

    @property
    def is_plain(self) -> bool:
        """Whether only the subject and the rule's own counters decide if it fires."""
        return self.test is not None and self.behavior.is_ungated

    @property
    def needs_turn(self) -> bool:
        """
        Whether replicas decide by its counts one after the other.

        Not if its answers are used up: then no further match changes a decision.
        """
        behavior = self.behavior
        if not (behavior.enabled and behavior.is_counting):
            return False
        if self.limit is None or behavior.per or behavior.window is not None:
            return True
        return min(self.fired, self._fired_of_list) < self.limit

    @property
    def _fired_of_list(self) -> int:
        """How often it fired, as far as that limits its answers."""
        return self.fired if self.is_plain else self._counts.fired

    @property
    def is_keyed(self) -> bool:
        """Whether it counts its answers by key (field ``per``)."""
        return bool(self.behavior.per)

    def remaining(self, now: float) -> int | None:
        """
        Return the number of answers left; with keys, that of a new key.

        :param now: the time of the attempts, in seconds since the epoch
        :return: the number, or None for no limit
        """
        if self.is_keyed:
            return self.limit
        if self.behavior.needs_time:
            return self.remaining_of(self._known((), now), now)
        return None if self.limit is None else self.limit - self.fired

    def remaining_of(self, counts: Counts, now: float) -> int | None:
        """Return the number of answers left to a key; None means no limit."""
        if counts.seen and self._is_over(counts, now):
            return 0
        return None if self.limit is None else self.limit - counts.fired

    def exhausted(self, now: float) -> bool:
        """Return whether it can never fire again, unless it is changed."""
        behavior = self.behavior
        return behavior.window is None and not behavior.per and self.remaining(now) == 0

    def can_answer(self, now: float) -> bool:
        """Return whether it is enabled and not exhausted."""
        return self.behavior.enabled and not self.exhausted(now)

    def miss_for(self, reason: Reason) -> Miss:
        """Return the trail item of a walk in which it did not fire for `reason`."""
        found, step = None, self.behavior.scenario
        if reason is Reason.SCENARIO and step is not None:
            found = self.shared.scenarios.state(step.name)
        miss = self._misses.get(reason)
        if miss is None or miss.found != found:
            miss = self._misses[reason] = Miss(self.id, reason, found)
        return miss

    @property
    def slowed(self) -> Slowed:
        """The trail item of a walk in which it fired and only delayed the reply."""
        if self._slowed is None:
            self._slowed = Slowed(self.id)
        return self._slowed

    @property
    def weight(self) -> int:
        """The approximate memory that it occupies, in bytes."""
        if not self._weight:
            behavior = self.behavior
            leaves = leaves_of(behavior.condition)
            values = (e.matching_value for e in leaves if isinstance(e, Comparison))
            answers = sum(response.octets for response in behavior.sequence)
            self._weight = _RULE_OCTETS + 2 * sum(map(len, values)) + answers
        return self._weight

    def changed(self, behavior: B, ordinal: int) -> Rule[B]:
        """
        Return the rule with other fields, with its id and its counters.

        It keeps the counts of its keys if `behavior` has the same ``per``.

        :param ordinal: the `ordinal` of the new rule
        """
        rule = Rule(self.id, behavior, self.shared, ordinal, self.seen, self.fired)
        rule.last_fired, rule.common = self.last_fired, self.common
        rule.lineage = self.lineage
        rule._counts = self._counts
        if self.behavior.is_ungated and not behavior.needs_time:
            # So far only the rule's own counters were updated, not `_counts`.
            rule._counts.seen, rule._counts.fired = self.seen, self.fired
        if behavior.per == self.behavior.per:
            rule.owner = self.owner
        return rule

    def simulated(self, shared: SharedState) -> Rule[B]:
        """Return a copy that decides the same, with counters of its own."""
        rule = copy(self)
        rule.shared = shared
        rule._counts = copy(self._counts)  # noqa: SLF001 - of the same class
        return rule

    def counts(self, now: float) -> Iterator[tuple[Key, Counts]]:
        """
        Yield the keys whose `window` has not ended, with their counts, oldest first.

        :param now: the time, in seconds since the epoch
        """
        for key, counts in self.shared.keys.of_owner(self.owner):
            if not self._is_forgotten(counts, now):
                yield key, counts

    @property
    def stored(self) -> list[Any]:
        """Its counters without those of its keys, as a list for JSON."""
        counts = self._counts
        own = [counts.seen, counts.fired, counts.first, counts.drawn]
        return [self.seen, self.fired, self.last_fired, self.ordinal, own]

    def restore(self, stored: list[Any]) -> None:
        """Set the counters from the list that `stored` returned."""
        self.seen, self.fired, self.last_fired, self.ordinal, own = stored
        self._counts = Counts.from_stored(own)
        self._salt = None
        self.common = self.seen, self.fired

    def adopt(self, stored: list[Any] | None) -> None:
        """
        Set the counters to those of another replica, from its `stored`.

        What this replica has not told the others yet is added. None sets them to 0.
        """
        seen, fired = self.seen - self.common[0], self.fired - self.common[1]
        last_fired = self.last_fired
        self.restore([0, 0, None, self.ordinal, [0] * 4] if stored is None else stored)
        if seen:
            self.seen, self.fired = self.seen + seen, self.fired + fired
            self.last_fired = last_fired

    def restore_key(self, key: Key, stored: list[Any]) -> None:
        """Set the counters of a key from the list that `Counts.stored` returned."""
        self.shared.keys.put(self.owner, key, Counts.from_stored(stored))

    def evaluate(self, subject: bytes, attempt: RuleInput) -> Firing[B] | Reason:
        """
        Evaluate the rule for one attempt, and update its counters.

        :param subject: the value that a condition without a target tests
        :param attempt: provides the values of all other targets, and the time
        :return: the firing, or the reason why it does not fire
        """
        behavior = self.behavior
        if not behavior.enabled:
            return Reason.DISABLED
        if self.required_target is not None and not attempt.values(
            self.required_target
        ):
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
        if self.shared.moved is not None:
            self.shared.moved.add((self, key))
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
        """Return the random number of a key with this index; at least 0, below 1."""
        if self._salt is None:
            self._salt = f"{digest_of(self.behavior.random_identity)} {self.ordinal}"
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
        """Return whether the `activeFor` of a key has ended."""
        active_for = self.behavior.active_for
        return active_for is not None and now - counts.first >= active_for

    def _is_forgotten(self, counts: Counts, now: float) -> bool:
        """Return whether the `window` of a key has ended."""
        window = self.behavior.window
        return window is not None and now - counts.first >= window

    def _known(self, key: Key, now: float) -> Counts:
        """Return the counts of a key; for a new key, zero counts that are not kept."""
        counts = self.shared.keys.get(self.owner, key) if key else self._counts
        if counts is None or (not key and not counts.seen):
            return Counts(now, 0 if counts is None else counts.drawn)
        if self._is_forgotten(counts, now):
            # The index of the random numbers continues: otherwise each window would
            # draw the same numbers.
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
    One firing of a rule.

    :ivar rule: the rule that fires
    :ivar key: the key of the attempt
    :ivar counts: the counts of the key
    :ivar number: the number of answers of the key before this one
    """

    __slots__ = ("counts", "key", "number", "rule")

    def __init__(self, rule: Rule[B], key: Key, counts: Counts) -> None:
        self.rule = rule
        self.key = key
        self.counts = counts
        self.number = 0

    def random(self) -> float:
        """Return the next random number of the key; at least 0, below 1."""
        number = self.counts.drawn
        self.counts.drawn += 1
        return self.rule.draw(self.key, number)
