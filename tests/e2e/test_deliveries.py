"""What a real mail server tries, as attempts and deliveries show it."""

from __future__ import annotations

from typing import Protocol

from twisted.trial.unittest import SynchronousTestCase

from tests.e2e.api import Api, Document
from tests.e2e.exim import shared_exim
from tests.e2e.rig import shared_rig
from tests.e2e.service import MX3
from tests.e2e.test_postfix import CONTENT, HOSTS, SENDER, refusal


class Server(Protocol):
    """A mail server that delivers to the mock."""

    def submit(self, sender: str, recipients: list[str], content: bytes) -> None:
        """Hand it a mail, as a program on the same machine does."""


class Deliveries:
    """
    What any mail server does.

    :cvar status: that of a recipient whom the other server does not know
    """

    api: Api
    server: Server
    status = "5.1.1"

    def send(self, recipient: str, *records: str) -> None:
        """Hand the server a mail, with these records of its domain."""
        self.api.set_records(HOSTS, *records)
        self.server.submit(SENDER, [recipient], CONTENT)

    def assert_delivery(self, delivery: Document, **expected: object) -> None:
        self.assertEqual({name: delivery[name] for name in expected}, expected)

    def test_deferred_twice_and_then_accepted(self) -> None:
        """Three rounds; the backoffs are those that it is configured to have."""
        bob = "bob@retry.test"
        self.api.set_behaviors(refusal(bob, 450, "4.2.1 Busy", numberOfAnswer=2))
        self.send(bob, "retry.test. MX 10 mx1.hosts.test.")
        delivery = self.api.delivery(to=bob, final="accepted")
        self.assert_delivery(
            delivery,
            verdicts=["deferred", "deferred", "accepted"],
            copies=1,
            sender=SENDER,
            messageId="1@sender.test",
            subject="a real delivery",
            matchedBy="messageId",
        )
        self.assertEqual([len(one) for one in delivery["rounds"]], [1, 1, 1])
        for backoff in delivery["backoffs"]:
            self.assertGreater(backoff, 500)
        stages = [one["stage"] for attempts in delivery["rounds"] for one in attempts]
        self.assertEqual(stages, ["RCPT TO", "RCPT TO", "DATA"])

    def test_fail_over(self) -> None:
        """A host whose banner is 421, and the next one: one round."""
        bob = "bob@over.test"
        listener = {"address": MX3, "port": 25}
        api = self.api.add_host({"name": "mx3", "listeners": [listener]})
        self.addCleanup(self.api.delete_host, "mx3")
        busy = {"code": 421, "message": "4.3.2 Too busy", "then": "close"}
        api.set_behaviors({"command": "CONNECT", "response": busy})
        self.send(
            bob,
            f"mx3.over.test. A {MX3}",
            "over.test. MX 10 mx3.over.test.",
            "over.test. MX 20 mx1.hosts.test.",
        )
        delivery = self.api.delivery(to=bob, final="accepted")
        self.assert_delivery(
            delivery,
            hosts=["mx3", "default"],
            verdicts=["deferred", "accepted"],
            backoffs=[],
        )
        (attempts,) = delivery["rounds"]
        self.assertEqual(attempts[0]["stage"], "CONNECT")
        self.assertEqual(attempts[0]["matchedBy"], "time")

    def test_a_bounce(self) -> None:
        """Rejected, not tried again, and reported to the sender."""
        bob = "bob@gone.test"
        self.api.set_behaviors(refusal(bob, 550, "5.1.1 There is no Bob"))
        self.send(bob, "gone.test. MX 10 mx1.hosts.test.")
        (mail,) = self.api.mails(bounceOf=bob, wait="30s", view="summary")
        (bounce,) = mail["bounce"]
        self.assertEqual(bounce["recipient"], bob)
        self.assertEqual(bounce["status"], self.status)
        self.assertEqual(bounce["remoteMta"], "mx1.hosts.test")
        self.assertIn("550 5.1.1 There is no Bob", bounce["diagnostic"])
        self.assert_delivery(
            self.api.delivery(to=bob, settle="3s"), verdicts=["rejected"], copies=0
        )
        report = self.api.delivery(to=SENDER, final="accepted")
        self.assert_delivery(report, sender="<>", copies=1)

    def test_a_copy_after_a_lost_250(self) -> None:
        """The server can't know that the mail was kept."""
        bob = "bob@twice.test"
        self.api.set_behaviors(
            {
                "command": "DATA",
                "response": {"then": "reset", "effect": "apply"},
                "numberOfAnswer": 1,
            }
        )
        self.send(bob, "twice.test. MX 10 mx1.hosts.test.")
        delivery = self.api.delivery(to=bob, final="accepted")
        self.assert_delivery(
            delivery, verdicts=["none", "accepted"], copies=2, messageId="1@sender.test"
        )
        self.assertEqual(len(self.api.mails(to=bob)), 2)


class PostfixTests(Deliveries, SynchronousTestCase):
    """Postfix"""

    def setUp(self) -> None:
        rig = shared_rig()
        self.server, self.api = rig.postfix, rig.service.api
        self.api.reset()


class EximTests(Deliveries, SynchronousTestCase):
    """Exim, in namespaces of its own"""

    status = "5.0.0"

    def setUp(self) -> None:
        self.server, self.api = shared_exim()
        self.api.reset()
