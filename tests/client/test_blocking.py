"""`BlockingMockClient`, over a running service"""

from __future__ import annotations

import smtplib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SynchronousTestCase, TestCase

from mocksmtp.client import BlockingMockClient
from mocksmtp.testing.running import start_mock
from tests.markdown import ROOT

CONTENT = "Subject: hi\r\nMessage-ID: <1@here.test>\r\n\r\ntext\r\n"


def send(client: Any, to: str = "bob@x.test", port: int | None = None) -> int:
    """Send a mail to the default host; returns the code of the reply."""
    address, usual = client.status().smtp
    with smtplib.SMTP(address, port or usual) as smtp:
        try:
            smtp.sendmail("me@here.test", [to], CONTENT)
        except smtplib.SMTPRecipientsRefused as error:
            return int(error.recipients[to][0])
        except smtplib.SMTPResponseException as error:
            return int(error.smtp_code)
    return 250


def opened(client: BlockingMockClient) -> int:
    """How many connections a client has opened."""
    url = client.connection.url
    return client.connection._http.connection_from_url(url).num_connections


class BlockingTests(TestCase):
    """What a test of another program does"""

    async def setUp(self) -> None:
        mock = await start_mock(self.addCleanup)
        self.client = BlockingMockClient(mock.url)
        self.addCleanup(self.client.close)

    async def run_in_thread(self, function: Any) -> None:
        """Run a test that blocks."""
        await deferToThread(function, self.client)

    async def test_a_recipient_that_is_busy_twice(self) -> None:
        """The answer is in force at once, a later gate changes it."""

        def run(client: BlockingMockClient) -> None:
            rule = client.when("RCPT TO").contains("bob@").reply(450, "4.2.1 Busy")
            rule.times(2)
            self.assertEqual((rule.fired, rule.seen, rule.remaining), (0, 0, 2))
            self.assertEqual([send(client) for _ in range(3)], [450, 450, 250])
            self.assertEqual((rule.fired, rule.remaining), (2, 0))
            (delivery,) = client.deliveries(to="bob@x.test", wait="9s", settle="20ms")
            self.assertEqual(delivery.verdicts, ["deferred", "deferred", "accepted"])
            self.assertEqual((delivery.copies, len(delivery.attempts)), (1, 3))

        await self.run_in_thread(run)

    async def test_a_rule_is_changed_while_it_is_in_force(self) -> None:
        """Its counters are kept; it can be switched off, moved and removed."""

        def run(client: BlockingMockClient) -> None:
            rule = client.when("RCPT TO").reply(450).times(2)
            self.assertEqual(send(client), 450)
            rule.then_reply(550, "5.1.1 Gone", times=None)
            self.assertEqual([send(client) for _ in range(2)], [450, 550])
            rule.disable()
            self.assertEqual(send(client), 250)
            rule.enable()
            self.assertEqual(send(client), 550)
            first = client.when("RCPT TO").reply(452).first()
            self.assertEqual(send(client), 452)
            self.assertEqual(client.behaviors()[0].id, first.id)
            first.remove()
            rule.remove()
            self.assertEqual(client.behaviors(), [])

        await self.run_in_thread(run)

    async def test_a_recipe_of_behaviors(self) -> None:
        """It is applied, counted and removed."""

        def run(client: BlockingMockClient) -> None:
            full = client.full_mailbox(recipient="bob@", times=1)
            self.assertEqual((len(full.ids), full.fired, full.remaining), (2, 0, 2))
            self.assertEqual([send(client) for _ in range(2)], [452, 250])
            self.assertEqual((full.fired, full.remaining), (1, 1))
            full.disable()
            full.enable()
            full.remove()
            self.assertEqual(client.behaviors(), [])
            client.unknown_recipients(tag="t")
            self.assertEqual(len(client.change_tagged("t", enabled=False)), 1)
            self.assertEqual(send(client), 250)

        await self.run_in_thread(run)

    async def test_a_recipe_that_changes_the_host(self) -> None:
        """The rest of its document stays; removing the recipe restores it."""

        def run(client: BlockingMockClient) -> None:
            dns = {"names": ["mx1.x.test"], "domains": [{"name": "x.test"}]}
            host = client.add_host("mx1", dns=dns)
            before = host.settings().document
            limit = host.size_limit(size=100)
            found = host.settings()
            assert found.limits is not None
            self.assertEqual(found.limits.message_size, 100)
            self.assertEqual(found["dns"], before["dns"])
            self.assertIn("SIZE 100", found.ehlo["clear"])
            limit.remove()
            self.assertEqual(host.settings().document, before)
            tls = host.starttls_deferred()
            self.assertEqual(host.settings()["tls"]["mode"], "starttls")
            tls.remove()
            self.assertEqual(host.settings().document, before)
            self.assertEqual(host.behaviors(), [])

        await self.run_in_thread(run)

    async def test_a_host(self) -> None:
        """It is a client of its own part of the API."""

        def run(client: BlockingMockClient) -> None:
            host = client.add_host("mx1")
            host.outage()
            with self.assertRaises(smtplib.SMTPConnectError):
                smtplib.SMTP(host.smtp_host, host.smtp_port)
            self.assertEqual(send(client), 250)
            self.assertEqual(host.count_mails(), 0)
            (attempt,) = host.attempts()
            self.assertEqual((attempt.stage, attempt.verdict), ("CONNECT", "deferred"))
            host.change(limits={"messages": 2}, hostname="a.test")
            settings = host.settings()
            assert settings.limits is not None
            self.assertEqual(
                (settings.limits.messages, settings.hostname), (2, "a.test")
            )
            self.assertEqual(host.disconnect(), 0)
            host.delete()
            self.assertEqual([each.name for each in client.hosts()], ["default"])

        await self.run_in_thread(run)

    async def test_dns(self) -> None:
        """Records by tag, behaviors and the query log."""

        def run(client: BlockingMockClient) -> None:
            record = {"name": "x.test", "type": "A", "address": "127.0.0.9"}
            client.add_records([record], tag="t")
            client.add_records("y.test. MX 10 x.test.")
            self.assertEqual(client.resolve("x.test").answer[0].address, "127.0.0.9")
            self.assertIn("y.test. 60 IN MX 10 x.test.", client.zone())
            client.delete_records(tag="t")
            self.assertEqual(client.resolve("x.test").rcode, "NXDOMAIN")
            rule = client.when_query("MX", "Y.test.").servfail().times(1)
            evaluated = client.evaluate_query("y.test", "MX")
            assert evaluated.answer is not None
            self.assertEqual(evaluated.answer.rcode, "SERVFAIL")
            self.assertEqual((rule.fired, rule.remaining), (0, 1))
            rule.remove()
            self.assertEqual(client.route("bob@y.test").exchanges[0].exchange, "x.test")
            self.assertEqual(client.queries(), [])

        await self.run_in_thread(run)

    async def test_mails_and_their_parts(self) -> None:
        """Found, decoded, and removed."""

        def run(client: BlockingMockClient) -> None:
            self.assertEqual(send(client), 250)
            (mail,) = client.mails(to="bob@x.test", view="summary", total=True)
            self.assertEqual((mail.subject, mail.to), ("hi", ["bob@x.test"]))
            whole = client.mail(mail.id)
            self.assertEqual(whole.text, "text\r\n")
            assert whole.mime is not None
            self.assertEqual(whole.mime.header("subject"), "hi")
            self.assertEqual(client.raw(mail.id), CONTENT.encode())
            self.assertEqual(client.mails(total=True).total, 1)
            (near,) = client.nearest_mails(to="bob@x.test", subject="no")
            self.assertEqual((near.id, near.failed[0].filter), (mail.id, "subject"))
            (removed,) = client.take_mails(to="bob@x.test")
            self.assertEqual(removed.id, mail.id)

        await self.run_in_thread(run)

    async def test_several_threads(self) -> None:
        """They share a client, and its connections."""

        def run(client: BlockingMockClient) -> None:
            with ThreadPoolExecutor(8) as pool:
                counts = list(pool.map(lambda _: client.count_mails(), range(64)))
            self.assertEqual(counts, [0] * 64)
            self.assertLessEqual(opened(client), 8)

        await self.run_in_thread(run)

    async def test_connections_are_kept(self) -> None:
        """Many requests use one connection."""

        def run(client: BlockingMockClient) -> None:
            for _ in range(5):
                client.health()
            self.assertEqual(opened(client), 1)

        await self.run_in_thread(run)


class ImportTests(TestCase):
    """What importing costs"""

    def test_the_blocking_client_needs_no_twisted(self) -> None:
        """Nor anything else of the service."""
        program = (
            "import sys; from mocksmtp.client import BlockingMockClient, target;"
            "print(*sys.modules)"
        )
        ran = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
        )
        modules = ran.stdout.split()
        heavy = {"twisted", "treq", "klein", "cattrs", "orjson", "zope", "asyncio"}
        self.assertEqual(heavy & {name.partition(".")[0] for name in modules}, set())
        ours = {name for name in modules if name.startswith("mocksmtp.")}
        self.assertTrue(all(one.startswith("mocksmtp.client") for one in ours), ours)


class RecordingPool:
    """Answers each request with an empty array, and keeps its timeout."""

    def request(self, method: str, url: str, **options: Any) -> Any:
        self.timeout = options["timeout"]
        return SimpleNamespace(status=200, headers={}, data=b"[]")


class TimeoutTests(SynchronousTestCase):
    """How long a client waits"""

    def test_a_wait_is_not_cut_short(self) -> None:
        """The service may use all of it; a connection is made in 5 seconds."""
        pool: Any = RecordingPool()
        client = BlockingMockClient("http://127.0.0.1:1", timeout=30, http=pool)
        client.mails(wait="60s")
        self.assertEqual(pool.timeout.total, None)
        self.assertEqual(pool.timeout.connect_timeout, 5)
        self.assertEqual(pool.timeout.read_timeout, 90)
