"""The contract's DNS."""

from __future__ import annotations

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype

from tests.contract.target import ContractCase

ZONE = b"""
there.test. MX 10 mx.there.test.
mx.there.test. A 192.0.2.1
"""


class DnsTests(ContractCase):
    """The way to the mail host"""

    def set_zone(self, text: bytes) -> None:
        answer = self.call("PUT", "/dnsRecords", text, Content_Type="text/dns")
        self.assertEqual(answer.status, 204, answer)
        self.addCleanup(self.call, "PUT", "/dnsRecords", [])

    def answers(self, response: dns.message.Message) -> list[str]:
        self.assertEqual(response.rcode(), dns.rcode.NOERROR)
        return [str(record) for record in response.answer]

    def test_mx_over_udp_and_tcp(self) -> None:
        """The same over both, as a resolver answers; case does not matter."""
        self.set_zone(ZONE)
        for tcp in False, True:
            response = self.ask("There.TEST", "MX", tcp)
            self.assertTrue(response.flags & dns.flags.RA)
            (answer,) = self.answers(response)
            self.assertTrue(answer.endswith("MX 10 mx.there.test."), answer)
            (address,) = self.answers(self.ask("mx.there.test", "A", tcp))
            self.assertTrue(address.endswith("A 192.0.2.1"), address)

    def test_what_there_is_not(self) -> None:
        """NXDOMAIN and NODATA both have an SOA."""
        self.set_zone(ZONE)
        for name, code in (
            ("none.test", dns.rcode.NXDOMAIN),
            ("mx.there.test", dns.rcode.NOERROR),
        ):
            response = self.ask(name, "MX")
            self.assertEqual((response.rcode(), response.answer), (code, []))
            types = [record.rdtype for record in response.authority]
            self.assertEqual(types, [dns.rdatatype.SOA])

    def test_the_mx_of_every_domain(self) -> None:
        """A wildcard at the top."""
        self.set_zone(b"*. MX 10 mx.test.\n")
        (answer,) = self.answers(self.ask("whatever.example", "MX"))
        self.assertTrue(answer.startswith("whatever.example."), answer)
