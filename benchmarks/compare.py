"""Compare mocksmtp with other test servers: ``python -m benchmarks.compare``.

Each server that is installed is started as its documentation says, and receives mails
from smtp-source. The figures are CPU time per mail and mails per second: medians of
rounds in turn, after one to warm up. Servers that were skipped are named, with where
they were looked for.

Mailpit and smtp-sink are found as programs, aiosmtpd in this environment. The variable
GREENMAIL names the file of GreenMail's standalone JAR. JAMES_MOCK is a command that
starts the mock of Apache James; ``{port}`` in it is the port to listen on.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from statistics import median

from attrs import frozen

from benchmarks.__main__ import machine
from benchmarks.clients import BenchmarkError, run_program
from benchmarks.peers import aiosmtpd, mocksmtp, smtp_sink
from benchmarks.servers import Command, Peer, Server, running

STARTS = 3
"""How often each server is started to measure its start."""


@frozen
class Rival:
    """
    A server that is compared, if it is installed.

    :ivar title: its name in the table
    :ivar sought: where it is looked for
    :ivar command: what starts it; None if it is not installed
    """

    title: str
    sought: str
    command: Command | None
    announces: bool = False

    @property
    def peer(self) -> Peer:
        """The server as the other benchmarks know it."""
        assert self.command is not None
        return Peer(self.title, self.title, {"smtp": self.command}, self.announces)


@frozen
class Mails:
    """
    A load: mails that smtp-source sends over 10 connections.

    :ivar options: what it is called with
    :ivar part: of the number of mails, what a round has; these take longer
    """

    title: str
    options: tuple[str, ...]
    part: float = 1.0


LOADS = (
    Mails("1 KiB, 10 kept connections, lock-step", ("-d", "-l", "1024")),
    Mails("1 KiB, a connection each", ("-l", "1024")),
    Mails("100 KiB", ("-d", "-l", "102400"), 0.1),
    Mails("50 recipients, lock-step", ("-d", "-l", "1024", "-r", "50"), 0.1),
)

Sample = tuple[float, float]
"""Seconds of CPU time per mail, and mails per second."""


def _program(name: str, *options: str) -> Command | None:
    found = shutil.which(name)
    if found is None:
        return None
    return lambda port, folder: [found, *(one.format(port=port) for one in options)]


def _given(variable: str) -> Command | None:
    command = shlex.split(os.environ.get(variable, ""))
    if not command:
        return None
    return lambda port, folder: [one.replace("{port}", str(port)) for one in command]


def _greenmail() -> Command | None:
    java, jar = shutil.which("java"), os.environ.get("GREENMAIL")
    if java is None or not jar:
        return None

    def command(port: int, folder: Path) -> list[str]:
        settings = ("smtp.hostname=127.0.0.1", f"smtp.port={port}", "auth.disabled")
        options = [f"-Dgreenmail.{setting}" for setting in settings]
        return [java, *options, "-jar", jar]

    return command


def rivals() -> tuple[Rival, ...]:
    """All servers; those that are not installed have no command."""
    sink = shutil.which("smtp-sink", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    return (
        Rival("mocksmtp", "this folder", mocksmtp(config=""), announces=True),
        Rival(
            "Mailpit",
            "the program mailpit",
            _program(
                *("mailpit", "--smtp", "127.0.0.1:{port}", "--listen", "127.0.0.1:0"),
                *("--max", "0", "--smtp-max-recipients", "10000"),
                *("--smtp-disable-rdns", "--quiet"),
            ),
        ),
        Rival("James mock", "the command in $JAMES_MOCK", _given("JAMES_MOCK")),
        Rival("GreenMail", "java, the JAR in $GREENMAIL", _greenmail()),
        Rival("aiosmtpd", "its package", aiosmtpd if find_spec("aiosmtpd") else None),
        Rival("smtp-sink (C)", "the program smtp-sink", smtp_sink if sink else None),
    )


def sample(server: Server, load: Mails, mails: int) -> Sample:
    """Send mails, and return what they cost."""
    host, port = server.smtp
    before, since = server.cpu_seconds(), time.perf_counter()
    said = run_program(
        *("smtp-source", "-c", "-f", "from@client.test", "-t", "to@server.test"),
        *("-s", "10", "-m", str(mails), *load.options, f"{host}:{port}"),
    )
    took, used = time.perf_counter() - since, server.cpu_seconds() - before
    if not re.search(rf"\b{mails}\s*$", said):
        raise BenchmarkError(f"smtp-source did not send {mails} mails: {said[-200:]!r}")
    return used / mails, mails / took


def started(rival: Rival) -> float:
    """Seconds of CPU time from the start of a server to its first 220."""
    with running(rival.peer) as server:
        return server.cpu_seconds()


def compare(
    present: Sequence[Rival], mails: int, rounds: int, failures: list[str]
) -> dict[str, dict[str, list[Sample]]]:
    """The samples of each load and server, in rounds; failures are noted in words."""
    samples: dict[str, dict[str, list[Sample]]] = {}
    with ExitStack() as stack:
        servers: dict[str, Server] = {}
        for rival in present:
            try:
                servers[rival.title] = stack.enter_context(running(rival.peer))
            except OSError as error:
                failures.append(f"{rival.title}: {error}")
        for load in LOADS:
            print(f"… {load.title}", file=sys.stderr, flush=True)
            samples[load.title] = cases = {title: [] for title in servers}
            for turn in range(-1, rounds):
                for title in tuple(cases):
                    server = servers[title]
                    try:
                        server.start_over()
                        found = sample(server, load, max(10, int(mails * load.part)))
                    except (OSError, subprocess.SubprocessError) as error:
                        failures.append(f"{title}, {load.title}: {error}")
                        del cases[title]
                    else:
                        cases[title] += [found] if turn >= 0 else []
    return samples


def table(
    present: Sequence[Rival],
    samples: dict[str, dict[str, list[Sample]]],
    starts: dict[str, float],
) -> str:
    """The figures, with a column for each server."""
    titles = [rival.title for rival in present]
    lines = [["load", *titles], ["---"] * (len(titles) + 1)]
    for load, cases in samples.items():
        lines.append([load, *(_shown(cases.get(title)) for title in titles)])
    lines.append(
        [
            "start to first 220, CPU",
            *(f"{starts[title]:.2f} s" if title in starts else "-" for title in titles),
        ]
    )
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _shown(rounds: Sequence[Sample] | None) -> str:
    if not rounds:
        return "-"
    cost, pace = (median(each) for each in zip(*rounds, strict=True))
    return f"{cost * 1e6:,.0f} µs, {pace:,.0f}/s"


def main(arguments: Sequence[str]) -> int:
    """Measure, print the table, and return 1 if a server that is installed failed."""
    layout = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("compare", None, __doc__, formatter_class=layout)
    parser.add_argument("--mails", type=int, default=5000, help="mails in a round")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args(arguments)
    failures: list[str] = []
    present = [rival for rival in rivals() if rival.command is not None]
    starts: dict[str, float] = {}
    for rival in present:
        try:
            starts[rival.title] = median(started(rival) for _ in range(STARTS))
        except OSError as error:
            failures.append(f"{rival.title}: {error}")
    present = [rival for rival in present if rival.title in starts]
    samples = compare(present, options.mails, options.rounds, failures)
    print(table(present, samples, starts))
    print(f"\nCPU time per mail, mails per second. {machine()}")
    for rival in rivals():
        if rival.command is None:
            print(f"skipped: {rival.title}: not found ({rival.sought})")
    for failure in failures:
        print(f"failed: {failure}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
