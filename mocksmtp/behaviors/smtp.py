"""The behaviors of a mail host.

At each reply point the behaviors of the point and those of ``ANY`` are evaluated, in
the order of the list. Only behaviors of ``ANY`` can replace the server's own errors and
the replies to unknown verbs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs

from mocksmtp.behaviors.behavior import (
    Behavior,
    BehaviorDocument,
    Per,
    Responses,
    own_first,
)
from mocksmtp.behaviors.condition import (
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Conditions,
    Leaf,
    MatchAll,
    Not,
    Values,
    leaves_of,
)
from mocksmtp.behaviors.point import DISCARDING, NO_REPLY, NOT_ANY, Command
from mocksmtp.behaviors.response import (
    NO_FAULT,
    RESPONSE,
    RESPONSE_IN_TURN,
    Effect,
    Fault,
    Response,
)
from mocksmtp.behaviors.rules import Rules
from mocksmtp.behaviors.target import (
    PartKind,
    Subject,
    Target,
    TargetKind,
    key_known_at,
    natural_subject,
)
from mocksmtp.behaviors.template import Template
from mocksmtp.documents.document import field
from mocksmtp.documents.kinds import Choice
from mocksmtp.documents.problems import Refused
from mocksmtp.documents.schema import given
from mocksmtp.grammar.reply import Reply, raw_reply

_ANY = Command.ANY
_EVERYWHERE = tuple(command for command in Command if command not in NOT_ANY)
_POINTS = {command: (command,) for command in Command} | {_ANY: _EVERYWHERE}
_WITH_SUBJECT = {each for each in Command if natural_subject(each) is not None}
_RECIPIENT = Target(Subject.RECIPIENT)


@attrs.frozen
class Decision:
    """
    The decision of the behaviors about one attempt.

    :ivar rules: the ids of the behaviors that fired, in order; all but the last only
        delayed the reply
    :ivar reply: the reply, or None if `answer` returns it
    :ivar effect: whether the command is executed
    :ivar fault: the delay, drip or end of the connection, or None
    :ivar silent: whether no reply is sent
    :ivar text: replaces the text of the server's own reply
    :ivar only_delays: whether the server's own reply is sent, only later
    :ivar template: the template of the text, or None
    """

    rules: tuple[str, ...]
    reply: Reply | None = None
    effect: Effect = Effect.APPLY
    fault: Fault | None = None
    silent: bool = False
    text: str | None = None
    only_delays: bool = False
    template: Template | None = attrs.field(default=None, repr=False)

    def answer(self, own: Reply) -> Reply:
        """
        Return the reply.

        A silent decision returns a reply of no octets, with the id of the behavior.

        :param own: the reply that the server itself would send
        """
        if self.reply is not None:
            return self.reply
        if self.silent:
            return raw_reply(b"", self.rules[-1])
        if self.text is None:
            # A behavior that only delays a reply is not its source.
            return own if self.only_delays else attrs.evolve(own, source=self.rules[-1])
        return Reply(own.code, self.text, self.rules[-1])

    def fill(self, attempt: Values) -> Decision:
        """Return the decision with the values of an attempt inserted into its text."""
        if self.template is None:
            return self
        text = self.template.fill(attempt)
        if self.reply is None:
            return attrs.evolve(self, text=text)
        return attrs.evolve(self, reply=attrs.evolve(self.reply, text=text))

    def combine(self, later: Decision) -> Decision:
        """Return `later` with this delay added; the drip of `later` has precedence."""
        first, then = self.fault or NO_FAULT, later.fault or NO_FAULT
        fault = attrs.evolve(
            then, delay=first.delay + then.delay, drip=then.drip or first.drip
        )
        return attrs.evolve(later, rules=self.rules + later.rules, fault=fault)


@attrs.frozen(field_transformer=own_first)
class SmtpBehavior(Behavior[Command, Response, Decision]):
    """A behavior of a mail host."""

    command: Command = field(Choice(Command, "command"), "the reply point, see below")

    @property
    def points(self) -> Iterable[Command]:
        """The reply points at which it can fire."""
        return _POINTS[self.command]

    @property
    def required_target(self) -> Target | None:
        """The recipient, if it tests or counts by it at ``DATA`` (LMTP); else None."""
        if self.command is not Command.DATA:
            return None
        targets = [leaf.target for leaf in leaves_of(self.condition)]
        return _RECIPIENT if _RECIPIENT in (*targets, *self.per) else None

    @property
    def fixed_decision(self) -> Command | None:
        """Its command, if its decision is not random, filled or one of several."""
        response = self.sequence[0]
        varies = self.in_turn or response.is_modifier or response.is_random
        if varies or self.command is _ANY or response.text_template is not None:
            return None
        return self.command

    def decide(
        self, rule: str, response: Response, point: Command, delay: float
    ) -> Decision:
        """Return the decision for a response, before its template is filled."""
        reply = response.reply(rule)
        return Decision(
            (rule,),
            reply,
            response.effect_at(point),
            response.fault(delay),
            response.is_silent,
            None if reply is not None else response.text,
            response.is_modifier,
            response.text_template,
        )

    def is_like(self, other: SmtpBehavior) -> bool:
        """Return whether both have the same command and condition."""
        return (self.command, self.condition) == (other.command, other.condition)

    def check(self) -> None:
        """
        Check that its fields are possible at its command.

        :raises Refused: a target is unknown there, or a response is not possible
        """
        command, condition = self.command, self.condition
        if not (
            isinstance(condition, MatchAll | Comparison)
            and condition.target is None
            and command in _WITH_SUBJECT
        ):
            _check_condition(condition, command)
        for index, response in enumerate(self.sequence):
            try:
                _check_response(response, command)
            except Refused as error:
                place = f".responses[{index}]" if self.in_turn else ".response"
                raise error.within(place) from None
        for index, part in enumerate(self.per):
            if not key_known_at(part, command):
                place = ".per" + (f"[{index}]" if len(self.per) > 1 else "")
                raise Refused(f"{part} can't be known at {command.value}").within(place)


def _check_response(response: Response, command: Command) -> None:
    if response.effect is Effect.DISCARD and command not in DISCARDING:
        names = ", ".join(each.value for each in Command if each in DISCARDING)
        raise Refused(f"discard is only allowed at {names}", "effect")
    if command in NO_REPLY and response.message is not None and response.code is None:
        message = f"required with a message at {command.value}, which has no reply"
        raise Refused(message, "code")
    if response.template:
        template = response.text_template
        for target in () if template is None else template.targets:
            _check_target(target, command, ".message")


def _check_condition(condition: Condition, command: Command) -> None:
    """Refuse a target that is never known at a command."""
    if not isinstance(condition, AllOf | AnyOf | Not):
        _check_leaf(condition, command, ".condition")
        return
    for place, leaf in _located(condition, ".condition"):
        _check_leaf(leaf, command, place)


def _check_leaf(leaf: Leaf, command: Command, place: str) -> None:
    _check_target(leaf.target, command, f"{place}.target")
    nothing = leaf.target is None and natural_subject(command) is None
    if nothing and not isinstance(leaf, MatchAll):
        message = f"required at {command.value}, which has no subject of its own"
        raise Refused(message).within(f"{place}.target")


def _check_target(target: Target | None, command: Command, place: str) -> None:
    if target is not None and not target.known_at(command):
        raise Refused(f"{target} can't be known at {command.value}").within(place)


def _located(condition: Condition, place: str) -> Iterator[tuple[str, Leaf]]:
    match condition:
        case AllOf() | AnyOf():
            for index, each in enumerate(condition.conditions):
                yield from _located(each, f"{place}.conditions[{index}]")
        case Not():
            yield from _located(condition.condition, f"{place}.condition")
        case _:
            yield place, condition


_DISCARD = given("effect", {"const": Effect.DISCARD.value})
_DISCARDING = [command.value for command in Command if command in DISCARDING]

CONDITIONS = Conditions(TargetKind(), "Condition")
"""The kind of the conditions of SMTP behaviors."""

SMTP: BehaviorDocument[SmtpBehavior] = BehaviorDocument(
    SmtpBehavior,
    "",
    SmtpBehavior.check,
    {
        "condition": CONDITIONS,
        "response": RESPONSE,
        "responses": Responses(RESPONSE_IN_TURN),
        "per": Per(PartKind()),
    },
    schema={
        "if": {
            "anyOf": [
                given("response", _DISCARD),
                given("responses", {"type": "array", "contains": _DISCARD}),
            ]
        },
        "then": {"properties": {"command": {"enum": _DISCARDING}}},
    },
    example={"command": "RCPT TO", "response": {"code": 450}},
)
"""The document of an SMTP behavior."""


class SmtpRules(Rules[Command, SmtpBehavior, Decision]):
    """The behaviors in force on a mail host."""

    @property
    def has_any(self) -> bool:
        """Whether a behavior of ``ANY`` can replace the server's own errors."""
        return _ANY in self.points
