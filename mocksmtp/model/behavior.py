"""Behaviors: on this command, if this condition holds, answer this, so many times."""

from __future__ import annotations

import attrs

from mocksmtp.model.condition import Condition, MatchAll, leaves_of
from mocksmtp.model.gate import OPEN, Gate
from mocksmtp.model.point import DISCARDING, Command
from mocksmtp.model.response import Effect, Response
from mocksmtp.model.target import Subject, Target
from mocksmtp.model.turns import InTurn

__all__ = ["DISCARDING", "Behavior", "Command", "Effect", "Response"]


_RECIPIENT = Target(Subject.RECIPIENT)


def _responses(given: Response | tuple[Response, ...]) -> tuple[Response, ...]:
    return given if isinstance(given, tuple) else (given,)


@attrs.frozen
class Behavior(InTurn[Response]):
    """
    One rule.

    :ivar responses: what it answers, one after the other
    :ivar number_of_answer: how many times it fires for each key, or None for ever
    :ivar id: by which it is found, or None where one is to be made up
    :ivar tag: by which it is listed and deleted with others
    :ivar in_turn: whether the responses are used up; else there is one, for ever
    """

    command: Command
    responses: tuple[Response, ...] = attrs.field(
        converter=_responses, alias="response"
    )
    condition: Condition = attrs.field(factory=MatchAll)
    number_of_answer: int | None = None
    gate: Gate = OPEN
    id: str | None = None
    tag: str | None = None
    in_turn: bool = False

    @property
    def needs(self) -> Target | None:
        """The recipient, where the behavior decides on the content for each one."""
        if self.command is not Command.DATA:
            return None
        targets = [leaf.target for leaf in leaves_of(self.condition)]
        return _RECIPIENT if _RECIPIENT in (*targets, *self.gate.per) else None
