"""The zone that the DNS benchmarks ask for, in each server's own form."""

import json
from collections.abc import Iterator
from pathlib import Path

ORIGIN = "test"
"""The zone; all names are below it."""

_HEAD = (
    "@ 60 IN SOA ns.test. root.test. 1 3600 600 86400 60",
    "@ 60 IN NS ns.test.",
    "ns 60 IN A 127.0.0.1",
)


def domains(records: int) -> int:
    """Return how many domains so many records make: each has an MX and its host's A."""
    return records // 2


def domain(number: int) -> str:
    """Return the name of a domain."""
    return f"d{number}.{ORIGIN}"


def zone_file(records: int) -> str:
    """Return a zone file with so many records, and those that every zone has."""
    lines = [f"$ORIGIN {ORIGIN}.", *_HEAD]
    for number in range(domains(records)):
        lines.append(f"d{number} 60 IN MX 10 mx{number}")
        lines.append(f"mx{number} 60 IN A {_address(number)}")
    return "\n".join(lines) + "\n"


def documents(records: int) -> bytes:
    """Return the same as JSON, without what every zone has."""
    return json.dumps(list(_documents(records))).encode()


def write_queries(path: Path, names: int, queries: int) -> None:
    """Write a file for dnsperf: so many queries for the MX of the first domains."""
    lines = (f"{domain(number % names)} MX\n" for number in range(queries))
    path.write_text("".join(lines))


def _documents(records: int) -> Iterator[dict[str, object]]:
    for number in range(domains(records)):
        mx = f"mx{number}.{ORIGIN}"
        yield {"name": domain(number), "type": "MX", "preference": 10, "exchange": mx}
        yield {"name": mx, "type": "A", "address": _address(number)}


def _address(number: int) -> str:
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
