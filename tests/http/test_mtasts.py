"""``/mtaSts``"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.hosts.test_policy_documents import WHOLE
from tests.http.rig import Rig

OTHER = {**WHOLE, "domain": "other.test"}


class PolicyTests(SynchronousTestCase):
    """The policies over HTTP"""

    def setUp(self) -> None:
        self.rig = Rig()
        self.assertEqual(self.rig.get("/mtaSts"), [])
        self.assertEqual(self.rig.ask("PUT", "/mtaSts", [WHOLE, OTHER]).status, 204)

    def test_they_come_back(self) -> None:
        """As they were; an array replaces all, an object that of its domain."""
        self.assertEqual(self.rig.get("/mtaSts"), [WHOLE, OTHER])
        again = {**WHOLE, "mode": "none"}
        self.rig.ask("PUT", "/mtaSts", again)
        self.assertEqual(self.rig.get("/mtaSts"), [again, OTHER])
        self.rig.ask("PUT", "/mtaSts", [OTHER])
        self.assertEqual(self.rig.get("/mtaSts"), [OTHER])

    def test_they_are_taken_out(self) -> None:
        """One, or all."""
        self.rig.ask("DELETE", "/mtaSts?domain=EX.test")
        self.assertEqual(self.rig.get("/mtaSts"), [OTHER])
        self.assertEqual(self.rig.ask("DELETE", "/mtaSts?domain=*").status, 400)
        self.rig.ask("DELETE", "/mtaSts")
        self.assertEqual(self.rig.get("/mtaSts"), [])

    def test_what_is_refused_changes_nothing(self) -> None:
        """The place is told."""
        answer = self.rig.ask("PUT", "/mtaSts", [OTHER, {"domain": "a", "status": 1}])
        self.assertEqual((answer.status, answer.paths), (400, ["$[1].status"]))
        self.assertEqual(self.rig.get("/mtaSts"), [WHOLE, OTHER])

    def test_reset(self) -> None:
        """They stay, as records do, unless all goes back to the start."""
        self.rig.ask("POST", "/reset")
        self.assertEqual(len(self.rig.get("/mtaSts")), 2)
        self.rig.ask("POST", "/reset?all=true")
        self.assertEqual(self.rig.get("/mtaSts"), [])
