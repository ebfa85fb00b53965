"""Gates: how often, for how long and in what state a behavior fires."""

from __future__ import annotations

import attrs

from mocksmtp.model.target import Target

GLOBAL = "global"
"""Of ``per``: one count for all."""

STARTED = "Started"
"""The state in which a scenario starts."""


@attrs.frozen
class ScenarioStep:
    """
    A behavior's place in a scenario.

    :ivar state: in which it fires, or None for any
    :ivar next: which it brings about, or None to leave it
    """

    name: str
    state: str | None = None
    next: str | None = None


@attrs.frozen
class Gate:
    """
    What stands between a condition that holds and an answer.

    :ivar skip: the first so many matches pass by
    :ivar per: what splits the counts: targets, ``connection``, ``transaction``;
        empty for one count of all
    :ivar active_for: seconds from a key's first match in which it fires, or None
    :ivar window: seconds from a key's first match after which that is forgotten
    :ivar probability: above 0, up to 1
    """

    skip: int = 0
    per: tuple[Target | str, ...] = ()
    active_for: float | None = None
    window: float | None = None
    probability: float = 1.0
    scenario: ScenarioStep | None = None

    @property
    def needs_time(self) -> bool:
        """Whether it asks when a match was."""
        return self.active_for is not None or self.window is not None


OPEN = Gate()
"""The gate that lets everything pass."""
