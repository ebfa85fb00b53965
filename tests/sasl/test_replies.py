"""What AUTH is answered."""

from __future__ import annotations

import re

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.model.reply import Reply
from mocksmtp.sasl import replies


class ReplyTests(SynchronousTestCase):
    """`replies`"""

    def test_a_challenge_is_base64_and_no_more(self) -> None:
        """An empty one keeps its space (RFC 4954 §4); a long one is one line."""
        self.assertEqual(replies.challenge(b"").wire, b"334 \r\n")
        self.assertEqual(replies.challenge(b"\0\xff").wire, b"334 AP8=\r\n")
        self.assertEqual(replies.challenge(b"x" * 600).wire.count(b"\n"), 1)

    def test_the_class_of_the_enhanced_code_is_that_of_the_code(self) -> None:
        """RFC 2034 §4."""
        named = [one for one in vars(replies).values() if isinstance(one, Reply)]
        self.assertGreater(len(named), 9)
        for reply in named:
            first = str(reply.code)[0]
            self.assertRegex(reply.text, rf"^{re.escape(first)}\.\d\.\d [A-Z]")
