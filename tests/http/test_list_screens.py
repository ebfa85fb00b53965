"""The screens of mails, behaviors, DNS and hosts, without a browser"""

from __future__ import annotations

import html
import re

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.grammar.address import Address
from mocksmtp.hosts.host import MailHost
from mocksmtp.http.screens import mails
from mocksmtp.http.screens.behaviors import MAX_EDITED
from mocksmtp.http.screens.mails import PAGE_SIZE
from mocksmtp.mail.mail import Envelope, Origin
from mocksmtp.mail.mailbox import Mailbox
from mocksmtp.web.shell import PAGE_POLICY
from tests.http.rig import Answer, Rig
from tests.smtp.mocked import on

PATHS = (
    *("/ui/mails", "/ui/mails/1", "/ui/behaviors", "/ui/behaviors/new"),
    *("/ui/behaviors/a", "/ui/behaviors/all", "/ui/recipes", "/ui/dns"),
    *("/ui/dns?to=bob@x.test", "/ui/dns/zone", "/ui/hosts", "/ui/hosts/default"),
    *("/ui/hosts/new", "/ui/hosts/new?clone=default", "/ui/behaviors?for=dns"),
)


class ScreenCase(SynchronousTestCase):
    """A service with one mail and one behavior."""

    def setUp(self) -> None:
        """One of each."""
        self.rig = Rig()
        self.rig.receive()
        self.rig.ask("PUT", "/smtpBehaviors", [on("RCPT TO", 450, id="a")])

    def text(self, path: str) -> str:
        """What a reader sees of a screen, in one line."""
        answer = self.rig.ask("GET", path)
        self.assertEqual(answer.status, 200, answer.body)
        page = answer.body.decode().partition("<main")[2].partition("</main>")[0]
        return " ".join(html.unescape(re.sub(r"<[^>]*>", "", page)).split())


class ScreenTests(ScreenCase):
    """All of them"""

    def test_nothing_is_inline(self) -> None:
        """Each has the policy of the page, which its own HTML fulfills."""
        for path in PATHS:
            answer = self.rig.ask("GET", path)
            self.assertEqual((answer.status, path), (200, path))
            policy = answer.header("Content-Security-Policy")
            self.assertEqual(policy, PAGE_POLICY)
            body = answer.body.decode()
            self.assertIsNone(re.search(r"\sstyle=|\son\w+=|<style|javascript:", body))
            self.assertNotRegex(body, r"<script(?![^>]*\ssrc=)")

    def test_times(self) -> None:
        """In UTC; with the date where it is not that of today."""
        (rule,) = self.rig.host.behaviors
        rule.last_fired = 1_700_000_000.0
        for path in "/ui/mails", "/ui/behaviors":
            self.rig.clock.rightNow = 1_700_000_001.0
            self.assertIn(" 22:13:20 ", self.text(path))
            self.assertNotIn("2023-11-14", self.text(path))
            self.rig.clock.rightNow += 2 * 3600
            self.assertIn(" 2023-11-14 22:13:20 ", self.text(path))

    def test_what_there_is_not(self) -> None:
        """Each is 404, as a page for a browser."""
        for path in (
            *("/ui/mails/99", "/ui/mails/x", "/ui/behaviors/none", "/ui/hosts/none"),
            *("/ui/behaviors?host=none", "/ui/behaviors/new?recipe=none"),
            *("/ui/behaviors/new?clone=none", "/ui/hosts/new?clone=none"),
            "/ui/mails?part=nothing",
        ):
            headers = {"Accept": "text/html"}
            answer: Answer = self.rig.ask("GET", path, headers=headers)
            self.assertEqual((answer.status, path), (404, path))
            self.assertIn(b"<h1>", answer.body)

    def test_parts(self) -> None:
        """One part is sent alone, in an element that names it."""
        for path, part in (
            *(("/ui/mails", "mails"), ("/ui/behaviors", "behaviors")),
            *(("/ui/dns", "records"), ("/ui/dns", "queries"), ("/ui/hosts", "hosts")),
        ):
            body = self.rig.ask("GET", f"{path}?part={part}").body.decode()
            self.assertTrue(body.startswith(f'<div data-part="{part}">'), body[:100])
            self.assertNotIn("<html", body)


class MailScreenTests(ScreenCase):
    """``/ui/mails``"""

    def test_pages(self) -> None:
        """A page has the newest, and a link to those before."""
        for number in range(PAGE_SIZE):
            self.rig.receive(b"Subject: number %d\r\n\r\n" % number)
        shown = self.text("/ui/mails")
        self.assertIn("number 99", shown)
        self.assertIn("101 kept", shown)
        self.assertNotIn(" hi ", shown)
        body = self.rig.ask("GET", "/ui/mails").body.decode()
        before = re.search(r"/ui/mails\?before=(\d+)", body)
        assert before is not None
        self.assertIn("hi", self.text(f"/ui/mails?before={before[1]}"))

    def test_a_long_search(self) -> None:
        """It shows what was found in its time, and how to continue."""
        self.patch(mails, "PATIENCE", -1)
        self.patch(mails.Slices, "over", True)
        shown = self.text("/ui/mails?q=nothing")
        self.assertIn("No mail matches so far", shown)
        self.assertIn("Search older mails", shown)
        self.assertIn("So far mails back to", self.text("/ui/mails?q=hi"))

    def test_an_invalid_search(self) -> None:
        """Its error is shown at its place, with the nearest keyword."""
        body = self.rig.ask("GET", "/ui/mails?q=a+fron:b").body.decode()
        self.assertIn('<pre class="wire">a <mark>fron:b</mark></pre>', body)
        self.assertIn("did you mean", body)
        self.assertIn("At character 3", body)

    def test_an_evicted_mail(self) -> None:
        """A page that begins at one says so."""
        self.assertEqual(self.rig.ask("GET", "/ui/mails?before=99").status, 410)

    def test_mails_of_other_hosts(self) -> None:
        """The path of a mail in the API is that of its host."""
        mock = self.rig.mock
        mailbox = Mailbox(quota=mock.quota)
        mock.add(MailHost("mx2", "mx2.test", mailbox))
        origin = Origin("8", "192.0.2.1", "client.test", "mx2")
        envelope = Envelope(Address("a@x.test"), (), ())
        mail = mailbox.keep(envelope, b"Subject: second\r\n\r\n", 1.0, origin)
        assert mail is not None
        number = mail.id
        body = self.rig.ask("GET", f"/ui/mails/{number}").body.decode()
        self.assertIn(f'href="/hosts/mx2/smtpMails/{number}/raw"', body)
        self.assertIn("second", self.text("/ui/mails?host=mx2"))
        self.assertNotIn("second", self.text("/ui/mails?host=default"))


class BehaviorScreenTests(ScreenCase):
    """``/ui/behaviors``"""

    def test_words(self) -> None:
        """The list is in words."""
        self.assertIn("RCPT TO → 450", self.text("/ui/behaviors"))

    def test_a_long_list_is_not_edited(self) -> None:
        """Saving what is shown in part would remove the rest."""
        many = [on("RCPT TO", 450)] * (MAX_EDITED + 1)
        self.rig.ask("PUT", "/smtpBehaviors", many)
        body = self.rig.ask("GET", "/ui/behaviors/all").body.decode()
        self.assertNotIn("<textarea", body)
        self.assertIn("1,001 behaviors, too many", body)
        self.assertIn("1001 in all", self.text("/ui/behaviors"))

    def test_all_recipes(self) -> None:
        """Each has its words and a request that adds it."""
        shown = self.text("/ui/recipes")
        self.assertIn("Reset right after the connection", shown)
        self.assertIn("then resets the connection (RST)", shown)


class DnsScreenTests(ScreenCase):
    """``/ui/dns``"""

    def test_an_invalid_recipient(self) -> None:
        """The error is shown in its place."""
        self.assertIn("must be an address", self.text("/ui/dns?to=bob"))

    def test_a_record_as_text(self) -> None:
        """The zone is edited as text, and filtered by name."""
        line = b"x.test. 60 IN MX 10 mx.x.test.\ny.test. 60 IN A 192.0.2.1\n"
        self.rig.ask("PUT", "/dnsRecords", line, headers={"Content-Type": "text/dns"})
        self.assertIn("IN MX 10 mx.x.test.", self.text("/ui/dns/zone"))
        self.assertNotIn("192.0.2.1", self.text("/ui/dns?name=X.test"))
