"""The trail of a decision: why each behavior did not fire, recorded with the exchange.

A decision at a reply point leaves a trail: an item for each behavior that did not fire
for another reason than its condition, in order, and an end, which refers to the list as
it was. The condition of a behavior without an item was not true, or the behavior was
not reached. The items are created once and shared: recording a trail costs no time.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence

import attrs

from mocksmtp.grammar.speed import value


class Reason(enum.Enum):
    """Why a behavior did not fire."""

    DISABLED = "disabled"
    PROTOCOL = "protocol"
    """It tests `recipient` at ``DATA``, where only LMTP has a reply per recipient."""
    SCENARIO = "scenario"
    CONDITION = "condition"
    SKIP = "skip"
    ACTIVE_FOR = "activeFor"
    EXHAUSTED = "exhausted"
    PROBABILITY = "probability"


@attrs.frozen
class Miss:
    """
    A behavior that did not fire for another reason than its condition.

    :ivar rule: the id of the behavior
    :ivar found: the state of its scenario, if that is the reason
    """

    rule: str
    reason: Reason
    found: str | None = None


@attrs.frozen
class Slowed:
    """
    A behavior that fired and only delayed the reply.

    :ivar rule: the id of the behavior
    """

    rule: str


class Trail:
    """
    The trail of the decision about one reply.

    :ivar slowed: the ids of the behaviors that delayed the reply
    :ivar octets: the approximate memory that it occupies without shared items, in bytes
    """

    __slots__ = ()

    slowed: tuple[str, ...] = ()

    @property
    def octets(self) -> int:
        """The approximate memory that it occupies, without shared items, in bytes."""
        return 0

    @property
    def items(self) -> Sequence[Item]:
        """The items, in order."""
        return (self,)


Item = Miss | Slowed | Trail
"""An item of a trail; the ends of a walk are in `mocksmtp.behaviors.walk`."""

_TRAIL_OCTETS = 160


@value
class LongTrail(Trail):
    """
    A trail of several items.

    :ivar items: the items, in order
    """

    slowed: tuple[str, ...] = ()
    items: tuple[Item, ...] = ()

    @property
    def octets(self) -> int:
        """The approximate memory that it occupies, without shared items, in bytes."""
        return _TRAIL_OCTETS + 8 * (len(self.slowed) + len(self.items))
