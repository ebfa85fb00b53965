"""`MockSMTPTestCase`, in memory and with sockets"""

from __future__ import annotations

import smtplib
import subprocess
import sys
from io import BytesIO
from typing import Any
from unittest import TestResult

from klein import Klein
from twisted.internet import error as errors
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol
from twisted.internet.threads import deferToThread
from twisted.mail.smtp import ESMTPSenderFactory, SMTPDeliveryError
from twisted.names import client as dns_client
from twisted.trial.unittest import SynchronousTestCase, TestCase

from mocksmtp.testing import MockSMTPMixin, MockSMTPTestCase
from mocksmtp.testing.memory import MemoryReactor
from tests.markdown import ROOT

CONTENT = b"Subject: hi\nMessage-ID: <1@here.test>\n\ntext\n"


def send(clock: MemoryReactor, mock: Any, to: str = "bob@x.test") -> Deferred[Any]:
    """Send a mail with Twisted's own client, in memory."""
    sent: Deferred[Any] = Deferred()
    content = BytesIO(CONTENT)
    factory = ESMTPSenderFactory(
        *(None, None, "me@here.test", to, content, sent, 0),
        requireAuthentication=False,
        requireTransportSecurity=False,
    )
    factory.noisy = False
    clock.connectTCP(*mock.smtp, factory)
    return sent


class Talk(Protocol):
    """A client that a test speaks for."""

    def __init__(self, clock: MemoryReactor) -> None:
        self.clock = clock

    def connectionMade(self) -> None:
        self.heard = b""
        self.lost = False

    def dataReceived(self, data: bytes) -> None:
        self.heard += data

    def connectionLost(self, reason: Any = None) -> None:
        self.lost = True

    def say(self, line: str) -> str:
        """Send a line; returns what was replied without time going by."""
        before = len(self.heard)
        assert self.transport is not None
        self.transport.write(line.encode() + b"\r\n")
        self.clock.settle()
        return self.heard[before:].decode()


class InMemoryTests(MockSMTPMixin, SynchronousTestCase):
    """Without sockets: every Deferred has fired when a call returns"""

    in_memory = True

    def setUp(self) -> None:
        self.successResultOf(self.start_mock())

    def failure(self, asserted: Deferred[Any]) -> str:
        """The message of an assertion that fails."""
        return str(self.failureResultOf(asserted, self.failureException).value)

    def test_a_mail_is_delivered(self) -> None:
        """By a Twisted client, which connects in memory."""
        self.successResultOf(send(self.clock, self.mock))
        delivery = self.successResultOf(self.assertDelivered("bob@x.test"))
        self.assertEqual(delivery.copies, 1)
        mail = self.successResultOf(self.mock.mail(to="bob@x.test"))
        self.assertEqual((mail.subject, mail.text), ("hi", "text\r\n"))

    def test_nothing_of_another_test_is_there(self) -> None:
        """Although the service is the same one."""
        self.successResultOf(self.assertNoMail())
        self.assertEqual(self.successResultOf(self.mock.host.behaviors()), [])
        self.assertEqual(self.successResultOf(self.mock.sessions()), [])

    def test_a_dialogue_and_a_delay(self) -> None:
        """The test speaks line by line, and sets the time."""
        rule = self.successResultOf(self._awaited(self.mock.when("NOOP").delay("5s")))
        talk = self.connect(Talk(self.clock))
        self.assertIn(b"220 ", talk.heard)
        self.assertIn("250", talk.say("EHLO c"))
        self.assertEqual(talk.say("NOOP"), "")
        self.clock.advance(4.9)
        self.assertNotIn(b"2.0.0 OK", talk.heard)
        self.clock.advance(0.2)
        self.assertTrue(talk.heard.endswith(b"250 2.0.0 OK\r\n"), talk.heard)
        self.assertEqual(self.successResultOf(rule.fired), 1)
        self.assertIn("221", talk.say("QUIT"))
        self.assertTrue(talk.lost)

    def _awaited(self, rule: Any) -> Deferred[Any]:
        async def wait() -> Any:
            return await rule

        return Deferred.fromCoroutine(wait())

    def test_retries_and_refusals(self) -> None:
        """Verdicts, the code of the last reply, and how many attempts."""
        self.successResultOf(self.mock.host.unknown_recipients(code=450, times=2))
        for _ in range(2):
            self.failureResultOf(send(self.clock, self.mock), SMTPDeliveryError)
        self.successResultOf(self.assertRefused("bob@x.test", 450))
        self.successResultOf(self.assertAttempts("bob@x.test", 2))
        self.successResultOf(self.assertNoMail("bob@x.test"))
        self.successResultOf(send(self.clock, self.mock))
        verdicts = ["deferred", "deferred", "accepted"]
        self.successResultOf(self.assertAttempts("bob@x.test", verdicts))

    def test_failures_report_what_happened(self) -> None:
        """What was tried, what was refused and why."""
        self.successResultOf(send(self.clock, self.mock))
        line = "ACCEPTED bob@x.test from me@here.test 'hi': 1 attempt, 1 copy kept"
        for asserted, text in (
            (
                self.assertDelivered("eve@x.test"),
                "expected eve@x.test accepted, 1 kept",
            ),
            (self.assertDelivered("bob@x.test", copies=2), "accepted, 2 kept"),
            (self.assertDelivered("bob@x.test", sender="x@y.test"), "1 kept"),
            (self.assertAttempts("bob@x.test", 2), "expected 2, got ['accepted']"),
            (self.assertRefused("bob@x.test"), "expected a refusal, got accepted"),
            (self.assertNoMail(), "expected no mail, got mail to bob@x.test"),
        ):
            message = self.failure(asserted)
            self.assertIn(text, message)
            self.assertIn(line, message)
        self.successResultOf(self.mock.host.outage(times=1))
        self.connect(Talk(self.clock))
        message = self.failure(self.assertRefused("eve@x.test"))
        self.assertIn("CONNECT: 421 4.3.2 Busy", message)

    def test_a_program_of_a_finished_test_ends(self) -> None:
        """What it would do later does not reach the next test."""
        finished = UnfinishedProgram("leave_it")
        finished.run(TestResult())
        self.assertIs(finished.clock, self.clock)
        self.clock.advance(3600)
        self.assertEqual(finished.sent, [])

    def test_failover(self) -> None:
        """Between two hosts in memory."""
        mx1, mx2 = self.successResultOf(self.mock.exchanges("y.test"))
        self.successResultOf(mx1.outage())
        talk = self.connect(Talk(self.clock), mx1.smtp)
        self.assertTrue(talk.heard.startswith(b"421"))
        other = self.connect(Talk(self.clock), mx2.smtp)
        self.assertTrue(other.heard.startswith(b"220"))
        for line in "EHLO c", "MAIL FROM:<a@here.test>", "RCPT TO:<b@y.test>", "DATA":
            other.say(line)
        other.say("Subject: x\r\n\r\ny\r\n.")
        delivery = self.successResultOf(self.mock.delivery(to="b@y.test"))
        self.assertEqual(delivery.hosts, ["mx1", "mx2"])

    def test_nobody_listens(self) -> None:
        """As with sockets, the connection is refused."""
        self.assertRaises(
            errors.ConnectionRefusedError,
            self.connect,
            Talk(self.clock),
            ("127.0.0.9", 25),
        )


class UnfinishedProgram(MockSMTPMixin, SynchronousTestCase):
    """A test that leaves a program, which sends later and when it is disconnected"""

    in_memory = True

    def setUp(self) -> None:
        self.successResultOf(self.start_mock())
        self.sent: list[Deferred[Any]] = []

    def retry(self, _: object = None) -> None:
        self.clock.callLater(60, lambda: self.sent.append(send(self.clock, self.mock)))

    def leave_it(self) -> None:
        self.retry()
        lost = Talk(self.clock)
        lost.connectionLost = self.retry  # type: ignore[method-assign]
        self.connect(lost)


class SocketTests(MockSMTPTestCase):
    """In the test's own reactor, on free ports"""

    def send(self) -> None:
        """Send a mail, in a thread."""
        with smtplib.SMTP(*self.mock.smtp) as smtp:
            smtp.sendmail("me@here.test", "bob@x.test", CONTENT)

    async def test_a_mail_is_waited_for(self) -> None:
        """No test sleeps."""
        waiting = self.assertDelivered("bob@x.test", wait="30s")
        await deferToThread(self.send)
        self.assertEqual((await waiting).final, "accepted")
        await self.assertAttempts("bob@x.test", ["accepted"])

    async def test_queries(self) -> None:
        """By name and type; the message lists the others."""
        from twisted.internet import reactor

        resolver = dns_client.Resolver(servers=[self.mock.dns], reactor=reactor)
        answers, _, _ = await resolver.lookupMailExchange("any.test")
        self.assertEqual(str(answers[0].payload.name), "mx.test")
        query = await self.assertQueried("any.test", "MX")
        self.assertEqual(query.rcode, "NOERROR")
        with self.assertRaises(self.failureException) as raised:
            await self.assertQueried("other.test", wait=0)
        self.assertIn("there were: any.test MX", str(raised.exception))

    async def test_a_behavior(self) -> None:
        """It is in force when it has been awaited."""
        await self.mock.when("RCPT TO").contains("bob@").reply(550, "5.1.1 No").once()
        with self.assertRaises(smtplib.SMTPRecipientsRefused):
            await deferToThread(self.send)
        await self.assertRefused("bob@x.test", 550)
        await self.assertNoMail(within="20ms")


class CostTests(TestCase):
    """What a mock with sockets costs a test"""

    async def start(self) -> MockSMTPMixin:
        """A test case with a mock."""

        class Case(MockSMTPMixin, TestCase):
            def test(self) -> None:
                """Nothing."""

        case = Case("test")
        case.addCleanup = self.addCleanup  # type: ignore[method-assign]
        await case.start_mock()
        return case

    async def test_a_test_without_assertions_uses_no_http(self) -> None:
        """The API is made for the first request."""
        made: list[str] = []
        self.patch(Klein, "resource", lambda app: made.append("API"))
        await self.start()
        self.assertEqual(made, [])

    async def test_an_assertion_needs_no_thread(self) -> None:
        """Trial ends all threads after each test, and each new one costs time."""
        from twisted.internet import reactor

        await (await self.start()).assertNoMail()  # imports the API
        threads: list[Any] = []

        def count(pool: object, *arguments: Any, **keywords: Any) -> None:
            threads.append(arguments)
            call(pool, *arguments, **keywords)

        call = type(reactor.getThreadPool()).callInThreadWithCallback
        self.patch(type(reactor.getThreadPool()), "callInThreadWithCallback", count)
        await (await self.start()).assertNoMail()
        self.assertEqual(threads, [])


class ImportTests(TestCase):
    """What importing costs"""

    def test_the_service_is_imported_at_first_use(self) -> None:
        """`import mocksmtp.testing` imports neither Twisted nor the service."""
        program = "import sys, mocksmtp.testing; print(*sys.modules)"
        ran = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
        )
        ours = [one for one in ran.stdout.split() if one.startswith("mocksmtp")]
        self.assertEqual(ours, ["mocksmtp", "mocksmtp.testing"])
        self.assertNotIn("twisted", ran.stdout.split())
