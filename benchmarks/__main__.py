"""The runner: starts servers as processes, measures in turns, and reports."""

import argparse
import json
import os
import platform
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from http.client import HTTPException
from importlib.metadata import version
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from statistics import median

from attrs import evolve

import benchmarks
from benchmarks.clients import run_program
from benchmarks.loads import FULL, LOADS, QUICK, Load, Plan
from benchmarks.peers import PEERS
from benchmarks.servers import Peer, Server, running

NOTE = (
    "CPU time in µs per mail or query, unless a unit is given: median of the rounds, ±"
    " half their range, and the ratio to the load's own cost: above 1x the load is the"
    " cheaper one. mocksmtp has STARTTLS, AUTH, SIZE, journal and all capabilities on."
)
_FACTORS = {"µs": 1e6, "ms": 1e3, "s": 1.0, "KiB": 1 / 1024}

Samples = dict[str, list[float]]
"""The rounds of each case, in seconds or bytes."""


def main(arguments: Sequence[str], loads: Sequence[Load] = LOADS) -> int:
    """Measure, print the report, and return 1 where anything could not be run."""
    options = _parser(loads).parse_args(arguments)
    only = options.only or [load.name for load in loads if not load.extra]
    chosen = [load for load in loads if load.name in only]
    peers = [peer for peer in PEERS if peer.name in options.servers]
    # Unwinds the stacks, so that every server ends with the benchmarks.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(5000, hard)), hard))
    plan = QUICK if options.quick else FULL
    samples, failures = run(chosen, peers, plan, options.free)
    text = markdown(samples, peers)
    print(text)
    if options.markdown:
        options.markdown.write_text(text, encoding="utf-8")
    if options.json:
        measured = {load.name: rounds for load, rounds in samples.items()}
        made = {"machine": machine(), "loads": measured, "failures": failures}
        options.json.write_text(json.dumps(made, indent=2), encoding="utf-8")
    for failure in failures:
        print(f"failed: {failure}", file=sys.stderr)
    return 1 if failures else 0


def _parser(loads: Sequence[Load]) -> argparse.ArgumentParser:
    layout = argparse.RawDescriptionHelpFormatter
    text = benchmarks.__doc__
    parser = argparse.ArgumentParser("benchmarks", None, text, formatter_class=layout)
    add = parser.add_argument
    names = [load.name for load in loads]
    add("--only", action="append", choices=names, help="a load; may be repeated")
    add("--quick", action="store_true", help="fewer and smaller rounds")
    add("--servers", type=_servers, default=[peer.name for peer in PEERS])
    add("--free", action="store_true", help="let the scheduler choose CPUs")
    add("--markdown", type=Path, help="write the report to this file")
    add("--json", type=Path, help="write all samples to this file")
    return parser


def _servers(text: str) -> list[str]:
    known = [peer.name for peer in PEERS]
    if unknown := set(text.split(",")) - set(known):
        raise argparse.ArgumentTypeError(f"unknown: {unknown}; known: {known}")
    return text.split(",")


def run(
    loads: Sequence[Load], peers: Sequence[Peer], plan: Plan, free: bool
) -> tuple[dict[Load, Samples], list[str]]:
    """Return the samples of loads, and in words what could not be measured."""
    samples: dict[Load, Samples] = {}
    failures: list[str] = []
    alike = attrgetter("variant", "records", "one_cpu", "own")
    for _, group in groupby(loads, alike):
        together = list(group)
        with ExitStack() as stack:
            if together[0].one_cpu and not free:
                stack.enter_context(on_one_cpu())
            servers: dict[Peer, Server] = {}
            wanted = [case[0] for load in together for case in load.cases.values()]
            for peer in (peer for peer in peers if peer in wanted):
                try:
                    start = running(peer, together[0].variant, together[0].records)
                    servers[peer] = stack.enter_context(start)
                except OSError as error:
                    failures.append(f"{peer.name}: {error}")
            for load in together:
                print(f"… {load.title}", file=sys.stderr, flush=True)
                samples[load] = measure(load, servers, plan, failures)
    return samples, failures


def measure(
    load: Load, servers: dict[Peer, Server], plan: Plan, failures: list[str]
) -> Samples:
    """Measure each case once to warm up, and then in turns.

    A case that fails is noted in ``failures`` and has no figures.
    """
    rounds = min(load.rounds, plan.rounds)
    known = (case for case, (peer, _) in load.cases.items() if peer in servers)
    samples: Samples = {case: [] for case in known}
    for turn in range(0 if load.rounds == 1 else -1, rounds):
        now = plan if turn >= 0 else evolve(plan, share=4 * plan.share)
        for case in list(samples):
            peer, sample = load.cases[case]
            try:
                cost = sample(servers[peer], now)
            except (OSError, HTTPException, subprocess.SubprocessError) as error:
                failures.append(f"{load.name}, {case}: {error}")
                del samples[case]
            else:
                samples[case] += [cost] if turn >= 0 else []
    return samples


@contextmanager
def on_one_cpu() -> Iterator[None]:
    """Keep this process, and those that it starts meanwhile, on one CPU.

    Elsewhere the figures depend on where the scheduler puts client and server, up to
    three times; the ratios are the same.
    """
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def ratio(load: Load, samples: Samples, case: str) -> float | None:
    """Return a case's median cost over that of the base; None without both."""
    if case not in samples or load.base not in samples:
        return None
    return median(samples[case]) / median(samples[load.base])


def verdict(load: Load, samples: Samples) -> str:
    """Return ``yes`` or ``NO`` for what is asked; ``-`` where that is not known."""
    ratios = [(ratio(load, samples, case), least) for case, least in load.asks.items()]
    met = [found >= least for found, least in ratios if found is not None]
    limits = load.at_most.items()
    met += [median(samples[case]) <= most for case, most in limits if case in samples]
    return ("yes" if all(met) else "NO") if met else "-"


def markdown(measured: dict[Load, Samples], peers: Sequence[Peer]) -> str:
    """Return the table, with a column for each server that has figures."""
    titles = [peer.title for peer in peers]
    rows = [["load", "asked", "met", *titles, "compared"]]
    for load, samples in measured.items():
        costs = {case: _cost(load, samples, case) for case in samples}
        cells = [costs.pop(title, "-") for title in titles]
        others = [f"{case}: {cost}" for case, cost in costs.items()]
        asked, met = _asked(load), verdict(load, samples)
        rows.append([load.title, asked, met, *cells, ", ".join(others) or "-"])
    used = [column for column in zip(*rows, strict=True) if {*column[1:]} != {"-"}]
    widths = [max(map(len, column)) for column in used]
    lines = list(zip(*used, strict=True))
    lines.insert(1, tuple("-" * width for width in widths))
    table = [f"| {' | '.join(map(str.ljust, line, widths))} |" for line in lines]
    return "\n".join([machine(), "", *table, "", NOTE, ""])


def _cost(load: Load, samples: Samples, case: str) -> str:
    rounds = samples[case]
    middle = median(rounds)
    told = f"{middle * _FACTORS[load.unit]:.{1 if load.unit != 'µs' else 0}f}"
    told += "" if load.unit == "µs" else f" {load.unit}"
    if len(rounds) > 1:
        told += f" ±{(max(rounds) - min(rounds)) / 2 / middle:.0%}"
    compared = ratio(load, samples, case)
    return told if compared is None or case == load.base else f"{told} {compared:.2f}x"


def _asked(load: Load) -> str:
    factor, unit = _FACTORS[load.unit], load.unit
    asked = [f"≥{least:.3g}x {case}" for case, least in load.asks.items()]
    limits = load.at_most.items()
    asked += [f"{case} ≤{most * factor:g} {unit}" for case, most in limits]
    return ", ".join(asked) or "-"


def machine() -> str:
    """Return the CPU, the versions of what ran, and the date."""
    cpuinfo = Path("/proc/cpuinfo").read_text().partition("model name\t: ")[2]
    programs = [f"{name} {version(name)}" for name in ("Twisted", "aiosmtpd")]
    if shutil.which("postconf", path="/usr/sbin:/usr/bin"):
        shown = run_program("postconf", "-dh", "mail_version")
        programs.append(f"Postfix {shown.strip()}")
    cpus = f"{cpuinfo.partition(chr(10))[0]}, {len(os.sched_getaffinity(0))} CPUs"
    python, day = platform.python_version(), datetime.now(UTC).date()
    return f"{cpus}; Python {python}, {', '.join(programs)}; {day}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
