"""Behaviors that could have answered and did not, and why."""

from __future__ import annotations

import enum

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
    """One that did not fire, by its id, and why."""

    rule: str
    reason: Reason


@attrs.define(eq=False)
class Misses:
    """
    Several at once: made once for a rule, or a row of rules, so that to note them
    costs nothing.

    :ivar note: the note that has these alone
    """

    each: tuple[Miss, ...]
    note: Note = attrs.field(init=False, repr=False)

    @note.default
    def _make_note(self) -> Note:
        return Note((), (self,))


_NOTE_OCTETS = 160


@value
class Note:
    """
    What behaviors have had to do with a reply that none of them gave, or not alone.

    :ivar slowed: the ids of those that have only slowed it down
    :ivar missed: those that could have answered and did not
    """

    slowed: tuple[str, ...] = ()
    missed: tuple[Misses, ...] = ()

    @property
    def octets(self) -> int:
        """About how many bytes of memory it takes."""
        return _NOTE_OCTETS + 8 * (len(self.slowed) + len(self.missed))
