"""The ordered list of behaviors in force, whatever it is that they answer.

A list is walked in order. A behavior that fires ends the walk, unless all that it does
is to slow down who answers; those behind it are not looked at, so their counts do not
move. Each change of the list, and each decision, is one step: who reads the list sees
what was before a change or what is after it.

At which points a behavior can fire (SMTP commands, types of DNS queries), and what a
decision is, the behaviors define.
"""

from __future__ import annotations

import itertools
import weakref
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from functools import cache
from typing import Any, Generic, TypeVar

from mocksmtp.behaviors.behavior import Behavior, Decided
from mocksmtp.behaviors.counts import NOTHING, RuleInput, TriedCounts
from mocksmtp.behaviors.holding import HeldClients
from mocksmtp.behaviors.miss import Item, Miss, Reason
from mocksmtp.behaviors.rule import DEFAULT_SEED, Firing, Rule, Shared
from mocksmtp.behaviors.scenarios import Scenarios
from mocksmtp.behaviors.walk import Ended, PastWalks, Plain, Walk, entries_of

P = TypeVar("P", bound=Hashable)
B = TypeVar("B", bound=Behavior[Any, Any, Any])
D = TypeVar("D", bound=Decided)


class IdTaken(Exception):
    """There is a behavior of that id."""


class Rules(Generic[P, B, D]):
    """
    Behaviors of type `B`, which answer at points `P` with decisions `D`.

    :param seed: makes what comes by chance come the same way again
    :param scenarios: the states that they ask for

    :ivar taken: the points at which one of them may fire
    :ivar fired: how often one has answered, by point, through every change
    :ivar held: the clients that wait because of one of them; a behavior that is removed
        or replaced releases its own
    :ivar listeners: called with a rule that fires, its decision, and the subject
    :ivar change_listeners: called when the list has changed
    :ivar past: is given the walks through lists that have changed; or None
    """

    def __init__(
        self, seed: str = DEFAULT_SEED, scenarios: Scenarios | None = None
    ) -> None:
        self.shared = Shared(seed, Scenarios() if scenarios is None else scenarios)
        self.fired: dict[P, int] = defaultdict(int)
        self.held = HeldClients()
        self.listeners: list[Callable[[Rule[B], D, bytes], None]] = []
        self.change_listeners: list[Callable[[], None]] = []
        self._rules: list[Rule[B]] = []
        self._numbers = itertools.count(1)
        self.taken: set[P] = set()
        self._by_point: dict[P, Walk[B, D]] = {}
        # Not in the walk, which would then be freed by the garbage collector alone.
        self._ends: dict[object, Ended[B]] = {}
        self.past: PastWalks | None = None
        self._tried: Callable[[Rule[B]], Rule[B]] | None = None

    # Deciding

    def decide(
        self,
        point: P,
        subject: bytes,
        attempt: RuleInput = NOTHING,
        trail: list[Item] | None = None,
    ) -> D | None:
        """
        What is to be done, with the counters moved; None where none has fired.

        :param subject: what conditions look at unless they say otherwise
        :param attempt: what else they may ask for
        :param trail: is given what is to be remembered of this walk
        """
        walk = self._by_point.get(point) or self._index(point)
        earlier: D | None = None
        for test, entry in walk.entries:
            if test is None:
                rule: Rule[B] = entry  # type: ignore[assignment]
                decision = self._ask(rule, point, subject, attempt, trail)
                if decision is None:
                    continue
                ends = not decision.is_own
                if trail is not None:
                    trail.append(
                        self.ended(walk, rule, (point, rule)) if ends else rule.slowed
                    )
            elif test(subject):
                plain: Plain[B, D] | None = entry.answer(subject, trail)  # type: ignore[union-attr]
                if plain is None:
                    continue
                rule = plain.rule
                rule.last_fired = attempt.seconds()
                self.fired[point] += 1
                decision, ends = plain.decision, True
                if trail is not None:
                    trail.append(self._ends.get(plain) or self.ended(walk, rule, plain))
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

    def ended(self, walk: Walk[B, D], rule: Rule[B], key: object) -> Ended[B]:
        """That a rule has ended a walk; made once for each `key`."""
        ended = self._ends.get(key)
        if ended is None:
            ended = self._ends[key] = Ended(walk, rule)
        return ended

    def walk(self, point: P) -> Walk[B, D]:
        """What is walked at a point, until the list changes."""
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
        As `decide`, of what is asked about several times, where each rule matches once.

        :param rules: those that are asked, in order
        :param matched: the owners of those that matched; further ones are added
        :param passed: those that matched and did not fire; further ones are added
        :return: the decision, and the rules that fired
        """
        earlier: D | None = None
        fired: list[Rule[B]] = []
        for rule in rules:
            if rule.owner in matched:
                continue
            seen = rule.seen
            trail: list[Item] = []
            decision = self._ask(rule, point, b"", attempt, trail)
            if rule.seen > seen:
                matched.add(rule.owner)
            passed.pop(rule, None)
            if decision is None:
                for miss in trail:
                    assert isinstance(miss, Miss)
                    passed[rule] = miss
                continue
            fired.append(rule)
            ends = not decision.is_own
            if earlier is not None:
                decision = earlier.combine(decision)
            if ends:
                return decision, fired
            earlier = decision
        return earlier, fired

    def passes(self, point: P, subject: bytes, trail: list[Item] | None = None) -> bool:
        """
        Whether for certain none fires, for the subject alone tells; nothing moves.

        A quicker way to the answer that `decide` has for nearly every mail.
        """
        walk = self._by_point.get(point) or self._index(point)
        if not walk.looks_at_subject:
            return False
        for test, _ in walk.entries:
            if test(subject):  # type: ignore[misc]
                return False
        if trail is not None:
            trail.append(walk)
        return True

    def _ask(
        self,
        rule: Rule[B],
        point: P,
        subject: bytes,
        attempt: RuleInput,
        trail: list[Item] | None,
    ) -> D | None:
        firing = rule.enter(subject, attempt)
        if isinstance(firing, Reason):
            if trail is not None and firing is not Reason.CONDITION:
                trail.append(rule.missed(firing))
            return None
        self.fired[point] += 1
        decision = self._conclude(firing, attempt, point)
        for listener in self.listeners:
            listener(rule, decision, subject)
        return decision

    def try_as(self, real: Rules[P, B, D]) -> None:
        """
        Decide as another list would now, and leave all its counts as they are.

        It is not known to whom it matters what is decided: listeners hear nothing.
        """
        shared = real.shared
        keys = TriedCounts(shared.keys)
        self.shared = Shared(shared.seed, shared.scenarios.copy(), keys)
        self._tried = cache(lambda rule: rule.tried(self.shared))
        self._rules = real._rules
        self._by_point = {}
        self.taken = set(real.taken)

    def _prepare(self, rule: Rule[B]) -> D | None:
        """What it answers, where that is the same each time and ends the walk."""
        behavior = rule.behavior
        point: P | None = behavior.fixed_decision
        if point is None:
            return None
        response = behavior.sequence[0]
        # A delay that is not drawn draws no number.
        decision: D = behavior.decide(
            rule.id, response, point, response.delay.draw(float)
        )
        return decision

    def _conclude(self, firing: Firing[B], attempt: RuleInput, point: P) -> D:
        """What it answers this time, and there."""
        rule = firing.rule
        behavior = rule.behavior
        response = behavior.response_to(firing.number)
        place = id(response), point
        made: D | None = rule.made.get(place)
        if made is None:
            delay = response.delay.draw(firing.random)
            made = behavior.decide(rule.id, response, point, delay)
            if not response.draws:
                rule.made[place] = made
        filled: D = made.fill(attempt)
        return filled

    def scenarios(self) -> dict[str, str]:
        """The states of those that behaviors name, and of those that were set."""
        steps = (rule.behavior.scenario for rule in self)
        return self.shared.scenarios.states(step.name for step in steps if step)

    # The list

    def __iter__(self) -> Iterator[Rule[B]]:
        return iter(self._rules)

    def __len__(self) -> int:
        return len(self._rules)

    def tagged(self, tag: str) -> list[Rule[B]]:
        """Those that have this tag."""
        return [rule for rule in self._rules if rule.behavior.tag == tag]

    def get(self, rule_id: str) -> Rule[B]:
        """
        The rule with this id.

        :raises KeyError: there is none
        """
        return self._rules[self._position(rule_id)]

    def replace_all(self, behaviors: Iterable[B]) -> list[Rule[B]]:
        """
        These and no others, with fresh counters.

        :raises IdTaken: two of them want the same id
        """
        return self._set(self._new(behaviors, []))

    def extend(self, behaviors: Iterable[B], front: bool = False) -> list[Rule[B]]:
        """
        Add these behind the others, or before them; answer the new rules.

        :raises IdTaken: one of them wants an id that there is
        """
        added = self._new(behaviors, self._rules)
        self._set(added + self._rules if front else self._rules + added)
        return added

    def put(self, behavior: B) -> Rule[B]:
        """
        Add one, or put it in the place of the one that answers the same.

        :raises IdTaken: it wants the id of one that answers something else
        """
        for position, rule in enumerate(self._rules):
            if rule.id == behavior.id or rule.behavior.is_like(behavior):
                others = self._others(position)
                return self._put_at(position, self._new([behavior], others)[0])
        return self.extend([behavior])[0]

    def replace(self, rule_id: str, behavior: B) -> Rule[B]:
        """
        Replace a behavior, in the same place; its counters start again.

        :raises KeyError: there is no such id
        """
        position = self._position(rule_id)
        alike = _alike([behavior], self._others(position))
        ordinal = 0 if alike is None else alike[behavior.drawn_by]
        return self._put_at(position, Rule(rule_id, behavior, self.shared, ordinal))

    def change(
        self,
        changes: Iterable[tuple[Rule[B], B]],
        arrange: Callable[[list[Rule[B]], list[Rule[B]]], list[Rule[B]]] | None = None,
    ) -> list[Rule[B]]:
        """
        Other fields for rules, which keep their places and their counts.

        Clients that wait because of one of them go on waiting unless it is disabled
        now or answers something else. Rules that are not in the list any more are left
        out.

        :param arrange: makes another order of all rules, given those that changed too
        :return: the rules that result
        """
        now = dict.fromkeys(self._rules)
        given = {rule: behavior for rule, behavior in changes if rule in now}
        alike = _alike(given.values(), [rule for rule in now if rule not in given])
        changed: dict[Rule[B], Rule[B]] = {}
        for rule, behavior in given.items():
            ordinal = rule.ordinal
            if alike is not None and behavior.drawn_by != rule.behavior.drawn_by:
                ordinal = alike[behavior.drawn_by]
                alike[behavior.drawn_by] += 1
            changed[rule] = rule.changed(behavior, ordinal)
        rules = [changed.get(rule, rule) for rule in self._rules]
        if arrange is not None:
            rules = arrange(rules, [*changed.values()])
        self._set(
            rules,
            {
                rule
                for rule, after in changed.items()
                if after.behavior.enabled
                and after.behavior.sequence == rule.behavior.sequence
            },
        )
        return [*changed.values()]

    def remove(self, rule_id: str) -> None:
        """
        Take one out.

        :raises KeyError: there is no such id
        """
        self._set(self._others(self._position(rule_id)))

    def remove_tagged(self, tag: str) -> None:
        """Take out those that have this tag."""
        self._set([rule for rule in self._rules if rule.behavior.tag != tag])

    def clear(self) -> None:
        """Take all out."""
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
            if alike is not None and behavior.draws:
                ordinal = alike[behavior.drawn_by]
                alike[behavior.drawn_by] += 1
            rule_id = self._next_id(taken) if behavior.id is None else behavior.id
            rules.append(Rule(rule_id, behavior, self.shared, ordinal))
        return rules

    def _next_id(self, taken: set[str]) -> str:
        while True:
            name = str(next(self._numbers))
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
        Have `rules` be in force.

        :param holding: rules that are gone, and whose clients wait all the same
        """
        before, self._rules = self._rules, rules
        if len(self.shared.keys):
            self.shared.keys.keep({rule.owner for rule in rules})
        self.taken = {p for rule in rules for p in rule.behavior.points}
        walks, self._by_point, self._ends = self._by_point, {}, {}
        if self.past is not None and walks:
            self._leave(walks)
        if self.held:
            # Once the new list is in force: a released client sends its next command.
            stay = {*rules, *holding}
            self.held.release([rule.id for rule in before if rule not in stay])
        if self.change_listeners and (before or rules):
            for listener in tuple(self.change_listeners):
                listener()
        return rules

    def _index(self, point: P) -> Walk[B, D]:
        """The rules of a point, in order, as they are walked until the list changes."""
        rules = (rule for rule in self._rules if rule.behavior.fires_at(point))
        asked = rules if self._tried is None else map(self._tried, rules)
        self._by_point[point] = walk = Walk(entries_of(asked, self._prepare), point)
        return walk

    def _leave(self, walks: dict[P, Walk[B, D]]) -> None:
        """Keep account of the walks through a former list that somebody remembers."""
        assert self.past is not None
        former = [*map(weakref.ref, walks.values())]
        walks.clear()
        for each in former:
            walk = each()
            if walk is not None:
                self.past.add(walk)


def _alike(
    behaviors: Iterable[B], rules: Iterable[Rule[B]]
) -> Counter[Behavior[Any, Any, Any]] | None:
    """How many there are of each, where two of a kind must not draw the same."""
    if not [behavior for behavior in behaviors if behavior.draws]:
        return None
    return Counter(rule.behavior.drawn_by for rule in rules if rule.behavior.draws)
