"""``/dnsRecords``"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.tls.settings import TlsSettings
from mocksmtp.zone.rdata import A as IPv4
from mocksmtp.zone.records import Record
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
        self.assertEqual((answer.status, answer.json()), (201, [{"id": "3", **told}]))
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
        """201, and the records that were added, with their ids."""
        other = {"name": "y.test", "type": "TXT", "strings": ["a", "b"]}
        answer = self.rig.ask("POST", "/dnsRecords", other)
        added = {"id": "3", **other, "ttl": 60}
        self.assertEqual((answer.status, answer.json()), (201, [added]))
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


def full(rig: Rig) -> list[dict[str, object]]:
    """The list with ids and the records of hosts."""
    found: list[dict[str, object]] = rig.get("/dnsRecords?view=full")
    return found


class OneRecordTests(SynchronousTestCase):
    """``/dnsRecords/{id}``"""

    def setUp(self) -> None:
        """A zone with two records."""
        self.rig = Rig()
        self.rig.ask("PUT", "/dnsRecords", [MX, {**A, "id": "mx1", "tag": "hosts"}])

    def test_ids(self) -> None:
        """A record has the id of its document, or gets a number."""
        listed = full(self.rig)
        self.assertEqual([record["id"] for record in listed], ["1", "mx1"])
        self.assertEqual(listed[1], {"id": "mx1", **A, "tag": "hosts"})
        self.assertEqual(self.rig.get("/dnsRecords/mx1"), listed[1])
        self.assertEqual(self.rig.get("/dnsRecords"), [MX, {**A, "tag": "hosts"}])

    def test_the_full_view_can_be_put_back(self) -> None:
        """Ids and tags remain."""
        listed = full(self.rig)
        self.assertEqual(self.rig.ask("PUT", "/dnsRecords", listed).status, 204)
        self.assertEqual(full(self.rig), listed)

    def test_numbers_are_used_once(self) -> None:
        """A number that was an id is no other record's later."""
        self.rig.ask("DELETE", "/dnsRecords/1")
        self.rig.ask("POST", "/dnsRecords", {**MX, "preference": 20})
        self.assertEqual([r["id"] for r in full(self.rig)], ["mx1", "2"])
        self.rig.ask("PUT", "/dnsRecords", [MX])
        self.assertEqual([r["id"] for r in full(self.rig)], ["3"])

    def test_numbers_of_documents(self) -> None:
        """A record without an id does not get a number that a document contains."""
        other = {**A, "address": "192.0.2.2"}
        self.rig.ask("PUT", "/dnsRecords", [MX, {**A, "id": "7"}, other])
        self.assertEqual([r["id"] for r in full(self.rig)], ["8", "7", "9"])

    def test_the_same_record_keeps_its_id(self) -> None:
        """Name and data identify it; TTL and tag are replaced."""
        self.rig.ask("POST", "/dnsRecords", {**A, "ttl": 5})
        self.assertEqual(self.rig.get("/dnsRecords/mx1"), {"id": "mx1", **A, "ttl": 5})

    def test_replaced(self) -> None:
        """PUT keeps the id and the place, and takes effect with the next query."""
        answer = self.rig.ask("PUT", "/dnsRecords/1", {**MX, "preference": 5})
        self.assertEqual(answer.status, 204)
        self.assertEqual(full(self.rig)[0], {"id": "1", **MX, "preference": 5})
        resolved = self.rig.get("/dnsResolve?name=example.org&type=MX")
        self.assertEqual(resolved["answer"], [{**MX, "preference": 5}])

    def test_one_as_text(self) -> None:
        """A line of a zone file replaces a record, which keeps its id and its tag."""
        (added,) = self.rig.ask("POST", "/dnsRecords", {**MX, "tag": "t"}).json()
        path = f"/dnsRecords/{added['id']}"
        line = b"example.org. 60 IN MX 20 mx1.example.org."
        answer = self.rig.ask("PUT", path, line, headers=ZONE_TEXT)
        self.assertEqual(answer.status, 204)
        self.assertEqual(self.rig.get(path), {**added, "preference": 20})
        for text in b"", line + b"\n" + line.replace(b"20", b"30"), b"x. MX ten x.":
            answer = self.rig.ask("PUT", path, text, headers=ZONE_TEXT)
            self.assertEqual(answer.status, 400, text)
        self.assertEqual(self.rig.get(path)["preference"], 20)

    def test_deleted(self) -> None:
        """DELETE removes one record."""
        self.assertEqual(self.rig.ask("DELETE", "/dnsRecords/mx1").status, 204)
        self.assertEqual(self.rig.get("/dnsRecords"), [MX])

    def test_unknown(self) -> None:
        """404 for GET, PUT and DELETE, and nothing changes."""
        before = full(self.rig)
        for method, body in (("GET", None), ("PUT", MX), ("DELETE", None)):
            answer = self.rig.ask(method, "/dnsRecords/none", body)
            self.assertEqual(answer.status, 404, method)
            self.assertIn("no record with the id 'none'", answer.json()["detail"])
        self.assertEqual(full(self.rig), before)

    def test_refused(self) -> None:
        """Invalid documents are 400, an id or a record that exists is 409."""
        other = {**A, "address": "192.0.2.2"}
        for method, path, body, status, paths in (
            ("PUT", "/1", {**MX, "exchange": 5}, 400, ["$.exchange"]),
            ("PUT", "/1", {**MX, "id": "x"}, 400, ["$.id"]),
            ("PUT", "/1", {**MX, "owner": "mx2"}, 400, ["$.owner"]),
            ("PUT", "/1", [MX], 400, ["$"]),
            ("PUT", "/1", A, 409, None),
            ("POST", "", {**other, "id": "mx1"}, 409, None),
            ("PUT", "", [{**A, "id": "x"}, {**other, "id": "x"}], 400, ["$[1].id"]),
            ("POST", "", {**other, "id": "a/b"}, 400, ["$.id"]),
            ("POST", "", {**other, "tag": ""}, 400, ["$.tag"]),
        ):
            before = full(self.rig)
            answer = self.rig.ask(method, f"/dnsRecords{path}", body)
            self.assertEqual(answer.status, status, (method, body))
            if paths is not None:
                self.assertEqual(answer.paths, paths, (method, body))
            self.assertEqual(full(self.rig), before)

    def test_caa_has_a_tag_of_its_own(self) -> None:
        """It is that of RFC 8659, and ``?tag=`` finds it."""
        caa = {
            "name": "a.test",
            "type": "CAA",
            "flags": 0,
            "tag": "issue",
            "value": ";",
        }
        self.rig.ask("POST", "/dnsRecords", caa)
        found = self.rig.get("/dnsRecords?tag=issue")
        self.assertEqual(found, [{**caa, "ttl": 60}])


class FilterTests(SynchronousTestCase):
    """``/dnsRecords`` with conditions"""

    def setUp(self) -> None:
        """Records of several types."""
        self.rig = Rig()
        self.zone = [
            MX,
            A,
            {"name": "a.test", "type": "TXT", "ttl": 5, "strings": ["a", "b"]},
            {"name": "b.test", "type": "NS", "ttl": 60, "target": "ns.test"},
            {"name": "c.test", "type": "CNAME", "ttl": 60, "target": "NS.test"},
        ]
        tagged = [{**record, "tag": "t"} for record in self.zone[3:]]
        self.rig.ask("PUT", "/dnsRecords", [*self.zone[:3], *tagged])

    def test_any_field(self) -> None:
        """A condition reads its value as the field does; all must hold."""
        for query, places in (
            ("exchange=MX1.example.org.", [0]),
            ("preference=10", [0]),
            ("preference=10&exchange=other.test", []),
            ("address=192.0.2.1", [1]),
            ("address=2001:db8::1", []),
            ("ttl=60", [0, 3, 4]),
            ("target=ns.test", [3, 4]),
            ("target=ns.test&type=NS", [3]),
            ("tag=t", [3, 4]),
            ("strings=ab", [2]),
            ("id=1", [0]),
            ("name=A.test", [2]),
        ):
            found = self.rig.get(f"/dnsRecords?{query}")
            names = [record["name"] for record in found]
            self.assertEqual(names, [self.zone[p]["name"] for p in places], query)

    def test_delete(self) -> None:
        """DELETE removes exactly what GET lists."""
        for query, left in (
            ("exchange=mx1.example.org", 4),
            ("tag=t", 2),
            ("tag=t", 2),
        ):
            self.rig.ask("DELETE", f"/dnsRecords?{query}")
            self.assertEqual(len(self.rig.get("/dnsRecords")), left)

    def test_as_a_zone_file(self) -> None:
        """Conditions apply to the zone file, too."""
        answer = self.rig.ask(
            "GET", "/dnsRecords?type=NS", headers={"Accept": "text/dns"}
        )
        self.assertEqual(answer.body, b"b.test. 60 IN NS ns.test.\n")

    def test_invalid(self) -> None:
        """A value that no field of that name can have is 400."""
        for name, value in (
            ("exchange", "a..b"),
            ("preference", "ten"),
            ("preference", "65536"),
            ("address", "192.0.2"),
            ("ttl", "-1"),
            ("ttl", "2147483648"),
            ("view", "all"),
        ):
            answer = self.rig.ask("GET", f"/dnsRecords?{name}={value}")
            self.assertEqual((answer.status, answer.paths), (400, [f"?{name}"]), name)


class OwnedTests(SynchronousTestCase):
    """The records that hosts add"""

    def test_listed(self) -> None:
        """The full view has them, with their owner; they can't be put back."""
        rig = Rig()
        rig.ask("PUT", "/dnsRecords", [MX])
        rig.mock.set_records(rig.host, (Record("mx.test", IPv4("192.0.2.9")),))
        added = {"name": "mx.test", "type": "A", "ttl": 60, "address": "192.0.2.9"}
        owned = {**added, "owner": "default"}
        self.assertEqual(full(rig), [{"id": "1", **MX}, owned])
        self.assertEqual(rig.get("/dnsRecords"), [MX])
        self.assertEqual(rig.get("/dnsRecords?view=full&type=A"), [owned])
        self.assertEqual(rig.get("/dnsRecords?view=full&owner=default"), [owned])
        self.assertEqual(rig.get("/dnsRecords?view=full&owner=mx2"), [])
        answer = rig.ask("PUT", "/dnsRecords", full(rig))
        self.assertEqual((answer.status, answer.paths), (400, ["$[1].owner"]))


class ResolveTests(SynchronousTestCase):
    """``/dnsResolve``"""

    def setUp(self) -> None:
        """A zone with an alias."""
        self.rig = Rig()
        self.alias = {
            "name": "www.example.org",
            "type": "CNAME",
            "ttl": 60,
            "target": "example.org",
        }
        self.rig.ask("PUT", "/dnsRecords", [MX, A, self.alias])

    def test_sections(self) -> None:
        """The answer follows aliases and has the addresses of exchanges."""
        self.assertEqual(
            self.rig.get("/dnsResolve?name=WWW.example.org.&type=MX"),
            {
                "name": "WWW.example.org",
                "type": "MX",
                "rcode": "NOERROR",
                "authoritative": True,
                "authenticated": False,
                "answer": [self.alias, MX],
                "authority": [],
                "additional": [A],
            },
        )

    def test_negative(self) -> None:
        """A name that does not exist has its rcode, and an SOA."""
        found = self.rig.get("/dnsResolve?name=no.test&type=A")
        self.assertEqual((found["rcode"], found["answer"]), ("NXDOMAIN", []))
        self.assertEqual([r["type"] for r in found["authority"]], ["SOA"])

    def test_no_transfer(self) -> None:
        """As over the wire, zone transfers are refused."""
        found = self.rig.get("/dnsResolve?name=example.org&type=AXFR")
        self.assertEqual(found["rcode"], "REFUSED")

    def test_it_is_dry(self) -> None:
        """No query is logged, and behaviors don't apply."""
        self.rig.ask(
            "PUT",
            "/dnsBehaviors",
            [{"query": "ANY", "response": {"rcode": "SERVFAIL"}}],
        )
        found = self.rig.get("/dnsResolve?name=example.org&type=MX")
        self.assertEqual(found["rcode"], "NOERROR")
        self.assertEqual(self.rig.get("/dnsQueries"), [])
        (behavior,) = self.rig.get("/dnsBehaviors?view=full")
        self.assertEqual(behavior["fired"], 0)

    def test_refused(self) -> None:
        """Both parameters are required, and must be a name and a type."""
        for query, path in (
            ("name=a.test", "?type"),
            ("type=A", "?name"),
            ("name=a..b&type=A", "?name"),
            ("name=a&type=NOPE", "?type"),
        ):
            answer = self.rig.ask("GET", f"/dnsResolve?{query}")
            self.assertEqual((answer.status, answer.paths), (400, [path]))
        answer = self.rig.ask("GET", "/dnsResolve")
        self.assertEqual((answer.status, answer.paths), (400, ["?name", "?type"]))
