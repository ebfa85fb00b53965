"""Behaviors that could have answered and did not, and why."""

from __future__ import annotations

import enum
from typing import TypeAlias

import attrs


class Reason(enum.Enum):
    """Why a behavior did not fire."""

    SCENARIO = "scenario"
    CONDITION = "condition"
    SKIP = "skip"
    ACTIVE_FOR = "activeFor"
    EXHAUSTED = "exhausted"
    PROBABILITY = "probability"


@attrs.frozen
class Miss:
    """One that did not fire, by its id, and why."""

    rule: str
    reason: Reason


Misses: TypeAlias = tuple[Miss, ...]
"""Made once for each rule, or block of rules, so that to note them costs nothing."""
