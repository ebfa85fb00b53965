"""The buttons of the page without JavaScript"""

from __future__ import annotations

import html
import re
from urllib.parse import urlencode

import orjson
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.http.site import HttpSettings
from tests.http.rig import Answer, Rig
from tests.smtp.mocked import on

OWN = {"Origin": "http://localhost", "Referer": "http://localhost/ui/mails?q=hi"}
BROWSER = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class ActionTests(SynchronousTestCase):
    """A form that a button sends"""

    def setUp(self) -> None:
        self.rig = Rig()

    def button(self, path: str, label: str) -> str:
        """The value of the first button of a screen with this label."""
        page = self.rig.ask("GET", path).body.decode()
        self.assertIn('<form method="post" action="/ui/action" id="action">', page)
        found = re.search(
            rf'form="action" name="action" value="([^"]*)"[^>]*>{label}\s*<', page
        )
        assert found is not None, page
        return html.unescape(found[1])

    def press(self, value: str, **headers: str) -> Answer:
        """Send the form, as a browser does."""
        body = urlencode({"action": value}).encode()
        given = {**BROWSER, **FORM, **OWN, **headers}
        return self.rig.ask("POST", "/ui/action", body, headers=given)

    def test_a_mail_is_deleted(self) -> None:
        """The browser returns to the list as it was; from the mail, to the list."""
        self.rig.receive()
        self.rig.receive()
        answer = self.press(self.button("/ui/mails", "Delete"))
        self.assertEqual(answer.status, 303)
        self.assertEqual(answer.header("Location"), "/ui/mails?q=hi")
        self.assertEqual(answer.body, b"")
        (left,) = self.rig.get("/smtpMails")
        answer = self.press(self.button(f"/ui/mails/{left['id']}", "Delete"))
        self.assertEqual(answer.header("Location"), "/ui/mails")
        self.assertEqual(self.rig.get("/smtpMails"), [])

    def test_a_question(self) -> None:
        """It is asked on a page of its own; nothing has happened before."""
        self.rig.receive()
        asked = self.press(self.button("/ui/mails", "Delete all"))
        self.assertEqual(asked.status, 200)
        page = asked.body.decode()
        self.assertIn("Delete all mails of all hosts?", page)
        self.assertIn('href="/ui/mails?q=hi">No', page)
        self.assertEqual(len(self.rig.get("/smtpMails")), 1)
        found = re.search(r'name="action" value="([^"]*)" class="danger">Yes', page)
        assert found is not None
        answer = self.press(html.unescape(found[1]))
        self.assertEqual(answer.header("Location"), "/ui/mails?q=hi")
        self.assertEqual(self.rig.get("/smtpMails"), [])

    def test_a_body(self) -> None:
        """PATCH and its document; a behavior is disabled."""
        self.rig.ask("PUT", "/smtpBehaviors", [on("RCPT TO", 450, id="a")])
        answer = self.press(self.button("/ui/behaviors", "Disable"))
        self.assertEqual(answer.status, 303)
        (behavior,) = self.rig.get("/smtpBehaviors?view=full")
        self.assertIs(behavior["enabled"], False)

    def test_an_error(self) -> None:
        """The page shows the problem of the API."""
        value = '{"method":"DELETE","path":"/smtpMails/77"}'
        answer = self.press(value)
        self.assertEqual(answer.status, 404)
        self.assertEqual(answer.kind, "text/html; charset=utf-8")
        self.assertIn(b"no mail", answer.body)

    def test_no_action(self) -> None:
        """A form without a valid request changes nothing."""
        for value in (
            "",
            "{}",
            '{"method":"GET","path":"/smtpMails"}',
            '{"method":"DELETE","path":"//x.test/smtpMails"}',
            '{"method":"DELETE","path":"http://x.test/smtpMails"}',
            '{"method":"POST","path":"/ui/action"}',
            '{"method":"DELETE","path":"/smtp Mails"}',
        ):
            self.assertEqual(self.press(value).status, 400, value)
        answer = self.press('{"method":"DELETE","path":"/smtpMails//1"}')
        self.assertEqual(answer.status, 404)

    def test_other_pages(self) -> None:
        """Only a page of the service may send it: its Origin is required."""
        self.rig.receive()
        value = self.button("/ui/mails", "Delete")
        for origin in "http://x.test", "null", "http://localhost:81":
            self.assertEqual(self.press(value, Origin=origin).status, 403, origin)
        body = urlencode({"action": value}).encode()
        answer = self.rig.ask("POST", "/ui/action", body, headers={**BROWSER, **FORM})
        self.assertEqual(answer.status, 403)
        self.assertEqual(len(self.rig.get("/smtpMails")), 1)

    def test_where_it_returns_to(self) -> None:
        """A path of this service, whatever the form and the Referer contain."""
        for then, referer, expected in (
            ("https://x.test/", "http://localhost/ui/dns", "/"),
            ("//x.test/", "http://localhost/ui/dns", "/"),
            (None, "https://x.test//y.test/", "/"),
            (None, "http://localhost/ui/dns?to=a@x.test", "/ui/dns?to=a@x.test"),
            ("/ui/hosts", "", "/ui/hosts"),
        ):
            action = {"method": "DELETE", "path": "/dnsQueries", "then": then}
            answer = self.press(orjson.dumps(action).decode(), Referer=referer)
            self.assertEqual(answer.status, 303)
            self.assertEqual(answer.header("Location"), expected)

    def test_the_token(self) -> None:
        """It is needed as for the request itself; the cookie is enough."""
        self.rig = Rig(HttpSettings(token="secret"))
        value = '{"method":"DELETE","path":"/smtpMails"}'
        location = self.press(value).header("Location")
        self.assertEqual(location, "/login?next=/ui/mails%3Fq%3Dhi")
        cookie = f"{self.rig.site.resource.api.guard.cookie_name}="
        cookie += self.rig.site.resource.api.guard.cookie_value
        answer = self.press(value, Cookie=cookie)
        self.assertEqual(answer.header("Location"), "/ui/mails?q=hi")
