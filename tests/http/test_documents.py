"""Documents from the bodies of requests"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.client import ResponseNeverReceived

from mocksmtp.http.documents import INLINE_SIZE
from tests.http.rig import BUSY, Rig


def large() -> list[dict[str, Any]]:
    """A document that is too large to be read at once."""
    return [dict(BUSY, response={"code": 450, "message": "x" * INLINE_SIZE})]


class TurnTests(SynchronousTestCase):
    """Where documents are read"""

    def test_a_small_one_is_read_at_once(self) -> None:
        """No thread is asked for it."""
        rig = Rig()
        rig.begin("PUT", "/smtpBehaviors", [BUSY])
        self.assertEqual(len(rig.host.behaviors), 1)
        self.assertEqual(rig.threads, [])

    def test_a_large_one_is_read_in_a_thread(self) -> None:
        """Until then nothing has changed, and then all has."""
        rig = Rig()
        pending = rig.begin("PUT", "/smtpBehaviors", large())
        self.assertEqual((len(rig.host.behaviors), len(rig.threads)), (0, 1))
        assert pending.answer is not None
        self.assertEqual(pending.answer.status, 204)
        self.assertEqual(len(rig.host.behaviors), 1)

    def test_a_large_one_that_is_refused(self) -> None:
        """It is told as any other, and changes nothing."""
        rig = Rig()
        document = [*large(), {"command": "NONE"}]
        answer = rig.ask("PUT", "/smtpBehaviors", document)
        self.assertEqual(answer.status, 400)
        self.assertEqual(answer.paths, ["$[1].command", "$[1].response"])
        self.assertEqual(len(rig.host.behaviors), 0)

    def test_a_client_that_leaves_before_it_is_read(self) -> None:
        """What it sent does not take effect."""
        rig = Rig()
        pending = rig.begin("PUT", "/smtpBehaviors", large())
        left: Deferred[Any] = pending.deferred
        left.cancel()
        self.assertRaises(ResponseNeverReceived, lambda: pending.answer)
        self.assertEqual(len(rig.host.behaviors), 0)
