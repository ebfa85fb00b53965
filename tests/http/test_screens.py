"""The page: static files, parts, redirects, and test mails"""

from __future__ import annotations

from collections.abc import Iterator

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.http import delivery_updates
from mocksmtp.http.delivery_updates import REST, DeliveryUpdates
from mocksmtp.http.screens.serving import local_path
from mocksmtp.http.site import HttpSettings
from mocksmtp.web.shell import PAGE_POLICY, Shell, static_digest, static_files
from tests.http.rig import Pending, Rig
from tests.http.test_deliveries import BOB, DeliveryCase
from tests.smtp.mocked import on

BROWSER = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}


class ScreenTests(SynchronousTestCase):
    """Screens and their parts"""

    def setUp(self) -> None:
        self.rig = Rig()

    def test_a_screen(self) -> None:
        """It may run only the service's own scripts, and load nothing remote."""
        for path in "/", "/ui/deliveries", "/ui/timeline":
            answer = self.rig.ask("GET", path)
            self.assertEqual(answer.status, 200)
            self.assertEqual(answer.kind, "text/html; charset=utf-8")
            self.assertEqual(answer.header("Content-Security-Policy"), PAGE_POLICY)
            self.assertEqual(answer.header("Referrer-Policy"), "same-origin")
            self.assertNotIn(b" style=", answer.body)
            self.assertNotIn(b" onclick", answer.body)
        self.assertNotIn("unsafe", PAGE_POLICY)

    def test_a_part(self) -> None:
        """It is sent alone, in an element that names it; several in one response."""
        answer = self.rig.ask("GET", "/ui/deliveries?part=rows")
        self.assertTrue(answer.body.startswith(b'<div data-part="rows">'))
        self.assertNotIn(b"<html", answer.body)
        answer = self.rig.ask("GET", "/?part=latest,addresses")
        self.assertEqual(answer.body.count(b"data-part="), 2)
        self.assertEqual(answer.header("X-Page"), static_digest())

    def test_no_such_part(self) -> None:
        """404; a name that can't be one is 400."""
        self.assertEqual(self.rig.ask("GET", "/?part=nothing").status, 404)
        for name in "Rows", "a-b", ",", "a," * 50:
            self.assertEqual(self.rig.ask("GET", f"/?part={name}").status, 400, name)

    def test_errors(self) -> None:
        """For a person a page; for programs a problem document."""
        for path, status in ("/ui/deliveries/7", 404), ("/ui/deliveries?x=1", 400):
            answer = self.rig.ask("GET", path, headers=BROWSER)
            self.assertEqual(answer.status, status)
            self.assertEqual(answer.kind, "text/html; charset=utf-8")
            answer = self.rig.ask("GET", path)
            self.assertEqual(answer.json()["status"], status)

    def test_empty_filters(self) -> None:
        """A form sends fields without a value; they filter nothing."""
        self.rig.receive()
        path = "/ui/deliveries?to=&host=&final=&code=&clientIp=&until=&before="
        self.assertEqual(self.rig.ask("GET", path).status, 200)

    def test_curl(self) -> None:
        """The command of an action can be pasted, whatever its texts contain."""
        shell = Shell("", "http://localhost:8000", "1", token=True)
        self.assertEqual(
            shell.curl("PATCH", "/smtpBehaviors/a", {"name": "it's $HOME"}),
            'curl -X PATCH -H "Authorization: Bearer $MOCKSMTP_TOKEN"'
            " http://localhost:8000/smtpBehaviors/a"
            """ --data-binary '{"name":"it'"'"'s $HOME"}'""",
        )
        shell = Shell("", "http://h", "1")
        self.assertEqual(shell.curl("GET", "/status"), "curl http://h/status")
        self.assertEqual(
            shell.curl("POST", "/reset", ""), "curl http://h/reset --data-binary ''"
        )


class StaticTests(SynchronousTestCase):
    """Static files"""

    def test_they_are_kept(self) -> None:
        """By the digest of all; with another digest they are revalidated."""
        rig = Rig(HttpSettings(token="secret"))
        answer = rig.ask("GET", f"/static/{static_digest()}/page.js")
        self.assertEqual(answer.kind, "text/javascript; charset=utf-8")
        self.assertIn("immutable", answer.header("Cache-Control"))
        self.assertEqual(answer.body, static_files()["page.js"].content)
        old = rig.ask("GET", "/static/0123/page.js")
        self.assertEqual((old.status, old.header("Cache-Control")), (200, "no-store"))
        tag = {"If-None-Match": answer.header("ETag")}
        self.assertEqual(
            rig.ask("GET", "/static/0123/page.js", headers=tag).status, 304
        )

    def test_nothing_else(self) -> None:
        """Only files that are part of the page."""
        for name in "__init__.py", "..", "page", "%2e%2e%2fshell.py", "page.js%00":
            self.assertEqual(Rig().ask("GET", f"/static/x/{name}").status, 404, name)


class LoginTests(SynchronousTestCase):
    """The login page"""

    def test_local_paths(self) -> None:
        """Nothing leads to another site."""
        for path in "/", "/ui/mails?q=a%20b&x=1", "/ui/deliveries/7#why":
            self.assertEqual(local_path(path), path)
        for path in "//evil.test", "/\\evil", "https://evil.test", "", "/a\r\nb", "x":
            self.assertEqual(local_path(path), "/")

    def test_a_form(self) -> None:
        """A browser is redirected; a wrong token shows the form again."""
        rig = Rig(HttpSettings(token="secret"))
        body = b"token=secret&next=%2Fui%2Fmails"
        answer = rig.ask("POST", "/login", body, headers=BROWSER)
        self.assertEqual(answer.status, 303)
        self.assertEqual(answer.header("Location"), "/ui/mails")
        self.assertIn("HttpOnly", answer.header("Set-Cookie"))
        answer = rig.ask("POST", "/login", b"token=x&next=%2Fa", headers=BROWSER)
        self.assertEqual(answer.status, 401)
        self.assertIn(b'value="/a"', answer.body)
        self.assertIsNone(answer.header("Set-Cookie"))
        own = {**BROWSER, "Origin": "http://localhost"}
        answer = rig.ask("POST", "/logout", b"", headers=own)
        self.assertEqual((answer.status, answer.header("Location")), (303, "/login"))

    def test_without_a_token(self) -> None:
        """There is nothing to log in to."""
        answer = Rig().ask("GET", "/login?next=/ui/dns")
        self.assertEqual((answer.status, answer.header("Location")), (303, "/ui/dns"))


class TestMailTests(SynchronousTestCase):
    """``POST /ui/testMail``"""

    def test_refusals(self) -> None:
        """Unknown hosts, hosts without a listener, and texts that are no header."""
        rig = Rig()
        for body, status in (
            ({"to": "a@x.test", "host": "nowhere"}, 404),
            ({"to": "a@x.test"}, 409),
            ({}, 400),
            ({"to": "a@x.test", "attempts": 11}, 400),
        ):
            self.assertEqual(rig.ask("POST", "/ui/testMail", body).status, status, body)


class CatchUpTests(SynchronousTestCase):
    """How long a page waits for deliveries"""

    def test_it_is_limited(self) -> None:
        """What takes longer follows later, after a rest, once for all that wait."""
        rig, steps = Rig(), []

        class Slow:
            due = float("inf")

            def is_behind(self, most: int) -> bool:
                return False

            def steps(self, now: float) -> object:
                for number in range(10):
                    steps.append(number)
                    clock.rightNow += 0.1
                    yield

        clock = Clock()
        updates = DeliveryUpdates(rig.mock, clock)
        updates._deliveries = Slow()  # nothing on the wire is slow on purpose
        first = self.start(updates)
        second = self.start(updates)
        for _ in range(3):
            clock.advance(0)
        clock.advance(0.1)
        self.assertEqual((first, second), ([False], [False]))
        so_far = len(steps)
        clock.advance(REST - 0.2)
        self.assertEqual(len(steps), so_far)
        clock.advance(0.2)
        for _ in range(20):
            clock.advance(0)
        self.assertEqual(steps, [*range(10)])
        self.assertEqual(clock.getDelayedCalls(), [])

    def start(self, updates: DeliveryUpdates) -> list[bool]:
        from twisted.internet.defer import Deferred

        results: list[bool] = []
        waiting = Deferred.fromCoroutine(updates.catch_up_for(0.25))
        waiting.addCallback(results.append)
        return results


class LargeJournalTests(DeliveryCase):
    """What is shown while a large journal is read"""

    def test_the_newest_deliveries(self) -> None:
        """The first view has the newest rows; they lead to their sessions."""
        self.connect().deliver("old@x.test")
        self.rig.clock.advance(1)
        self.connect().deliver(BOB)
        clock, read = self.rig.clock, self.rig.mock.deliveries.steps

        def slow(now: float) -> Iterator[None]:
            for _ in range(1000):
                clock.rightNow += 0.001
                yield
            yield from read(now)

        for path in (
            "/ui/deliveries?part=rows&to=bob@x.test",
            "/ui/timeline?part=figure",
        ):
            with self.subTest(path):
                self.patch(self.rig.mock.deliveries, "steps", slow)
                pending = self.rig.begin("GET", path)
                shown = self.finish(pending)
                self.assertIn("The journal is large", shown)
                self.assertIn('href="/ui/sessions/2"', shown)
                self.assertNotIn("/ui/deliveries/", shown)
                self.patch(self.rig.mock.deliveries, "steps", read)
                self.rig.clock.advance(REST)
                for _ in range(300):
                    self.rig.turn()
                shown = self.finish(self.rig.begin("GET", path))
                self.assertNotIn("The journal is large", shown)
                self.assertIn('href="/ui/deliveries/2', shown)

    def test_more_than_anybody_waits_for(self) -> None:
        """The first view does not wait at all; all of it follows after a rest."""
        self.patch(delivery_updates, "MANY", 1)
        for recipient in "old@x.test", BOB:
            self.connect().deliver(recipient)
        path = "/ui/deliveries"
        shown = self.rig.ask("GET", path).body.decode()
        self.assertIn("The journal is large", shown)
        self.assertIn('href="/ui/sessions/2"', shown)
        self.rig.clock.advance(REST)
        self.connect().deliver(BOB)
        shown = self.rig.ask("GET", path).body.decode()
        self.assertNotIn("The journal is large", shown)
        self.assertIn('href="/ui/deliveries/2', shown)

    def finish(self, pending: Pending) -> str:
        for _ in range(100):
            self.rig.turn()
            answer = pending.answer
            if answer is not None:
                return answer.body.decode()
            self.rig.clock.advance(0.001)
        raise AssertionError("not answered")


class ReportTests(DeliveryCase):
    """The report that a screen of deliveries exports"""

    def test_the_filters(self) -> None:
        """It is about the deliveries that match, their sessions and near misses."""
        equal = {"operator": "equals", "matchingValue": "ANN@x.test"}
        self.behave(on("RCPT TO", 550, condition=equal))
        self.send("ann@x.test")
        self.send("bob@x.test")
        said = self.text("/ui/report?to=ann@x.test&final=&format=text")
        self.assertIn("0 of 1 delivery failed", said)
        self.assertIn("all hosts, only deliveries with to=ann@x.test", said)
        self.assertIn("ANN@x.test", said)
        self.assertNotIn("bob@x.test", said)
        self.assertIn("0 of 1 delivery failed", self.text("/ui/report?to=bob@x.test"))
        self.assertNotIn("ANN@x.test", self.text("/ui/report?to=bob@x.test"))

    def test_the_host_alone(self) -> None:
        """It is the same as the report of the API."""
        self.send("ann@x.test")
        for query in "", "host=default&", "since=1970-01-01T00:00:00Z&":
            paths = f"/ui/report?{query}format=text", f"/report?{query}format=text"
            screen, api = map(self.text, paths)
            self.assertEqual(screen, api)

    def text(self, path: str) -> str:
        answer = self.rig.ask("GET", path)
        self.assertEqual(answer.status, 200, answer.body)
        return answer.body.decode()
