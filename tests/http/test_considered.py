"""``GET /smtpSessions/{id}?explain=true``"""

from __future__ import annotations

import itertools
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.hosts.host import MailHost
from mocksmtp.hosts.listeners import MailProtocol
from tests.http.rig import Rig
from tests.session_client import Client
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


class NearMissTests(SynchronousTestCase):
    """``GET /nearMisses``"""

    def setUp(self) -> None:
        self.rig = Rig()
        self.numbers = itertools.count(1)
        self.other = MailHost("mx2", "mx2.test")
        self.rig.mock.add(self.other)
        condition = {"operator": "contains", "matchingValue": "Bob@"}
        busy = on("RCPT TO", 450, id="busy", condition=condition)
        far = on("RCPT TO", 450, condition={**condition, "matchingValue": "zzz"})
        for path in ("", "/hosts/mx2"):
            self.rig.ask("PUT", path + "/smtpBehaviors", [busy, far])

    def say(self, host: MailHost, *lines: str) -> None:
        Client(host, self.numbers, self.rig.clock).say("EHLO c", MAIL, *lines)

    def test_the_newest_come_first(self) -> None:
        """Of all hosts at the root; with what nearly matched and how."""
        self.assertEqual(self.rig.get("/nearMisses"), [])
        self.say(self.rig.host, "RCPT TO:<carl@x.test>", RCPT)
        self.say(self.other, RCPT, "RCPT TO:<Bob@x.test>", "RCPT TO:<bob@y.test>")
        found = self.rig.get("/nearMisses")
        places = [(one["session"], one["exchange"], one["host"]) for one in found]
        self.assertEqual(
            places, [("2", 5, "mx2"), ("2", 3, "mx2"), ("1", 4, "default")]
        )
        self.assertEqual(found[0]["line"], "RCPT TO:<bob@y.test>")
        self.assertEqual(found[0]["reply"]["code"], 250)
        (near,) = found[0]["considered"]
        self.assertEqual((near["behavior"], near["found"]), ("busy", "bob@y.test"))
        self.assertEqual(near["hint"]["fix"], {"ignoreCase": True})
        self.assertEqual(len(self.rig.get("/nearMisses?limit=2")), 2)
        self.assertEqual(len(self.rig.get("/hosts/mx2/nearMisses")), 2)
        self.rig.ask("DELETE", "/smtpSessions")
        self.assertEqual(self.rig.get("/nearMisses"), [])
