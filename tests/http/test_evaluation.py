"""``POST /smtpBehaviors/evaluate`` and ``POST /dnsBehaviors/evaluate``"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.http.rig import Answer, Rig
from tests.smtp.dialogue import Dialogue
from tests.smtp.mocked import on

MAIL, RCPT = "MAIL FROM:<a@x.test>", "RCPT TO:<Bob@x.test>"
BUSY = on("RCPT TO", 450, id="busy", numberOfAnswer=1, message="4.2.1 Busy",
    condition={"operator": "contains", "matchingValue": "bob@"})  # fmt: skip


class EvaluateTests(SynchronousTestCase):
    """A command"""

    def setUp(self) -> None:
        self.rig = Rig()
        self.rig.ask("PUT", "/smtpBehaviors", [BUSY])

    def ask(self, question: Any, path: str = "/smtpBehaviors/evaluate") -> Answer:
        return self.rig.ask("POST", path, question)

    def test_a_line_with_its_context(self) -> None:
        """The reply, and why no behavior gives it."""
        question = {"line": RCPT, "sender": "alice@y.test"}
        for path in (
            "/smtpBehaviors/evaluate",
            "/hosts/default/smtpBehaviors/evaluate",
        ):
            answer = self.ask(question, path)
            self.assertEqual(answer.status, 200, answer.body)
            told = answer.json()
            self.assertEqual(told["reply"], {"code": 250, "text": "2.1.5 Recipient OK"})
            (busy,) = told["considered"]
            self.assertEqual(busy["hint"]["fix"], {"ignoreCase": True})
        self.rig.ask(
            "PATCH", "/smtpBehaviors/busy", {"condition": {"ignoreCase": True}}
        )
        for _ in range(2):
            told = self.ask(question).json()
            self.assertEqual(told["reply"]["text"], "4.2.1 Busy")
            self.assertEqual((told["behavior"], told["delay"]), ("busy", 0))
        self.assertEqual(self.rig.get("/smtpBehaviors/busy")["fired"], 0)

    def test_a_recorded_exchange(self) -> None:
        """It is evaluated again, with the behaviors as they are now."""
        talk = Dialogue(self.rig.host, self.rig.clock)
        talk.say("EHLO c", MAIL, RCPT, "DATA", "Subject: hi", "", ".")
        for exchange, code in ((0, 220), (1, 250), (2, 250), (3, 250), (5, 250)):
            told = self.ask({"session": "1", "exchange": exchange}).json()
            self.assertEqual(told["reply"]["code"], code, exchange)
        spam = {"target": "header:subject", "operator": "equals", "matchingValue": "hi"}
        new = [on("RCPT TO", 451), on("DATA", 554, condition=spam)]
        self.rig.ask("PUT", "/smtpBehaviors", new)
        for exchange, code in ((3, 451), (5, 554)):
            told = self.ask({"session": "1", "exchange": exchange}).json()
            self.assertEqual(told["reply"]["code"], code, exchange)
        self.assertEqual(self.ask({"session": "9", "exchange": 0}).status, 404)
        self.assertEqual(
            self.ask({"session": "1", "exchange": 6}).paths, ["$.exchange"]
        )
        self.rig.ask("DELETE", "/smtpMails")
        self.assertEqual(
            self.ask({"session": "1", "exchange": 5}).paths, ["$.exchange"]
        )

    def test_bad_questions(self) -> None:
        """The place of each error."""
        for question, place in (
            ([], "$"),
            ({"typo": 1}, "$.typo"),
            ({"line": "a\r\nb"}, "$.line"),
            ({"line": 5}, "$.line"),
            ({"line": "NOOP", "content": "x"}, "$.content"),
            ({"sender": "a@x>\r\n"}, "$.sender"),
            ({"recipients": "a@x"}, "$.recipients"),
            ({"tls": 5}, "$.tls"),
            ({"clientIp": "nobody"}, "$.clientIp"),
            ({"line": "DATABASE", "content": "x"}, "$.content"),
            ({"session": "1"}, "$.exchange"),
            ({"exchange": 1}, "$.session"),
            ({"session": "1", "exchange": 1, "line": "NOOP"}, "$.session"),
            ({"session": "1", "exchange": 1, "protocol": "smtp"}, "$.session"),
            (b"{", "$"),
        ):
            answer = self.ask(question)
            self.assertEqual((answer.status, answer.paths), (400, [place]), question)

    def test_it_is_no_id(self) -> None:
        """No behavior can have it."""
        answer = self.rig.ask("POST", "/smtpBehaviors", {**BUSY, "id": "evaluate"})
        self.assertEqual((answer.status, answer.paths), (400, ["$.id"]))


class EvaluateQueryTests(SynchronousTestCase):
    """A query"""

    def test_a_query(self) -> None:
        """The answer, who gives it, and why others do not; nothing is counted."""
        rig = Rig()
        record = {"name": "ex.test", "type": "MX", "preference": 10, "exchange": "mx"}
        rig.ask("PUT", "/dnsRecords", [record])
        question = {"name": "Ex.test.", "type": "MX"}
        path = "/dnsBehaviors/evaluate"
        told = rig.ask("POST", path, question).json()
        answer = told.pop("answer")
        self.assertEqual((answer["rcode"], answer["answers"]), ("NOERROR", 1))
        self.assertEqual(answer["records"], [{**record, "ttl": 60}])
        self.assertEqual(told, {"behavior": None, "delay": 0, "considered": []})
        condition = {"operator": "equals", "matchingValue": "Ex.test"}
        fails = {"query": "MX", "response": {"rcode": "SERVFAIL"}, "id": "fails"}
        drop = {"query": "ANY", "response": {"then": "drop"}, "numberOfAnswer": 1}
        behaviors = [{**fails, "condition": condition}, drop]
        rig.ask("PUT", "/dnsBehaviors", behaviors)
        for _ in range(2):
            told = rig.ask("POST", path, question).json()
            self.assertIsNone(told["answer"])
            missed, fired = told["considered"]
            self.assertEqual((missed["target"], missed["found"]), ("name", "ex.test"))
            self.assertEqual(missed["hint"]["fix"], {"ignoreCase": True})
            self.assertEqual((fired["behavior"], fired["result"]), ("1", "fired"))
        rig.ask("PATCH", "/dnsBehaviors/fails", {"condition": {"ignoreCase": True}})
        told = rig.ask("POST", path, question).json()
        self.assertEqual(
            (told["answer"]["rcode"], told["behavior"]), ("SERVFAIL", "fails")
        )
        counts = [one["seen"] for one in rig.get("/dnsBehaviors?view=full")]
        self.assertEqual((counts, rig.get("/dnsQueries")), ([0, 0], []))

    def test_bad_queries(self) -> None:
        """The place of each error."""
        for question, place in (
            ({"type": "MX"}, "$.name"),
            ({"name": "a..b", "type": "MX"}, "$.name"),
            ({"name": "a", "type": "XX"}, "$.type"),
            ({"name": "a", "type": "A", "transport": "x"}, "$.transport"),
            ({"name": "a", "type": "A", "clientIp": "nobody"}, "$.clientIp"),
        ):
            answer = Rig().ask("POST", "/dnsBehaviors/evaluate", question)
            self.assertEqual((answer.status, answer.paths), (400, [place]))
