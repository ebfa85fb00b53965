"""DNS servers that are measured, each a process of its own."""

import shutil
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from attrs import evolve, frozen

from benchmarks.dns_zone import domain, zone_file
from benchmarks.errors import BenchmarkError
from benchmarks.kinds import MOCKSMTP
from benchmarks.listening import LOOPBACK, Address
from benchmarks.servers import Server, start
from benchmarks.usage import cpu_seconds

_START_LIMIT = 60.0  # seconds, in which a large zone is read, too
_STOP_LIMIT = 5.0  # seconds
_POLL = 0.1  # seconds


@frozen
class DnsServer:
    """A server that answers for the zone.

    Attributes:
        address: where it is asked, over UDP.
        pid: its process.
        mock: for mocksmtp, where the rest of it is.

    """

    address: Address
    pid: int
    mock: Server | None = None

    def cpu_seconds(self) -> float:
        """Return the CPU time used so far, in seconds."""
        if self.mock is not None:
            return self.mock.cpu_seconds()
        return cpu_seconds(self.pid)


@frozen
class DnsKind:
    """A server that can be started.

    Attributes:
        name: what the tables call it.
        start: starts it with so many records, with a folder of its own.

    """

    name: str
    start: Callable[[int, Path], Iterator[DnsServer]]

    def running(self, records: int, folder: Path) -> AbstractContextManager[DnsServer]:
        """Return a context with the running server, which has its zone."""
        return contextmanager(self.start)(records, folder)


def put_records(api: Address, body: bytes, content_type: str) -> None:
    """Replace mocksmtp's records.

    Raises:
        BenchmarkError: it refused them.

    """
    connection = HTTPConnection(*api, timeout=_START_LIMIT)
    try:
        connection.request("PUT", "/dnsRecords", body, {"Content-Type": content_type})
        response = connection.getresponse()
        said = response.read(500)
    except (OSError, HTTPException) as error:
        raise BenchmarkError(f"PUT /dnsRecords: {error!r}") from error
    finally:
        connection.close()
    if response.status != 204:
        raise BenchmarkError(f"PUT /dnsRecords: {response.status} {said!r}")


def _mocksmtp(records: int, folder: Path) -> Iterator[DnsServer]:
    port = _free_port()

    def command(smtp_port: int) -> list[str]:
        # In the other benchmarks DNS is off.
        plain = MOCKSMTP.command(smtp_port)
        place = plain.index("--dns")
        return [*plain[:place], "--dns", f"{LOOPBACK}:{port}", *plain[place + 2 :]]

    with start(evolve(MOCKSMTP, command=command)) as server:
        if server.http is None:
            raise BenchmarkError("mocksmtp did not say where its API is")
        if records:
            put_records(server.http, zone_file(records).encode(), "text/dns")
        yield DnsServer((LOOPBACK, port), 0, server)


def _stock(records: int, folder: Path) -> Iterator[DnsServer]:
    port = _free_port()
    command = [sys.executable, "-m", "benchmarks.dns_stock", str(port), str(records)]
    yield from _process(command, port, records)


def _nsd(records: int, folder: Path) -> Iterator[DnsServer]:
    program = shutil.which("nsd") or "/usr/sbin/nsd"
    port = _free_port()
    (folder / "test.zone").write_text(zone_file(records))
    configuration = folder / "nsd.conf"
    configuration.write_text(_NSD_CONF.format(port=port, folder=folder))
    yield from _process([program, "-d", "-c", str(configuration)], port, records)


_NSD_CONF = """
server:
    ip-address: 127.0.0.1@{port}
    server-count: 1
    username: ""
    zonesdir: "{folder}"
    database: ""
    pidfile: "{folder}/nsd.pid"
    xfrdfile: "{folder}/xfrd.state"
    zonelistfile: "{folder}/zone.list"
    rrl-ratelimit: 0
remote-control:
    control-enable: no
zone:
    name: test
    zonefile: test.zone
"""


def _process(command: list[str], port: int, records: int) -> Iterator[DnsServer]:
    try:
        process = subprocess.Popen(
            command,
            cwd=Path(__file__).parent.parent,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    except OSError as error:
        raise BenchmarkError(f"{command[0]} cannot be started: {error}") from error
    try:
        wait_for((LOOPBACK, port), domain(records // 2 - 1), process)
        yield DnsServer((LOOPBACK, port), process.pid)
    finally:
        process.terminate()
        try:
            process.wait(_STOP_LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(
    address: Address, name: str, process: "subprocess.Popen[bytes] | None" = None
) -> None:
    """Wait until a server has an MX for a name.

    Raises:
        BenchmarkError: it has ended, or the time is up.

    """
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    query = struct.pack(">6H", 7, 0x0100, 1, 0, 0, 0) + labels + b"\0\0\x0f\0\1"
    deadline = time.monotonic() + _START_LIMIT
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(_POLL)
        while time.monotonic() < deadline:
            if process is not None and process.poll() is not None:
                raise BenchmarkError(f"{process.args!r} ended: {process.returncode}")
            try:
                client.sendto(query, address)
                answers = struct.unpack(">6H", client.recv(4096)[:12])[3]
            except OSError:
                time.sleep(_POLL)
                continue
            if answers:
                return
    raise BenchmarkError(f"{address} has no MX for {name}")


def _free_port() -> int:
    """Return a port that is free for TCP and UDP."""
    while True:
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind((LOOPBACK, 0))
            port = int(tcp.getsockname()[1])
            try:
                udp.bind((LOOPBACK, port))
            except OSError:
                continue
            return port


MOCK = DnsKind("mocksmtp", _mocksmtp)
STOCK = DnsKind("twisted.names", _stock)
NSD = DnsKind("nsd", _nsd)
KINDS = (MOCK, STOCK, NSD)
