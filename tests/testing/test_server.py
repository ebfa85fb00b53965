"""`MockServer`, and the names that tests get"""

from __future__ import annotations

import smtplib

from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SynchronousTestCase, TestCase

from mocksmtp.client import ApiError, BlockingMockClient
from mocksmtp.testing import MockServer, start_mock
from mocksmtp.testing.blocking_sandbox import create_host
from mocksmtp.testing.naming import (
    NoMatch,
    Place,
    condensed,
    described,
    free_address,
    token,
)


class ConnectTests(TestCase):
    """With a service that is running"""

    async def test_a_test_with_any_runner(self) -> None:
        """A context manager removes what the test has added."""
        mock = await start_mock(self.addCleanup)

        def run() -> None:
            with MockServer.connect(mock.url) as server:
                with server.open() as part:
                    part.exchanges("y.test", 1)
                    with smtplib.SMTP(*part.smtp) as smtp:
                        smtp.sendmail("me@here.test", "bob@x.test", "Subject: x\n\n")
                    self.assertEqual(part.mail(to="bob@x.test").subject, "x")
                    self.assertEqual(part.delivery(to="bob@x.test").hosts, ["mx"])
                    self.assertEqual(part.home().name[:5], "home-")
                    self.assertIsNone(server.pid)
                names = [host.name[:5] for host in server.client.hosts()]
                self.assertEqual(names, ["default"[:5], "home-"])
            client = BlockingMockClient(mock.url)
            self.assertEqual([host.name for host in client.hosts()], ["default"])
            client.close()

        await deferToThread(run)

    async def test_one_loopback_address(self) -> None:
        """Where hosts can't have addresses of their own, they have ports."""
        mock = await start_mock(self.addCleanup)
        place = Place(mock.url, port=mock.smtp[1], has_addresses=False)

        def run() -> None:
            client = BlockingMockClient(mock.url)
            host = create_host(client, place, "mx1", {})
            self.assertEqual(host.smtp_host, "127.0.0.1")
            self.assertNotEqual(host.smtp_port, mock.smtp[1])
            client.close()

        await deferToThread(run)


class NamingTests(SynchronousTestCase):
    """`mocksmtp.testing.naming`"""

    def error(self, status: int, detail: str) -> ApiError:
        return ApiError("POST /hosts", status, {"detail": detail})

    def test_addresses_that_do_not_exist(self) -> None:
        """They are not tried again; one in use is a few times."""
        place = Place("http://127.0.0.1:1")
        for _ in range(5):
            place.note(self.error(409, "can't listen on 127.9.9.9:1: in use"))
            self.assertTrue(place.has_addresses)
        place.note(self.error(409, "can't listen on 127.9.9.9:1: in use"))
        self.assertFalse(place.has_addresses)
        place = Place("http://127.0.0.1:1")
        place.note(self.error(409, "can't listen on 127.9.9.9:1: Can't assign"))
        self.assertFalse(place.has_addresses)
        for error in (
            self.error(409, "the host name 'mx' is in use"),
            self.error(400, ""),
        ):
            self.assertRaises(ApiError, place.note, error)

    def test_a_service_on_another_machine(self) -> None:
        """Its listeners are reached at the address of the API."""
        place = Place("http://mock.example:8000")
        self.assertEqual(place.reachable("0.0.0.0:25"), "mock.example:25")
        self.assertFalse(place.is_local)
        self.assertEqual(
            Place("http://[::1]:8").reachable("127.0.0.1:2"), "127.0.0.1:2"
        )

    def test_names_and_addresses_differ(self) -> None:
        """Also between processes that begin at the same time."""
        self.assertEqual(len({token() for _ in range(100)}), 100)
        self.assertTrue(all(free_address().startswith("127.") for _ in range(9)))

    def test_messages(self) -> None:
        """What was expected, and the report without transcripts, bounded."""
        filters = {"to": "bob@x.test", "wait": "2s", "count": 2, "view": "full"}
        self.assertEqual(
            described("delivery", filters),
            "less than 2 matches of delivery with to='bob@x.test' within 2s",
        )
        self.assertEqual(described("mail", {"wait": "2s"}), "no mail within 2s")
        self.assertEqual(condensed("a\n\nSession 1, mx"), "a")
        self.assertIn("(5 more lines", condensed("x\n" * 65))
        error = NoMatch("no mail", "report")
        self.assertEqual(str(error), "no mail\n\nreport")
        self.assertIsInstance(error, AssertionError)
