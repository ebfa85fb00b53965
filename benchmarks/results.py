"""All that a run has measured, for people and for programs."""

import json
import re

from attrs import asdict, define, field

from benchmarks.figures import Figures
from benchmarks.growth import Growth
from benchmarks.loads import Load
from benchmarks.machine import Machine
from benchmarks.memory import Memory
from benchmarks.rows import Row, growth_row, load_row, memory_rows

_JOINT = re.compile("_([a-z])")


@define
class Results:
    """What was measured, and what could not be.

    Attributes:
        loads: each load with the CPU time of each server.
        growth: how the cost of a content grows; None where it was not measured.
        memory: what a full mailbox costs; None where it was not measured.
        failures: what could not be run, in words.

    """

    loads: list[tuple[Load, Figures]] = field(factory=list)
    growth: Growth | None = None
    memory: Memory | None = None
    failures: list[str] = field(factory=list)

    def rows(self) -> list[Row]:
        """Return the report's rows."""
        rows = [load_row(load, figures) for load, figures in self.loads]
        if self.growth:
            rows.append(growth_row(self.growth))
        if self.memory:
            rows.extend(memory_rows(self.memory))
        return rows

    def to_json(self, machine: Machine) -> str:
        """Return a JSON document, with times in seconds and sizes in bytes."""
        document = {
            "machine": _camel_cased(asdict(machine)),
            "loads": {load.name: _load(load, figures) for load, figures in self.loads},
            "growth": _camel_cased(asdict(self.growth)) if self.growth else None,
            "memory": _camel_cased(asdict(self.memory)) if self.memory else None,
            "failures": self.failures,
        }
        return json.dumps(document, indent=2) + "\n"


def _load(load: Load, figures: Figures) -> dict[str, object]:
    return {
        "asks": [_camel_cased(asdict(ask)) for ask in load.asks],
        "cpuPerMail": figures.samples,
        "ratios": {name: figures.ratio(name) for name in figures.samples},
    }


def _camel_cased(fields: dict[str, object]) -> dict[str, object]:
    """Name the fields as JSON does, at every depth."""
    return {
        _JOINT.sub(lambda joint: joint[1].upper(), name): (
            _camel_cased(value) if isinstance(value, dict) else value
        )
        for name, value in fields.items()
    }
