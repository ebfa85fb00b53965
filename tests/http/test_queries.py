"""``/dnsQueries``"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.http import waiting
from mocksmtp.zone.answer import Question
from mocksmtp.zone.queries import TCP, UDP, DnsExchange, DnsReply
from mocksmtp.zone.rdata import type_number
from tests.http.rig import Rig


class QueriesTests(SynchronousTestCase):
    """The log over HTTP"""

    def setUp(self) -> None:
        self.patch(waiting, "PAUSE", 0.0)
        self.rig = Rig()
        self.log = self.rig.mock.query_log

    def ask(
        self,
        name: str = "ex.test",
        kind: str = "MX",
        client: str = "192.0.2.1",
        transport: str = UDP,
    ) -> None:
        """DNS is asked."""
        question = Question(name, type_number(kind))
        exchange = DnsExchange(question, None, False, DnsReply(0, 1, False))
        self.log.add(1.0, (client, 5353), transport, exchange)

    def ids(self, query: str = "") -> list[str]:
        return [one["id"] for one in self.rig.get(f"/dnsQueries{query}")]

    def assert_idle(self) -> None:
        """Nobody waits."""
        self.assertEqual(self.log.listeners, [])
        self.assertEqual(self.rig.clock.getDelayedCalls(), [])

    def test_they_are_told(self) -> None:
        """In the order that they came."""
        self.assertEqual(self.rig.get("/dnsQueries"), [])
        self.ask()
        self.ask("mx.ex.test", "A", transport=TCP)
        first, second = self.rig.get("/dnsQueries")
        self.assertEqual((first["name"], first["type"]), ("ex.test", "MX"))
        self.assertEqual((second["name"], second["transport"]), ("mx.ex.test", "tcp"))

    def test_filters(self) -> None:
        """By name without case, type, client and transport, and all of them at once."""
        self.ask()
        self.ask("mx.ex.test", "TLSA", "2001:db8::1", TCP)
        self.ask("ex.test", "TYPE65280", "192.0.2.2")
        for query, expected in (
            ("?name=EX.test.", ["1", "3"]),
            ("?type=TLSA", ["2"]),
            ("?type=TYPE65280", ["3"]),
            ("?clientIp=2001:DB8:0::1", ["2"]),
            ("?transport=udp", ["1", "3"]),
            ("?name=ex.test&clientIp=192.0.2.2", ["3"]),
            ("?name=ex.test&type=AAAA", []),
        ):
            self.assertEqual(self.ids(query), expected, query)

    def test_wrong_parameters(self) -> None:
        """400, each with its name."""
        for query, path in (
            ("names=x", "?names"),
            ("type=mx", "?type"),
            ("name=a..b", "?name"),
            ("clientIp=localhost", "?clientIp"),
            ("transport=UDP", "?transport"),
            ("count=0", "?count"),
            ("wait=601s", "?wait"),
        ):
            answer = self.rig.ask("GET", f"/dnsQueries?{query}")
            self.assertEqual((answer.status, answer.paths), (400, [path]))

    def test_forgotten(self) -> None:
        """DELETE tells what it took out; a reset takes out all too."""
        self.ask()
        answer = self.rig.ask("DELETE", "/dnsQueries")
        self.assertEqual((answer.status, len(answer.json())), (200, 1))
        self.assertEqual(self.ids(), [])
        self.ask()
        self.rig.ask("POST", "/reset")
        self.assertEqual(self.ids(), [])

    def test_waiting_for_several(self) -> None:
        """It is over with the last that is wanted, and those before it count."""
        self.ask()
        pending = self.rig.begin("GET", "/dnsQueries?type=MX&count=3&wait=10s")
        for kind in "AAAA", "MX":
            self.ask(kind=kind)
            self.assertIsNone(pending.answer)
        self.ask()
        self.assertEqual([one["id"] for one in pending.answer.json()], ["1", "3", "4"])
        self.assert_idle()

    def test_waiting_for_what_is_there(self) -> None:
        """Enough is enough: no time goes by."""
        self.ask()
        self.assertEqual(self.ids("?wait=10s"), ["1"])
        self.assert_idle()

    def test_the_time_is_up(self) -> None:
        """Then it is answered with what there is."""
        pending = self.rig.begin("GET", "/dnsQueries?count=2&wait=10s")
        self.ask()
        self.assertIsNone(pending.answer)
        self.rig.clock.advance(10)
        self.assertEqual(len(pending.answer.json()), 1)
        self.assert_idle()

    def test_a_client_that_leaves(self) -> None:
        """Nothing is left of it."""
        pending = self.rig.begin("GET", "/dnsQueries?wait=10s")
        self.assertIsNone(pending.answer)
        pending.deferred.cancel()
        self.rig.turn()
        self.assert_idle()

    def test_the_nearest_query(self) -> None:
        """With `explain=true`: what the nearest queries lack, if there are too few."""
        self.ask("a.test", "A")
        self.ask("ex.test", "A")
        found = self.rig.get("/dnsQueries?name=ex.test&type=MX&explain=true")
        self.assertEqual(found["queries"], [])
        first, second = found["nearest"]
        failed = {"filter": "type", "wanted": "MX", "found": ["A"]}
        self.assertEqual(first, {"query": "2", "matched": ["name"], "failed": [failed]})
        self.assertEqual([one["filter"] for one in second["failed"]], ["name", "type"])
        found = self.rig.get("/dnsQueries?name=ex.test&explain=true")
        self.assertEqual(([one["id"] for one in found["queries"]]), ["2"])
        self.assertEqual(found["nearest"], [])
