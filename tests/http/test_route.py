"""``/route``"""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from twisted.trial.unittest import SynchronousTestCase, TestCase

from mocksmtp.hosts.host import MailHost
from mocksmtp.hosts.listeners import Listen
from mocksmtp.testing import start_mock
from tests.http.rig import Rig

ZONE = """
x.test. MX 20 b.x.test.
x.test. MX 10 a.x.test.
a.x.test. A 127.0.0.11
a.x.test. AAAA ::1
b.x.test. A 127.0.0.12
"""


class RouteTests(SynchronousTestCase):
    """The exchanges, their addresses, and who listens there"""

    def setUp(self) -> None:
        self.rig = Rig()

    def zone(self, text: str) -> None:
        headers = {"Content-Type": "text/dns"}
        answer = self.rig.ask("PUT", "/dnsRecords", text.encode(), headers=headers)
        self.assertEqual(answer.status, 204, answer.body)

    def host(self, name: str, *listens: tuple[str, int]) -> None:
        host = MailHost(name, f"{name}.test")
        host.listens = tuple(Listen(ip_address(one), port) for one, port in listens)
        self.rig.mock.add(host)

    def route(self, to: str = "bob@x.test", more: str = "") -> dict[str, Any]:
        document: dict[str, Any] = self.rig.get(f"/route?to={to}{more}")
        self.assertEqual(document["to"], to)
        return document

    def codes(self, to: str = "bob@x.test") -> list[str]:
        return [warning["code"] for warning in self.route(to)["warnings"]]

    def test_in_the_order_of_preference(self) -> None:
        """With all addresses, and the listener of port 25."""
        self.zone(ZONE)
        self.host("mx1", ("127.0.0.11", 2525), ("127.0.0.11", 25))
        self.host("mx2", ("127.0.0.12", 25))
        self.host("mx6", ("::1", 25))
        found = self.route()
        self.assertEqual(found["domain"], "x.test")
        self.assertEqual(found["warnings"], [])
        self.assertEqual(
            [
                (
                    one["exchange"],
                    one["preference"],
                    [
                        (place["address"], place["host"], place["listener"])
                        for place in one["addresses"]
                    ],
                )
                for one in found["exchanges"]
            ],
            [
                (
                    "a.x.test",
                    10,
                    [
                        ("127.0.0.11", "mx1", "127.0.0.11:25"),
                        ("::1", "mx6", "[::1]:25"),
                    ],
                ),
                ("b.x.test", 20, [("127.0.0.12", "mx2", "127.0.0.12:25")]),
            ],
        )

    def test_where_nobody_listens(self) -> None:
        """The address is shown, and there is nothing to evaluate."""
        self.zone(ZONE)
        found = self.route()
        place = found["exchanges"][0]["addresses"][0]
        self.assertEqual(
            place,
            {
                "address": "127.0.0.11",
                "host": None,
                "listener": None,
                "mail": None,
                "rcpt": None,
            },
        )
        self.assertEqual(self.codes(), ["noListener"] * 3)
        self.assertIn("127.0.0.11", found["warnings"][0]["text"])

    def test_another_port(self) -> None:
        """A sending server would not find it, unless it is told the port."""
        self.zone("x.test. MX 10 a.x.test.\na.x.test. A 127.0.0.1\n")
        self.host("mx1", ("0.0.0.0", 2525))
        found = self.route()
        self.assertEqual(found["exchanges"][0]["addresses"][0]["host"], "mx1")
        self.assertEqual(self.codes(), ["otherPort"])
        self.assertIn("port 2525", found["warnings"][0]["text"])

    def test_an_exchange_without_address(self) -> None:
        """The others are tried."""
        self.zone(ZONE + "x.test. MX 5 c.x.test.\n")
        found = self.route()
        self.assertEqual(found["exchanges"][0]["addresses"], [])
        self.assertEqual(self.codes()[0], "noAddress")

    def test_a_null_mx(self) -> None:
        """RFC 7505: there is nothing to connect to."""
        self.zone("x.test. MX 0 .\n")
        self.assertEqual(self.route()["exchanges"], [])
        self.assertEqual(self.codes(), ["nullMx"])

    def test_an_implicit_mx(self) -> None:
        """A domain without MX records is its own exchange."""
        self.zone("x.test. A 127.0.0.9\n")
        (exchange,) = self.route()["exchanges"]
        self.assertEqual(
            (exchange["exchange"], exchange["preference"]), ("x.test", None)
        )
        self.assertEqual(self.codes(), ["implicitMx", "noListener"])

    def test_no_route(self) -> None:
        """A domain that does not exist, or has neither MX nor address."""
        self.zone("y.test. TXT x\n")
        self.assertEqual(self.codes(), ["noRoute"])
        self.assertEqual(self.codes("bob@y.test"), ["noRoute"])

    def test_an_alias(self) -> None:
        """Of a domain it is followed; of an exchange it is unusual."""
        self.zone(
            "w.test. CNAME x.test.\nx.test. MX 10 mx.test.\n"
            "mx.test. CNAME a.test.\na.test. A 127.0.0.9\n"
        )
        (exchange,) = self.route("bob@w.test")["exchanges"]
        self.assertEqual(exchange["addresses"][0]["address"], "127.0.0.9")
        self.assertIn("alias", self.codes("bob@w.test"))

    def test_an_address_literal(self) -> None:
        """No DNS is asked."""
        self.host("mx1", ("127.0.0.9", 25))
        (exchange,) = self.route("bob@[127.0.0.9]")["exchanges"]
        self.assertEqual(exchange["addresses"][0]["host"], "mx1")
        (exchange,) = self.route("bob@[IPv6:::1]")["exchanges"]
        self.assertEqual(exchange["addresses"][0]["address"], "::1")

    def test_many_addresses(self) -> None:
        """The list ends, and says so."""
        lines = [f"a.test. A 127.0.{n // 250}.{n % 250}" for n in range(300)]
        self.zone("x.test. MX 10 a.test.\n" + "\n".join(lines) + "\n")
        (exchange,) = self.route()["exchanges"]
        self.assertEqual(len(exchange["addresses"]), 200)
        self.assertEqual(self.codes()[-1], "truncated")

    def test_what_is_no_recipient(self) -> None:
        """400, with the parameter."""
        for query in (
            *(
                "",
                "?to=",
                "?to=bob",
                "?to=bob@",
                "?to=<>",
                "?to=@x.test",
                "?to=bob@a..b",
            ),
            *("?to=bob@[1.2.3]", "?to=b@x.test&from=", "?to=b@x.test&x=1"),
        ):
            answer = self.rig.ask("GET", f"/route{query}")
            self.assertEqual(answer.status, 400, query)
            self.assertTrue(answer.paths[0].startswith("?"), query)


class EvaluationTests(TestCase):
    """What would be replied there, by a running service"""

    async def test_the_replies_of_the_host(self) -> None:
        """As behaviors decide them for this sender and recipient; no count changes."""
        mock = await start_mock(self.addCleanup)
        dns = {"names": ["mx.x.test"], "domains": [{"name": "x.test"}]}
        host = await mock.add_host("mx1", dns=dns)
        behaviors = [
            {
                "command": "RCPT TO",
                "condition": {"operator": "contains", "matchingValue": "bob@"},
                "response": {"code": 550, "message": "5.1.1 No bob"},
                "numberOfAnswer": 1,
            },
            {
                "command": "MAIL FROM",
                "condition": {"operator": "contains", "matchingValue": "spam@"},
                "response": {"code": 450, "message": "4.7.1 Later"},
            },
        ]
        await host.api.set_behaviors(*behaviors)
        for sender, to, codes in (
            ("me@y.test", "bob@x.test", (250, 550)),
            ("<>", "bob@x.test", (250, 550)),
            ("me@y.test", "eve@x.test", (250, 250)),
            ("spam@y.test", "bob@x.test", (450, None)),
        ):
            route = await mock.api.route(to, sender=sender)
            (exchange,) = route["exchanges"]
            (place,) = exchange["addresses"]
            self.assertEqual(place["host"], "mx1")
            replies = (place["mail"], place["rcpt"])
            told = tuple(one and one["reply"]["code"] for one in replies)
            self.assertEqual(told, codes, (sender, to))
        self.assertEqual(route["warnings"][0]["code"], "otherPort")
        listed = await host.api.get("/smtpBehaviors", view="full")
        self.assertEqual([one["fired"] for one in listed], [0, 0])

    async def test_a_behavior_of_dns(self) -> None:
        """The route follows the records, and says that the answer is another."""
        mock = await start_mock(self.addCleanup)
        await mock.api.set_records(ZONE)
        fails = {"query": "MX", "response": {"rcode": "SERVFAIL"}}
        await mock.api.call("PUT", "/dnsBehaviors", [fails])
        route = await mock.api.route("bob@x.test")
        self.assertEqual(route["warnings"][0]["code"], "dnsBehavior")
        self.assertEqual(len(route["exchanges"]), 2)
