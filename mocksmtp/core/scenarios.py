"""Scenarios: states by name, which behaviors ask for and bring about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mocksmtp.model.gate import STARTED, ScenarioStep

MAX_SCENARIOS = 10_000
"""How many of them can be in another state than the first; the oldest go back."""


class Scenarios:
    """The states of a host's scenarios; one that nobody moved is in ``Started``."""

    def __init__(self) -> None:
        self._states: dict[str, str] = {}

    def state(self, name: str) -> str:
        """In which state a scenario is."""
        return self._states.get(name, STARTED)

    def states(self, names: Iterable[str] = ()) -> dict[str, str]:
        """The states of all that were moved or set, and of `names`, in order."""
        known = sorted({*names, *self._states})
        return {name: self.state(name) for name in known}

    def allows(self, step: ScenarioStep) -> bool:
        """Whether the scenario is in the state that `step` is for."""
        return step.state is None or self.state(step.name) == step.state

    def move(self, step: ScenarioStep) -> None:
        """Bring about what comes next, if anything does."""
        if step.next is not None:
            self.set({step.name: step.next})

    def set(self, states: Mapping[str, str]) -> None:
        """Have these scenarios be in these states; others stay."""
        for name, state in states.items():
            self._states.pop(name, None)
            self._states[name] = state
        while len(self._states) > MAX_SCENARIOS:
            del self._states[next(iter(self._states))]

    def clear(self) -> None:
        """Have all be in the state in which they start."""
        self._states.clear()
