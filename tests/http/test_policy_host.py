"""The policy hosts of MTA-STS"""

from __future__ import annotations

from treq.testing import StubTreq
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.hosts.host import MailHost
from mocksmtp.hosts.policies import MtaStsPolicy
from mocksmtp.http.policy_host import make_policy_site
from mocksmtp.mock import Mock
from mocksmtp.zone.zone import Zone

PATH = "/.well-known/mta-sts.txt"
POLICY = MtaStsPolicy("ex.test", mx=("mx.ex.test",))


class PolicyHostTests(SynchronousTestCase):
    """What they answer"""

    def setUp(self) -> None:
        self.clock = Clock()
        policies = (
            POLICY,
            MtaStsPolicy("gone.test", status=404, body="gone\n"),
            MtaStsPolicy("none.test", status=204),
            MtaStsPolicy("late.test", delay=5.0),
        )
        mock = Mock(MailHost("default", "mx.test"), Zone(), policies=policies)
        site = make_policy_site(mock, self.clock)
        self.treq = StubTreq(site.resource)
        self.treq._agent._serverFactory = site

    def begin(
        self, host: str, path: str = PATH, method: str = "GET"
    ) -> Deferred[tuple[int, str | None, bytes]]:
        async def ask() -> tuple[int, str | None, bytes]:
            response = await self.treq.request(method, f"http://{host}{path}")
            kind = (response.headers.getRawHeaders("Content-Type") or [None])[0]
            return response.code, kind, await self.treq.content(response)

        asked = Deferred.fromCoroutine(ask())
        self.treq.flush()
        return asked

    def ask(self, *arguments: str) -> tuple[int, str | None, bytes]:
        return self.successResultOf(self.begin(*arguments))

    def test_a_policy(self) -> None:
        """In plain text, whatever the letters and port of the host's name."""
        for host in "mta-sts.ex.test", "MTA-STS.Ex.Test:8443", "mta-sts.ex.test.":
            status, kind, body = self.ask(host)
            self.assertEqual((status, body), (200, POLICY.text.encode()))
            self.assertTrue(str(kind).startswith("text/plain"))

    def test_the_head_of_one(self) -> None:
        """It has no body."""
        self.assertEqual(self.ask("mta-sts.ex.test", PATH, "HEAD")[::2], (200, b""))

    def test_scripted(self) -> None:
        """Status and body are those of the document."""
        self.assertEqual(self.ask("mta-sts.gone.test")[::2], (404, b"gone\n"))
        self.assertEqual(self.ask("mta-sts.none.test")[::2], (204, b""))

    def test_what_is_not_there(self) -> None:
        """Other hosts, other paths and other methods."""
        for host, path, method, status in (
            ("ex.test", PATH, "GET", 404),
            ("mta-sts.other.test", PATH, "GET", 404),
            ("mta-sts.ex.test", "/", "GET", 404),
            ("mta-sts.ex.test", PATH + "/x", "GET", 404),
            ("mta-sts.ex.test", PATH, "POST", 405),
        ):
            self.assertEqual(self.ask(host, path, method)[0], status)

    def test_delayed(self) -> None:
        """It comes when its time is over, and leaves no timer."""
        asked = self.begin("mta-sts.late.test")
        self.clock.advance(4.9)
        self.treq.flush()
        self.assertNoResult(asked)
        self.clock.advance(0.1)
        self.treq.flush()
        self.assertEqual(self.successResultOf(asked)[0], 200)

    def test_a_client_that_has_left(self) -> None:
        """Nothing waits for it."""
        asked = self.begin("mta-sts.late.test")
        asked.addErrback(lambda _: None)
        self.assertEqual(self.due(), [5.0])
        asked.cancel()
        self.treq.flush()
        self.assertEqual(self.due(), [])

    def due(self) -> list[float]:
        """When what waits is to be told."""
        calls = self.clock.getDelayedCalls()
        return [call.getTime() for call in calls if call.getTime() <= 5.0]
