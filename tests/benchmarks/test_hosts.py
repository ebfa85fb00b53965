from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SkipTest, TestCase

from benchmarks.hosts import Hosts, measure_hosts
from tests.installed import is_installed


class HostsTests(TestCase):
    async def test_measures(self) -> None:
        """Every figure is there, and the host that nobody asked for is not counted."""
        if not is_installed():
            raise SkipTest("mocksmtp is not installed beside this Python")
        hosts = await deferToThread(measure_hosts, 3)
        self.assertEqual(hosts.count, 3)
        for seconds in hosts.start, hosts.plain_start, hosts.create, hosts.delete:
            self.assertGreater(seconds, 0)

    def test_is_told(self) -> None:
        """In the units that the claims are made in."""
        told = str(Hosts(1000, 0.5, 2.0, 10240, 3.0, 4.0))
        self.assertIn("  2.00 s (0.50 s without hosts)", told)
        self.assertIn("10.0 KiB per host", told)
