"""What the API is told by who starts it"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.http.site import HttpSettings, ServiceInfo
from mocksmtp.mail.documents import MailShape


class SettingsTests(SynchronousTestCase):
    """Settings, and what is known of the service"""

    def test_defaults(self) -> None:
        """No further names, no token, and both shapes of mails."""
        settings = HttpSettings()
        self.assertEqual((settings.hosts, settings.token), ((), None))
        self.assertIs(settings.mail_shape, MailShape.BOTH)

    def test_services_share_no_addresses(self) -> None:
        """Each fills in its own."""
        first, second = ServiceInfo(0.0), ServiceInfo(0.0)
        first.addresses["smtp"] = ["127.0.0.1:25"]
        self.assertEqual(second.addresses, {})

    def test_where_the_api_listens(self) -> None:
        """On loopback only where all its addresses are there, or none is known."""
        for addresses, loopback in (
            ([], True),
            (["127.0.0.1:8000"], True),
            (["127.9.9.9:8000", "[::1]:8000"], True),
            (["0.0.0.0:8000"], False),
            (["[::]:8000"], False),
            (["127.0.0.1:8000", "192.0.2.1:8000"], False),
            (["/run/mock.sock"], False),
        ):
            info = ServiceInfo(0.0, {"http": addresses, "smtp": ["0.0.0.0:25"]})
            self.assertEqual(info.http_on_loopback, loopback, addresses)
        self.assertTrue(ServiceInfo(0.0).http_on_loopback)
