"""What many mail hosts cost: their start, and the memory of one that is idle.

Run from the project's root::

    python -m benchmarks.hosts [COUNT]
"""

import json
import sys
import tempfile
import time
from http.client import HTTPConnection
from pathlib import Path

from attrs import frozen

from benchmarks.errors import BenchmarkError
from benchmarks.kinds import mocksmtp
from benchmarks.listening import Address
from benchmarks.servers import Kind, start

COUNT = 1000
"""Hosts unless told otherwise."""

_TIME_LIMIT = 60.0  # seconds without a byte


@frozen
class Hosts:
    """What so many hosts cost, each with a listener of its own.

    Attributes:
        count: how many there were besides the default host.
        plain_start: seconds to start a service with none of them.
        start: seconds to start one that has them in its configuration file.
        bytes_per_host: growth of the resident memory per host that is idle.
        create: seconds to create them over HTTP, one after the other.
        delete: seconds to delete those again.

    """

    count: int
    plain_start: float
    start: float
    bytes_per_host: float
    create: float
    delete: float

    def __str__(self) -> str:
        """Tell the figures, one a line."""
        return (
            f"{self.count} hosts\n"
            f"start with a file   {self.start:6.2f} s"
            f" ({self.plain_start:.2f} s without hosts)\n"
            f"memory when idle    {self.bytes_per_host / 1024:6.1f} KiB per host\n"
            f"created over HTTP   {self.create:6.2f} s\n"
            f"deleted over HTTP   {self.delete:6.2f} s"
        )


def measure_hosts(count: int) -> Hosts:
    """Start a mocksmtp with so many hosts, and another that gets them later.

    Raises:
        BenchmarkError: one could not be started, or refused a host.

    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hosts.toml"
        path.write_text("".join(f'[[hosts]]\nname = "h{n}"\n' for n in range(count)))
        began = time.perf_counter()
        with start(_configured(path)) as many:
            many_start = time.perf_counter() - began
            grown = many.resident_bytes()
    began = time.perf_counter()
    with start(Kind("plain", "plain", mocksmtp)) as plain:
        plain_start = time.perf_counter() - began
        grown -= plain.resident_bytes()
        if plain.http is None:
            raise BenchmarkError("mocksmtp did not say where its API is")
        create = _ask_all(plain.http, "POST", ["/hosts"] * count, 201)
        paths = [f"/hosts/host-{number}" for number in range(1, count + 1)]
        delete = _ask_all(plain.http, "DELETE", paths, 204)
    return Hosts(count, plain_start, many_start, grown / count, create, delete)


def _configured(path: Path) -> Kind:
    return Kind("many", "many", lambda port: mocksmtp(port, "--config", str(path)))


def _ask_all(address: Address, method: str, paths: list[str], status: int) -> float:
    """Send requests over one connection; answer how many seconds they took."""
    connection = HTTPConnection(*address, timeout=_TIME_LIMIT)
    body = json.dumps({}) if method == "POST" else None
    began = time.perf_counter()
    try:
        for path in paths:
            connection.request(method, path, body)
            response = connection.getresponse()
            said = response.read()
            if response.status != status:
                raise BenchmarkError(f"{method} {path}: {response.status} {said!r}")
    except OSError as error:
        raise BenchmarkError(f"{method}: {error!r}") from error
    finally:
        connection.close()
    return time.perf_counter() - began


if __name__ == "__main__":
    print(measure_hosts(int(sys.argv[1]) if len(sys.argv) > 1 else COUNT))
