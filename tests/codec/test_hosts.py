"""The documents of mail hosts."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.codec.hosts import host_document, parse_host, settle
from mocksmtp.codec.structure import DocumentError
from mocksmtp.core.host import CAPABILITIES, Description, Limits, MailHost
from mocksmtp.model.host import HostDns, Listen, MailDomain
from mocksmtp.model.name import Name

FULL = {
    "name": "mx1",
    "hostname": "mx1.x.test",
    "capabilities": ["PIPELINING", "X-OWN a b"],
    "limits": {
        "messageSize": 1024,
        "recipients": 2,
        "connections": 3,
        "idleTime": 4500,
    },
    "listeners": [{"address": "127.0.0.1", "port": 25}, {"address": "::1", "port": 0}],
    "dns": {
        "names": ["mx1.x.test"],
        "domains": [{"name": "x.test", "preference": 20}],
        "address": ["192.0.2.1", "2001:db8::1"],
    },
}


class ParseTests(SynchronousTestCase):
    """`parse_host` and `settle`"""

    def test_an_empty_document_is_the_usual_host(self) -> None:
        """It has one listener, on a free port of loopback."""
        host = settle(parse_host({}, "mx2"))
        self.assertEqual(host, Description("mx2", "mx2", listeners=(Listen(),)))
        self.assertEqual(host.capabilities, CAPABILITIES)

    def test_everything_can_be_said(self) -> None:
        """Each field has its place."""
        host = parse_host(FULL)
        self.assertEqual((host.name, host.hostname), ("mx1", "mx1.x.test"))
        self.assertEqual(host.capabilities, ("PIPELINING", "X-OWN a b"))
        self.assertEqual(host.limits, Limits(1024, True, 2, 3, 4.5))
        self.assertEqual(host.listeners, (Listen("127.0.0.1", 25), Listen("::1", 0)))
        name, domain = Name.parse("mx1.x.test"), Name.parse("x.test")
        self.assertEqual(host.dns.names, (name,))
        self.assertEqual(host.dns.domains, (MailDomain(domain, 20),))
        self.assertEqual(list(map(str, host.dns.address)), FULL["dns"]["address"])

    def test_sizes_and_times_can_have_units(self) -> None:
        """As in options; a number is octets, or milliseconds."""
        limits = {"messageSize": "10KiB", "idleTime": "2s"}
        host = parse_host({"limits": limits})
        self.assertEqual((host.limits.message_size, host.limits.idle_time), (10240, 2))

    def test_a_limit_that_is_not_said_is_as_usual(self) -> None:
        """The service's own, and SIZE is told only where it was set."""
        usual = Limits(message_size=5, recipients=6)
        for document in {}, {"limits": {}}, {"limits": {"messageSize": None}}:
            self.assertEqual(parse_host(document, limits=usual).limits, usual)

    def test_a_single_address_needs_no_array(self) -> None:
        """Most hosts have one."""
        dns = {"names": ["mx"], "address": "192.0.2.1"}
        self.assertEqual(
            list(map(str, parse_host({"dns": dns}).dns.address)), ["192.0.2.1"]
        )

    def test_its_first_dns_name_is_its_hostname(self) -> None:
        """A mail server says the name that it was found by."""
        self.assertEqual(parse_host({"dns": FULL["dns"]}, "a").hostname, "mx1.x.test")
        self.assertEqual(parse_host({}, "a", hostname="b").hostname, "b")

    def test_what_is_wrong_is_told_with_its_place(self) -> None:
        """One message for each, and for all at once."""
        name = "must have 1 to 253 letters, digits, dots, hyphens, underscores"
        address = "required, for the host listens on all addresses"
        for document, path, message in (
            (None, "$", "expected an object, not null"),
            ([], "$", "expected an object, not an array"),
            *(
                ({"name": text}, "$.name", name)
                for text in ("", ".", "..", "a/b", "a b", "é", "x" * 254, "a\n")
            ),
            ({"name": 5}, "$.name", "expected a string, not a number"),
            ({"hostname": ""}, "$.hostname", "must be a name without spaces"),
            ({"hostname": "a b"}, "$.hostname", "must be a name without spaces"),
            ({"hostname": "a\r\nb"}, "$.hostname", "must be a name without spaces"),
            (
                {"capabilities": ["A", "b\r\nc"]},
                "$.capabilities[1]",
                "must be one line of text, and not empty",
            ),
            ({"listeners": "tcp:25"}, "$.listeners", "expected an array, not a string"),
            (
                {"listeners": ["tcp:25"]},
                "$.listeners[0]",
                "expected an object, not a string",
            ),
            (
                {"listeners": [{"address": "localhost"}]},
                "$.listeners[0].address",
                "not an IP address: 'localhost'",
            ),
            (
                {"listeners": [{"address": "fe80::1%eth0"}]},
                "$.listeners[0].address",
                "not an IP address: 'fe80::1%eth0'",
            ),
            (
                {"listeners": [{"port": 65536}]},
                "$.listeners[0].port",
                "must be from 0 to 65535, not 65536",
            ),
            (
                {"listeners": [{"port": "25"}]},
                "$.listeners[0].port",
                "expected a whole number, not a string",
            ),
            (
                {"listeners": [{"port": 25, "protocol": "lmtp"}]},
                "$.listeners[0].protocol",
                "unknown field; one of: address, port",
            ),
            (
                {"listeners": [{"port": 25}, {"port": 25}]},
                "$.listeners",
                "the same address and port come twice",
            ),
            (
                {"listeners": [{}] * 101},
                "$.listeners",
                "must have 100 at most, not 101",
            ),
            (
                {"limits": {"recipients": 0}},
                "$.limits.recipients",
                "must be from 1 to 1000000000, not 0",
            ),
            (
                {"limits": {"idleTime": 0}},
                "$.limits.idleTime",
                "must be more than no time, and at most 1000000s",
            ),
            (
                {"limits": {"messageSize": "big"}},
                "$.limits.messageSize",
                "not a size: 'big'; as in 1000, 64KiB, 1GiB",
            ),
            (
                {"dns": {"names": ["a..b"]}},
                "$.dns.names[0]",
                "'a..b' is not a domain name: a label is empty",
            ),
            (
                {"dns": {"domains": [{"name": "x.test"}]}},
                "$.dns.names",
                "required with domains: a mail exchange has a name",
            ),
            (
                {"dns": {"names": ["a"], "domains": [{"preference": 1}]}},
                "$.dns.domains[0].name",
                "required, but missing",
            ),
            (
                {"dns": {"names": ["a"], "address": ["0.0.0.0"]}},
                "$.dns.address[0]",
                "0.0.0.0 is no address that mail can be sent to",
            ),
            (
                {"dns": {"names": ["a"]}, "listeners": [{"address": "::"}]},
                "$.dns.address",
                address,
            ),
        ):
            self.assertEqual(self.refusals(document), [(path, message)], document)

    def test_what_comes_later_is_unknown(self) -> None:
        """Not taken and left undone."""
        for field in "tls", "auth", "smtpBehaviors", "Name":
            ((path, message),) = self.refusals({field: {}})
            self.assertEqual(path, f"$.{field}")
            self.assertTrue(message.startswith("unknown field; one of: "), message)

    def test_a_name_is_not_changed(self) -> None:
        """A document may say it again, and no other."""
        self.assertEqual(parse_host({"name": "a"}, "a").name, "a")
        error = self.assertRaises(DocumentError, parse_host, {"name": "b"}, "a")
        self.assertEqual(str(error), "$.name: must be 'a', or left out")

    def refusals(self, document: Any) -> list[tuple[str, str]]:
        """What is said of a document that is refused."""

        def read() -> None:
            settle(parse_host(document))

        error = self.assertRaises(DocumentError, read)
        return [(problem.path, problem.message) for problem in error.problems]


class DocumentTests(SynchronousTestCase):
    """`host_document`"""

    def host(self, document: Any) -> MailHost:
        """A host that is as `document` says, and listens."""
        description = parse_host(document)
        host = MailHost(description.name, description.hostname)
        host.describe(description)
        host.listens = description.listeners or ()
        host.addresses = tuple(map(str, host.listens))
        return host

    def test_it_tells_all_that_was_said(self) -> None:
        """And where the host listens, and has its part of the API."""
        self.assertEqual(
            host_document(self.host(FULL)),
            {**FULL, "addresses": ["127.0.0.1:25", "[::1]:0"], "url": "/hosts/mx1"},
        )

    def test_it_can_be_sent_back(self) -> None:
        """The same is read from it again, also what nobody had said."""
        for document in FULL, {"name": "a"}:
            told = host_document(self.host(document))
            again = host_document(self.host(told))
            self.assertEqual(again, told)
        self.assertEqual(self.host(told).dns, HostDns())
        self.assertFalse(self.host(told).limits.advertise_size)
