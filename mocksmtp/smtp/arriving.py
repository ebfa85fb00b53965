"""What behaviors have to say to content while it arrives, however it is split.

A condition on content that arrives can look at nothing that changes but its `size`. So
behaviors are evaluated at the first octet, and at each size at which a comparison of
theirs with `size` begins or ceases to hold: exactly there, whether these octets come in
one packet or in a thousand. Each behavior matches at most once in a message.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Protocol, TypeAlias

from mocksmtp.behaviors.condition import (
    AtLeast,
    Comparison,
    Equals,
    LessThan,
    leaves_of,
)
from mocksmtp.behaviors.miss import Item, Miss, Noted
from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.rule import Rule
from mocksmtp.behaviors.smtp import Decision, SmtpBehavior, SmtpRules
from mocksmtp.behaviors.target import Subject
from mocksmtp.sessions.session import Transaction
from mocksmtp.smtp.attempt import ConnectionAttempt

DATA_CONTENT = Command.DATA_CONTENT

Rules: TypeAlias = list[Rule[SmtpBehavior]]


class Deciding(Protocol):
    """The hooks of a connection, as far as content asks them."""

    behaviors: SmtpRules
    ending: Transaction | None

    @property
    def attempt(self) -> ConnectionAttempt:
        """What behaviors may look at."""

    def remember(self, items: Iterable[Item]) -> None:
        """Add to what is to be remembered of the behaviors that were asked."""


def sizes_of(behavior: SmtpBehavior) -> Iterator[int]:
    """The sizes at which its condition may begin or cease to hold; not the first."""
    for leaf in leaves_of(behavior.condition):
        target = leaf.target
        if target is None or target.subject is not Subject.SIZE:
            continue
        if isinstance(leaf, AtLeast | LessThan | Equals):
            limit = _number(leaf)
            if limit is not None:
                yield limit
                if isinstance(leaf, Equals):
                    yield limit + 1


def _number(leaf: Comparison) -> int | None:
    try:
        return math.ceil(float(leaf.matching_value))
    except (ValueError, OverflowError):
        return None


class Watch:
    """
    What behaviors have to say to one message.

    :param delivery: knows the behaviors
    """

    def __init__(self, delivery: Deciding, transaction: Transaction) -> None:
        self._delivery = delivery
        self._transaction = transaction
        # The list of behaviors makes another set with each change.
        self._list: object = None
        self._points: list[tuple[int, Rules]] = []
        self._next = 0
        self._matched: set[object] = set()
        self._passed: dict[Rule[SmtpBehavior], Miss] = {}

    def stop(self, size: int) -> float:
        """The next size at which there may be something to say; or infinity."""
        self._look_at_list(size)
        points = self._points
        return points[self._next][0] if self._next < len(points) else math.inf

    def look(self, size: int, ended: bool = False) -> tuple[int, Decision] | None:
        """
        What is said next, and at which size, of content that has `size` octets now.

        :param ended: whether that is all of it
        """
        self._look_at_list(size)
        while self._next < len(self._points):
            at, rules = self._points[self._next]
            # Empty content has no first octet: its end is taken for that.
            if at > size and not (ended and not size and not self._next):
                break
            self._next += 1
            at = min(at, size)
            decision = self._ask(at, rules)
            if decision is not None and (decision.fault or not decision.is_own):
                return at, decision
        return None

    def finish(self) -> None:
        """The content has its own reply: remember the behaviors that did not answer."""
        walk = self._delivery.behaviors.walk(DATA_CONTENT)
        self._delivery.remember([*self._passed.values(), walk])

    def _ask(self, size: int, rules: Rules) -> Decision | None:
        delivery = self._delivery
        delivery.ending, delivery.attempt.size = self._transaction, size
        behaviors = delivery.behaviors
        try:
            decision, fired = behaviors.decide_once(
                DATA_CONTENT, rules, delivery.attempt, self._matched, self._passed
            )
        finally:
            delivery.ending = delivery.attempt.size = None
        if decision is not None and (decision.fault or not decision.is_own):
            self._remember(fired, None if decision.is_own else fired.pop())
        return decision

    def _remember(self, slowed: Rules, last: Rule[SmtpBehavior] | None) -> None:
        """Something is said: remember who says it, and who does not."""
        behaviors = self._delivery.behaviors
        walk = behaviors.walk(DATA_CONTENT)
        end: Noted = walk
        if last is not None:
            end = behaviors.ended(walk, last, (DATA_CONTENT, last))
        items = [rule.slowed for rule in slowed]
        self._delivery.remember([*self._passed.values(), *items, end])

    def _look_at_list(self, size: int) -> None:
        """Find where behaviors are to be evaluated, if the list is another one now."""
        behaviors = self._delivery.behaviors
        if behaviors.taken is self._list:
            return
        rules = [rule for rule in behaviors if rule.behavior.command is DATA_CONTENT]
        # What is set while content arrives is evaluated at what has come.
        begins = 1 if self._list is None else max(size, 1)
        at: dict[int, Rules] = defaultdict(list, {begins: rules})
        for rule in rules:
            for limit in dict.fromkeys(sizes_of(rule.behavior)):
                if limit > begins:
                    at[limit].append(rule)
        self._list = behaviors.taken
        self._points = sorted(at.items()) if rules else []
        self._next = 0
