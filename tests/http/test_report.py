"""``/report``"""

from __future__ import annotations

import subprocess
import sys
from typing import Any
from unittest.mock import patch
from xml.etree.ElementTree import Element

import html5lib
from twisted.internet.defer import succeed
from twisted.web.http_headers import Headers

from mocksmtp.behaviors.dns import DNS
from mocksmtp.client import MockClient
from mocksmtp.http.responses import SLICE
from mocksmtp.web import report as bounds
from tests.http.test_deliveries import BOB, DeliveryCase
from tests.smtp.mocked import on

HOSTILE = "\"'><script>alert(1)</script><img src=//evil.test/x>\u202egnp\x07"


def parsed(page: bytes) -> Element:
    """A page that is valid HTML in every detail."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    root: Element = parser.parse(page, transport_encoding="utf-8")
    return root


def text_of(element: Element) -> str:
    return " ".join(" ".join(element.itertext()).split())


class ReportCase(DeliveryCase):
    """A mock with two hosts."""

    def page(self, query: str = "") -> Element:
        answer = self.rig.ask("GET", "/report" + query)
        self.assertEqual(answer.status, 200, answer.body)
        return parsed(answer.body)

    def text(self, query: str = "?format=text") -> str:
        answer = self.rig.ask("GET", "/report" + query)
        self.assertEqual(answer.kind, "text/plain; charset=utf-8")
        return answer.body.decode()

    def section(self, name: str, query: str = "") -> str:
        found = self.page(query).find(f".//section[@id='{name}']")
        return "" if found is None else text_of(found)


class ReportTests(ReportCase):
    """GET /report"""

    def test_there_was_nothing(self) -> None:
        """Each section reports that it is empty, and how to begin."""
        page = text_of(self.page())
        for words in (
            "No deliveries, 0 refused connections",
            "No client has tried to deliver a mail",
            "no condition of a behavior nearly matched",
            "every behavior that is set has answered",
            "No client has connected",
        ):
            self.assertIn(words, page)
        self.assertIn("No deliveries", self.text())

    def test_a_delivery(self) -> None:
        """Its rounds with back-off, each attempt, and the behavior that answered."""
        busy = on("RCPT TO", 450, message="4.2.1 Busy", numberOfAnswer=1, id="busy")
        self.behave({**busy, "name": "Bob is busy"})
        self.send(BOB)
        self.rig.clock.advance(2)
        self.send(BOB, host=self.other, message_id="1@a")
        self.rig.clock.advance(61)
        self.behave(on("DATA", 554, message="5.7.1 Spam"))
        self.send(BOB, message_id="1@a")
        (row,) = self.page().findall(".//details/summary[b]/..") or [
            self.page().find(".//section[@id='deliveries']/details")
        ]
        shown = text_of(row)
        self.assertTrue(shown.startswith("rejected bob@x.test from me@a.test"), shown)
        parts = ("3 attempts", "554 5.7.1 Spam", "must not retry", "450 4.2.1 Busy")
        for part in (*parts, "mx2 DATA", "back-off 1 min 1 s"):
            self.assertIn(part, shown)
        self.assertIn("behavior busy (no longer set)", shown)
        self.assertIn("DATA → 554 5.7.1 Spam", shown)
        text = self.text()
        self.assertIn("REJECTED bob@x.test from me@a.test", text)
        self.assertIn("-- 1 min 1 s later --", text)

    def test_links_lead_to_transcripts(self) -> None:
        """Every link of the page has its target, and each attempt its session."""
        self.send(BOB)
        self.send(BOB, host=self.other)
        page = self.page()
        links = {a.get("href", "") for a in page.iter("a")}
        targets = {f"#{e.get('id')}" for e in page.iter() if e.get("id")}
        self.assertLessEqual({"#session-1", "#session-2"}, links)
        self.assertEqual(links - targets, set())
        self.assertIn("RCPT TO:<bob@x.test>", self.section("transcripts"))

    def test_failures_come_first(self) -> None:
        """Rejected, no result, deferred, lost, duplicated; then what is well."""
        self.send("well@x.test", message_id="1")
        self.send("twice@x.test", message_id="2")
        self.send("twice@x.test", message_id="2")
        self.behave(on("DATA", 250, effect="discard"))
        self.send("lost@x.test", message_id="3")
        self.behave(on("RCPT TO", 450))
        self.send("busy@x.test")
        self.behave(on("RCPT TO", then="close"))
        self.send("cut@x.test")
        self.behave(on("RCPT TO", 550))
        self.send("gone@x.test")
        page = self.page()
        rows = page.findall(".//section[@id='deliveries']/details")
        names = [text_of(row.find("summary/span/b")) for row in rows]  # type: ignore[arg-type]
        wanted = ["gone", "cut", "busy", "lost", "twice", "well"]
        self.assertEqual(names, [f"{name}@x.test" for name in wanted])
        self.assertEqual([row.get("open") is not None for row in rows][-2:], [1, 0])
        self.assertEqual(text_of(page.find(".//h1")), "3 of 6 deliveries failed")  # type: ignore[arg-type]
        self.assertIn("it is lost", text_of(rows[3]))

    def test_refused_connections(self) -> None:
        """Clients that named no recipient are listed; probes are not."""
        self.behave(on("CONNECT", 554, message="No service"))
        client = self.connect()
        client.quit()
        shown = self.section("refused")
        self.assertIn("CONNECT 554 No service", shown)
        self.assertIn("session 1", shown)

    def test_near_misses(self) -> None:
        """The value, the one that was wanted with the letter marked, and the fix."""
        condition = {"operator": "contains", "matchingValue": "Bob@"}
        self.behave(on("RCPT TO", 450, condition=condition))
        self.send(BOB)
        page = self.page()
        self.assertEqual([m.text for m in page.iter("mark")], ["b", "B"])
        shown = self.section("near-misses")
        self.assertIn("differs only in upper and lower case", shown)
        self.assertIn('{"ignoreCase":true}', shown)
        self.assertIn("differs only in upper and lower case", self.text())

    def test_behaviors_that_never_answered(self) -> None:
        """Those of all hosts and of DNS, in words."""
        self.behave(on("RCPT TO", 450), on("VRFY", 252, id="verify"))
        rules = DNS.parse_all([{"query": "MX", "response": {"rcode": "SERVFAIL"}}])
        self.rig.mock.dns_behaviors.replace_all(rules)
        self.send(BOB)
        shown = self.section("unanswered")
        self.assertIn("default verify VRFY → 252", shown)
        self.assertIn("DNS 1 query for MX → SERVFAIL", shown)
        self.assertNotIn("RCPT TO", shown)
        self.assertNotIn("DNS", self.section("unanswered", "?host=default"))

    def test_one_host(self) -> None:
        """With ``host`` it is about what happened there."""
        self.send("bob@x.test")
        self.send("carl@x.test", host=self.other)
        shown = text_of(self.page("?host=mx2"))
        self.assertIn("host mx2", shown)
        self.assertIn("carl@x.test", shown)
        self.assertNotIn("bob@x.test", shown)

    def test_since(self) -> None:
        """With ``since`` it is about what happened from then on."""
        self.send("bob@x.test")
        self.rig.clock.advance(100)
        self.send("carl@x.test")
        shown = text_of(self.page("?since=1970-01-12T13:47:00Z"))
        self.assertIn("carl@x.test", shown)
        self.assertNotIn("bob@x.test", shown)
        self.assertEqual(self.rig.ask("GET", "/report?since=x").paths, ["?since"])

    def test_a_browser_loads_nothing_else(self) -> None:
        """The policy allows its own style, no script and no other resource."""
        answer = self.rig.ask("GET", "/report")
        self.assertEqual(answer.kind, "text/html; charset=utf-8")
        policy = "default-src 'none'; style-src 'unsafe-inline'"
        self.assertEqual(answer.header("Content-Security-Policy"), policy)
        page = parsed(answer.body)
        (meta,) = page.findall(".//meta[@http-equiv]")
        self.assertEqual(meta.get("content"), policy)
        for attribute in ("src", "srcset", "style", "onclick"):
            self.assertFalse([e for e in page.iter() if e.get(attribute)])
        links = [e.get("href", "") for e in page.iter() if e.get("href")]
        self.assertTrue(all(link.startswith("#") for link in links), links)
        self.assertNotIn(b"url(", answer.body)
        self.assertNotIn(b"@import", answer.body)

    def test_hostile_texts(self) -> None:
        """They are shown as they are, each isolated, and run nothing."""
        condition = {"operator": "contains", "matchingValue": HOSTILE}
        name = HOSTILE.strip("\x07")
        self.behave(
            on("RCPT TO", 550, message=HOSTILE.replace("\x07", ""), numberOfAnswer=1),
            {**on("DATA", 450, condition=condition), "name": name},
        )
        for _ in range(2):
            client = self.connect()
            client.say(f"EHLO {HOSTILE}", f"XYZZY {HOSTILE}")
            content = f"Subject: {HOSTILE}\r\nMessage-ID: <{HOSTILE}>\r\n\r\nx"
            client.deliver(f'"{HOSTILE[2:-1]}"@x.test', BOB, content=content)
            client.quit()
        page = self.page()
        names = {element.tag for element in page.iter()}
        self.assertFalse(names & {"script", "img", "iframe", "object", "form", "base"})
        isolated = [e for e in page.iter() if "evil.test" in (e.text or "")]
        self.assertTrue(isolated)
        self.assertEqual({element.tag for element in isolated}, {"bdi"})
        text = self.text()
        self.assertIn("evil.test", text)
        self.assertFalse(set(text) & set("\u202e\x07\x1b\r"))


class BoundTests(ReportCase):
    """The bounds of a report"""

    def bounded(self, **limits: int) -> None:
        for name, limit in limits.items():
            self.patch(bounds, name, limit)

    def test_each_bound_is_reported(self) -> None:
        """What is not shown is counted, next to what is shown."""
        self.bounded(
            MAX_DELIVERIES=2, MAX_SESSIONS=2, MAX_BEHAVIORS=1, MAX_REPORT_LINES=5
        )
        self.behave(
            on("RCPT TO", 550, numberOfAnswer=1), on("VRFY", 252), on("EXPN", 252)
        )
        for name in "abcd":
            self.send(f"{name}@x.test")
        page = self.page()
        shown = [text_of(p) for p in page.iter("p") if p.get("class") == "bound"]
        self.assertIn("2 of 4 deliveries are shown", shown[0])
        self.assertIn("1 of 2 are shown", shown[1])
        self.assertIn("2 of 4 sessions are shown", shown[2])
        self.assertIn("exchanges are not shown", shown[3])
        # The one that failed is shown, although it is the oldest, with its transcript.
        self.assertIn("a@x.test", self.section("deliveries"))
        self.assertIn("550", self.section("deliveries"))
        links = {a.get("href") for a in page.iter("a")}
        self.assertLessEqual({"#session-1", "#session-4"}, links)

    def test_many_attempts(self) -> None:
        """The last ones of a delivery are shown, and the others counted."""
        self.bounded(MAX_ATTEMPTS=2)
        self.behave(on("RCPT TO", 450))
        for _ in range(5):
            self.send(BOB)
        shown = self.section("deliveries")
        self.assertIn("5 attempts", shown)
        self.assertIn("3 earlier attempts are not shown", shown)
        self.assertIn("3 earlier attempts are not shown", self.text())

    def test_the_reactor_turns(self) -> None:
        """A report is made in slices; what happens meanwhile does not break it."""
        for number in range(60):
            self.send(f"{number}@x.test")
        clock, calls = self.rig.clock, []
        real = clock.callLater

        def call_later(delay: float, *arguments: Any, **named: Any) -> Any:
            calls.append(delay)
            return real(delay, *arguments, **named)

        seconds = clock.seconds
        ticks = iter(range(10**9))
        # Each look at the clock finds that a tenth of a slice is over.
        with (
            patch.object(clock, "callLater", call_later),
            patch.object(
                clock, "seconds", lambda: seconds() + next(ticks) * SLICE / 10
            ),
        ):
            pending = self.rig.begin("GET", "/report")
            for turn in range(200):
                answer = pending.answer
                if answer is not None:
                    break
                if turn == 3:
                    self.rig.ask("DELETE", "/smtpSessions")
        assert answer is not None
        parsed(answer.body)
        self.assertGreater(len(calls), 20)
        self.assertIsNone(answer.length)


class StartTests(DeliveryCase):
    """The start of the service"""

    def test_templates_are_loaded_on_request(self) -> None:
        """Jinja2 is imported with the first report, in a thread."""
        code = "import mocksmtp.service, sys; print('jinja2' in sys.modules)"
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        self.assertEqual(done.stdout, "False\n")
        pending = self.rig.begin("GET", "/report")
        self.rig._treq.flush()
        self.assertEqual(len(self.rig.threads), 1)
        self.assertEqual(pending.answer.status, 200)  # type: ignore[union-attr]

    def test_the_client(self) -> None:
        """``report()`` returns the page."""
        asked = []

        class Http:
            def request(self, method: str, url: str, **named: Any) -> Any:
                asked.append((method, url))
                return succeed(Response())

        class Response:
            code = 200
            headers = Headers({"Content-Type": ["text/plain; charset=utf-8"]})

            def content(self) -> Any:
                return succeed("é".encode())

        client = MockClient("http://mock/", http=Http())  # type: ignore[arg-type]
        found = client.report(host="mx2", text=True)
        self.assertEqual(self.successResultOf(found), "é")
        url = "http://mock/report?host=mx2&format=text"
        self.assertEqual(asked, [("GET", url)])
