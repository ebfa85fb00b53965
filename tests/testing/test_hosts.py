"""Hosts of the test kit, many at a time."""

from __future__ import annotations

import attrs
from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.protocol import connectionDone
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase

from mocksmtp.testing import RunningMock, start_mock
from mocksmtp.testing.running import FREE_PORTS

TESTS = 200
"""Tests that run at once."""


class Sender(LineReceiver):
    """Sends one mail, a command after each reply; `done` fires at the end."""

    def __init__(self, recipient: str) -> None:
        self.done: Deferred[list[bytes]] = Deferred()
        self._replies: list[bytes] = []
        self._commands = [
            b"EHLO me.test",
            b"MAIL FROM:<b@x.test>",
            b"RCPT TO:<%s>" % recipient.encode(),
            b"DATA",
            b"Subject: x\r\n\r\ntext\r\n.",
            b"QUIT",
        ]

    def lineReceived(self, line: bytes) -> None:
        if line[3:4] == b" ":
            self._replies.append(line[:3])
            if self._commands:
                self.sendLine(self._commands.pop(0))

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.done.callback(self._replies)


class HostTests(TestCase):
    """`RunningMock.add_host`"""

    async def test_a_host_has_its_own_of_everything(self) -> None:
        """A port, a URL, and a client of it; then it is deleted."""
        mock = await start_mock(self.addCleanup)
        host = await mock.add_host("mx2", hostname="mx2.test")
        self.assertEqual((host.name, host.url), ("mx2", f"{mock.url}/hosts/mx2"))
        self.assertNotEqual(host.smtp, mock.smtp)
        self.assertEqual((await host.api.mails()), [])
        await host.delete()
        self.assertEqual(len(await mock.api.hosts()), 1)

    async def test_a_token_goes_with_it(self) -> None:
        """A host's client presents what the service's client does."""
        config = attrs.evolve(FREE_PORTS, token="secret")
        mock = await start_mock(self.addCleanup, config)
        host = await mock.add_host()
        self.assertEqual(await host.api.mails(), [])

    async def test_many_tests_at_once_do_not_see_each_other(self) -> None:
        """Each has its host, and finds its own mail and its own counters there."""
        mock = await start_mock(self.addCleanup)
        tests = [Deferred.fromCoroutine(self.one(mock, n)) for n in range(TESTS)]
        names = await gatherResults(tests, consumeErrors=True)
        self.assertEqual(len(set(names)), TESTS)
        self.assertEqual(len(await mock.api.hosts()), 1)
        self.assertEqual(await mock.api.mails(), [])
        kept = (await mock.api.get("/status"))["mailboxes"]
        self.assertEqual((kept["mails"], kept["mailBytes"]), (0, 0))

    async def one(self, mock: RunningMock, number: int) -> str:
        """One of these tests: a mail that is refused at first."""
        host = await mock.add_host()
        # Every other test has a behavior, which is none of the others' business.
        times = number % 2
        if times:
            await host.api.set_behaviors(
                {
                    "command": "MAIL FROM",
                    "condition": {"operator": "matchAll"},
                    "response": {"code": 250, "message": f"test {number}"},
                    "numberOfAnswer": 2,
                }
            )
        recipient = f"test{number}@x.test"
        endpoint = TCP4ClientEndpoint(reactor, *host.smtp)
        sender = await connectProtocol(endpoint, Sender(recipient))
        expected = [b"220", b"250", b"250", b"250", b"354", b"250", b"221"]
        self.assertEqual(await sender.done, expected)
        (mail,) = await host.api.mails(count=1, wait="30s")
        self.assertEqual(mail["envelope"]["recipients"], [recipient])
        fired = [
            rule["fired"] for rule in await host.api.get("/smtpBehaviors", view="full")
        ]
        self.assertEqual(fired, [1] * times)
        (attempt,) = await host.api.attempts(to=recipient)
        self.assertEqual((attempt["verdict"], attempt["kept"]), ("accepted", True))
        await host.delete()
        return host.name
