"""Delays: fixed or random. Documents contain milliseconds, the values here seconds."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import attrs

from mocksmtp.documents.document import Document, field
from mocksmtp.documents.kinds import Duration, Kind, Named, Number, Tagged
from mocksmtp.documents.problems import Refused
from mocksmtp.documents.schema import Schema, any_of
from mocksmtp.documents.units import MAX_SECONDS, milliseconds

Draw: TypeAlias = Callable[[], float]
"""Returns a random number; at least 0, below 1."""

MAX_SIGMA = 10.0
"""The maximum `sigma` of a log-normal delay."""

_TIME = Duration()


@attrs.frozen
class Fixed:
    """Always the same."""

    seconds: float = field(_TIME, "the delay", name="milliseconds", example=250)

    def draw(self, random: Draw) -> float:
        """Return the delay in seconds."""
        return self.seconds


@attrs.frozen
class Uniform:
    """Uniformly distributed between two durations."""

    lower: float = field(_TIME, "the shortest delay", example=100)
    upper: float = field(_TIME, "the longest delay", example=500)

    def draw(self, random: Draw) -> float:
        """Return the delay in seconds."""
        return self.lower + (self.upper - self.lower) * random()

    def check(self) -> None:
        """
        Check the range.

        :raises Refused: `upper` is below `lower`
        """
        if self.upper < self.lower:
            raise Refused("must not be below lower", "upper")


@attrs.frozen
class LogNormal:
    """Log-normally distributed, as network delays are; at most `maxValue`."""

    median: float = field(_TIME, "the delay that half of the draws exceed", example=200)
    sigma: float = field(
        Number(0, MAX_SIGMA), "the standard deviation of the logarithm", example=0.4
    )
    max_value: float = field(
        _TIME, "the longest delay", default=MAX_SECONDS, shown='`"720h"`', example=900
    )

    def draw(self, random: Draw) -> float:
        """Return the delay in seconds."""
        # The Box-Muller transform; 1 - x is above 0, so that it has a logarithm.
        radius = math.sqrt(-2.0 * math.log(1.0 - random()))
        normal = radius * math.cos(2.0 * math.pi * random())
        return min(self.max_value, self.median * math.exp(self.sigma * normal))


Delay: TypeAlias = Fixed | Uniform | LogNormal

NO_DELAY = Fixed(0.0)

KINDS: Tagged[Delay] = Tagged("type", None, "delay")
"""The kinds of delays, by their names in documents."""

KINDS.add("fixed", Document(Fixed, example={"milliseconds": 250}))
KINDS.add(
    "uniform",
    Document(Uniform, check=Uniform.check, example={"lower": 0, "upper": "24h"}),
)
KINDS.add("lognormal", Document(LogNormal, example={"median": 200, "sigma": 0.4}))


class _DelayKind(Kind[Delay]):
    """A duration, or an object whose field ``type`` names the kind of delay."""

    samples = (
        *_TIME.samples,
        {"type": "fixed", "milliseconds": 5},
        {"type": "uniform", "lower": 5, "upper": 5},
        {"type": "lognormal", "median": "5s", "sigma": 0.4, "maxValue": None},
    )
    misfits = (
        *_TIME.misfits,
        {},
        {"type": "normal"},
        {"type": "fixed"},
        {"type": "uniform", "lower": 5},
        {"type": "lognormal", "median": 5, "sigma": 11},
        {"type": "fixed", "milliseconds": 5, "upper": 6},
    )

    def read(self, value: Any, _: object = None) -> Delay:
        """Return the delay; a duration is a fixed delay."""
        return KINDS.read(value) if type(value) is dict else Fixed(_TIME.read(value))

    def write(self, value: Delay) -> Any:
        """Return milliseconds for a fixed delay, else an object."""
        if isinstance(value, Fixed):
            return milliseconds(value.seconds)
        return KINDS.write(value)

    def accepted_schema(self, named: Named) -> Schema:
        """Return the schema: a duration, or one of the kinds."""
        return any_of(
            *_TIME.accepted_schema(named)["anyOf"],
            *KINDS.accepted_schema(named)["anyOf"],
        )

    def written_schema(self, named: Named) -> Schema:
        """Return the schema: milliseconds, or one of the kinds."""
        return any_of(
            _TIME.written_schema(named), *KINDS.written_schema(named)["anyOf"]
        )


DELAY = _DelayKind()
"""The kind of a field that is a delay."""
