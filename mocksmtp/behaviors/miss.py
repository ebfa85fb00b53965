"""What an exchange remembers of the behaviors that were asked: why each did not answer.

A walk through the behaviors of a reply point leaves a trail: what is not usual of a
behavior, in order, and an end, which knows the list as it was. A behavior that the
trail does not mention was passed over for its condition, or was not reached. The items
of a trail are made once and shared, so that to remember a walk takes no time.
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
    """It decides for each recipient, which only LMTP does."""
    SCENARIO = "scenario"
    CONDITION = "condition"
    SKIP = "skip"
    ACTIVE_FOR = "activeFor"
    EXHAUSTED = "exhausted"
    PROBABILITY = "probability"


@attrs.frozen
class Miss:
    """
    A behavior that was passed over for another reason than its condition.

    :ivar found: the state that its scenario was in, if that is the reason
    """

    rule: str
    reason: Reason
    found: str | None = None


@attrs.frozen
class Slowed:
    """A behavior that fired and only slowed down the reply."""

    rule: str


class Noted:
    """
    What is remembered of the behaviors that were asked about a reply.

    :ivar slowed: the ids of those that have slowed it down
    :ivar octets: about how many bytes of memory it takes, besides what is shared
    """

    __slots__ = ()

    slowed: tuple[str, ...] = ()

    @property
    def octets(self) -> int:
        """About how many bytes of memory it takes, besides what is shared."""
        return 0

    @property
    def trail(self) -> Sequence[Item]:
        """What is remembered, in order."""
        return (self,)


Item = Miss | Slowed | Noted
"""What a trail consists of; a walk's end is `mocksmtp.behaviors.walk`'s."""

_NOTE_OCTETS = 160


@value
class Note(Noted):
    """A trail of several items."""

    slowed: tuple[str, ...] = ()
    items: tuple[Item, ...] = ()

    @property
    def octets(self) -> int:
        """About how many bytes of memory it takes, besides what is shared."""
        return _NOTE_OCTETS + 8 * (len(self.slowed) + len(self.items))

    @property
    def trail(self) -> Sequence[Item]:
        """Its items."""
        return self.items
