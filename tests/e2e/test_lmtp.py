"""A real mail server hands mail over by LMTP (RFC 2033)."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.e2e.postfix import LMTP
from tests.e2e.rig import shared_rig
from tests.e2e.service import MX4

BOB, EVE = f"bob@{LMTP}", f"eve@{LMTP}"


class LmtpTests(SynchronousTestCase):
    """Postfix's client for LMTP"""

    def setUp(self) -> None:
        rig = shared_rig()
        self.postfix, self.api = rig.postfix, rig.service.api
        self.api.reset()
        listener = {"address": MX4, "port": 24, "protocol": "lmtp"}
        self.host = self.api.add_host(
            {
                "name": "store",
                "listeners": [listener],
                "dns": {"names": [f"mx.{LMTP}"]},
            }
        )
        self.addCleanup(self.api.delete_host, "store")

    def test_each_recipient_has_its_own_reply(self) -> None:
        """Of one mail, one copy arrives at once, and one at the second attempt."""
        self.host.set_behaviors(
            {
                "command": "DATA",
                "condition": {"operator": "matchAll"},
                "response": {"code": 452, "message": "4.2.2 Full"},
                "numberOfAnswer": 1,
            }
        )
        self.postfix.submit(
            "alice@sender.test", [BOB, EVE], b"Subject: x\r\n\r\ntext\r\n"
        )
        first, second = self.postfix.attempts(BOB, 2)
        self.assertIn("452 4.2.2 Full", first)
        self.assertIn("status=sent", second)
        (only,) = self.postfix.attempts(EVE, 1)
        self.assertIn("status=sent", only)

        copies = [mail["envelope"]["recipients"] for mail in self.host.mails()]
        self.assertEqual(copies, [[EVE], [BOB]])
        session = self.api.sessions(host="store")[0]
        self.assertEqual(session["transcript"][1]["line"], "LHLO mta.test")
        (transaction,) = session["transactions"]
        fates = {one["address"]: one["outcome"] for one in transaction["recipients"]}
        self.assertEqual(fates, {BOB: "refused", EVE: "accepted"})
