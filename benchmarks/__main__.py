"""Runs the benchmarks; see the package's own text."""

import argparse
import signal
import sys
from collections.abc import Sequence
from contextlib import ExitStack, nullcontext
from pathlib import Path

from benchmarks.affinity import on_one_cpu
from benchmarks.alone import ALONE, Measurement
from benchmarks.errors import BenchmarkError
from benchmarks.files import allow_open_files
from benchmarks.kinds import KINDS, MOCKSMTP, SECURE_KINDS
from benchmarks.loads import LOADS, Load
from benchmarks.machine import Machine
from benchmarks.measure import FULL, QUICK, Plan, measure
from benchmarks.report import markdown, text_table
from benchmarks.results import Results
from benchmarks.servers import Kind, Server, start

_ALONE = [measurement.name for measurement in ALONE]
_NAMES = [*(load.name for load in LOADS), *_ALONE]
_OPEN_FILES = 5000


def main(arguments: Sequence[str]) -> int:
    """Run what was chosen and print the report.

    Returns:
        0 when everything could be run, whatever the figures are; 1 when not.

    """
    parser = _parser()
    options = parser.parse_args(arguments)
    chosen = options.only or _NAMES
    kinds = [kind for kind in KINDS if kind.name in options.servers]
    if MOCKSMTP not in kinds and set(_ALONE) & set(options.only or ()):
        parser.error(f"{', '.join(_ALONE)} are measured of {MOCKSMTP.name} alone")
    # Unwinds the stacks, so that every server ends with the benchmarks.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    allow_open_files(_OPEN_FILES)
    results = _run(chosen, kinds, QUICK if options.quick else FULL, options.free)
    machine = Machine.this()
    print(machine, text_table(results.rows(), kinds), sep="\n\n")
    if options.markdown:
        document = markdown(results.rows(), kinds, str(machine))
        options.markdown.write_text(document, encoding="utf-8")
    if options.json:
        options.json.write_text(results.to_json(machine), encoding="utf-8")
    for failure in results.failures:
        print(f"failed: {failure}", file=sys.stderr)
    return 1 if results.failures else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer and smaller rounds")
    parser.add_argument(
        "--only", action="append", choices=_NAMES, help="a load; may be repeated"
    )
    parser.add_argument(
        "--servers",
        type=_server_names,
        default=[kind.name for kind in KINDS],
        help="names with commas between: " + ",".join(kind.name for kind in KINDS),
    )
    parser.add_argument(
        "--free", action="store_true", help="let the scheduler choose CPUs"
    )
    parser.add_argument("--markdown", type=Path, help="write the report to this file")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    return parser


def _server_names(text: str) -> list[str]:
    names = text.split(",")
    for name in names:
        if name not in [kind.name for kind in KINDS]:
            raise argparse.ArgumentTypeError(f"there is no server {name!r}")
    return names


def _run(
    chosen: Sequence[str], kinds: Sequence[Kind], plan: Plan, free: bool
) -> Results:
    results = Results()
    alone = [each for each in ALONE if each.name in chosen and MOCKSMTP in kinds]
    names = {kind.name for kind in kinds}
    secure = [kind for kind in SECURE_KINDS if kind.name in names]
    loads = [load for load in LOADS if load.name in chosen]
    with nullcontext() if free else on_one_cpu():
        _load(kinds, [load for load in loads if not load.secure], plan, results)
        _load(secure, [load for load in loads if load.secure], plan, results)
        for measurement in (each for each in alone if each.one_cpu):
            _measure(measurement, plan, results)
    for measurement in (each for each in alone if not each.one_cpu):
        _measure(measurement, plan, results)
    return results


def _load(
    kinds: Sequence[Kind], loads: Sequence[Load], plan: Plan, results: Results
) -> None:
    """Put servers under loads, if there are any."""
    if not loads:
        return
    with ExitStack() as stack:
        servers = _start_all(stack, kinds, results)
        for load in loads:
            _tell(load.title)
            figures = measure(load, servers, plan, results.failures)
            results.loads.append((load, figures))


def _start_all(
    stack: ExitStack, kinds: Sequence[Kind], results: Results
) -> list[Server]:
    servers: list[Server] = []
    for kind in kinds:
        try:
            servers.append(stack.enter_context(start(kind)))
        except BenchmarkError as error:
            results.failures.append(str(error))
    return servers


def _measure(measurement: Measurement, plan: Plan, results: Results) -> None:
    _tell(measurement.name)
    try:
        results.alone[measurement.name] = measurement.measure(plan)
    except BenchmarkError as error:
        results.failures.append(f"{measurement.name}: {error}")


def _tell(title: str) -> None:
    print(f"… {title}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
