"""A measured server: a separate process, on loopback ports."""

import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path

from attrs import define, frozen
from dns.exception import DNSException
from dns.message import make_query
from dns.query import udp

from benchmarks.clients import LOOPBACK, Address, BenchmarkError, connected
from benchmarks.dns import ZONE, zone_file

FORGET = signal.SIGUSR1
"""Sent to a peer before each round; mocksmtp is reset by its API instead."""

_PROJECT = Path(__file__).parent.parent
_START_LIMIT = 60.0  # seconds, in which a large zone is read too

Command = Callable[[int, Path], list[str]]
"""Returns a program and its arguments, given a free port and a folder of its own."""


@frozen(eq=False)
class Peer:
    """A server that can be started."""

    name: str  # on the command line
    title: str  # in the tables
    commands: dict[str, Command]  # by variant: smtp, tls or dns
    announces: bool = True  # it chooses its port and prints it: smtp=ADDRESS:PORT
    forgets: bool = False  # it keeps mails, and forgets them when it is sent FORGET


@define
class Server:
    """A server process; it raises OSError where that has ended or does not answer."""

    peer: Peer
    process: "subprocess.Popen[bytes]"
    output: Path
    smtp: Address
    dns: Address
    secure: bool
    http: Address | None = None  # mocksmtp's API

    def start_over(self, behaviors: list[object] | None = None) -> None:
        """Make it forget its mails; mocksmtp gets its behaviors back, or others."""
        self.check_alive()
        if self.peer.forgets:
            self.process.send_signal(FORGET)
        elif self.http:
            self.ask("POST", "/reset?all=true")
            if behaviors is not None:
                self.ask("PUT", "/smtpBehaviors", json.dumps(behaviors).encode())

    def check_kept(self, mails: int) -> None:
        """Fail unless mocksmtp keeps exactly so many mails; others are believed."""
        if self.http and (kept := int(self.ask("GET", "/smtpMailsCount"))) != mails:
            raise BenchmarkError(f"mocksmtp keeps {kept} of {mails} mails")

    def ask(
        self, method: str, path: str, body: bytes = b"", kind: str = "application/json"
    ) -> bytes:
        """Return the response of mocksmtp's API."""
        assert self.http is not None, f"{self.peer.name} has no API"
        with closing(HTTPConnection(*self.http, timeout=_START_LIMIT)) as connection:
            connection.request(method, path, body, {"Content-Type": kind})
            response = connection.getresponse()
            answer = response.read()
        if response.status >= 300:
            raise BenchmarkError(f"{method} {path}: {response.status} {answer[:500]!r}")
        return answer

    def cpu_seconds(self) -> float:
        """Return the CPU time of the process and its children so far."""
        self.check_alive()
        return cpu_seconds(self.process.pid)

    def resident_bytes(self) -> int:
        """Return the resident memory, counted page by page."""
        self.check_alive()
        rollup = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        return int(rollup.split("\nRss:")[1].split()[0]) * 1024

    def check_alive(self) -> None:
        if (code := self.process.poll()) is not None:
            last_words = self.output.read_text(errors="replace").strip()[-500:]
            raise BenchmarkError(f"{self.peer.name} ended with {code}: {last_words}")


def cpu_seconds(pid: int) -> float:
    """Read the CPU clock of a process, as clock_getcpuclockid(3) names it.

    Its resolution is nanoseconds; ``/proc/PID/stat`` counts ticks of 10 ms.
    """
    try:
        used = time.clock_gettime((~pid << 3) | 2)
        for listing in Path(f"/proc/{pid}/task").glob("*/children"):
            used += sum(map(cpu_seconds, map(int, listing.read_text().split())))
    except OSError:  # it ended meanwhile
        return 0.0
    return used


@contextmanager
def running(peer: Peer, variant: str = "smtp", records: int = 0) -> Iterator[Server]:
    """Start a variant of a server, wait until it answers, and stop it at the end.

    For DNS its zone has so many records. It raises OSError where the server cannot be
    started, has ended, or does not answer in time.
    """
    with tempfile.TemporaryDirectory() as folder:
        place, port = Path(folder), free_port()
        (place / ZONE).write_text(zone_file(records))
        output = place / "output"
        with output.open("wb") as file:
            process = subprocess.Popen(
                peer.commands[variant](port, place),
                # The code beside the benchmarks is measured, installed or not; and
                # compiled once, as where it is installed.
                env={
                    **os.environ,
                    "PYTHONPATH": str(_PROJECT),
                    "PYTHONDONTWRITEBYTECODE": "",
                },
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        address = LOOPBACK, port
        server = Server(peer, process, output, address, address, variant == "tls")
        try:
            if variant != "dns" or peer.announces:
                _wait(server, lambda: _greets(server))
            if variant == "dns":
                if peer.announces:
                    zone = (place / ZONE).read_bytes()
                    server.ask("PUT", "/dnsRecords", zone, "text/dns")
                _wait(server, lambda: _has_mx(server.dns, f"d{records // 2 - 1}.test"))
            yield server
        finally:
            process.terminate()
            try:
                process.wait(5.0)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(server: Server, answers: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _START_LIMIT
    while not answers():
        server.check_alive()
        if time.monotonic() > deadline:
            raise BenchmarkError(f"{server.peer.name} did not answer in time")
        time.sleep(0.02)


def _greets(server: Server) -> bool:
    if server.peer.announces:
        said = re.findall(r"\b(smtp|http)=([0-9.]+):(\d+)", server.output.read_text())
        found = {name: (host, int(number)) for name, host, number in said}
        if "smtp" not in found:
            return False
        server.smtp, server.http = found["smtp"], found.get("http")
    try:
        with connected(server.smtp, 1, server.secure):
            return True
    except OSError:
        return False


def _has_mx(address: Address, name: str) -> bool:
    try:
        query = make_query(name, "MX")
        return bool(udp(query, address[0], timeout=0.1, port=address[1]).answer)
    except (OSError, DNSException):
        return False


def free_port() -> int:
    """Return a port of loopback that is free now."""
    with socket.socket() as tcp:
        tcp.bind((LOOPBACK, 0))
        return int(tcp.getsockname()[1])
