"""All that a run has measured, for people and for programs."""

import json
import re
from typing import Any

from attrs import asdict, define, field

from benchmarks.alone import ALONE
from benchmarks.figures import Figures
from benchmarks.loads import Load
from benchmarks.machine import Machine
from benchmarks.rows import Row, load_row

_JOINT = re.compile("_([a-z])")


@define
class Results:
    """What was measured, and what could not be.

    Attributes:
        loads: each load with the CPU time of each server.
        alone: what was measured of mocksmtp alone, by the measurement's name.
        failures: what could not be run, in words.

    """

    loads: list[tuple[Load, Figures]] = field(factory=list)
    alone: dict[str, Any] = field(factory=dict)
    failures: list[str] = field(factory=list)

    def rows(self) -> list[Row]:
        """Return the report's rows."""
        rows = [load_row(load, figures) for load, figures in self.loads]
        for measurement in ALONE:
            if measurement.name in self.alone:
                rows.extend(measurement.rows(self.alone[measurement.name]))
        return rows

    def to_json(self, machine: Machine) -> str:
        """Return a JSON document, with times in seconds and sizes in bytes."""
        document = {
            "machine": _camel_cased(asdict(machine)),
            "loads": {load.name: _load(load, figures) for load, figures in self.loads},
            **{each.name: self._document(each.name) for each in ALONE},
            "failures": self.failures,
        }
        return json.dumps(document, indent=2) + "\n"

    def _document(self, name: str) -> dict[str, object] | None:
        measured = self.alone.get(name)
        return None if measured is None else _camel_cased(asdict(measured))


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
