"""Runs the benchmarks; see the package's own text."""

import argparse
import signal
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks.affinity import on_one_cpu
from benchmarks.errors import BenchmarkError
from benchmarks.growth import measure_growth
from benchmarks.kinds import KINDS, MOCKSMTP
from benchmarks.loads import LOADS
from benchmarks.machine import Machine
from benchmarks.measure import FULL, QUICK, Plan, measure
from benchmarks.memory import measure_memory
from benchmarks.report import markdown, text_table
from benchmarks.results import Results
from benchmarks.servers import Kind, Server, start

_GROWTH = "growth"
_MEMORY = "memory"
_NAMES = [*(load.name for load in LOADS), _GROWTH, _MEMORY]


def main(arguments: Sequence[str]) -> int:
    """Run what was chosen and print the report.

    Returns:
        0 when everything could be run, whatever the figures are; 1 when not.

    """
    parser = _parser()
    options = parser.parse_args(arguments)
    chosen = options.only or _NAMES
    kinds = [kind for kind in KINDS if kind.name in options.servers]
    if MOCKSMTP not in kinds and {_GROWTH, _MEMORY} & set(options.only or ()):
        parser.error(f"{_GROWTH} and {_MEMORY} are measured of {MOCKSMTP.name} alone")
    # Unwinds the stacks, so that every server ends with the benchmarks.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
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
    with ExitStack() as stack:
        if not free:
            stack.enter_context(on_one_cpu())
        servers = _start_all(stack, kinds, results)
        for load in (load for load in LOADS if load.name in chosen):
            _tell(load.title)
            figures = measure(load, servers, plan, results.failures)
            results.loads.append((load, figures))
        if _GROWTH in chosen and MOCKSMTP in kinds:
            _tell("growth")
            _grow(servers, plan, results)
    if _MEMORY in chosen and MOCKSMTP in kinds:
        _tell("memory")
        _fill(plan, results)
    return results


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


def _grow(servers: Sequence[Server], plan: Plan, results: Results) -> None:
    for server in servers:
        if server.kind is MOCKSMTP:
            try:
                results.growth = measure_growth(server, plan)
            except BenchmarkError as error:
                results.failures.append(f"{_GROWTH}: {error}")


def _fill(plan: Plan, results: Results) -> None:
    try:
        results.memory = measure_memory(plan)
    except BenchmarkError as error:
        results.failures.append(f"{_MEMORY}: {error}")


def _tell(title: str) -> None:
    print(f"… {title}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
