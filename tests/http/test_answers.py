"""Answers that are sent whole"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.http.rig import BUSY, Rig


class AnswerTests(SynchronousTestCase):
    """What every answer has"""

    def test_json(self) -> None:
        """UTF-8, with its type and its length."""
        rig = Rig()
        rig.ask("PUT", "/smtpExtensions", ["é"])
        answer = rig.ask("GET", "/smtpExtensions")
        self.assertEqual(answer.body, '["é"]'.encode())
        self.assertEqual((answer.kind, answer.length), ("application/json", 6))

    def test_nothing(self) -> None:
        """204 has neither a type nor a body."""
        answer = Rig().ask("PUT", "/smtpBehaviors", BUSY)
        self.assertEqual((answer.status, answer.kind, answer.body), (204, None, b""))
