"""The stock server: twisted.names' authority as it is.

Run as ``python -m benchmarks.dns_stock PORT RECORDS``.
"""

import sys
from typing import Any, cast

from twisted.internet.interfaces import IReactorCore, IReactorUDP
from twisted.names import dns
from twisted.names.authority import FileAuthority
from twisted.names.server import DNSServerFactory

from benchmarks.dns_zone import ORIGIN, domain, domains
from benchmarks.listening import LOOPBACK

_TTL = 60


class MemoryAuthority(FileAuthority):
    """The zone without a file.

    Args:
        records: how many records it has, besides its SOA.

    """

    def __init__(self, records: int) -> None:
        self._records = records
        super().__init__("")  # type: ignore[no-untyped-call]

    def loadFile(self, filename: str) -> None:
        """Make the records."""
        soa = dns.Record_SOA(b"ns.test", b"root.test", 1, 3600, 600, 86400, 60, _TTL)
        self.soa = (ORIGIN.encode(), soa)
        self.records: dict[bytes, list[Any]] = {ORIGIN.encode(): [soa]}
        for number in range(domains(self._records)):
            host = f"mx{number}.{ORIGIN}"
            address = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
            self.records[domain(number).encode()] = [dns.Record_MX(10, host, _TTL)]
            self.records[host.encode()] = [dns.Record_A(address, _TTL)]


if __name__ == "__main__":
    from twisted.internet import reactor

    authority = MemoryAuthority(int(sys.argv[2]))
    factory = DNSServerFactory(authorities=[authority])  # type: ignore[no-untyped-call]
    factory.noisy = False
    protocol = dns.DNSDatagramProtocol(factory)  # type: ignore[no-untyped-call]
    udp = cast("IReactorUDP", reactor)
    udp.listenUDP(int(sys.argv[1]), protocol, interface=LOOPBACK)
    cast("IReactorCore", reactor).run()
