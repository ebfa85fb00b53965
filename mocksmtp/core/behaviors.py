"""The ordered list of behaviors, their counters, and which of them fires.

At each reply point the list is walked in order. A behavior whose condition holds
and that still has answers fires, and the walk ends; those behind it are not
looked at, so their counts do not move. One whose condition fails spends nothing.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

import attrs

from mocksmtp.model.behavior import Behavior, Command, Effect
from mocksmtp.model.reply import Reply

Matcher: TypeAlias = Callable[[bytes], bool]

Listener: TypeAlias = "Callable[[Rule, bytes], None]"


@attrs.define(eq=False)
class Rule:
    """A behavior in force, with its counters.

    :ivar seen: how often its condition held when it was asked
    :ivar fired: how often it answered
    :ivar reply: what it answers, which names it as the source
    :ivar effect: whether the command that it answers takes place
    """

    id: str
    behavior: Behavior
    seen: int = 0
    fired: int = 0
    reply: Reply = attrs.field(init=False, repr=False)
    effect: Effect = attrs.field(init=False, repr=False)

    @reply.default
    def _make_reply(self) -> Reply:
        return attrs.evolve(self.behavior.response.reply, source=self.id)

    @effect.default
    def _resolve_effect(self) -> Effect:
        return self.behavior.response.outcome

    @property
    def remaining(self) -> int | None:
        """How many answers are left, or None for no end of them."""
        limit = self.behavior.number_of_answer
        return None if limit is None else limit - self.fired

    @property
    def exhausted(self) -> bool:
        """Whether it has given all its answers."""
        return self.remaining == 0


class Behaviors:
    """The behaviors of one host.

    Changing the list and deciding are each one step: who reads the list sees
    what was before a change or what is after it.

    :ivar fired: how often one has answered, by command, through every change
    :ivar listeners: called with a rule that fires, and with what it fires on
    """

    def __init__(self) -> None:
        self._rules: list[Rule] = []
        self._numbers = itertools.count(1)
        self._by_command: dict[Command, list[tuple[Matcher, Rule]]] = {}
        self.fired: dict[Command, int] = defaultdict(int)
        self.listeners: list[Listener] = []

    def __iter__(self) -> Iterator[Rule]:
        return iter(self._rules)

    def __len__(self) -> int:
        return len(self._rules)

    def decide(self, command: Command, subject: bytes) -> Rule | None:
        """
        The rule that answers, with its counters moved, or None for none.

        :param subject: what conditions look at: the address, content or argument
        """
        rules = self._by_command.get(command)
        if rules is None:
            return None
        for matches, rule in rules:
            if matches(subject):
                rule.seen += 1
                rule.fired += 1
                self.fired[command] += 1
                if rule.exhausted:
                    self._index()
                for listener in self.listeners:
                    listener(rule, subject)
                return rule
        return None

    def get(self, rule_id: str) -> Rule:
        """
        The rule with this id.

        :raises KeyError: there is none
        """
        return self._rules[self._position(rule_id)]

    def replace_all(self, behaviors: Iterable[Behavior]) -> list[Rule]:
        """These and no others, with fresh counters."""
        return self._set([self._new(behavior) for behavior in behaviors])

    def extend(self, behaviors: Iterable[Behavior], front: bool = False) -> list[Rule]:
        """Add these behind the others, or before them; answer the new rules."""
        added = [self._new(behavior) for behavior in behaviors]
        self._set(added + self._rules if front else self._rules + added)
        return added

    def put(self, behavior: Behavior) -> Rule:
        """Add one, or put it in the place of the one that answers the same."""
        for position, rule in enumerate(self._rules):
            old = rule.behavior
            if (old.command, old.condition) == (behavior.command, behavior.condition):
                return self._put_at(position, self._new(behavior))
        return self.extend([behavior])[0]

    def replace(self, rule_id: str, behavior: Behavior) -> Rule:
        """
        Another behavior under the same id, in the same place, counted afresh.

        :raises KeyError: there is no such id
        """
        return self._put_at(self._position(rule_id), Rule(rule_id, behavior))

    def remove(self, rule_id: str) -> None:
        """
        Take one out.

        :raises KeyError: there is no such id
        """
        position = self._position(rule_id)
        self._set(self._rules[:position] + self._rules[position + 1 :])

    def clear(self) -> None:
        """Take all out."""
        self._set([])

    def _new(self, behavior: Behavior) -> Rule:
        return Rule(str(next(self._numbers)), behavior)

    def _position(self, rule_id: str) -> int:
        for position, rule in enumerate(self._rules):
            if rule.id == rule_id:
                return position
        raise KeyError(rule_id)

    def _put_at(self, position: int, rule: Rule) -> Rule:
        self._set([*self._rules[:position], rule, *self._rules[position + 1 :]])
        return rule

    def _set(self, rules: list[Rule]) -> list[Rule]:
        self._rules = rules
        self._index()
        return rules

    def _index(self) -> None:
        """Only the rules that can answer, by their command."""
        by_command: dict[Command, list[tuple[Matcher, Rule]]] = {}
        for rule in self._rules:
            if not rule.exhausted:
                rules = by_command.setdefault(rule.behavior.command, [])
                rules.append((rule.behavior.condition.matches, rule))
        self._by_command = by_command
