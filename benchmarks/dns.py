"""Server CPU per DNS query, beside twisted.names and NSD, and SMTP during a large PUT.

Run from the project's root::

    python -m benchmarks.dns [--quick]

dnsperf (Debian package dnsperf) asks for MX records over UDP, and every answer must be
NOERROR. A server that is not installed has no figures.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from attrs import frozen

from benchmarks.affinity import on_one_cpu
from benchmarks.dns_servers import KINDS, MOCK, STOCK, DnsServer, put_records
from benchmarks.dns_zone import documents, domains, write_queries, zone_file
from benchmarks.errors import BenchmarkError
from benchmarks.stall import Stall, stall_during

FEW = 10
MANY = 100_000
"""Records of the zone."""

LEAST = 1.5  # times as cheap as twisted.names
NOISE = 1.25  # what is taken for "no more"
LONGEST = 0.200  # seconds that SMTP may wait while the zone is replaced

_TIME_LIMIT = 120.0  # seconds
_COMPLETED = re.compile(r"Queries completed: +(\d+) ")
_GOOD = re.compile(r"Response codes: +NOERROR (\d+) ")


@frozen
class Load:
    """What a server is asked.

    Attributes:
        title: what the table calls it.
        records: how many its zone has.
        names: for how many domains it is asked, in turn.
        asked: whether a ratio is asked for.

    """

    title: str
    records: int
    names: int
    asked: bool = True


LOADS = (
    Load("5 domains of 10 records", FEW, domains(FEW)),
    Load("the same 5 of 100,000 records", MANY, domains(FEW)),
    Load("10,000 domains of 100,000 records", MANY, 10_000),
    Load("each of 50,000 domains once, none remembered", MANY, domains(MANY), False),
)


def ask(server: DnsServer, queries: Path, expected: int) -> float:
    """Send the queries of a file, and return the CPU seconds that each cost.

    Raises:
        BenchmarkError: not every query had a good answer.

    """
    host, port = server.address
    before = server.cpu_seconds()
    try:
        ended = subprocess.run(
            [
                *("dnsperf", "-s", host, "-p", str(port), "-d", str(queries)),
                *("-n", "1", "-c", "4", "-q", "20", "-T", "1"),
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIME_LIMIT,
            text=True,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BenchmarkError(f"dnsperf: {error}") from error
    used = server.cpu_seconds() - before
    if completed(ended.stdout) != expected:
        raise BenchmarkError(f"dnsperf: {(ended.stdout + ended.stderr)[-500:]}")
    return used / expected


def completed(report: str) -> int:
    """Return how many queries had a good answer, by dnsperf's report; 0 if not all."""
    answered, good = _COMPLETED.search(report), _GOOD.search(report)
    if answered is None or good is None or answered[1] != good[1]:
        return 0
    return int(good[1])


def measure(
    load: Load, servers: dict[str, DnsServer], rounds: int, queries: int, folder: Path
) -> dict[str, float]:
    """Ask each server in turns, after a first round to warm up.

    Returns:
        the median of CPU seconds per query, by the server's name.

    """
    path = folder / "queries"
    queries = max(queries, load.names)
    write_queries(path, load.names, queries)
    samples: dict[str, list[float]] = {name: [] for name in servers}
    for turn in range(-1, rounds):
        for name, server in servers.items():
            used = ask(server, path, queries)
            if turn >= 0:
                samples[name].append(used)
    return {name: median(rounds) for name, rounds in samples.items()}


def measure_put(server: DnsServer, body: bytes, content_type: str) -> Stall:
    """Replace mocksmtp's records, and tell how SMTP was answered meanwhile."""
    assert server.mock is not None
    api = server.mock.http
    assert api is not None

    def put() -> int:
        put_records(api, body, content_type)
        return 0

    stall, _ = stall_during(server.mock.smtp, put)
    return stall


def run(rounds: int, queries: int) -> Iterator[str]:
    """Measure all, and yield the report line by line."""
    figures: dict[Load, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder, on_one_cpu():
        for records in FEW, MANY:
            with ExitStack() as stack:
                servers = {}
                for kind in KINDS:
                    place = Path(folder, f"{kind.name}-{records}")
                    place.mkdir()
                    try:
                        running = kind.running(records, place)
                        servers[kind.name] = stack.enter_context(running)
                    except BenchmarkError as error:
                        yield f"not measured: {error}"
                for load in (load for load in LOADS if load.records == records):
                    figures[load] = measure(
                        load, servers, rounds, queries, Path(folder)
                    )
                    yield line(load, figures[load])
    yield from verdicts(figures)
    # Where threads and clients have a CPU of their own, as they will have.
    with (
        tempfile.TemporaryDirectory() as folder,
        MOCK.running(FEW, Path(folder)) as one,
    ):
        for what, body, content_type in (
            ("JSON", documents(MANY), "application/json"),
            ("a zone file", zone_file(MANY).encode(), "text/dns"),
        ):
            for turn in "first", "again":
                stall = measure_put(one, body, content_type)
                yield (
                    f"PUT of {MANY:,} records as {what}, {turn}:"
                    f" SMTP waits {stall.gap * 1e3:.0f} ms at most"
                    f" (asked: {LONGEST * 1e3:.0f}; idle {stall.idle_gap * 1e3:.0f})"
                    f" in {stall.elapsed:.1f} s: {met(stall.gap <= LONGEST)}"
                )


def line(load: Load, costs: dict[str, float]) -> str:
    """Tell the costs of a load, in microseconds and as ratios to mocksmtp's."""
    cells = [
        f"{name} {cost * 1e6:.1f} µs ({cost / costs[MOCK.name]:.2f}x)"
        for name, cost in costs.items()
    ]
    return f"{load.title}: {', '.join(cells)}"


def verdicts(figures: dict[Load, dict[str, float]]) -> Iterator[str]:
    """Tell which ratios are what they are asked to be."""
    for load, costs in figures.items():
        if load.asked and STOCK.name in costs:
            ratio = costs[STOCK.name] / costs[MOCK.name]
            yield (
                f"{load.title}: {ratio:.2f}x {STOCK.name}"
                f" (asked: {LEAST}x): {met(ratio >= LEAST)}"
            )
    few, many, *_ = (costs[MOCK.name] for costs in figures.values())
    yield (
        f"100,000 records: {many / few:.2f}x the cost of 10"
        f" (asked: {NOISE}x at most): {met(many <= NOISE * few)}"
    )


def met(good: bool) -> str:
    """Return a verdict."""
    return "yes" if good else "NO"


def main(arguments: Sequence[str]) -> int:
    """Run all, and print the report; 1 where something could not be run."""
    parser = argparse.ArgumentParser("python -m benchmarks.dns", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    options = parser.parse_args(arguments)
    rounds, queries = (1, 10_000) if options.quick else (5, 50_000)
    print(f"CPU per query (user and system), {os.cpu_count()} CPUs")
    try:
        for told in run(rounds, queries):
            print(told, flush=True)
    except BenchmarkError as error:
        print(f"failed: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
