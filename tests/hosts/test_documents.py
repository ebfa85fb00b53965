"""The documents of mail hosts."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.documents.problems import DocumentError
from mocksmtp.hosts.capabilities import Capabilities
from mocksmtp.hosts.documents import Usual, host_document, parse_host, settle
from mocksmtp.hosts.host import Description, MailHost
from mocksmtp.hosts.limits import Limits
from mocksmtp.hosts.listeners import HostDns, Listen, MailDomain, MailProtocol
from mocksmtp.sasl.settings import AuthSettings
from mocksmtp.tls.settings import GivenCertificate, TlsMode, TlsSettings
from mocksmtp.zone.names import Name

FULL = {
    "name": "mx1",
    "hostname": "mx1.x.test",
    "capabilities": ["PIPELINING", "X-OWN a b"],
    "limits": {
        "messageSize": 1024,
        "recipients": 2,
        "connections": 3,
        "idleTime": 4500,
        "totalTime": 60000,
        "messages": 4,
        "badCommands": 5,
    },
    "tls": {
        "mode": "implicit",
        "certificate": "expired",
        "minVersion": "TLSv1.2",
        "maxVersion": None,
        "clientCertificate": "request",
    },
    "auth": {
        "mechanisms": ["PLAIN"],
        "users": "any",
        "requireTls": True,
        "required": False,
    },
    "listeners": [
        {"address": "127.0.0.1", "port": 25},
        {"address": "::1", "port": 0, "protocol": "lmtp", "tls": "none"},
    ],
    "dns": {
        "names": ["mx1.x.test"],
        "domains": [{"name": "x.test", "preference": 20}],
        "address": ["192.0.2.1", "2001:db8::1"],
    },
}


MODE = "unknown mode 'none'; one of: starttls, implicit"
PEM, KEY = "-----BEGIN CERTIFICATE-----\n", "-----BEGIN PRIVATE KEY-----\n"


class ParseTests(SynchronousTestCase):
    """`parse_host` and `settle`"""

    def test_an_empty_document_is_the_usual_host(self) -> None:
        """It has one listener, on a free port of loopback."""
        host = settle(parse_host({}, "mx2"))
        self.assertEqual(host, Description("mx2", "mx2", listeners=(Listen(),)))
        self.assertEqual(host.capabilities, Capabilities())

    def test_everything_can_be_said(self) -> None:
        """Each field has its place."""
        host = parse_host(FULL)
        self.assertEqual((host.name, host.hostname), ("mx1", "mx1.x.test"))
        lines = ("PIPELINING", "X-OWN a b")
        self.assertEqual(host.capabilities, Capabilities(lines, lines))
        self.assertEqual(host.limits, Limits(1024, True, 2, 3, 4.5, 60, 4, 5))
        lmtp = Listen("::1", 0, MailProtocol.LMTP, TlsMode.NONE)
        self.assertEqual(host.listeners, (Listen("127.0.0.1", 25), lmtp))
        assert host.tls is not None
        assert host.auth is not None
        self.assertIs(host.tls.mode, TlsMode.IMPLICIT)
        self.assertTrue(host.auth.require_tls)
        name, domain = Name.parse("mx1.x.test"), Name.parse("x.test")
        self.assertEqual(host.dns.names, (name,))
        self.assertEqual(host.dns.domains, (MailDomain(domain, 20),))
        self.assertEqual(list(map(str, host.dns.address)), FULL["dns"]["address"])

    def test_what_is_not_said_is_as_usual(self) -> None:
        """Of the service, or of the default host."""
        usual = Usual(
            limits=Limits(5),
            hostname="b",
            capabilities=Capabilities((), ()),
            tls=TlsSettings(),
            auth=AuthSettings(),
        )
        host = parse_host({"tls": None}, "a", usual)
        expected = Description(
            "a", "b", Capabilities((), ()), Limits(5), TlsSettings(), AuthSettings()
        )
        self.assertEqual(host, expected)

    def test_a_single_address_needs_no_array(self) -> None:
        """Most hosts have one."""
        dns = {"names": ["mx"], "address": "192.0.2.1"}
        self.assertEqual(
            list(map(str, parse_host({"dns": dns}).dns.address)), ["192.0.2.1"]
        )

    def test_its_first_dns_name_is_its_hostname(self) -> None:
        """A mail server says the name that it was found by."""
        self.assertEqual(parse_host({"dns": FULL["dns"]}, "a").hostname, "mx1.x.test")
        self.assertEqual(parse_host({}, "a", Usual(hostname="b")).hostname, "b")

    def test_what_is_wrong_is_told_with_its_place(self) -> None:
        """One message for each, and for all at once."""
        name = "must have 1 to 253 letters, digits, dots, hyphens, underscores"
        address = "required, for the host listens on all addresses"
        for document, path, message in (
            (None, "$", "must be an object, got null"),
            ([], "$", "must be an object, got an array"),
            *(
                ({"name": text}, "$.name", name)
                for text in ("", ".", "..", "a/b", "a b", "é", "x" * 254, "a\n")
            ),
            ({"name": 5}, "$.name", "must be a string, got 5"),
            ({"hostname": ""}, "$.hostname", "must be a name without spaces"),
            ({"hostname": "a b"}, "$.hostname", "must be a name without spaces"),
            ({"hostname": "a\r\nb"}, "$.hostname", "must be a name without spaces"),
            (
                {"capabilities": ["A", "b\r\nc"]},
                "$.capabilities[1]",
                "must be one line of text, and not empty",
            ),
            (
                {"listeners": "tcp:25"},
                "$.listeners",
                "must be an array, got a string",
            ),
            (
                {"listeners": ["tcp:25"]},
                "$.listeners[0]",
                "must be an object, got a string",
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
                "must be from 0 to 65,535, got 65536",
            ),
            (
                {"listeners": [{"port": "25"}]},
                "$.listeners[0].port",
                "must be an integer, got the string '25'",
            ),
            (
                {"listeners": [{"port": 25, "host": "x"}]},
                "$.listeners[0].host",
                "unknown field; one of: address, port, protocol, tls",
            ),
            (
                {"listeners": [{"port": 25}, {"port": 25}]},
                "$.listeners",
                "contains the same address and port twice",
            ),
            (
                {"listeners": [{}] * 101},
                "$.listeners",
                "must have at most 100 listeners, got 101",
            ),
            (
                {"limits": {"recipients": 0}},
                "$.limits.recipients",
                "must be from 1 to 1,000,000,000, got 0",
            ),
            (
                {"auth": {"requireTls": True}},
                "$.auth.requireTls",
                "must be false, for the host has no tls",
            ),
            (
                {"auth": {"mechanisms": ["SCRAM-SHA-256-PLUS"], "users": {}}},
                "$.auth.mechanisms",
                "must contain a mechanism that needs no tls, for the host has none",
            ),
            *(
                (
                    {"listeners": [{}, {"tls": mode}]},
                    "$.listeners[1].tls",
                    "must be none or left out, for the host has no tls",
                )
                for mode in ("starttls", "implicit")
            ),
            ({"tls": {"mode": "none"}}, "$.tls.mode", MODE),
            (
                {"tls": {"minVersion": "1.3", "maxVersion": "1.2"}},
                "$.tls.minVersion",
                "TLSv1.3 is above TLSv1.2, the maxVersion",
            ),
            (
                {"auth": {"users": {"bob": None}}},
                "$.auth.users.bob",
                "required, for there is no such user yet",
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
                {"dns": {"names": ["a"] * 100, "domains": [{"name": "x"}] * 101}},
                "$.dns.domains",
                "must have at most 10,000 pairs of a name and a domain, got 10,100",
            ),
            (
                {"dns": {"names": ["a"], "domains": [{"preference": 1}]}},
                "$.dns.domains[0].name",
                "required, but missing",
            ),
            (
                {"dns": {"names": ["a"], "address": ["0.0.0.0"]}},
                "$.dns.address[0]",
                "0.0.0.0 is not an address that mail can be sent to",
            ),
            (
                {"dns": {"names": ["a"]}, "listeners": [{"address": "::"}]},
                "$.dns.address",
                address,
            ),
        ):
            ((place, said),) = self.refusals(document)
            self.assertEqual(place, path, document)
            self.assertTrue(said.startswith(message), said)

    def test_what_comes_later_is_unknown(self) -> None:
        """Not taken and left undone."""
        for field in "proxy", "smtpBehaviors", "Name":
            ((path, message),) = self.refusals({field: {}})
            self.assertEqual(path, f"$.{field}")
            self.assertTrue(message.startswith("unknown field; one of: "), message)

    def test_a_name_is_not_changed(self) -> None:
        """A document may say it again, and no other."""
        self.assertEqual(parse_host({"name": "a"}, "a").name, "a")
        error = self.assertRaises(DocumentError, parse_host, {"name": "b"}, "a")
        self.assertEqual(str(error), "$.name: must be 'a', or left out")

    def test_a_listener_that_stays_needs_its_tls(self) -> None:
        """A document that leaves out listeners and TLS would break it."""
        stays = (Listen(port=465, tls=TlsMode.IMPLICIT),)
        error = self.assertRaises(DocumentError, settle, parse_host({}, "a"), stays)
        message = "required, for the listener 127.0.0.1:465 stays, which does TLS"
        self.assertEqual(str(error), f"$.tls: {message}")
        kept = settle(parse_host({"tls": {}}, "a"), stays)
        self.assertEqual(kept.listeners, stays)

    def refusals(self, document: Any) -> list[tuple[str, str]]:
        """What is said of a document that is refused."""

        def read() -> None:
            settle(parse_host(document))

        error = self.assertRaises(DocumentError, read)
        return [(problem.path, problem.message) for problem in error.problems]


class DocumentTests(SynchronousTestCase):
    """`host_document`"""

    def host(self, document: Any, known: MailHost | None = None) -> MailHost:
        """A host that is as `document` says, and listens."""
        description = parse_host(document, known=known)
        host = MailHost(description.name, description.hostname)
        host.describe(description)
        host.listens = description.listeners or ()
        host.addresses = tuple(map(str, host.listens))
        return host

    def test_it_tells_all_that_was_said(self) -> None:
        """And where the host listens, and has its part of the API."""
        told = host_document(self.host(FULL))
        self.assertEqual(
            told,
            {
                **FULL,
                "seed": "0",
                "addresses": ["127.0.0.1:25", "[::1]:0"],
                "url": "/hosts/mx1",
                "ehlo": told["ehlo"],
                "certificate": None,
            },
        )

    def test_the_replies_to_ehlo(self) -> None:
        """As a client reads them, with and without TLS."""
        host = self.host({"name": "a", "capabilities": ["PIPELINING"]})
        host.extensions = ("X-A b",)
        self.assertEqual(
            host_document(host)["ehlo"],
            {"clear": ["PIPELINING", "X-A b", "HELP"], "tls": []},
        )
        auth = {"mechanisms": ["PLAIN"], "users": {"bob": "x"}, "requireTls": True}
        document = {"name": "a", "capabilities": ["SIZE"], "tls": {}, "auth": auth}
        self.assertEqual(
            host_document(self.host(document))["ehlo"],
            {
                "clear": ["SIZE", "STARTTLS", "HELP"],
                "tls": ["SIZE", "AUTH PLAIN", "HELP"],
            },
        )

    def test_it_can_be_sent_back(self) -> None:
        """The same is read from it again, also what nobody had said."""
        for document in FULL, {"name": "a"}:
            told = host_document(self.host(document))
            again = host_document(self.host(told))
            self.assertEqual(again, told)
        self.assertEqual(self.host(told).dns, HostDns())
        self.assertFalse(self.host(told).limits.advertise_size)

    def test_secrets_are_not_told_and_stay(self) -> None:
        """What is sent back has null in their place; the host keeps what it has."""
        users = {"bob": "secret-b", "eve": "secret-e"}
        certificate = {"certificatePem": PEM, "keyPem": KEY}
        document = {
            "name": "a",
            "tls": {"certificate": certificate},
            "auth": {"users": users},
        }
        host = self.host(document)
        told = host_document(host)
        self.assertEqual(told["auth"]["users"], {"bob": None, "eve": None})
        shown = {"certificatePem": PEM, "keyPem": None}
        self.assertEqual(told["tls"]["certificate"], shown)
        told["auth"]["users"]["eve"] = "secret-new"
        again = self.host(told, host)
        assert again.auth is not None
        assert again.tls is not None
        self.assertEqual(
            dict(again.auth.users or {}), {"bob": "secret-b", "eve": "secret-new"}
        )
        self.assertEqual(again.tls.certificate, GivenCertificate(PEM, KEY))
        for value in (host.auth, host.tls, parse_host(document)):
            self.assertNotIn("secret", repr(value))
            self.assertNotIn("PRIVATE", repr(value))

    def test_a_plain_host_tells_nothing_of_its_listeners_but_where(self) -> None:
        """Existing clients compare documents."""
        host = self.host({"name": "a", "listeners": [{"port": 25}]})
        told = host_document(host)["listeners"]
        self.assertEqual(told, [{"address": "127.0.0.1", "port": 25}])
        self.assertEqual(host_document(host)["tls"], None)
        self.assertEqual(host_document(host)["auth"], None)


class SeedTests(SynchronousTestCase):
    """What makes chance come the same way again"""

    def test_it_is_a_text_or_a_number(self) -> None:
        """Which mean the same; without one it is always the same too."""
        for given, seed in (({}, "0"), ({"seed": 7}, "7"), ({"seed": "7"}, "7")):
            self.assertEqual(parse_host({"name": "a", **given}).seed, seed)

    def test_what_is_none_is_refused(self) -> None:
        """With its place."""
        for seed in ("", "a\nb", "x" * 101, 10**18 + 1, True, 1.5, []):
            with self.assertRaises(DocumentError) as caught:
                parse_host({"name": "a", "seed": seed})
            self.assertEqual(caught.exception.problems[0].path, "$.seed")
