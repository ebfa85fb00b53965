"""A real mail server delivers to the mock, which it finds by DNS.

Every test has a mail domain of its own. The mock is also MX of the sender's
domain: there the bounces arrive.
"""

from __future__ import annotations

import re

from twisted.trial.unittest import SynchronousTestCase

from tests.cookbook.recipes import recipes
from tests.e2e.api import Document
from tests.e2e.rig import shared_rig
from tests.e2e.service import MX1, MX2, NOBODY

SENDER = "alice@sender.test"

HOSTS = f"""
mx1.hosts.test.  A  {MX1}
mx2.hosts.test.  A  {MX2}
down.hosts.test. A  {NOBODY}
sender.test.     MX 10 mx2.hosts.test.
"""

# With these fields Postfix has none to add but its own Received.
CONTENT = (
    b"From: Alice <alice@sender.test>\r\n"
    b"To: bob@there.test\r\n"
    b"Date: Mon, 23 Nov 2026 12:00:00 +0000\r\n"
    b"Message-ID: <1@sender.test>\r\n"
    b"Subject: a real delivery\r\n"
    b"\r\n"
    b".\r\n"
    b"..\r\n"
    b".x\r\n"
    b"\r\n"
    b" .\r\n"
    b"...\r\n"
    b"blanks at the end \t \r\n"
    b"not ASCII: \xc3\xa9, and not UTF-8: \xe9\xff\r\n"
    + b"a line as long as one may be:".ljust(998, b".")
    + b"\r\n"
    b"\r\n"
    b".\r\n"
    b"\r\n"
    b".\r\n"
    b"\r\n"
    b"\r\n"
)


def refusal(recipient: str, code: int, message: str, **gate: int) -> Document:
    """A behavior that refuses one recipient."""
    return {
        "command": "RCPT TO",
        "condition": {"operator": "contains", "matchingValue": recipient},
        "response": {"code": code, "message": message},
        **gate,
    }


def envelope(sender: str, recipient: str) -> Document:
    return {"from": sender, "recipients": [recipient]}


class PostfixTests(SynchronousTestCase):
    """Postfix as the client of the installed service."""

    def setUp(self) -> None:
        rig = shared_rig()
        self.postfix, self.api = rig.postfix, rig.service.api
        self.api.reset()

    def send(self, *recipients: str) -> None:
        self.postfix.submit(SENDER, list(recipients), CONTENT)

    def assert_bounced(self, recipient: str, reason: str) -> Document:
        """Postfix gave up at the first attempt and told the sender the reason."""
        (attempt,) = self.postfix.attempts(recipient, 1)
        self.assertIn("status=bounced", attempt)
        bounce = self.api.mail_to(SENDER)
        self.assertEqual(bounce["envelope"], envelope("<>", SENDER))
        text = " ".join(bounce["message"].split())
        self.assertIn(f"<{recipient}>:", text)
        self.assertIn(reason, text)
        return bounce

    def assert_bounced_unsent(self, recipient: str, reason: str) -> None:
        """The bounce is all that came, and Postfix had no host to connect to."""
        bounce = self.assert_bounced(recipient, reason)
        (attempt,) = self.postfix.attempts(recipient, 1)
        self.assertIn("relay=none", attempt)
        self.assertEqual(self.api.mails(), [bounce])

    def test_content_arrives_byte_for_byte(self) -> None:
        """What follows Postfix's own trace field is what was handed to it."""
        self.api.set_records(HOSTS, "plain.test. MX 10 mx1.hosts.test.")
        self.send("bob@plain.test")
        mail = self.api.mail_to("bob@plain.test")
        self.assertEqual(mail["envelope"], envelope(SENDER, "bob@plain.test"))
        arrived = self.api.content(mail)
        trace, content = arrived[: -len(CONTENT)], arrived[-len(CONTENT) :]
        self.assertEqual(content, CONTENT)
        self.assertRegex(trace, rb"\AReceived: from client\.test .*\n([ \t].*\n)*\Z")

    def test_a_host_that_refuses_connections_is_passed_over(self) -> None:
        """The mail arrives at the next one, in the same attempt and once."""
        self.api.set_records(
            HOSTS,
            "fallback.test. MX 20 mx2.hosts.test.",
            "fallback.test. MX 10 down.hosts.test.",
        )
        self.send("bob@fallback.test")
        mail = self.api.mail_to("bob@fallback.test")
        (attempt,) = self.postfix.attempts("bob@fallback.test", 1)
        self.assertIn(f"relay=mx2.hosts.test[{MX2}]:25", attempt)
        self.postfix.printed(rf"connect to down.*\[{NOBODY}\]:25: Connection refused")
        self.assertEqual(self.api.mails(to="bob@fallback.test"), [mail])

    def test_a_mail_refused_twice_arrives_at_the_third_attempt(self) -> None:
        """As one copy, and the behavior tells that it has answered twice."""
        bob = "bob@busy.test"
        self.api.set_records(HOSTS, "busy.test. MX 10 mx1.hosts.test.")
        self.api.set_behaviors(refusal(bob, 450, "4.2.1 Try again", numberOfAnswer=2))
        self.send(bob)
        mail = self.api.mail_to(bob)
        attempts = "".join(self.postfix.attempts(bob, 3))
        states = re.findall(r"status=(\w+)", attempts)
        self.assertEqual(states, ["deferred", "deferred", "sent"])
        self.assertEqual(attempts.count("450 4.2.1 Try again"), 2)
        self.assertEqual(self.api.fired(), [2])
        self.assertEqual(self.api.mails(to=bob), [mail])

    def test_a_reply_that_is_incomplete_defers(self) -> None:
        """As the cookbook has it: no reply to a pipelined command completes it."""
        bob = "bob@incomplete.test"
        self.api.set_records(HOSTS, "incomplete.test. MX 10 mx1.hosts.test.")
        (call,) = recipes()["A reply without its last line"].documents
        self.api.set_behaviors(*call.document)
        self.send(bob)
        attempt = self.postfix.attempts(bob, 1)[0]
        self.assertIn("status=deferred", attempt)
        self.assertIn("timed out while sending MAIL FROM", attempt)
        self.api.set_behaviors()
        self.api.mail_to(bob)

    def test_a_reply_with_nul_is_one(self) -> None:
        """What Postfix takes for 250 has taken effect: the mail is delivered, once."""
        bob = "bob@nul.test"
        self.api.set_records(HOSTS, "nul.test. MX 10 mx1.hosts.test.")
        (call,) = recipes()["An empty line, two digits, no text, LF, NUL"].documents
        (behavior,) = call.document
        self.api.set_behaviors({**behavior, "responses": behavior["responses"][-1:]})
        self.send(bob)
        mail = self.api.mail_to(bob)
        (attempt,) = self.postfix.attempts(bob, 1)
        self.assertIn("status=sent", attempt)
        self.assertEqual(self.api.mails(to=bob), [mail])

    def test_a_mail_refused_for_good_bounces(self) -> None:
        """The reply's text arrives at the sender's domain, which is here, too."""
        bob = "bob@unknown.test"
        self.api.set_records(HOSTS, "unknown.test. MX 10 mx1.hosts.test.")
        self.api.set_behaviors(refusal(bob, 550, "5.1.1 There is no Bob"))
        self.send(bob)
        bounce = self.assert_bounced(bob, "550 5.1.1 There is no Bob")
        self.assertEqual(self.api.fired(), [1])
        self.assertEqual(self.api.mails(), [bounce])

    def test_each_recipient_of_a_mail_has_its_own_fate(self) -> None:
        """One gets it at once, one a little later, and the sender hears of one."""
        bob, eve, joe = (f"{name}@mixed.test" for name in ("bob", "eve", "joe"))
        self.api.set_records(HOSTS, "mixed.test. MX 10 mx1.hosts.test.")
        self.api.set_behaviors(
            refusal(eve, 451, "4.2.1 Later", numberOfAnswer=1),
            refusal(joe, 550, "5.1.1 There is no Joe"),
        )
        self.send(bob, eve, joe)
        copies = [self.api.mail_to(recipient) for recipient in (bob, eve)]
        self.assertEqual(
            [copy["envelope"] for copy in copies],
            [envelope(SENDER, bob), envelope(SENDER, eve)],
        )
        bounce = self.assert_bounced(joe, "550 5.1.1 There is no Joe")
        self.assertNotIn("eve@", bounce["message"])
        self.assertEqual(len(self.api.mails()), 3)

    def test_a_null_mx_bounces(self) -> None:
        """The domain has an address, but takes no mail there (RFC 7505)."""
        self.api.set_records(HOSTS, "nullmx.test. MX 0 .", f"nullmx.test. A {MX1}")
        self.send("bob@nullmx.test")
        self.assert_bounced_unsent("bob@nullmx.test", "does not accept mail (nullMX)")

    def test_a_domain_that_does_not_exist_bounces(self) -> None:
        """A name that the zone has nothing for is NXDOMAIN."""
        self.api.set_records(HOSTS)
        self.send("bob@nowhere.test")
        self.assert_bounced_unsent(
            "bob@nowhere.test", "Name service error for name=nowhere.test"
        )
