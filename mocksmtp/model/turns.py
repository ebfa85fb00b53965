"""Responses one after the other: what all behaviors have in common."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

from mocksmtp.model.gate import Gate
from mocksmtp.model.target import Target


class Timed(Protocol):
    """A response, as far as its turn goes."""

    @property
    def times(self) -> int | None:
        """How often it is given before the next one is, or None for ever."""

    @property
    def draws(self) -> bool:
        """Whether what it does depends on chance."""


R = TypeVar("R", bound=Timed)


class InTurn(Generic[R]):
    """
    What gives responses of type `R`.

    :ivar responses: what it answers, one after the other
    :ivar number_of_answer: how many times it fires for each key, or None for ever
    :ivar in_turn: whether the responses are used up; else there is one, for ever
    """

    __slots__ = ()

    responses: tuple[R, ...]
    number_of_answer: int | None
    gate: Gate
    in_turn: bool

    @property
    def needs(self) -> Target | None:
        """The target without whose value it is not evaluated, if there is one."""
        return None

    @property
    def response(self) -> R:
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

    def response_to(self, fired: int) -> R:
        """The response of a key that has had `fired` answers."""
        if self.in_turn:
            for response in self.responses:
                if response.times is None or fired < response.times:
                    return response
                fired -= response.times
        return self.responses[-1]
