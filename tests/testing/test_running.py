"""The test kit, as a suite uses it."""

from __future__ import annotations

import smtplib

import attrs
import treq
from twisted.internet import reactor
from twisted.internet.threads import deferToThread
from twisted.names import client as dns_client
from twisted.trial.unittest import TestCase

from mocksmtp.client import ApiError
from mocksmtp.service import StartError
from mocksmtp.testing import RunningMock, start_mock
from mocksmtp.testing.running import FREE_PORTS
from tests.installed import busy_port

MX = {"name": "x.test", "type": "MX", "preference": 10, "exchange": "mx.x.test"}


def send(mock: RunningMock, recipient: str = "a@x.test") -> None:
    """One mail from a real client; blocks."""
    with smtplib.SMTP(*mock.smtp, timeout=10) as smtp:
        smtp.sendmail("b@x.test", [recipient], "Subject: x\n\ntext\n")


class StartMockTests(TestCase):
    """`start_mock`"""

    async def test_all_of_it_runs(self) -> None:
        """SMTP, HTTP and DNS answer on the ports that are told."""
        mock = await start_mock(self.addCleanup)
        await deferToThread(send, mock)
        (mail,) = await mock.api.mails()
        self.assertEqual(mail["message"], "Subject: x\r\n\r\ntext\r\n")
        await mock.api.set_records([MX])
        resolver = dns_client.Resolver(servers=[mock.dns], reactor=reactor)
        answers, _, _ = await resolver.lookupMailExchange("x.test")
        self.assertEqual(answers[0].payload.preference, 10)

    async def test_mails_are_found(self) -> None:
        """By a search expression, as summaries without content."""
        mock = await start_mock(self.addCleanup)
        await deferToThread(send, mock)
        (mail,) = await mock.api.search("subject:x rcpt:a@x.test -has:attachment")
        self.assertEqual((mail["subject"], mail["host"]), ("x", "default"))
        self.assertNotIn("message", mail)
        self.assertEqual(
            await mock.api.search("text", since="2100-01-01T00:00:00Z"), []
        )
        (mail,) = await mock.api.mails(body="TEXT", helo=mail["helo"])
        self.assertIn("message", mail)

    async def test_a_delivery_is_waited_for(self) -> None:
        """Without a sleep, until it has settled."""
        mock = await start_mock(self.addCleanup)
        waiting = mock.api.deliveries(to="a@x.test", wait="30s", settle="50ms")
        await deferToThread(send, mock)
        (delivery,) = await waiting
        self.assertEqual((delivery["final"], delivery["copies"]), ("accepted", 1))

    async def test_why_no_mail_was_found(self) -> None:
        """The nearest mails, each with what it lacks."""
        mock = await start_mock(self.addCleanup)
        await deferToThread(send, mock)
        (near,) = await mock.api.nearest_mails(to="a@x.test", subject="y")
        self.assertEqual((near["mail"], near["matched"]), ("1", ["to"]))
        self.assertEqual(near["failed"][0]["found"], ["x"])
        self.assertEqual(await mock.api.nearest_mails(subject="x"), [])

    async def test_it_can_be_stopped_and_started_again(self) -> None:
        """Nothing is left in the reactor, and nothing in the next one."""
        for _ in range(3):
            mock = await start_mock()
            await deferToThread(send, mock)
            self.assertEqual(len(await mock.api.mails()), 1)
            await mock.stop()

    async def test_two_do_not_see_each_other(self) -> None:
        """Each has its own mails."""
        first, second = [await start_mock(self.addCleanup) for _ in range(2)]
        await deferToThread(send, first)
        self.assertEqual(len(await first.api.mails()), 1)
        self.assertEqual(await second.api.mails(), [])

    async def test_an_open_client_does_not_keep_it(self) -> None:
        """Connections that a test left open are closed with it."""
        mock = await start_mock()
        smtp = await deferToThread(smtplib.SMTP, *mock.smtp, timeout=10)
        self.addCleanup(smtp.close)
        await mock.stop()
        self.assertEqual(
            await deferToThread(smtp.noop),
            (421, b"4.3.2 Service not available, closing"),
        )

    async def test_a_port_that_is_taken_is_told(self) -> None:
        """And what was opened before is closed."""
        port = busy_port(self.addCleanup)
        config = attrs.evolve(FREE_PORTS, dns=(("127.0.0.1", port),))
        with self.assertRaises(StartError) as raised:
            await start_mock(config=config)
        self.assertEqual(
            str(raised.exception),
            f"can't listen on 127.0.0.1:{port}: Address already in use",
        )

    async def test_a_token_is_used(self) -> None:
        """The kit's client presents it; others are refused."""
        config = attrs.evolve(FREE_PORTS, token="secret")
        mock = await start_mock(self.addCleanup, config)
        self.assertEqual(await mock.api.mails(), [])
        answer = await treq.get(f"{mock.url}/smtpMails", persistent=False)
        await answer.content()
        self.assertEqual(answer.code, 401)


class ClientTests(TestCase):
    """`MockClient`, over a running service."""

    async def setUp(self) -> None:
        self.mock = await start_mock(self.addCleanup)
        self.api = self.mock.api

    async def test_behaviors(self) -> None:
        """They are set, added and listed."""
        first = {
            "command": "RCPT TO",
            "condition": {"operator": "contains", "matchingValue": "no@"},
            "response": {"code": 550, "message": "no"},
            "numberOfAnswer": None,
        }
        await self.api.set_behaviors(first)
        second = first | {"command": "MAIL FROM"}
        self.assertEqual(await self.api.add_behaviors(second), ["2"])
        listed = await self.api.behaviors(view=None)
        self.assertEqual([each.document for each in listed], [first, second])

    async def test_a_refusal_is_an_exception(self) -> None:
        """It has the status and the problem document."""
        with self.assertRaises(ApiError) as raised:
            await self.api.set_behaviors({"command": "NONE"})
        self.assertEqual(raised.exception.status, 400)
        paths = [error["path"] for error in raised.exception.problem["errors"]]
        self.assertIn("$[0].command", paths)

    async def test_mails(self) -> None:
        """They are waited for, filtered, read raw, and taken out."""
        waiting = self.api.mails(to="c@x.test", count=1, wait="30s")
        await deferToThread(send, self.mock)
        await deferToThread(send, self.mock, "c@x.test")
        (mail,) = await waiting
        self.assertEqual(mail["recipients"][0]["address"], "c@x.test")
        self.assertEqual(await self.api.mails(sender="<>"), [])
        raw = await self.api.raw(mail["id"])
        self.assertEqual(raw, b"Subject: x\r\n\r\ntext\r\n")
        self.assertEqual(len(await self.api.remove_mails()), 2)
        self.assertEqual(await self.api.mails(), [])

    async def test_taking_mails(self) -> None:
        """They are waited for and removed in one step; counted, and the newest read."""
        taking = self.api.take_mails(to="c@x.test", wait="30s", limit=1)
        await deferToThread(send, self.mock)
        await deferToThread(send, self.mock, "c@x.test")
        (taken,) = await taking
        self.assertEqual(taken["recipients"][0]["address"], "c@x.test")
        self.assertEqual(await self.api.count_mails(), 1)
        self.assertEqual(await self.api.count_mails(to="c@x.test"), 0)
        latest = await self.api.latest_mail(sender=taken["from"], wait="30s")
        self.assertNotEqual(latest["id"], taken["id"])
        with self.assertRaises(ApiError) as raised:
            await self.api.latest_mail(to="c@x.test")
        self.assertEqual(raised.exception.status, 404)

    async def test_extensions_records_and_reset(self) -> None:
        """The rest of what a test sets up; records survive a reset."""
        await self.api.set_extensions("DSN")
        await self.api.set_records("x.test. A 127.0.0.1\n")
        await self.api.reset()
        self.assertEqual(await self.api.get("/smtpExtensions"), [])
        self.assertEqual(
            await self.api.get("/dnsRecords"),
            [{"name": "x.test", "type": "A", "ttl": 60, "address": "127.0.0.1"}],
        )
