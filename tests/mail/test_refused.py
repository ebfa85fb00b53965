"""Contents that were refused"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.mail.mailbox import Mailbox
from mocksmtp.mail.refused import RefusedContents
from tests.http.rig import keep


class RefusedTests(SynchronousTestCase):
    """They share the memory of the mails"""

    def setUp(self) -> None:
        self.mailbox = Mailbox(max_bytes=10_000)
        self.quota = self.mailbox.quota
        self.quota.refused = self.refused = RefusedContents(self.quota)

    def test_as_long_as_somebody_refers_to_it(self) -> None:
        """Then its memory is free again."""
        content = self.refused.keep(b"x" * 1000)
        assert content is not None
        self.assertEqual(content.octets, b"x" * 1000)
        self.assertGreater(self.quota.used, 1000)
        del content
        self.assertEqual((self.quota.used, len(self.refused)), (0, 0))

    def test_the_oldest_goes_first(self) -> None:
        """Where there is too much."""
        contents = [self.refused.keep(b"x" * 4000) for _ in range(3)]
        assert all(contents)
        octets = [None if one is None else one.octets for one in contents]
        self.assertEqual([one is None for one in octets], [True, False, False])
        self.assertLessEqual(self.quota.used, 10_000)
        self.assertEqual(self.refused.evicted, 1)

    def test_before_any_mail(self) -> None:
        """A mail evicts them all before another mail is evicted."""
        contents = [self.refused.keep(b"x" * 2000) for _ in range(2)]
        for _ in range(2):
            keep(self.mailbox, b"x" * 4000)
        self.assertEqual(len(self.mailbox), 2)
        self.assertEqual([one and one.octets for one in contents], [None, None])
        self.assertEqual(self.quota.evictions, 0)

    def test_mails_that_leave_no_room(self) -> None:
        """No mail is evicted for a content that was refused."""
        for _ in range(2):
            keep(self.mailbox, b"x" * 4000)
        self.assertIsNone(self.refused.keep(b"x" * 2000))
        self.assertEqual(len(self.mailbox), 2)
