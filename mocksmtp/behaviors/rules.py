"""The ordered list of the behaviors in force, for SMTP and for DNS.

The list is evaluated in order. A behavior that fires ends the walk, unless it only
delays the reply. The behaviors after the one that ends the walk are not evaluated, and
their counters do not change. Each change of the list and each decision is atomic: a
reader sees the list as it was before a change, or as it is after it.

The type of the behaviors defines the points at which they can fire (commands of SMTP,
types of DNS queries) and the type of a decision.
"""

from __future__ import annotations

import weakref
from collections import Counter, defaultdict
from collections.abc import (
    Callable,
    Collection,
    Hashable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from functools import cache
from typing import Any, Generic, TypeVar

from mocksmtp.behaviors.behavior import Behavior, Decided
from mocksmtp.behaviors.condition import Test
from mocksmtp.behaviors.counts import NO_INPUT, RuleInput, SimulatedCounts
from mocksmtp.behaviors.holding import HeldClients
from mocksmtp.behaviors.miss import Item, Miss, Reason
from mocksmtp.behaviors.rule import DEFAULT_SEED, Firing, Rule, SharedState
from mocksmtp.behaviors.scenarios import Scenarios
from mocksmtp.behaviors.turns import Turns
from mocksmtp.behaviors.walk import PastWalks, PlainRule, Walk, WalkEnd, entries_of

P = TypeVar("P", bound=Hashable)
B = TypeVar("B", bound=Behavior[Any, Any, Any])
D = TypeVar("D", bound=Decided)


_DIGITS = 10
"""The number of digits of an id that certainly was not assigned."""


class IdTaken(Exception):
    """
    The id of a behavior is already used by another behavior of the list.

    Its only argument is the id.
    """


class Rules(Generic[P, B, D]):
    """
    The ordered list of the behaviors of a host, or of DNS.

    `B` is the type of the behaviors, `P` that of the points at which they fire, `D`
    that of their decisions.

    :param seed: the seed of the random numbers; the same seed reproduces the same
        random choices
    :param scenarios: the states of the scenarios that the behaviors require and change

    :ivar points: the points at which a behavior of the list can fire; replaced, not
        modified, by each change of the list
    :ivar fired: the number of times that a behavior fired at each point; a change of
        the list does not reset it
    :ivar held: the clients that wait because of a behavior; removing or replacing the
        behavior releases them
    :ivar listeners: each is called with the rule that fired, its decision, and the
        subject of the command
    :ivar change_listeners: each is called without arguments after the list changed
    :ivar past: keeps the walks of former lists that exchanges refer to; None keeps none
    :ivar turns: the turns of the replica, if several replicas decide by this list; else
        None
    :ivar counting_rules: the rules whose decisions need the turn; empty without
        replicas
    :ivar counting: the points at which one of them can fire
    """

    def __init__(
        self, seed: str = DEFAULT_SEED, scenarios: Scenarios | None = None
    ) -> None:
        self.shared = SharedState(seed, Scenarios() if scenarios is None else scenarios)
        self.fired: dict[P, int] = defaultdict(int)
        self.held = HeldClients()
        self.listeners: list[Callable[[Rule[B], D, bytes], None]] = []
        self.change_listeners: list[Callable[[], None]] = []
        self._rules: list[Rule[B]] = []
        self._last_number = 0
        self.points: set[P] = set()
        self._by_point: dict[P, Walk[B, D]] = {}
        # A walk that contained these would be a reference cycle, which only the
        # garbage collector frees.
        self._ends: dict[object, WalkEnd[B]] = {}
        self.past: PastWalks | None = None
        self._simulated: Callable[[Rule[B]], Rule[B]] | None = None
        self.turns: Turns | None = None
        self.counting: frozenset[P] = frozenset()
        self.counting_rules: set[Rule[B]] = set()
        self._counting_tests: dict[P, list[Test] | None] = {}

    # Deciding

    def decide(
        self,
        point: P,
        subject: bytes,
        attempt: RuleInput = NO_INPUT,
        trail: list[Item] | None = None,
    ) -> D | None:
        """
        Evaluate the behaviors of a point in order, and update their counters.

        :param point: the reply point, or the type of the DNS query
        :param subject: the value that conditions without a target test
        :param attempt: provides the values of all other targets, and the time
        :param trail: a list to which the result of this walk is appended, to explain it
            later (`mocksmtp.behaviors.explain`)
        :return: the decision of the behavior that fired, with the delays of the
            behaviors before it added; None if no behavior fired
        """
        walk = self._by_point.get(point) or self._index(point)
        earlier: D | None = None
        for test, entry in walk.entries:
            if test is None:
                rule: Rule[B] = entry  # type: ignore[assignment]
                decision = self._evaluate(rule, point, subject, attempt, trail)
                if decision is None:
                    continue
                ends = not decision.only_delays
                if trail is not None:
                    trail.append(
                        self.walk_end(walk, rule, (point, rule))
                        if ends
                        else rule.slowed
                    )
            elif test(subject):
                plain: PlainRule[B, D] | None = entry.answer(subject, trail)  # type: ignore[union-attr]
                if plain is None:
                    continue
                rule = plain.rule
                rule.last_fired = attempt.seconds()
                self.fired[point] += 1
                decision, ends = plain.decision, True
                if trail is not None:
                    trail.append(
                        self._ends.get(plain) or self.walk_end(walk, rule, plain)
                    )
                for listener in self.listeners:
                    listener(rule, decision, subject)
            else:
                continue
            if earlier is not None:
                decision = earlier.combine(decision)
            if ends:
                return decision
            earlier = decision
        if trail is not None:
            trail.append(walk)
        return earlier

    def walk_end(self, walk: Walk[B, D], rule: Rule[B], key: object) -> WalkEnd[B]:
        """
        Return the end of a walk that `rule` ended, created once for each `key`.

        :param key: a hashable value that identifies the walk and the rule
        """
        end = self._ends.get(key)
        if end is None:
            end = self._ends[key] = WalkEnd(walk, rule)
        return end

    def walk(self, point: P) -> Walk[B, D]:
        """Return the walk of a point; it is valid until the list changes."""
        return self._by_point.get(point) or self._index(point)

    def decide_once(
        self,
        point: P,
        rules: Iterable[Rule[B]],
        attempt: RuleInput,
        matched: set[object],
        passed: dict[Rule[B], Miss],
    ) -> tuple[D | None, list[Rule[B]]]:
        """
        Evaluate rules for an event that is evaluated several times, as a content is.

        A rule whose condition was true once is not evaluated again.

        :param rules: the rules to evaluate, in order
        :param matched: the owners of the rules whose condition was true so far; the
            owners of further ones are added
        :param passed: the rules whose condition was true and that did not fire, with
            the reason; further ones are added
        :return: the decision, or None; and the rules that fired
        """
        earlier: D | None = None
        fired: list[Rule[B]] = []
        for rule in rules:
            if rule.owner in matched:
                continue
            seen = rule.seen
            trail: list[Item] = []
            decision = self._evaluate(rule, point, b"", attempt, trail)
            if rule.seen > seen:
                matched.add(rule.owner)
            passed.pop(rule, None)
            if decision is None:
                for miss in trail:
                    assert isinstance(miss, Miss)
                    passed[rule] = miss
                continue
            fired.append(rule)
            ends = not decision.only_delays
            if earlier is not None:
                decision = earlier.combine(decision)
            if ends:
                return decision, fired
            earlier = decision
        return earlier, fired

    def passes(self, point: P, subject: bytes, trail: list[Item] | None = None) -> bool:
        """
        Return whether no behavior fires at a point, as far as the subject decides that.

        It changes no counter, and is faster than `decide`. False means that `decide`
        must be called: a behavior fires, or the subject alone does not decide it.
        """
        walk = self._by_point.get(point) or self._index(point)
        if not walk.tests_only_subject:
            return False
        for test, _ in walk.entries:
            if test(subject):  # type: ignore[misc]
                return False
        if trail is not None:
            trail.append(walk)
        return True

    def _evaluate(
        self,
        rule: Rule[B],
        point: P,
        subject: bytes,
        attempt: RuleInput,
        trail: list[Item] | None,
    ) -> D | None:
        firing = rule.evaluate(subject, attempt)
        if isinstance(firing, Reason):
            if trail is not None and firing is not Reason.CONDITION:
                trail.append(rule.miss_for(firing))
            return None
        self.fired[point] += 1
        decision = self._conclude(firing, attempt, point)
        for listener in self.listeners:
            listener(rule, decision, subject)
        return decision

    def simulate(self, real: Rules[P, B, D]) -> None:
        """
        Make this list decide as `real` does, without changing the counters of `real`.

        The rules and counts of `real` are copied when they are used first. The
        listeners of `real` are not called.
        """
        shared = real.shared
        keys = SimulatedCounts(shared.keys)
        self.shared = SharedState(shared.seed, shared.scenarios.copy(), keys)
        self._simulated = cache(lambda rule: rule.simulated(self.shared))
        self._rules = real._rules
        self._by_point = {}
        self.points = set(real.points)

    def _prepare(self, rule: Rule[B]) -> D | None:
        """Return the decision of a rule that always decides the same; else None."""
        behavior = rule.behavior
        point: P | None = behavior.fixed_decision
        if point is None:
            return None
        response = behavior.sequence[0]
        # The delay is fixed: it does not call its argument.
        decision: D = behavior.decide(
            rule.id, response, point, response.delay.draw(float)
        )
        return decision

    def _conclude(self, firing: Firing[B], attempt: RuleInput, point: P) -> D:
        """Return the decision of a rule that fired at `point`."""
        rule = firing.rule
        behavior = rule.behavior
        response = behavior.response_to(firing.number)
        place = id(response), point
        made: D | None = rule.decisions.get(place)
        if made is None:
            delay = response.delay.draw(firing.random)
            made = behavior.decide(rule.id, response, point, delay)
            if not response.is_random:
                rule.decisions[place] = made
        filled: D = made.fill(attempt)
        return filled

    # Counts that replicas have in common

    def share(self, turns: Turns) -> None:
        """Share the counts with other replicas, in the turns of `turns`."""
        self.turns = turns
        self.shared.moved = set()
        self.shared.keys.evicted = []
        self.update_counting()

    def update_counting(self) -> None:
        """Find the rules that need the turn, after the list or counts changed."""
        self.counting_rules = {rule for rule in self._rules if rule.needs_turn}
        self.counting = frozenset(
            point for rule in self.counting_rules for point in rule.behavior.points
        )
        self._counting_tests = {}

    def recount(self, rule: Rule[B]) -> None:
        """Update the rules that need the turn, after counts of one have changed."""
        if (rule in self.counting_rules) != rule.needs_turn:
            self.update_counting()

    def may_count(self, point: P, subject: bytes) -> bool:
        """Return whether common counts may matter to the decision on a subject."""
        if point not in self._counting_tests:
            rules = [one for one in self.counting_rules if one.behavior.fires_at(point)]
            tests = [rule.test for rule in rules if rule.test is not None]
            is_sure = len(tests) == len(rules)
            self._counting_tests[point] = tests if is_sure else None
        found = self._counting_tests[point]
        return found is None or any(test(subject) for test in found)

    def scenarios(self) -> dict[str, str]:
        """Return the states of the scenarios that behaviors name, or that were set."""
        steps = (rule.behavior.scenario for rule in self)
        return self.shared.scenarios.states(step.name for step in steps if step)

    # The list

    def __iter__(self) -> Iterator[Rule[B]]:
        return iter(self._rules)

    def __len__(self) -> int:
        return len(self._rules)

    def tagged(self, tag: str) -> list[Rule[B]]:
        """Return the rules that have this tag, in order."""
        return [rule for rule in self._rules if rule.behavior.tag == tag]

    def get(self, rule_id: str) -> Rule[B]:
        """
        Return the rule with this id.

        :raises KeyError: no rule has the id
        """
        return self._rules[self._position(rule_id)]

    def replace_all(self, behaviors: Iterable[B]) -> list[Rule[B]]:
        """
        Replace the whole list; all counters start at 0.

        :return: the new rules, in the order of `behaviors`
        :raises IdTaken: two of the behaviors have the same id
        """
        return self._set(self._new(behaviors, []))

    def extend(self, behaviors: Iterable[B], front: bool = False) -> list[Rule[B]]:
        """
        Add behaviors at the end of the list, or in front of it.

        :param front: add them before the first rule
        :return: the new rules, in the order of `behaviors`
        :raises IdTaken: the id of a behavior is already used
        """
        added = self._new(behaviors, self._rules)
        self._set(added + self._rules if front else self._rules + added)
        return added

    def put(self, behavior: B) -> Rule[B]:
        """
        Add a behavior, or replace the one with the same id or point and condition.

        A replaced behavior keeps its place in the list, not its counters.

        :return: the new rule
        :raises IdTaken: a later behavior of the list has the id
        """
        for position, rule in enumerate(self._rules):
            if rule.id == behavior.id or rule.behavior.is_like(behavior):
                others = self._others(position)
                return self._put_at(position, self._new([behavior], others)[0])
        return self.extend([behavior])[0]

    def replace(self, rule_id: str, behavior: B) -> Rule[B]:
        """
        Replace a behavior in its place; its counters start at 0.

        :return: the new rule
        :raises KeyError: no rule has the id
        """
        position = self._position(rule_id)
        alike = _alike([behavior], self._others(position))
        ordinal = 0 if alike is None else alike[behavior.random_identity]
        return self._put_at(position, Rule(rule_id, behavior, self.shared, ordinal))

    def change(
        self,
        changes: Iterable[tuple[Rule[B], B]],
        arrange: Callable[[list[Rule[B]], list[Rule[B]]], list[Rule[B]]] | None = None,
    ) -> list[Rule[B]]:
        """
        Change the fields of rules, which keep their places and their counters.

        The clients that wait because of a changed rule continue to wait, unless the
        change disables it or changes its responses. Rules that are no longer in the
        list are ignored.

        :param changes: the rules, each with its new behavior
        :param arrange: returns a new order of the list; it is called with all rules
            and with the changed ones
        :return: the changed rules
        """
        now = dict.fromkeys(self._rules)
        given = {rule: behavior for rule, behavior in changes if rule in now}
        alike = _alike(given.values(), [rule for rule in now if rule not in given])
        changed: dict[Rule[B], Rule[B]] = {}
        for rule, behavior in given.items():
            ordinal = rule.ordinal
            if (
                alike is not None
                and behavior.random_identity != rule.behavior.random_identity
            ):
                ordinal = alike[behavior.random_identity]
                alike[behavior.random_identity] += 1
            changed[rule] = rule.changed(behavior, ordinal)
        rules = [changed.get(rule, rule) for rule in self._rules]
        if arrange is not None:
            rules = arrange(rules, [*changed.values()])
        self._set(rules, _holding(changed))
        return [*changed.values()]

    def follow(
        self, ids: Iterable[str], given: Mapping[str, tuple[B, int]], kept: set[str]
    ) -> None:
        """
        Have the rules that another process has; the other rules stay as they are.

        :param ids: the ids of all rules, in order
        :param given: the behaviors of new and of changed rules, each with its ordinal
        :param kept: the ids of the rules of `given` that are changed as by `change`;
            all others of them are replaced
        """
        now = {rule.id: rule for rule in self._rules}
        changed: dict[Rule[B], Rule[B]] = {}
        rules = []
        for rule_id in ids:
            rule = now.get(rule_id)
            if rule_id in given:
                behavior, ordinal = given[rule_id]
                if rule is not None and rule_id in kept:
                    changed[rule] = after = rule.changed(behavior, ordinal)
                    rule = after
                else:
                    rule = Rule(rule_id, behavior, self.shared, ordinal)
            if rule is not None:
                rules.append(rule)
        # Ids are not used again, wherever they were assigned.
        for rule_id in given:
            if rule_id.isdecimal() and len(rule_id) < _DIGITS:
                self._last_number = max(self._last_number, int(rule_id))
        self._set(rules, _holding(changed))

    def remove(self, rule_id: str) -> None:
        """
        Remove a behavior.

        :raises KeyError: no rule has the id
        """
        self._set(self._others(self._position(rule_id)))

    def remove_tagged(self, tag: str) -> None:
        """Remove all behaviors that have this tag."""
        self._set([rule for rule in self._rules if rule.behavior.tag != tag])

    def clear(self) -> None:
        """Remove all behaviors."""
        self._set([])

    def _new(self, behaviors: Iterable[B], others: Sequence[Rule[B]]) -> list[Rule[B]]:
        given = list(behaviors)
        taken = {rule.id for rule in others}
        for behavior in given:
            if behavior.id is not None:
                if behavior.id in taken:
                    raise IdTaken(behavior.id)
                taken.add(behavior.id)
        rules: list[Rule[B]] = []
        alike = _alike(given, others)
        for behavior in given:
            ordinal = 0
            if alike is not None and behavior.is_random:
                ordinal = alike[behavior.random_identity]
                alike[behavior.random_identity] += 1
            rule_id = self._next_id(taken) if behavior.id is None else behavior.id
            rules.append(Rule(rule_id, behavior, self.shared, ordinal))
        return rules

    def _next_id(self, taken: set[str]) -> str:
        while True:
            self._last_number += 1
            name = str(self._last_number)
            if name not in taken:
                return name

    def _position(self, rule_id: str) -> int:
        for position, rule in enumerate(self._rules):
            if rule.id == rule_id:
                return position
        raise KeyError(rule_id)

    def _others(self, position: int) -> list[Rule[B]]:
        return self._rules[:position] + self._rules[position + 1 :]

    def _put_at(self, position: int, rule: Rule[B]) -> Rule[B]:
        self._set([*self._rules[:position], rule, *self._rules[position + 1 :]])
        return rule

    def _set(
        self, rules: list[Rule[B]], holding: Collection[Rule[B]] = ()
    ) -> list[Rule[B]]:
        """
        Put `rules` in force, release the held clients, and call the listeners.

        :param holding: former rules whose clients continue to wait
        """
        before, self._rules = self._rules, rules
        if len(self.shared.keys):
            self.shared.keys.retain({rule.owner for rule in rules})
        self.points = {p for rule in rules for p in rule.behavior.points}
        if self.turns is not None:
            self.update_counting()
        walks, self._by_point, self._ends = self._by_point, {}, {}
        if self.past is not None and walks:
            self._leave(walks)
        if self.held:
            # After the new list is in force: a released client sends its next command.
            stay = {*rules, *holding}
            self.held.release([rule.id for rule in before if rule not in stay])
        if self.change_listeners and (before or rules):
            for listener in tuple(self.change_listeners):
                listener()
        return rules

    def _index(self, point: P) -> Walk[B, D]:
        """Create the walk of a point from the list."""
        rules = (rule for rule in self._rules if rule.behavior.fires_at(point))
        asked = rules if self._simulated is None else map(self._simulated, rules)
        self._by_point[point] = walk = Walk(entries_of(asked, self._prepare), point)
        return walk

    def _leave(self, walks: dict[P, Walk[B, D]]) -> None:
        """Pass the walks of the former list that exchanges refer to on to `past`."""
        assert self.past is not None
        former = [*map(weakref.ref, walks.values())]
        walks.clear()
        for each in former:
            walk = each()
            if walk is not None:
                self.past.add(walk)


def _holding(changed: Mapping[Rule[B], Rule[B]]) -> set[Rule[B]]:
    """Return the former rules whose clients continue to wait after a change."""
    return {
        rule
        for rule, after in changed.items()
        if after.behavior.enabled and after.behavior.sequence == rule.behavior.sequence
    }


def _alike(
    behaviors: Iterable[B], rules: Iterable[Rule[B]]
) -> Counter[Behavior[Any, Any, Any]] | None:
    """
    Count the random rules by `random_identity`; None if no new behavior is random.

    Equal behaviors are numbered by these counts, so that they draw different numbers.
    """
    if not [behavior for behavior in behaviors if behavior.is_random]:
        return None
    return Counter(
        rule.behavior.random_identity for rule in rules if rule.behavior.is_random
    )
