"""``/version``, ``/status``, ``/health`` and ``/reset``"""

from __future__ import annotations

import itertools

from twisted.trial.unittest import SynchronousTestCase, TestCase

from mocksmtp import __version__
from mocksmtp.hosts.host import HostStart, MailHost
from mocksmtp.mail.mailbox import Mailbox
from mocksmtp.mock import DEFAULT_HOST
from mocksmtp.testing import start_mock
from tests.http.rig import BUSY, Rig

RECORD = {"name": "x.test", "type": "A", "address": "192.0.2.1"}


class VersionTests(SynchronousTestCase):
    """What existing clients check"""

    def test_version_is_plain_text(self) -> None:
        """The version of the contract, whatever a client says that it accepts."""
        for headers in {}, {"Accept": "application/json"}, {"Accept": "nonsense"}:
            answer = Rig().ask("GET", "/version", headers=headers)
            self.assertEqual((answer.status, answer.body), (200, b"0.4"))
            self.assertEqual(answer.kind, "text/plain")


class StatusTests(SynchronousTestCase):
    """What runs"""

    def test_health(self) -> None:
        """Alive is 200."""
        self.assertEqual(Rig().get("/health"), {"status": "ok"})

    def test_status_tells_what_is_kept(self) -> None:
        """Version, uptime, addresses, and counts; what was dropped is counted."""
        rig = Rig(mailbox=Mailbox(max_mails=2, max_bytes=10_000))
        rig.info.addresses["smtp"] = ["127.0.0.1:2525"]
        rig.clock.advance(12.5)
        rig.ask("PUT", "/smtpBehaviors", [BUSY])
        rig.ask("PUT", "/smtpExtensions", ["a", "b"])
        rig.ask("PUT", "/dnsRecords", [RECORD])
        for _ in range(3):
            rig.receive()
        rig.mailbox.reserve(7)
        document = rig.get("/status")
        self.assertEqual(document["version"], __version__)
        self.assertEqual(document["uptime"], 12.5)
        self.assertEqual(document["addresses"], {"smtp": ["127.0.0.1:2525"]})
        self.assertEqual(document["dnsRecords"], 1)
        self.assertEqual(
            document["hosts"],
            {
                "default": {
                    "mails": 2,
                    "mailBytes": rig.mailbox.octets,
                    "arrivingBytes": 7,
                    "droppedMails": 1,
                    "maxMails": 2,
                    "maxBytes": 10_000,
                    "sessions": 0,
                    "journalBytes": 0,
                    "droppedSessions": 0,
                    "maxSessions": 10_000,
                    "behaviors": 1,
                    "extensions": 2,
                }
            },
        )


class ResetTests(SynchronousTestCase):
    """Between tests"""

    def setUp(self) -> None:
        """A host with something of everything, now and at its start."""
        self.rig = Rig()
        start = HostStart(extensions=("AT-START",))
        self.rig.mock.hosts[DEFAULT_HOST] = MailHost("default", "mx.test", start=start)
        self.rig.ask("PUT", "/smtpBehaviors", [BUSY])
        self.rig.ask("PUT", "/dnsRecords", [RECORD])
        self.rig.receive()

    def left(self) -> tuple[int, int, list[str], int]:
        """How many behaviors and mails, which extensions, how many records."""
        return (
            len(self.rig.get("/smtpBehaviors")),
            self.rig.get("/smtpMailsCount"),
            self.rig.get("/smtpExtensions"),
            len(self.rig.get("/dnsRecords")),
        )

    def test_reset_forgets(self) -> None:
        """Behaviors, mails and extensions go, records stay."""
        self.assertEqual(self.rig.ask("POST", "/reset").status, 204)
        self.assertEqual(self.left(), (0, 0, [], 1))

    def test_reset_of_all_goes_back_to_the_start(self) -> None:
        """``?all=true`` loads again what there was at the start, records too."""
        self.assertEqual(self.rig.ask("POST", "/reset?all=true").status, 204)
        self.assertEqual(self.left(), (0, 0, ["AT-START"], 0))
        self.assertEqual(self.rig.ask("POST", "/reset?all=false").status, 204)
        self.assertEqual(self.left(), (0, 0, [], 0))

    def test_reset_is_not_asked_for_by_accident(self) -> None:
        """A wrong parameter or method resets nothing."""
        for method, path, status in (
            ("GET", "/reset", 405),
            ("POST", "/reset?all=yes", 400),
            ("POST", "/reset?al=true", 400),
        ):
            self.assertEqual(self.rig.ask(method, path).status, status)
        self.assertEqual(self.left()[:2], (1, 1))


class RootTests(SynchronousTestCase):
    """`get_root`"""

    def test_it_is_what_the_authority_has(self) -> None:
        """As it is whenever it is asked for, in a type of its own."""
        numbers = itertools.count(1)
        rig = Rig(root_pem=lambda: b"root %d\n" % next(numbers))
        for expected in b"root 1\n", b"root 2\n":
            answer = rig.ask("GET", "/ca.pem")
            self.assertEqual((answer.status, answer.body), (200, expected))
            self.assertEqual(answer.kind, "application/pem-certificate-chain")

    def test_without_an_authority_there_is_none(self) -> None:
        """404, as for any other thing that is not there."""
        self.assertEqual(Rig().ask("GET", "/ca.pem").status, 404)


class ServiceTests(TestCase):
    """The root of a running service"""

    async def test_it_stays(self) -> None:
        """One root for all hosts, as long as the service runs."""
        mock = await start_mock(self.addCleanup)
        root = await mock.api.call("GET", "/ca.pem")
        self.assertTrue(root.startswith(b"-----BEGIN CERTIFICATE-----"), root)
        self.assertEqual(await mock.api.call("GET", "/ca.pem"), root)
