"""Evicting mails by their age"""

from __future__ import annotations

import attrs
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase, TestCase

from mocksmtp.aging import MailAging
from mocksmtp.grammar.address import Address
from mocksmtp.hosts.host import MailHost
from mocksmtp.mail.mail import Envelope, Mail, Origin
from mocksmtp.mail.mailbox import Mailbox
from mocksmtp.mock import Mock
from mocksmtp.testing.running import FREE_PORTS, start_mock
from mocksmtp.zone.zone import Zone
from tests.http.rig import Rig, keep


class AgingTests(SynchronousTestCase):
    """`MailAging`"""

    def setUp(self) -> None:
        self.clock = Clock()
        self.mock = Mock(MailHost("default", "mx.test"), Zone())
        self.aging = MailAging(self.mock, self.clock, 60.0)

    def keep(self, host: str = "default") -> Mail:
        mailbox = self.mock.hosts[host].mailbox
        envelope = Envelope(Address("b@x.test"), (), ())
        mail = mailbox.keep(envelope, b"", self.clock.seconds(), Origin("1", "", ""))
        assert mail is not None
        return mail

    def kept(self, host: str = "default") -> int:
        return len(self.mock.hosts[host].mailbox)

    def test_a_mail_is_evicted_at_its_age(self) -> None:
        """Not before, and the next one at its own."""
        self.aging.start()
        self.clock.advance(10)
        self.keep()
        self.clock.advance(30)
        self.keep()
        self.clock.advance(29.9)
        self.assertEqual(self.kept(), 2)
        self.clock.advance(0.2)
        self.assertEqual(self.kept(), 1)
        self.clock.advance(30)
        self.assertEqual(self.kept(), 0)

    def test_on_all_hosts(self) -> None:
        """Also on one that was added later."""
        self.aging.start()
        self.mock.add(MailHost("mx2", "mx2.test", Mailbox(quota=self.mock.quota)))
        self.keep()
        self.keep("mx2")
        self.clock.pump([30, 30.2])
        self.assertEqual((self.kept(), self.kept("mx2")), (0, 0))
        self.assertEqual((self.mock.quota.mails, self.mock.quota.used), (0, 0))

    def test_evictions_are_counted(self) -> None:
        """Together with those that the other limits cause."""
        self.aging.start()
        for _ in range(3):
            self.keep()
        self.clock.advance(30)
        self.keep()
        self.clock.advance(30.2)
        mailbox = self.mock.default.mailbox
        self.assertEqual((mailbox.evictions, self.mock.quota.evictions), (3, 3))
        self.assertEqual(mailbox.evicted, 3)
        self.assertEqual(self.kept(), 1)

    def test_a_mail_costs_no_timer(self) -> None:
        """One waits for all of them, and none after the end."""
        self.aging.start()
        for _ in range(10):
            self.keep()
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)
        self.aging.stop()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_many_mails_are_evicted_in_few_turns(self) -> None:
        """A timer for each would take the time of the connections."""
        self.aging.start()
        for _ in range(200):
            self.keep()
            self.clock.advance(0.001)
        turns = 0
        while self.kept():
            self.clock.advance(self.clock.getDelayedCalls()[0].getTime() - self.now)
            turns += 1
        self.assertLess(turns, 6)

    @property
    def now(self) -> float:
        return self.clock.seconds()


class EvictedIdTests(SynchronousTestCase):
    """The API"""

    def test_an_id_that_was_evicted(self) -> None:
        """A list after it answers 410; ``/status`` counts it."""
        rig = Rig()
        mail = rig.receive()
        rig.mailbox.evict_older(mail.received_at + 1)
        answer = rig.ask("GET", f"/smtpMails?after={mail.number}")
        self.assertEqual(answer.status, 410)
        self.assertEqual(rig.get("/status")["mailboxes"]["droppedMails"], 1)
        self.assertEqual(rig.get("/smtpMails"), [])


class ServiceTests(TestCase):
    """``--max-age``"""

    timeout = 20

    async def test_a_mail_goes_away(self) -> None:
        """Nothing has to ask for it."""
        config = attrs.evolve(FREE_PORTS, max_age=0.001)
        mock = await start_mock(self.addCleanup, config)
        keep(mock.service.mock.default.mailbox)
        while await mock.api.count_mails():
            pass
        status = await mock.api.get("/status")
        self.assertEqual(status["mailboxes"]["droppedMails"], 1)
