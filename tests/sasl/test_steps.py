"""What an exchange comes to."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.model.auth import Mechanism
from mocksmtp.sasl import replies
from mocksmtp.sasl.steps import Verdict, verdict


class VerdictTests(SynchronousTestCase):
    """`verdict`"""

    def test_it_has_the_reply_that_belongs_to_it(self) -> None:
        """235 where the credentials are good, and 535 where not."""
        self.assertEqual(
            verdict(True, "bob", Mechanism.PLAIN),
            Verdict(True, "bob", Mechanism.PLAIN, replies.AUTHENTICATED),
        )
        self.assertEqual(
            verdict(False, "bob", Mechanism.LOGIN),
            Verdict(False, "bob", Mechanism.LOGIN, replies.INVALID_CREDENTIALS),
        )
