"""The behaviors of a mail host: which of them fires at a reply point, and what then.

At each reply point the list is walked in order, those for ``ANY`` in between. The
server's own errors, and verbs that nobody knows, are for those for ``ANY`` alone.
"""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from mocksmtp.core.keys import NOTHING, Attempt
from mocksmtp.core.rule import Firing, Rule
from mocksmtp.core.rules import Rules
from mocksmtp.model.behavior import Behavior, Effect, Response
from mocksmtp.model.fault import NO_FAULT, Fault, Fixed
from mocksmtp.model.miss import Misses
from mocksmtp.model.point import NOT_ANY, Command
from mocksmtp.model.reply import Reply, raw_reply
from mocksmtp.model.template import Template

_ANY = Command.ANY
_EVERYWHERE = tuple(command for command in Command if command not in NOT_ANY)
_POINTS = {command: (command,) for command in Command} | {_ANY: _EVERYWHERE}


@attrs.frozen
class Decision:
    """
    What is to be done in one attempt.

    :ivar rules: the ids of the behaviors that fired, in order; all but the last have
        only slowed it down
    :ivar reply: what is to be replied, or None for what `answer` tells
    :ivar effect: whether the command takes place
    :ivar fault: in which way the reply goes wrong, or None
    :ivar silent: nothing at all is replied
    :ivar text: what is said in the place of the text of the server's own reply
    :ivar is_own: the server's own reply is given; nothing but time was decided
    """

    rules: tuple[str, ...]
    reply: Reply | None = None
    effect: Effect = Effect.APPLY
    fault: Fault | None = None
    silent: bool = False
    text: str | None = None
    is_own: bool = False

    def answer(self, own: Reply) -> Reply:
        """
        What is to be replied where the server itself would reply `own`.

        Silence is a reply too, of no octets, which knows the behavior that it is of.
        """
        if self.reply is not None:
            return self.reply
        if self.silent:
            return raw_reply(b"", self.rules[-1])
        if self.text is None:
            # Who only slows an answer down has not given it.
            return own if self.is_own else attrs.evolve(own, source=self.rules[-1])
        return Reply(own.code, self.text, self.rules[-1])


class Behaviors(Rules[Command, Behavior, Decision]):
    """The behaviors of one host."""

    @property
    def has_any(self) -> bool:
        """Whether one of them can replace the server's own errors."""
        return _ANY in self.taken

    def decide_any(
        self,
        subject: bytes,
        attempt: Attempt = NOTHING,
        misses: list[Misses] | None = None,
    ) -> Decision | None:
        """
        What is to be done at an error of the server's own, or at an unknown verb.

        :param subject: the argument of what was sent
        """
        return self.decide(_ANY, subject, attempt, misses)

    # What the walk asks

    def points(self, behavior: Behavior) -> Iterable[Command]:
        """Where it can fire."""
        return _POINTS[behavior.command]

    def prepare(self, rule: Rule[Behavior]) -> Decision | None:
        """The decision where no chance, template or turn has a say in it."""
        behavior = rule.behavior
        response = behavior.response
        if behavior.in_turn or response.is_modifier or response.draws:
            return None
        if behavior.command is _ANY or response.filled is not None:
            return None
        return _decision(rule, response, behavior.command)

    def conclude(
        self, firing: Firing[Behavior], attempt: Attempt, point: Command
    ) -> Decision:
        """The decision of a behavior that fires."""
        rule = firing.rule
        response = rule.behavior.response_to(firing.number)
        made = rule.made.get((id(response), point))
        if made is None:
            made = _decision(rule, response, point), response.filled
            rule.made[id(response), point] = made
        decision: Decision = made[0]
        template: Template | None = made[1]
        if response.draws:
            drawn = Fixed(response.delay.draw(firing.random)).seconds
            decision = attrs.evolve(decision, fault=_fault(response, drawn))
        if template is None:
            return decision
        text = template.fill(attempt)
        if response.code is None:
            return attrs.evolve(decision, text=text)
        return attrs.evolve(decision, reply=Reply(response.code, text, rule.id))

    def goes_on(self, decision: Decision) -> bool:
        """Whether it only slows down what somebody else answers."""
        return decision.is_own

    def combine(self, earlier: Decision, later: Decision) -> Decision:
        """Delays add up, and the last drip wins."""
        first, then = earlier.fault or NO_FAULT, later.fault or NO_FAULT
        fault = attrs.evolve(
            then, delay=first.delay + then.delay, drip=then.drip or first.drip
        )
        return attrs.evolve(later, rules=earlier.rules + later.rules, fault=fault)

    def is_like(self, one: Behavior, other: Behavior) -> bool:
        """Whether they are for the same command and condition."""
        return (one.command, one.condition) == (other.command, other.condition)

    def may_go_on(self, rule: Rule[Behavior]) -> bool:
        """Whether one of its responses only slows down."""
        return any(response.is_modifier for response in rule.behavior.responses)


def _decision(rule: Rule[Behavior], response: Response, point: Command) -> Decision:
    """What a response comes to, but for chance and templates."""
    reply = response.reply(rule.id)
    text = None if reply is not None else response.text
    fixed = response.delay.seconds if isinstance(response.delay, Fixed) else 0.0
    return Decision(
        (rule.id,),
        reply,
        response.effect_at(point),
        _fault(response, fixed),
        response.is_silent,
        text,
        response.is_modifier,
    )


def _fault(response: Response, delay: float) -> Fault | None:
    fault = Fault(delay, response.drip, response.then, response.then_delay)
    return None if fault == NO_FAULT else fault
