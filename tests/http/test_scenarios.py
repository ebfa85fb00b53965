"""``/scenarios``"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.point import Command
from tests.http.rig import Rig

OUTAGE = {
    "command": "AUTH",
    "scenario": {"name": "outage", "state": "down", "next": "up"},
    "response": {"code": 454, "message": "4.7.0 Temporary authentication failure"},
}


class ScenarioTests(SynchronousTestCase):
    """States by name"""

    def setUp(self) -> None:
        self.rig = Rig()
        self.rig.ask("PUT", "/smtpBehaviors", [OUTAGE])

    def put(self, states: object) -> int:
        return self.rig.ask("PUT", "/scenarios", states).status

    def test_those_of_behaviors_are_there(self) -> None:
        """In the state in which they start."""
        self.assertEqual(self.rig.get("/scenarios"), {"outage": "Started"})

    def test_they_are_set_and_moved(self) -> None:
        """By the API and by what fires; others stay as they are."""
        self.assertEqual(self.put({"outage": "down", "other": "x"}), 204)
        self.assertIsNotNone(self.rig.host.behaviors.decide(Command.AUTH, b""))
        self.assertEqual(self.rig.get("/scenarios"), {"outage": "up", "other": "x"})
        self.assertEqual(self.put({"outage": "down"}), 204)
        states = self.rig.get("/hosts/default/scenarios")
        self.assertEqual(states, {"outage": "down", "other": "x"})

    def test_they_go_back(self) -> None:
        """With DELETE, and with all else."""
        for method, path in (("DELETE", "/scenarios"), ("POST", "/reset")):
            self.put({"outage": "down"})
            self.assertEqual(self.rig.ask(method, path).status, 204)
            self.assertEqual(
                set(self.rig.get("/scenarios").values()) - {"Started"}, set()
            )

    def test_what_are_no_states(self) -> None:
        """They are refused with their places, and nothing changes."""
        answer = self.rig.ask("PUT", "/scenarios", {"outage": "down", "x": 5})
        self.assertEqual((answer.status, answer.paths), (400, ["$.x"]))
        self.assertEqual(self.put([]), 400)
        self.assertEqual(self.rig.get("/scenarios"), {"outage": "Started"})
