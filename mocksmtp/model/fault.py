"""Faults: in which way a reply is late, slow, or the last. Durations in seconds."""

from __future__ import annotations

import enum
import math
from collections.abc import Callable
from typing import TypeAlias

import attrs

MAX_SECONDS = 30 * 24 * 3600.0
"""The longest that anything takes or lasts."""

Draw: TypeAlias = Callable[[], float]
"""A number from 0 up to, and not, 1, by chance."""


class Then(enum.Enum):
    """What becomes of the connection once the reply has left."""

    CONTINUE = "continue"
    CLOSE = "close"
    """An orderly end (FIN)."""
    RESET = "reset"
    """A hard one (RST)."""
    HANG = "hang"
    """Nothing is read or written any more."""


@attrs.frozen
class Fixed:
    """The same every time."""

    seconds: float = 0.0

    def draw(self, random: Draw) -> float:
        """How long it takes this time."""
        return self.seconds


@attrs.frozen
class Uniform:
    """Anything between two durations is as likely."""

    lower: float
    upper: float

    def draw(self, random: Draw) -> float:
        """How long it takes this time."""
        return self.lower + (self.upper - self.lower) * random()


@attrs.frozen
class LogNormal:
    """
    Mostly about the median, with a long tail, as networks are.

    :ivar sigma: the standard deviation of the logarithm
    :ivar max_value: what more than this is cut to
    """

    median: float
    sigma: float
    max_value: float = MAX_SECONDS

    def draw(self, random: Draw) -> float:
        """How long it takes this time."""
        # Box and Muller's transform; 1 - x, for there is no logarithm of 0.
        radius = math.sqrt(-2.0 * math.log(1.0 - random()))
        normal = radius * math.cos(2.0 * math.pi * random())
        return min(self.max_value, self.median * math.exp(self.sigma * normal))


Delay: TypeAlias = Fixed | Uniform | LogNormal

NO_DELAY = Fixed()


@attrs.frozen
class Drip:
    """
    A reply a few octets at a time.

    :ivar octets: how many at once
    :ivar interval: seconds between them
    """

    octets: int
    interval: float


@attrs.frozen
class Fault:
    """
    In which way the reply to one attempt, or what follows it, goes wrong.

    :ivar delay: seconds before the reply
    :ivar drip: how the reply is sent, or None for at once
    :ivar then_delay: seconds between the reply and what `then` says
    """

    delay: float = 0.0
    drip: Drip | None = None
    then: Then = Then.CONTINUE
    then_delay: float = 0.0


NO_FAULT = Fault()
