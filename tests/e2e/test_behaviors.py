"""A real mail server, and hosts that fail it: what becomes of its mail.

Refused recipients are in `test_postfix`, a refusing MX 10 is in `test_hosts`.
"""

from __future__ import annotations

import re

from twisted.trial.unittest import SynchronousTestCase

from tests.e2e.api import Document
from tests.e2e.program import PATIENCE
from tests.e2e.rig import shared_rig
from tests.e2e.service import MX3, MX4

SENDER = "alice@sender.test"
CONTENT = b"Message-ID: <%s>\r\nSubject: x\r\n\r\ntext\r\n"


class BehaviorCase(SynchronousTestCase):
    """MX 10 of a domain, which fails, and where that is asked for an MX 20."""

    def setUp(self) -> None:
        rig = shared_rig()
        self.postfix, self.api = rig.postfix, rig.service.api
        self.api.reset()

    def host(self, name: str, address: str, preference: int, **more: object) -> None:
        """Make one of them."""
        document: Document = {
            "name": name,
            "listeners": [{"address": address, "port": 25}],
            "dns": {
                "names": [f"{name}.{self.domain}"],
                "domains": [{"name": self.domain, "preference": preference}],
            },
        }
        self.api.add_host({**document, **more})
        self.addCleanup(self.api.delete_host, name)

    def failing(self, domain: str, *behaviors: Document, **more: object) -> None:
        """The domain and its MX 10; `more` is the rest of that host's document."""
        self.domain, self.bob = domain, f"bob@{domain}"
        self.host("mx10", MX3, 10, **more)
        self.mx10 = self.api.host("mx10")
        self.mx10.set_behaviors(*behaviors)

    def send(self, to: str | None = None, message_id: bytes = b"1@sender.test") -> None:
        self.postfix.submit(SENDER, [to or self.bob], CONTENT % message_id)

    def outcomes(self, count: int, to: str | None = None) -> list[str]:
        """What its log calls so many attempts."""
        attempts = "".join(self.postfix.attempts(to or self.bob, count))
        return re.findall(r"status=(\w+)", attempts)

    def delivered(self) -> Document:
        """The session in which the mail was taken; there is no other mail."""
        mail = self.mx10.mail_to(self.bob)
        self.assertEqual(self.mx10.mails(), [mail])
        wait = f"{PATIENCE}s"
        (session,) = self.api.sessions(to=self.bob, outcome="accepted", wait=wait)
        return session


def said(session: Document) -> list[str]:
    """The lines of a session's client."""
    lines = [exchange.get("line") for exchange in session["transcript"]]
    return [line for line in lines if line is not None]


class BannerTests(BehaviorCase):
    """The banner tells it to go."""

    def test_421(self) -> None:
        """MX 20 has the mail in the same attempt, and MX 10 has nothing."""
        reply = {"code": 421, "message": "4.3.2 Busy", "then": "close"}
        self.failing("busy.banner.test", {"command": "CONNECT", "response": reply})
        self.host("mx20", MX4, 20)
        self.send()
        self.api.host("mx20").mail_to(self.bob)
        (attempt,) = self.postfix.attempts(self.bob, 1)
        self.assertIn(f"relay=mx20.{self.domain}[{MX4}]:25", attempt)
        self.assertIn("status=sent", attempt)
        self.assertEqual(self.mx10.mails(), [])
        (session,) = self.api.sessions(host="mx10")
        self.assertEqual(session["transcript"][0]["reply"]["code"], 421)
        self.assertEqual(session["transactions"], [])

    def test_554(self) -> None:
        """The mail waits, for another host of the domain might take it."""
        reply = {"code": 554, "message": "No service"}
        self.failing("none.banner.test", {"command": "CONNECT", "response": reply})
        self.send()
        attempt = self.postfix.attempts(self.bob, 1)[0]
        self.assertIn("status=deferred", attempt)
        self.assertIn("554 No service", attempt)
        self.mx10.set_behaviors()
        self.delivered()


class ExtensionTests(BehaviorCase):
    """What was offered is not done."""

    def test_ehlo_is_not_known(self) -> None:
        """It says HELO, and sends no parameters."""
        reply = {"code": 502, "message": "5.5.1 What?"}
        self.failing("helo.test", {"command": "EHLO", "response": reply})
        self.send()
        lines = said(self.delivered())
        verbs = [line.split()[0] for line in lines]
        self.assertEqual(verbs[:5], ["EHLO", "HELO", "MAIL", "RCPT", "DATA"])
        self.assertEqual(lines[2], f"MAIL FROM:<{SENDER}>")
        self.assertEqual(lines[3], f"RCPT TO:<{self.bob}>")

    def test_starttls_is_refused(self) -> None:
        """The mail comes in clear, in the same session."""
        reply = {"code": 454, "message": "4.7.0 TLS not available"}
        refusing = {"command": "STARTTLS", "response": reply}
        self.failing("refused.may.test", refusing, tls={"mode": "starttls"})
        self.send()
        session = self.delivered()
        verbs = [line.split()[0] for line in said(session)]
        self.assertEqual(verbs[:3], ["EHLO", "STARTTLS", "MAIL"])
        self.assertIsNone(session["tls"])
        self.assertEqual(len(self.api.sessions(host="mx10")), 1)


class EndOfDataTests(BehaviorCase):
    """What is said after the dot, or not."""

    def test_kept_and_closed(self) -> None:
        """It does not know, and sends a copy."""
        silent = {"then": "close", "effect": "apply"}
        once = {"command": "DATA", "numberOfAnswer": 1, "response": silent}
        self.failing("copies.test", once)
        self.send(message_id=b"once@sender.test")
        copies = self.mx10.mails(to=self.bob, count=2, wait=f"{PATIENCE}s")
        self.assertEqual(len(copies), 2)
        for copy in copies:
            self.assertIn("Message-ID: <once@sender.test>\r\n", copy["message"])
        self.assertEqual(self.outcomes(2), ["deferred", "sent"])
        self.postfix.printed(rf"to=<{self.bob}>.*lost connection.*end of data")

    def test_refused_by_its_content(self) -> None:
        """452 is tried again, and of 554 the sender hears."""
        # A bounce, whose content has all of the mail, has a field of its own.
        by_content = {
            "target": "header:Message-ID",
            "operator": "contains",
            "matchingValue": "never@sender.test",
        }
        for_good = {"code": 554, "message": "5.7.1 Not this one"}
        for_now = {"code": 452, "message": "4.3.1 Full"}
        self.failing(
            "refused.test",
            {"command": "DATA", "condition": by_content, "response": for_good},
            {"command": "DATA", "numberOfAnswer": 1, "response": for_now},
        )
        self.api.set_records(f"sender.test. MX 10 mx10.{self.domain}.")
        self.send()
        mail = self.mx10.mail_to(self.bob)
        self.assertEqual(self.outcomes(2), ["deferred", "sent"])
        self.assertEqual(self.mx10.mails(), [mail])

        eve = f"eve@{self.domain}"
        self.send(eve, b"never@sender.test")
        bounce = self.mx10.mail_to(SENDER)
        self.assertEqual(self.outcomes(1, eve), ["bounced"])
        self.assertEqual(bounce["envelope"]["from"], "<>")
        text = " ".join(bounce["message"].split())
        self.assertIn("554 5.7.1 Not this one", text)
        self.assertEqual(self.mx10.mails(), [mail, bounce])
