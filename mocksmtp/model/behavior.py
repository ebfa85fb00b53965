"""Behaviors: on this command, if this condition holds, answer this, so many times."""

from __future__ import annotations

import attrs

from mocksmtp.model.condition import Condition, MatchAll
from mocksmtp.model.gate import OPEN, Gate
from mocksmtp.model.point import DISCARDING, Command
from mocksmtp.model.response import Effect, Response

__all__ = ["DISCARDING", "Behavior", "Command", "Effect", "Response"]


def _responses(given: Response | tuple[Response, ...]) -> tuple[Response, ...]:
    return given if isinstance(given, tuple) else (given,)


@attrs.frozen
class Behavior:
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
    def response(self) -> Response:
        """The first of the responses."""
        return self.responses[0]

    @property
    def answers(self) -> int | None:
        """How many answers each key has, or None for no end of them."""
        limits = [] if self.number_of_answer is None else [self.number_of_answer]
        times = [response.times for response in self.responses]
        if self.in_turn and None not in times:
            limits.append(sum(each or 0 for each in times))
        return min(limits, default=None)

    @property
    def draws(self) -> bool:
        """Whether what it does depends on chance."""
        by_chance = any(response.draws for response in self.responses)
        return by_chance or self.gate.probability < 1

    def response_to(self, fired: int) -> Response:
        """The response of a key that has had `fired` answers."""
        if self.in_turn:
            for response in self.responses:
                if response.times is None or fired < response.times:
                    return response
                fired -= response.times
        return self.responses[-1]
