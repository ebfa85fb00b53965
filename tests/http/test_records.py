"""``/dnsRecords``"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.http.records import prefers_text
from mocksmtp.tls.settings import TlsSettings
from tests.http.rig import Answer, Rig

MX = {
    "name": "example.org",
    "type": "MX",
    "ttl": 60,
    "preference": 10,
    "exchange": "mx1.example.org",
}
A = {"name": "mx1.example.org", "type": "A", "ttl": 300, "address": "192.0.2.1"}

ZONE_TEXT = {"Content-Type": "text/dns; charset=utf-8"}


class RecordsTests(SynchronousTestCase):
    """The zone over HTTP"""

    def setUp(self) -> None:
        """A zone with two records."""
        self.rig = Rig()
        self.assertEqual(self.rig.get("/dnsRecords"), [])
        self.assertEqual(self.rig.ask("PUT", "/dnsRecords", [MX, A]).status, 204)

    def text(self, accept: str = "text/dns") -> Answer:
        """The zone as a caller gets it that accepts `accept`."""
        return self.rig.ask("GET", "/dnsRecords", headers={"Accept": accept})

    def test_they_come_back(self) -> None:
        """What was put is listed, in the same order."""
        self.assertEqual(self.rig.get("/dnsRecords"), [MX, A])

    def test_those_of_a_host(self) -> None:
        """They come back as they were, and are found by the type that they will be."""
        made = {"name": "_25._tcp.mx", "type": "TLSA", "fromHost": "default"}
        told = {**made, "ttl": 60, "usage": 3, "selector": 1, "matchingType": 1}
        answer = self.rig.ask("POST", "/dnsRecords", made)
        self.assertEqual((answer.status, answer.paths), (409, ["$.fromHost"]))
        self.rig.host.tls = TlsSettings()
        answer = self.rig.ask("POST", "/dnsRecords", made)
        self.assertEqual((answer.status, answer.json()), (201, [told]))
        listed = self.rig.get("/dnsRecords")
        self.assertEqual(listed[2], told)
        self.assertEqual(self.rig.ask("PUT", "/dnsRecords", listed).status, 204)
        line = '_25._tcp.mx. 60 IN TLSAFROM 3 1 1 "default"'
        self.assertIn(line, self.text().body.decode().splitlines())
        zone = self.text().body.replace(b"default", b"gone")
        answer = self.rig.ask("PUT", "/dnsRecords", zone, headers=ZONE_TEXT)
        self.assertEqual((answer.status, answer.paths), (409, ["record 3"]))
        answer = self.rig.ask("PUT", "/dnsRecords", [MX, {**made, "fromHost": "gone"}])
        self.assertEqual((answer.status, answer.paths), (409, ["$[1].fromHost"]))
        self.rig.ask("DELETE", "/dnsRecords?type=TLSA")
        self.assertEqual(self.rig.get("/dnsRecords"), [MX, A])

    def test_defaults_are_told(self) -> None:
        """A ttl that was not given is 60, and a name has no final dot."""
        short = {"name": "x.test.", "type": "A", "address": "192.0.2.1"}
        self.rig.ask("PUT", "/dnsRecords", short)
        self.assertEqual(
            self.rig.get("/dnsRecords"), [dict(short, name="x.test", ttl=60)]
        )

    def test_post_adds(self) -> None:
        """201, and the records that were added, as they were read."""
        other = {"name": "y.test", "type": "TXT", "strings": ["a", "b"]}
        answer = self.rig.ask("POST", "/dnsRecords", other)
        self.assertEqual((answer.status, answer.json()), (201, [dict(other, ttl=60)]))
        self.assertEqual(len(self.rig.get("/dnsRecords")), 3)

    def test_delete_takes_all_or_some(self) -> None:
        """``name`` and ``type`` narrow down which; a name is compared without case."""
        for query, left in (
            ("?name=EXAMPLE.org.", [A]),
            ("?name=mx1.example.org&type=A", [MX]),
            ("?type=MX", [A]),
            ("?name=example.org&type=A", [MX, A]),
            ("", []),
        ):
            self.rig.ask("PUT", "/dnsRecords", [MX, A])
            answer = self.rig.ask("DELETE", f"/dnsRecords{query}")
            self.assertEqual(answer.status, 204)
            self.assertEqual(self.rig.get("/dnsRecords"), left, query)

    def test_wrong_parameters_take_out_nothing(self) -> None:
        """400, each with its name."""
        for query, path in (
            ("names=x", "?names"),
            ("type=NOPE", "?type"),
            ("name=" + "a" * 64, "?name"),
        ):
            answer = self.rig.ask("DELETE", f"/dnsRecords?{query}")
            self.assertEqual((answer.status, answer.paths), (400, [path]))
        self.assertEqual(self.rig.get("/dnsRecords"), [MX, A])

    def test_a_zone_file_can_be_put(self) -> None:
        """With the Content-Type text/dns the body is no JSON."""
        zone = b"$ORIGIN z.test.\n@ 5 MX 1 mx\nmx A 192.0.2.9\n"
        answer = self.rig.ask("PUT", "/dnsRecords", zone, ZONE_TEXT)
        self.assertEqual(answer.status, 204)
        listed = self.rig.get("/dnsRecords")
        self.assertEqual(
            [(r["name"], r["type"], r["ttl"]) for r in listed],
            [("z.test", "MX", 5), ("mx.z.test", "A", 60)],
        )

    def test_a_zone_file_can_be_added(self) -> None:
        """POST takes one as well."""
        answer = self.rig.ask("POST", "/dnsRecords", b"q. A 192.0.2.7\n", ZONE_TEXT)
        self.assertEqual(answer.status, 201)
        self.assertEqual(len(self.rig.get("/dnsRecords")), 3)

    def test_a_zone_file_can_be_had(self) -> None:
        """Accept says so; from what is told the same records are read."""
        answer = self.text()
        self.assertEqual((answer.status, answer.kind), (200, "text/dns"))
        self.rig.ask("DELETE", "/dnsRecords")
        self.rig.ask("PUT", "/dnsRecords", answer.body, ZONE_TEXT)
        self.assertEqual(self.rig.get("/dnsRecords"), [MX, A])

    def test_bad_zones_change_nothing(self) -> None:
        """400 with the place: a path in a document, a line in a zone file."""
        for body, headers, path in (
            ([MX, {"name": "x"}], {}, "$[1].type"),
            ([dict(A, address="x")], {}, "$[0].address"),
            (b"x. A 192.0.2.1", {}, "$"),
            (b"x. A 192.0.2.1\ny. A nowhere\n", ZONE_TEXT, "line 2"),
            (b"[]", ZONE_TEXT, "line 1"),
        ):
            for method in "PUT", "POST":
                answer = self.rig.ask(method, "/dnsRecords", body, headers)
                self.assertEqual((answer.status, answer.paths), (400, [path]), body)
        self.assertEqual(self.rig.get("/dnsRecords"), [MX, A])

    def test_json_unless_text_is_preferred(self) -> None:
        """Nothing is not acceptable: what is not understood gets JSON."""
        for accept, text in (
            ("", False),
            ("*/*", False),
            ("text/*", False),
            ("text/dns", True),
            ("TEXT/DNS", True),
            ("text/dns, */*;q=0.5", True),
            ("text/html, text/dns;q=0.1", True),
            ("text/dns, application/json", False),
            ("text/dns;q=0.4, application/json;q=0.5", False),
            ("text/dns;q=0.5, application/json;q=0.4", True),
            ("text/dns;q=0", False),
            (";;,,q=", False),
        ):
            self.assertEqual(prefers_text(accept), text, accept)
            expected = "text/dns" if text else "application/json"
            self.assertEqual(self.text(accept).kind, expected, accept)


class LargeZoneTests(SynchronousTestCase):
    """Changes that take a thread"""

    def many(self, count: int = 2000) -> list[dict[str, str]]:
        """Many records."""
        return [dict(A, name=f"h{number}.test") for number in range(count)]

    def test_queries_see_the_old_zone_or_the_new(self) -> None:
        """While a large zone is made, the one before it answers."""
        rig = Rig()
        rig.ask("PUT", "/dnsRecords", [MX])
        pending = rig.begin("PUT", "/dnsRecords", self.many())
        self.assertEqual(len(rig.mock.zone.records), 1)
        assert pending.answer is not None
        self.assertEqual(len(rig.mock.zone.records), 2000)

    def test_no_change_is_lost(self) -> None:
        """What was added while another change was being made is there after it."""
        rig = Rig()
        rig.ask("PUT", "/dnsRecords", self.many())
        deletion = rig.begin("DELETE", "/dnsRecords?name=h7.test")
        addition = rig.begin("POST", "/dnsRecords", MX)
        for pending in deletion, addition:
            assert pending.answer is not None
            self.assertIn(pending.answer.status, (201, 204))
        names = [record["name"] for record in rig.get("/dnsRecords")]
        self.assertEqual(len(names), 2000)
        self.assertIn("example.org", names)
        self.assertNotIn("h7.test", names)
