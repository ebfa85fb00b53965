"""The DNS benchmarks (``python -m benchmarks.dns``), and the zone that they ask for.

dnsperf, a Debian package, asks for MX records over UDP. Each domain has one, and its
host has an A. The arguments are those of ``python -m benchmarks``.
"""

import json
import sys

ZONE = "test.zone"
"""The name of the zone file in a server's folder."""

_HEAD = """$ORIGIN test.
@ 60 IN SOA ns.test. root.test. 1 3600 600 86400 60
@ 60 IN NS ns.test.
ns 60 IN A 127.0.0.1
"""


def zone_file(records: int) -> str:
    """Return a zone file with so many records, and those that every zone has."""
    return _HEAD + "".join(
        f"d{n} 60 IN MX 10 mx{n}.test.\nmx{n} 60 IN A {_address(n)}\n"
        for n in range(records // 2)
    )


def documents(records: int) -> bytes:
    """Return the same records as JSON, without those that every zone has."""
    mx = {"type": "MX", "preference": 10}
    made: list[dict[str, object]] = []
    for n in range(records // 2):
        made.append({"name": f"d{n}.test", "exchange": f"mx{n}.test", **mx})
        made.append({"name": f"mx{n}.test", "type": "A", "address": _address(n)})
    return json.dumps(made).encode()


def _address(number: int) -> str:
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


if __name__ == "__main__":
    from benchmarks.__main__ import main
    from benchmarks.loads import DNS_LOADS

    sys.exit(main(sys.argv[1:], DNS_LOADS))
