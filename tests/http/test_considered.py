"""``GET /smtpSessions/{id}?explain=true``"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.hosts.listeners import MailProtocol
from tests.http.rig import Rig
from tests.smtp.dialogue import Dialogue
from tests.smtp.mocked import on

MAIL, RCPT = "MAIL FROM:<a@x.test>", "RCPT TO:<bob@x.test>"


class ConsideredTests(SynchronousTestCase):
    """Why each behavior did or did not answer"""

    def setUp(self) -> None:
        self.rig = Rig()

    def put(self, *documents: Any) -> None:
        self.assertEqual(
            self.rig.ask("PUT", "/smtpBehaviors", [*documents]).status, 204
        )

    def considered(self, path: str = "/smtpSessions/1") -> list[Any]:
        document = self.rig.get(path + "?explain=true")
        return [exchange["considered"] for exchange in document["transcript"]]

    def test_a_near_miss(self) -> None:
        """The differing value, and what makes the behavior answer."""
        condition = {"operator": "contains", "matchingValue": "Bob@"}
        busy = on("RCPT TO", 450, id="busy", condition=condition)
        self.put({**busy, "name": "Bob is busy"}, on("RCPT TO", 451, id="later"))
        Dialogue(self.rig.host).say("EHLO c", MAIL, RCPT)
        for path in ("/smtpSessions/1", "/hosts/default/smtpSessions/1"):
            *others, last = self.considered(path)
            self.assertEqual(others, [[], [], []])
        hint = {
            "code": "case",
            "text": "differs only in upper and lower case",
            "fix": {"ignoreCase": True},
        }
        self.assertEqual(
            last[0],
            {
                "behavior": "busy",
                "name": "Bob is busy",
                "result": "passedOver",
                "step": "condition",
                "target": "recipient",
                "operator": "contains",
                "found": "bob@x.test",
                "wanted": "Bob@",
                "hint": hint,
            },
        )
        self.assertEqual((last[1]["behavior"], last[1]["result"]), ("later", "fired"))

    def test_a_reset_of_the_behaviors(self) -> None:
        """It loses neither the list as it was, nor its answers."""
        self.put(on("NOOP", 450, id="old"), on("NOOP", 451, id="unreached"))
        talk = Dialogue(self.rig.host)
        talk.say("NOOP")
        self.put()
        talk.say("NOOP")
        _, old, new = self.considered()
        told = [(one["behavior"], one["result"]) for one in old]
        self.assertEqual(told, [("old", "fired"), ("unreached", "notReached")])
        self.assertEqual(new, [])

    def test_content_that_is_kept(self) -> None:
        """What was tested is found in the mail, as long as that is kept."""
        missing = {"target": "header:x-spam", "operator": "exists"}
        subject = {"operator": "contains", "matchingValue": "Subject: HI"}
        self.put(on("DATA", 550, condition=missing), on("DATA", 551, condition=subject))
        talk = Dialogue(self.rig.host)
        talk.say(MAIL, RCPT, "DATA", "Subject: hi", "", ".")
        *_, (first, second) = self.considered()
        self.assertEqual((first["target"], first["found"]), ("header:x-spam", None))
        self.assertEqual(second["hint"]["code"], "case")
        self.rig.ask("DELETE", "/smtpMails")
        *_, (first, second) = self.considered()
        self.assertEqual((second["step"], second["found"]), ("condition", None))
        self.assertIsNone(second["hint"])

    def test_each_reply_to_content_over_lmtp(self) -> None:
        """Each recipient's reply has the behaviors that were asked about it."""
        condition = {
            "target": "recipient",
            "operator": "equals",
            "matchingValue": "carl@x.test",
        }
        self.put(on("DATA", 452, id="full", condition=condition))
        talk = Dialogue(self.rig.host)
        talk.protocol.connectionLost()
        talk.factory.spoken = MailProtocol.LMTP
        talk.connect()
        talk.say("LHLO c", MAIL, RCPT, "RCPT TO:<carl@x.test>", "DATA", ".")
        *_, bob, carl = self.considered("/smtpSessions/2")
        self.assertEqual(
            (bob[0]["result"], bob[0]["found"]), ("passedOver", "bob@x.test")
        )
        self.assertEqual([one["result"] for one in carl], ["fired"])

    def test_a_large_list(self) -> None:
        """All of it is told, in pieces."""
        condition = {"operator": "contains", "matchingValue": "x"}
        self.put(*[on("NOOP", 450, condition=condition)] * 2000)
        Dialogue(self.rig.host).say("NOOP")
        self.assertEqual(len(self.considered()[-1]), 2000)
