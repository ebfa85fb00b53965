"""What is measured of mocksmtp alone, or by its own measure."""

from collections.abc import Callable, Sequence
from typing import Any

from attrs import frozen

from benchmarks.checking import measure_checking
from benchmarks.chunking import measure_chunking
from benchmarks.crowds import measure_crowds
from benchmarks.filling import measure_filling
from benchmarks.growth import measure_growth
from benchmarks.idle import measure_idle
from benchmarks.kinds import MOCKSMTP
from benchmarks.measure import Plan
from benchmarks.memory import measure_memory
from benchmarks.rows import (
    Row,
    checking_rows,
    chunking_row,
    crowds_row,
    filling_row,
    growth_row,
    idle_rows,
    memory_rows,
)
from benchmarks.servers import Server, start


@frozen
class Measurement:
    """Something that is measured of mocksmtp.

    Attributes:
        name: what the command line calls it.
        measure: does it on servers of its own; raises BenchmarkError.
        rows: describes its result.
        one_cpu: whether client and server are to share a CPU.

    """

    name: str
    measure: Callable[[Plan], Any]
    rows: Callable[[Any], Sequence[Row]]
    one_cpu: bool = True


def _on_one(measure: Callable[[Server, Plan], Any]) -> Callable[[Plan], Any]:
    """Have something measured on a new mocksmtp."""

    def measure_it(plan: Plan) -> Any:
        with start(MOCKSMTP) as server:
            return measure(server, plan)

    return measure_it


def _in_one(row: Callable[[Any], Row]) -> Callable[[Any], Sequence[Row]]:
    """Have something described in a single row."""
    return lambda measured: (row(measured),)


ALONE = (
    Measurement("growth", _on_one(measure_growth), _in_one(growth_row)),
    Measurement("bdat", _on_one(measure_chunking), _in_one(chunking_row)),
    Measurement("crowd", measure_crowds, _in_one(crowds_row)),
    Measurement("filling", measure_filling, _in_one(filling_row)),
    Measurement("behaviors", measure_checking, checking_rows),
    Measurement("idle", measure_idle, idle_rows),
    Measurement("memory", measure_memory, memory_rows, one_cpu=False),
)
