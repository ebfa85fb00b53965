"""The mock as a whole: its hosts and its zone."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.core.host import HostStart, MailHost
from mocksmtp.core.mock import DEFAULT_HOST, Mock
from mocksmtp.core.zone import Zone
from mocksmtp.model.rdata import A
from mocksmtp.model.zone import Record
from tests.core.test_host import receive

START_ZONE = Zone([Record("start.test", A("192.0.2.1"))])
OTHER_ZONE = Zone([Record("other.test", A("192.0.2.2"))])


class MockTests(SynchronousTestCase):
    """`Mock`"""

    def setUp(self) -> None:
        start = HostStart(extensions=("X-START",))
        self.default = MailHost("default", "mx.test", start=start)
        self.other = MailHost("mx2", "mx2.test", start=start)
        self.mock = Mock(self.default, START_ZONE)
        self.mock.hosts["mx2"] = self.other

    def test_the_default_host_is_a_host_too(self) -> None:
        """It is found by its name, and without one."""
        self.assertIs(self.mock.default, self.default)
        self.assertIs(self.mock.hosts[DEFAULT_HOST], self.default)

    def test_a_zone_is_replaced_as_one(self) -> None:
        """Who sets another zone sets all of it."""
        self.assertIs(self.mock.zone, START_ZONE)
        self.mock.zone = OTHER_ZONE
        self.assertIs(self.mock.zone, OTHER_ZONE)

    def test_a_reset_is_for_all_hosts(self) -> None:
        """What any host was given or has received is gone."""
        for host in (self.default, self.other):
            receive(host)
        self.mock.reset()
        for host in (self.default, self.other):
            self.assertEqual((len(host.mailbox), host.extensions), (0, ()))

    def test_a_reset_leaves_hosts_and_records(self) -> None:
        """They are the network that a suite works in, not what one test did."""
        self.mock.zone = OTHER_ZONE
        self.mock.reset()
        self.assertIs(self.mock.zone, OTHER_ZONE)
        self.assertEqual(list(self.mock.hosts), ["default", "mx2"])

    def test_a_reset_can_go_back_to_the_start(self) -> None:
        """Then the records of the start are there again, and each host's start."""
        self.mock.reset()
        self.mock.zone = OTHER_ZONE
        receive(self.other)
        self.mock.reset(to_start=True)
        self.assertIs(self.mock.zone, START_ZONE)
        for host in (self.default, self.other):
            self.assertEqual((len(host.mailbox), host.extensions), (0, ("X-START",)))
