from twisted.names import dns
from twisted.trial.unittest import SynchronousTestCase

from benchmarks.dns_stock import MemoryAuthority


class StockTests(SynchronousTestCase):
    def test_answers(self) -> None:
        """Each domain has its MX, and the MX its address."""
        authority = MemoryAuthority(10)
        for name, type_, expected in (
            (b"d4.test", dns.MX, "mx4.test"),
            (b"mx4.test", dns.A, "10.0.0.4"),
        ):
            looked_up = authority.query(dns.Query(name, type_, dns.IN))
            answers, _, _ = self.successResultOf(looked_up)
            payload = answers[0].payload
            told = payload.dottedQuad() if type_ == dns.A else str(payload.name)
            self.assertEqual(told, expected)

    def test_no_more(self) -> None:
        """There are as many records as are asked for, and the SOA."""
        self.assertEqual(len(MemoryAuthority(10).records), 11)
