"""What replicas that share a Redis cost: ``python -m benchmarks.replicas``.

It starts Redis (with an append-only file) and replicas on this machine, and measures:

- a fixed rate of mails, over the same connections, with 1, 2 and 4 replicas: the CPU
  time of the replicas per mail, and of Redis; the same with the memory as the store,
  of one process, and of four that know nothing of each other;
- mails per second of smtp-source with 1 and 2 replicas, which share the CPUs of the
  machine with Redis and with smtp-source;
- the commands and the bytes of Redis for each mail;
- requests that read or change what the replicas have in common, and mails of which each
  moves a counter that they have in common.

The figures are medians of rounds in turn, after one to warm up.
"""

from __future__ import annotations

import argparse
import json
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from statistics import median

from attrs import define, frozen

from benchmarks.__main__ import machine
from benchmarks.clients import (
    KIB,
    BenchmarkError,
    Conversation,
    connected,
    lockstep,
    run_program,
)
from benchmarks.peers import mocksmtp
from benchmarks.servers import Peer, Server, cpu_seconds, free_port, running

CONNECTIONS = 16
"""Of the clients at the fixed rate, over all replicas."""

THREADS = 4

COUNTS = 1, 2, 4
"""Of replicas, for requests."""

MEMORY, REDIS = "memory", "redis"

CASES = (*((MEMORY, n) for n in (1, 4)), *((REDIS, n) for n in (1, 2, 4)))
"""Several processes with the memory as their store know nothing of each other: what
they cost more than one is the cost of processes that share the machine."""


@define
class Redis:
    """A Redis server of its own."""

    process: subprocess.Popen[bytes]
    port: int

    def ask(self, *words: str) -> str:
        """The answer to a command, as text."""
        line = b"*%d\r\n" % len(words)
        line += b"".join(b"$%d\r\n%s\r\n" % (len(w), w.encode()) for w in words)
        with closing(socket.create_connection(("127.0.0.1", self.port))) as connection:
            connection.sendall(line)
            file = connection.makefile("rb")
            first = file.readline().strip()
            if first.startswith(b"$"):
                return file.read(int(first[1:])).decode()
            return first[1:].decode()

    def figures(self) -> dict[str, float]:
        """What Redis counts: commands, bytes that it reads and writes, its memory."""
        known = dict(
            line.split(":", 1)
            for line in self.ask("INFO", "everything").splitlines()
            if ":" in line
        )
        names = ("total_net_input_bytes", "total_net_output_bytes", "used_memory")
        figures = {name: float(known[name]) for name in names}
        calls = {
            name.removeprefix("cmdstat_"): float(value.split(",")[0].partition("=")[2])
            for name, value in known.items()
            if name.startswith("cmdstat_")
        }
        figures["scripts"] = calls["evalsha"]
        figures["commands"] = sum(calls.values())
        return figures

    def cpu_seconds(self) -> float:
        """The CPU time of the server so far."""
        return cpu_seconds(self.process.pid)


@contextmanager
def redis() -> Iterator[Redis]:
    """Start a Redis, and stop it at the end."""
    program = shutil.which("redis-server")
    if program is None:
        raise BenchmarkError("redis-server is not installed")
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        process = subprocess.Popen(
            [
                *(program, "--port", str(port), "--bind", "127.0.0.1", "--dir", folder),
                *("--save", "", "--appendonly", "yes", "--appendfsync", "everysec"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
        )
        server = Redis(process, port)
        try:
            for _ in range(500):
                try:
                    if server.ask("PING") == "PONG":
                        break
                except OSError:
                    time.sleep(0.02)
            else:
                raise BenchmarkError("redis-server did not answer")
            yield server
        finally:
            process.terminate()
            process.wait(30)


@contextmanager
def replicas(count: int, store: str) -> Iterator[list[Server]]:
    """Start so many replicas with a store."""
    peer = Peer("replica", "replica", {"smtp": mocksmtp("--store", store, config="")})
    with ExitStack() as stack:
        yield [stack.enter_context(running(peer)) for _ in range(count)]


@frozen
class Rate:
    """What mails at a fixed rate cost, in seconds of CPU time for each mail."""

    replicas: float
    redis: float


def send_at_rate(servers: Sequence[Server], rate: float, mails: int) -> None:
    """
    Send mails of 1 KiB, each at its time, over `CONNECTIONS` in turn.

    :raises BenchmarkError: they could not be sent at this rate
    """
    steps = list(lockstep(KIB)(1))
    with ExitStack() as stack:
        talks: list[Conversation] = []
        for number in range(CONNECTIONS):
            address = servers[number % len(servers)].smtp
            talks += stack.enter_context(connected(address, 1))
        begun = time.perf_counter() + 0.1
        late: list[float] = []

        def send(thread: int) -> None:
            own = talks[thread::THREADS]
            for turn, number in enumerate(range(thread, mails, THREADS)):
                wait = begun + number / rate - time.perf_counter()
                if wait > 0:
                    time.sleep(wait)
                for octets, codes in steps:
                    own[turn % len(own)].ask(octets, codes)
            late.append(time.perf_counter() - begun - mails / rate)

        with ThreadPoolExecutor(THREADS) as pool:
            for done in [pool.submit(send, thread) for thread in range(THREADS)]:
                done.result()
    check_late(max(late), mails / rate)


def check_late(late: float, asked: float) -> None:
    """
    Refuse mails that took much longer than asked.

    :raises BenchmarkError: this machine cannot send them at this rate
    """
    if late > 0.1 * asked:
        raise BenchmarkError("the mails could not be sent at this rate")


def measure_rate(
    servers: Sequence[Server], store: Redis | None, rate: float, mails: int
) -> Rate:
    """Send at a rate, and measure."""
    used = sum(server.cpu_seconds() for server in servers)
    stored = 0.0 if store is None else store.cpu_seconds()
    send_at_rate(servers, rate, mails)
    # Sessions are stored once a second.
    time.sleep(1.5)
    used = sum(server.cpu_seconds() for server in servers) - used
    stored = 0.0 if store is None else store.cpu_seconds() - stored
    return Rate(used / mails, stored / mails)


def measure_throughput(servers: Sequence[Server], mails: int) -> float:
    """Mails per second of one smtp-source per replica, with 10 connections in all."""
    share = mails // len(servers)
    each = max(1, 10 // len(servers))
    barrier = threading.Barrier(len(servers) + 1)

    def send(server: Server) -> None:
        barrier.wait()
        run_program(
            *("smtp-source", "-c", "-d", "-l", "1024", "-s", str(each)),
            *("-m", str(share), "-f", "from@client.test", "-t", "to@server.test"),
            "{}:{}".format(*server.smtp),
        )

    with ThreadPoolExecutor(len(servers)) as pool:
        sending = [pool.submit(send, server) for server in servers]
        barrier.wait()
        since = time.perf_counter()
        for done in sending:
            done.result()
        return share * len(servers) / (time.perf_counter() - since)


def print_rates(rate: float, mails: int, rounds: int) -> None:
    """Measure and print the first table."""
    samples: dict[tuple[str, int], list[Rate]] = {}
    for number in range(rounds + 1):
        for kind, count in CASES:
            with ExitStack() as stack:
                store = stack.enter_context(redis()) if kind == REDIS else None
                url = MEMORY if store is None else f"redis://127.0.0.1:{store.port}/0"
                servers = stack.enter_context(replicas(count, url))
                send_at_rate(servers, rate, mails // 4)
                found = measure_rate(servers, store, rate, mails)
            if number or rounds == 1:
                samples.setdefault((kind, count), []).append(found)
    print(f"\nMails of 1 KiB at {rate:.0f} per second; µs of CPU time per mail\n")
    print("| store | processes | of them | of one | Redis |\n|---|---|---|---|---|")
    for (kind, count), rates in samples.items():
        cost = median(found.replicas for found in rates)
        first = next(n for k, n in samples if k == kind)
        one = median(found.replicas for found in samples[kind, first])
        stored = median(found.redis for found in rates)
        shown = f"{cost * 1e6:.0f} | {cost / one:.2f} | {stored * 1e6:.0f}"
        print(f"| {kind} | {count} | {shown} |")


def print_throughput(mails: int, rounds: int) -> None:
    """Measure and print the second table, and what Redis does for each mail."""
    speeds: dict[int, list[float]] = {}
    for number in range(rounds + 1):
        for count in (1, 2):
            with redis() as store:
                url = f"redis://127.0.0.1:{store.port}/0"
                with replicas(count, url) as servers:
                    measure_throughput(servers, mails // 4)
                    before = store.figures()
                    speed = measure_throughput(servers, mails)
                    time.sleep(1.5)
                    after = store.figures()
            if number or rounds == 1:
                speeds.setdefault(count, []).append(speed)
    one = median(speeds[1])
    print("\nAs many mails of 1 KiB as possible, 10 connections\n")
    print("| replicas | mails per second | of 1 replica |\n|---|---|---|")
    for count, found in speeds.items():
        print(f"| {count} | {median(found):.0f} | {median(found) / one:.2f} |")
    each = {name: (after[name] - before[name]) / mails for name in after}
    print("\nRedis, for each mail of 1 KiB with its session\n")
    print(f"- scripts that replicas call: {each['scripts']:.2f}")
    print(f"- commands that it executes, with those of scripts: {each['commands']:.1f}")
    print(f"- bytes that it reads: {each['total_net_input_bytes']:.0f}")
    print(f"- bytes that it writes: {each['total_net_output_bytes']:.0f}")
    print(f"- bytes of its memory: {each['used_memory']:.0f}")


COUNTING = [
    {
        "command": "RCPT TO",
        "condition": {"operator": "contains", "matchingValue": "never@"},
        "numberOfAnswer": 1,
        "response": {"code": 450, "message": "4.2.1 Busy"},
    },
    {
        "command": "RCPT TO",
        "numberOfAnswer": 1_000_000,
        "response": {"code": 250, "message": "2.1.5 Recipient OK"},
    },
]
"""Each recipient moves a counter that the replicas have in common."""


def _each(requests: int, ask: Callable[[], object]) -> float:
    """Seconds that a request takes: the median."""
    found = []
    for _ in range(requests):
        since = time.perf_counter()
        ask()
        found.append(time.perf_counter() - since)
    return median(found)


def print_agreement(mails: int, requests: int) -> None:
    """Measure and print what it costs that replicas agree."""
    print("\nRequests to one replica: ms, and ms of CPU time of Redis for each\n")
    print("| replicas | `GET /smtpMailsCount` | `PUT /smtpBehaviors` |", end="")
    print(" mails per second with a counter each |\n|---|---|---|---|")
    for count in COUNTS:
        with redis() as store:
            url = f"redis://127.0.0.1:{store.port}/0"
            with replicas(count, url) as servers:
                first = servers[0]
                body = json.dumps(COUNTING).encode()
                cells = []
                for ask in (
                    partial(first.ask, "GET", "/smtpMailsCount"),
                    partial(first.ask, "PUT", "/smtpBehaviors", body),
                ):
                    ask()
                    used = store.cpu_seconds()
                    taken = _each(requests, ask)
                    used = (store.cpu_seconds() - used) / requests
                    cells.append(f"{taken * 1e3:.1f}, {used * 1e3:.2f}")
                speed = measure_throughput(servers, mails)
        print(f"| {count} | {' | '.join(cells)} | {speed:.0f} |")


def main(arguments: Sequence[str]) -> int:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(
        "python -m benchmarks.replicas",
        description="Measure replicas that share a Redis.",
    )
    add = parser.add_argument
    add("--rate", type=float, default=500, help="mails per second (500)")
    add("--mails", type=int, default=4000, help="mails of a round (4000)")
    add("--requests", type=int, default=50, help="requests of a kind (50)")
    add("--rounds", type=int, default=3, help="rounds; one has no warm-up (3)")
    options = parser.parse_args(arguments)
    try:
        print(machine())
        print_rates(options.rate, options.mails, options.rounds)
        print_throughput(options.mails, options.rounds)
        print_agreement(options.mails // 2, options.requests)
    except OSError as error:
        print(f"benchmarks.replicas: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
