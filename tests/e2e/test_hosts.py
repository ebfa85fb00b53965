"""A real mail server, and two mail hosts of one service."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.e2e.api import Document
from tests.e2e.program import PATIENCE
from tests.e2e.rig import shared_rig
from tests.e2e.service import MX3, MX4

SENDER = "alice@sender.test"
BOB = "bob@two.test"

FIRST: Document = {
    "name": "first",
    "listeners": [{"address": MX3, "port": 25}],
    "dns": {
        "names": ["first.two.test"],
        "domains": [{"name": "two.test", "preference": 10}],
    },
}

SECOND: Document = {
    "name": "second",
    "listeners": [{"address": MX4, "port": 25}],
    "dns": {
        "names": ["second.two.test"],
        "domains": [{"name": "two.test", "preference": 20}],
    },
}

BUSY: Document = {
    "command": "RCPT TO",
    "condition": {"operator": "matchAll"},
    "response": {"code": 451, "message": "4.3.0 Not here, not now"},
}


class FailOverTests(SynchronousTestCase):
    """MX 10 and MX 20 are hosts of one service, which says so in its DNS."""

    def setUp(self) -> None:
        rig = shared_rig()
        self.postfix, self.api = rig.postfix, rig.service.api
        self.api.reset()
        self.api.set_records("sender.test. MX 10 second.two.test.")
        self.first, self.second = map(self.api.add_host, (FIRST, SECOND))
        self.hosts = ["first", "second"]
        self.addCleanup(lambda: [*map(self.api.delete_host, self.hosts)])

    def test_the_next_host_is_tried_until_one_is_gone(self) -> None:
        """A refused mail arrives at MX 20 in the same attempt; then MX 10 is gone."""
        self.first.set_behaviors(BUSY)
        self.postfix.submit(SENDER, [BOB], b"Subject: one\r\n\r\n1\r\n")
        mail = self.second.mail_to(BOB)
        (attempt,) = self.postfix.attempts(BOB, 1)
        self.assertIn(f"relay=second.two.test[{MX4}]:25", attempt)
        self.assertEqual(self.first.mails(), [])

        # The journal has both attempts, in their order.
        sessions = self.api.sessions(to=BOB, count=2, wait=f"{PATIENCE}s")
        self.assertEqual([s["host"] for s in sessions], ["first", "second"])
        transactions = [session["transactions"][-1] for session in sessions]
        outcomes = [transaction["outcome"] for transaction in transactions]
        self.assertEqual(outcomes, ["refused", "accepted"])
        self.assertEqual(transactions[1]["mailId"], mail["id"])
        self.assertEqual(len(self.api.sessions(to=BOB, outcome="refused")), 1)

        self.api.delete_host("first")
        self.hosts.remove("first")
        self.postfix.submit(SENDER, [BOB], b"Subject: two\r\n\r\n2\r\n")
        self.second.mails(to=BOB, count=2, wait=f"{PATIENCE}s")
        sessions = self.api.sessions(to=BOB, count=2, wait=f"{PATIENCE}s")
        # The journal of a host goes with it.
        self.assertEqual({s["host"] for s in sessions}, {"second"})
        subjects = [m["message"].count("Subject: two") for m in self.second.mails()]
        self.assertEqual(subjects, [0, 1])
