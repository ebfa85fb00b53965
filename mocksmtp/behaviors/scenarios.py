"""Scenarios: named states that behaviors require and change."""

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
"""The first state of every scenario."""


@attrs.frozen
class ScenarioStep:
    """
    The field ``scenario`` of a behavior.

    :ivar state: the state in which the behavior fires; None for any state
    :ivar next: the state after it has fired; None to keep the state
    """

    name: str = field(LABEL, "the name of the scenario")
    state: str | None = field(LABEL, "the state in which it fires", default=None)
    next: str | None = field(LABEL, "the state to which it leads", default=None)

    def check(self) -> None:
        """
        Check the two states.

        :raises Refused: `state` and `next` are equal
        """
        if self.next is not None and self.next == self.state:
            raise Refused("must be another state", "next")


SCENARIO = Document(ScenarioStep, check=ScenarioStep.check, example={"name": "x"})

MAX_SCENARIOS = 10_000
"""The maximum number of scenarios of a host in another state than ``Started``; above
it, the scenario that was changed least recently returns to ``Started``."""


class Scenarios:
    """
    The states of the scenarios of a host; the first state is ``Started``.

    :ivar has_moved: whether a state has been set since a reader reset this
    """

    has_moved = False

    def __init__(self) -> None:
        self._states: dict[str, str] = {}

    def state(self, name: str) -> str:
        """Return the state of a scenario."""
        return self._states.get(name, STARTED)

    def states(self, names: Iterable[str] = ()) -> dict[str, str]:
        """Return the states of `names` and of all changed scenarios, sorted by name."""
        known = sorted({*names, *self._states})
        return {name: self.state(name) for name in known}

    def allows(self, step: ScenarioStep) -> bool:
        """Return whether the scenario is in the state that `step` requires."""
        return step.state is None or self.state(step.name) == step.state

    def move(self, step: ScenarioStep) -> None:
        """Set the next state of `step`, if it has one."""
        if step.next is not None:
            self.set({step.name: step.next})

    def set(self, states: Mapping[str, str]) -> None:
        """Set the states of some scenarios, by their names."""
        for name, state in states.items():
            self._states.pop(name, None)
            self._states[name] = state
        self.has_moved = True
        while len(self._states) > MAX_SCENARIOS:
            del self._states[next(iter(self._states))]

    def copy(self) -> Scenarios:
        """Return an independent copy."""
        copied = Scenarios()
        copied.set(self._states)
        return copied

    def clear(self) -> None:
        """Reset all scenarios to ``Started``."""
        self._states.clear()
        self.has_moved = True


STATES: Schema = {
    "type": "object",
    "propertyNames": LABEL.written_schema({}),
    "additionalProperties": LABEL.written_schema({}),
}
"""The schema of states by the names of scenarios."""


def parse_states(document: Any) -> dict[str, str]:
    """
    Parse an object that contains a state for each name of a scenario.

    :raises DocumentError: it is not an object, has more than `MAX_SCENARIOS` members,
        or a name or a state is not valid
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
