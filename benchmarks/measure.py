"""Puts servers under a load, in turns, and reads what it cost them."""

import time
from collections.abc import Sequence

from attrs import frozen

from benchmarks.clients import Client
from benchmarks.errors import BenchmarkError
from benchmarks.figures import Figures
from benchmarks.loads import Load
from benchmarks.servers import Server

_SETTLE = 0.02  # seconds in which a server ends what the last mail left to do
_WARM_UP = 4  # the part of a round's mails that is sent before the first, as 1/n


@frozen
class Plan:
    """How much is measured.

    Attributes:
        rounds: rounds of each load, at least 1.
        share: 1/n of each load's mails are sent.
        kept: mails that are kept for the measurement of memory.
        time_limit: seconds that one client may take in one round.

    """

    rounds: int
    share: int
    kept: int
    time_limit: float = 60.0


FULL = Plan(rounds=9, share=1, kept=100_000)
QUICK = Plan(rounds=3, share=4, kept=10_000)


def cpu_per_mail(
    server: Server, client: Client, mails: int, time_limit: float
) -> float:
    """Send mails to a server, and return the CPU seconds that each cost it.

    mocksmtp starts empty, has behaviors to check, and must have kept every mail.

    Raises:
        BenchmarkError: not every mail was accepted.

    """
    server.start_over()
    time.sleep(_SETTLE)
    before = server.cpu_seconds()
    client.send(server.smtp, mails, time_limit)
    time.sleep(_SETTLE)
    used = server.cpu_seconds() - before
    server.check_kept(mails)
    return used / mails


def measure(
    load: Load, servers: Sequence[Server], plan: Plan, failures: list[str]
) -> Figures:
    """Put each server under the load once to warm up, then in turns.

    A server that fails is noted in ``failures`` and has no figures.
    """
    mails = max(1, load.mails // plan.share)
    samples: dict[str, list[float]] = {server.kind.name: [] for server in servers}
    failed: set[str] = set()
    for turn in range(-1, plan.rounds):
        sent = mails if turn >= 0 else max(1, mails // _WARM_UP)
        for server in servers:
            name = server.kind.name
            if name in failed:
                continue
            try:
                used = cpu_per_mail(server, load.client, sent, plan.time_limit)
            except BenchmarkError as error:
                failures.append(f"{load.name}, {name}: {error}")
                failed.add(name)
                continue
            if turn >= 0:
                samples[name].append(used)
    return Figures(
        {name: rounds for name, rounds in samples.items() if name not in failed}
    )
