"""Scenarios: states by name, which behaviors require and change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from mocksmtp.documents.document import Document, field
from mocksmtp.documents.kinds import LABEL
from mocksmtp.documents.problems import (
    MAX_SHOWN,
    DocumentError,
    Problem,
    Refused,
    json_type,
)
from mocksmtp.documents.schema import Schema

STARTED = "Started"
"""The state in which a scenario starts."""


@attrs.frozen
class ScenarioStep:
    """
    A behavior's place in a scenario.

    :ivar state: in which it fires, or None for any
    :ivar next: to which it leads, or None to leave the state
    """

    name: str = field(LABEL, "the name of the scenario")
    state: str | None = field(LABEL, "the state in which it fires", default=None)
    next: str | None = field(LABEL, "the state to which it leads", default=None)

    def check(self) -> None:
        """
        Refuse a step that leads nowhere.

        :raises Refused: its states are the same
        """
        if self.next is not None and self.next == self.state:
            raise Refused("must be another state", "next")


SCENARIO = Document(ScenarioStep, check=ScenarioStep.check, example={"name": "x"})

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

    def copy(self) -> Scenarios:
        """Others in the same states."""
        copied = Scenarios()
        copied.set(self._states)
        return copied

    def clear(self) -> None:
        """Reset all scenarios to their first state."""
        self._states.clear()


STATES: Schema = {
    "type": "object",
    "propertyNames": LABEL.written_schema({}),
    "additionalProperties": LABEL.written_schema({}),
}
"""The schema of states by the names of scenarios."""


def parse_states(document: Any) -> dict[str, str]:
    """
    States by the names of scenarios, from an object.

    :raises DocumentError: it is none, or has a name or state that is not valid
    """
    if not isinstance(document, dict):
        message = f"must be an object, got {json_type(document)}"
        raise DocumentError(Problem("$", message))
    if len(document) > MAX_SCENARIOS:
        message = f"must have at most {MAX_SCENARIOS:,} scenarios"
        raise DocumentError(Problem("$", message))
    problems = []
    for name, state in document.items():
        try:
            LABEL.read(name)
            LABEL.read(state)
        except Refused as error:
            problems.append(Problem(f"$.{name[:MAX_SHOWN]}", str(error)))
    if problems:
        raise DocumentError(*problems)
    return document
