import socket
import tempfile
from pathlib import Path
from shutil import which

from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SkipTest, TestCase

from benchmarks import dns_servers
from benchmarks.dns_servers import MOCK, NSD, STOCK, DnsKind, put_records, wait_for
from benchmarks.errors import BenchmarkError
from tests.installed import is_installed


class ServersTests(TestCase):
    timeout = 60

    async def start(self, kind: DnsKind, records: int = 10) -> float:
        """Start a server, ask it, and return what it has used."""

        def ask() -> float:
            with (
                tempfile.TemporaryDirectory() as folder,
                kind.running(records, Path(folder)) as server,
            ):
                wait_for(server.address, f"d{records // 2 - 1}.test")
                return server.cpu_seconds()

        return float(await deferToThread(ask))

    async def test_mocksmtp(self) -> None:
        """It answers for the zone, and its CPU time is known."""
        if not is_installed():
            raise SkipTest("mocksmtp is not installed beside this Python")
        self.assertGreater(await self.start(MOCK), 0)

    async def test_stock(self) -> None:
        """So does twisted.names."""
        self.assertGreater(await self.start(STOCK), 0)

    async def test_nsd(self) -> None:
        """And NSD."""
        if which("nsd", path="/usr/sbin:/usr/bin") is None:
            raise SkipTest("there is no nsd")
        self.assertGreater(await self.start(NSD), 0)

    async def test_not_installed(self) -> None:
        """What cannot be started is an error that says so."""
        kind = DnsKind("none", lambda *_: dns_servers._process(["/no/such"], 1, 10))
        with self.assertRaisesRegex(BenchmarkError, "/no/such cannot be started"):
            await self.start(kind)

    async def test_no_answer(self) -> None:
        """What does not answer in time is an error."""
        self.patch(dns_servers, "_START_LIMIT", 0.2)
        with socket.socket(type=socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.1", 0))
            with self.assertRaisesRegex(BenchmarkError, "has no MX for d1.test"):
                await deferToThread(wait_for, silent.getsockname(), "d1.test")

    def test_refused(self) -> None:
        """Records that cannot be put are an error."""
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            with self.assertRaisesRegex(BenchmarkError, "PUT /dnsRecords"):
                put_records(closed.getsockname(), b"[]", "application/json")
