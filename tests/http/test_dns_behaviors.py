"""``/dnsBehaviors`` and ``/dnsBehaviors/{id}``"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.dns import DnsAttempt
from mocksmtp.zone.answer import Question
from tests.behaviors.test_dns_documents import FAILS
from tests.http.rig import Rig

SLOW = {
    "query": "ANY",
    "condition": {"operator": "matchAll"},
    "response": {"delay": 500},
    "numberOfAnswer": None,
}


class DnsBehaviorTests(SynchronousTestCase):
    """The list, which is handled as that of SMTP is"""

    def setUp(self) -> None:
        self.rig = Rig()
        self.behaviors = self.rig.mock.dns_behaviors

    def ask(self, name: str = "ex.test") -> bool:
        """Whether one fires on a query for an MX."""
        question = Question(name, 15)
        attempt = DnsAttempt(question, "::1", "udp", self.rig.clock.seconds)
        return self.behaviors.decide_query(attempt) is not None

    def test_they_are_set_and_listed(self) -> None:
        """As they were given; an object takes the place of its like."""
        self.assertEqual(self.rig.get("/dnsBehaviors"), [])
        self.assertEqual(
            self.rig.ask("PUT", "/dnsBehaviors", [FAILS, SLOW]).status, 204
        )
        self.assertEqual(self.rig.get("/dnsBehaviors"), [FAILS, SLOW])
        again = {**FAILS, "response": {"rcode": "REFUSED"}}
        self.rig.ask("PUT", "/dnsBehaviors", again)
        self.assertEqual(self.rig.get("/dnsBehaviors"), [again, SLOW])
        self.assertEqual(self.rig.get("/smtpBehaviors"), [])

    def test_they_are_added_and_taken_out(self) -> None:
        """By id and by tag, before others or behind them."""
        answer = self.rig.ask("POST", "/dnsBehaviors", {**FAILS, "tag": "a"})
        self.assertEqual((answer.status, answer.json()), (201, {"ids": ["1"]}))
        self.assertEqual(answer.header("Location"), "/dnsBehaviors/1")
        self.rig.ask("POST", "/dnsBehaviors?at=front", {**SLOW, "id": "slow"})
        told = [rule["id"] for rule in self.rig.get("/dnsBehaviors?view=full")]
        self.assertEqual(told, ["slow", "1"])
        self.assertEqual(len(self.rig.get("/dnsBehaviors?tag=a")), 1)
        self.assertEqual(
            self.rig.ask("POST", "/dnsBehaviors", {**SLOW, "id": "slow"}).status, 409
        )
        self.assertEqual(self.rig.ask("DELETE", "/dnsBehaviors/slow").status, 204)
        self.assertEqual(self.rig.ask("DELETE", "/dnsBehaviors/slow").status, 404)
        self.assertEqual(self.rig.ask("DELETE", "/dnsBehaviors?tag=a").status, 204)
        self.assertEqual(len(self.behaviors), 0)

    def test_one_is_replaced(self) -> None:
        """In its place, counted afresh."""
        self.rig.ask("PUT", "/dnsBehaviors", [{**FAILS, "id": "x"}])
        self.ask()
        self.assertEqual(self.rig.ask("PUT", "/dnsBehaviors/x", SLOW).status, 204)
        told = self.rig.get("/dnsBehaviors/x")
        self.assertEqual(
            told,
            {
                "id": "x",
                **SLOW,
                "seen": 0,
                "fired": 0,
                "remaining": None,
                "lastFiredAt": None,
            },
        )
        self.assertEqual(self.rig.ask("PUT", "/dnsBehaviors/y", SLOW).status, 404)
        answer = self.rig.ask("PUT", "/dnsBehaviors/x", {**SLOW, "id": "y"})
        self.assertEqual(answer.paths, ["$.id"])

    def test_counters(self) -> None:
        """They and those of keys are told; what is exhausted is not listed."""
        self.rig.ask("PUT", "/dnsBehaviors", [{**FAILS, "per": "name"}])
        for name in "a.test", "b.test", "A.test", "a.test":
            self.ask(name)
        told = self.rig.get("/dnsBehaviors/1")
        self.assertEqual((told["seen"], told["fired"], told["keyCount"]), (4, 3, 2))
        self.assertEqual(told["keys"][1]["key"], {"name": "a.test"})
        self.rig.ask("PUT", "/dnsBehaviors", [{**FAILS, "numberOfAnswer": 1}])
        self.ask()
        self.assertEqual(self.rig.get("/dnsBehaviors"), [])
        self.assertEqual(len(self.rig.get("/dnsBehaviors?view=full")), 1)

    def test_what_is_refused_changes_nothing(self) -> None:
        """The place is told."""
        self.rig.ask("PUT", "/dnsBehaviors", [FAILS])
        bad = {**FAILS, "response": {"rcode": "WRONG"}}
        answer = self.rig.ask("PUT", "/dnsBehaviors", [SLOW, bad])
        self.assertEqual((answer.status, answer.paths), (400, ["$[1].response.rcode"]))
        self.assertEqual(self.rig.get("/dnsBehaviors"), [FAILS])

    def test_they_are_the_service_s(self) -> None:
        """No host has any of its own."""
        self.assertEqual(self.rig.ask("GET", "/hosts/default/dnsBehaviors").status, 404)

    def test_reset(self) -> None:
        """It clears them, and moves their scenarios back; one host's does not."""
        document = {**SLOW, "scenario": {"name": "dns", "next": "over"}}
        self.rig.ask("PUT", "/dnsBehaviors", [document])
        self.assertEqual(self.rig.get("/scenarios"), {"dns": "Started"})
        self.ask()
        self.assertEqual(self.rig.get("/scenarios"), {"dns": "over"})
        self.rig.ask("POST", "/hosts/default/reset")
        self.assertEqual(len(self.behaviors), 1)
        self.assertEqual(self.rig.get("/scenarios"), {"dns": "Started"})
        self.rig.ask("POST", "/reset")
        self.assertEqual(self.rig.get("/dnsBehaviors"), [])
        self.assertEqual(self.rig.get("/scenarios"), {})

    def test_counted(self) -> None:
        """``/metrics`` has how often they fired, by the types that they name."""
        self.rig.ask("PUT", "/dnsBehaviors", [FAILS])
        self.ask()
        text = self.rig.ask("GET", "/metrics").body.decode()
        self.assertIn('mocksmtp_dns_behaviors_fired_total{type="MX"} 1.0', text)
        self.rig.ask("PUT", "/dnsBehaviors", [SLOW])
        self.ask()
        text = self.rig.ask("GET", "/metrics").body.decode()
        self.assertIn('mocksmtp_dns_behaviors_fired_total{type="other"} 1.0', text)
