"""The overview"""

from __future__ import annotations

from tests.browser.case import BrowserCase

HOSTILE = "<script>window.bad=1</script><img src=x onerror=window.bad=1>\u202egpj.exe"


class OverviewTests(BrowserCase):
    shares = True

    def test_an_empty_service_explains_itself(self) -> None:
        """Three steps, each with a button: send, make it fail, watch the retry."""
        page = self.open("/")
        self.wait_live(page)
        self.see(page.get_by_text("Nothing has arrived yet"))
        self.check_accessible(page)
        page.get_by_role("button", name="Send a mail", exact=True).click()
        self.see(page.locator(".latest"), "bob@example.test")
        self.assertEqual(self.call("GET", "/smtpMailsCount"), 1)
        page.get_by_role("button", name="Set the behavior", exact=True).click()
        self.see(page.locator(".first-steps li.done").nth(1), "Make it fail")
        self.assertEqual(len(self.call("GET", "/smtpBehaviors")), 1)
        page.get_by_role("button", name="Send, and watch", exact=True).click()
        page.wait_for_url("**/ui/deliveries?to=retry@example.test")
        row = page.locator(".row")
        self.see(row, "deferred")
        self.see(row, "accepted")
        row.locator("summary").click()
        self.see(row.get_by_text("back-off").first)

    def test_mails_are_counted(self) -> None:
        """Those that were kept, and those that were refused."""
        busy = {
            "command": "RCPT TO",
            "condition": {"operator": "contains", "matchingValue": "carol"},
            "response": {"code": 550, "message": "5.1.1 No such user"},
        }
        self.call("POST", "/smtpBehaviors", busy)
        page = self.open("/")
        self.wait_live(page)
        self.send("One")
        self.send("Two", to=["carol@x.test"])
        self.see(page.locator(".totals"), "1 kept")
        self.see(page.locator(".totals"), "1 refused")
        latest = page.locator(".latest tr")
        self.see(latest.filter(has_text="carol@x.test"), "550 5.1.1 No such user")
        for dark in (False, True):
            page = self.open("/", self.new_context(dark=dark))
            self.check_accessible(page)

    def test_a_test_mail(self) -> None:
        """It is sent by SMTP; the reply is shown."""
        self.call("POST", "/hosts", {"name": "mx2"})
        page = self.open("/")
        page.get_by_label("Subject").fill("Über SMTP")
        page.get_by_label("Host", exact=True).select_option("mx2")
        page.get_by_role("button", name="Send", exact=True).click()
        self.see(page.locator(".note"), "250 ")
        (mail,) = self.call("GET", "/hosts/mx2/smtpMails", view="summary")
        self.assertEqual(mail["subject"], "Über SMTP")
        (session,) = self.call("GET", "/smtpSessions")
        self.assertEqual(session["helo"], "page.mocksmtp.test")

    def test_a_test_mail_that_can_not_be_sent(self) -> None:
        """The reason is shown, and nothing is injected."""
        closing = {"command": "RCPT TO", "response": {"then": "close", "raw": ""}}
        self.call("POST", "/smtpBehaviors", closing)
        page = self.open("/")
        page.get_by_role("button", name="Send", exact=True).click()
        self.see(page.locator(".note.error"), "no reply")
        for body in (
            {"to": "a@x.test", "subject": "a\r\nBcc: b@x.test"},
            {"to": "a@x.test>\r\nRCPT TO:<b@x.test"},
        ):
            answer = page.evaluate(
                "b => fetch('/ui/testMail', {method: 'POST', body: JSON.stringify(b)})"
                ".then(a => a.status)",
                body,
            )
            self.assertIn(answer, (200, 400))
        self.expected_errors.append("400")
        self.assertEqual(self.call("GET", "/smtpMailsCount"), 0)

    def test_settings_are_copied(self) -> None:
        """With the address of the listener."""
        self.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = self.open("/")
        page.get_by_role("button", name="Copy the settings of swaks").click()
        self.see(page.get_by_text("copied"))
        copied = page.evaluate("navigator.clipboard.readText()")
        self.assertIn(f"--port {self.service.pair('smtp')[1]}", copied)

    def test_hostile_names(self) -> None:
        """What clients call themselves runs nothing."""
        page = self.open("/")
        self.wait_live(page)
        self.talk(f"EHLO {HOSTILE}", "QUIT")
        self.send(HOSTILE, sender='"<b onclick=x>"@x.test')
        self.see(page.locator(".latest"), "<script>")
        self.assertIsNone(page.evaluate("window.bad || null"))

    def test_a_row_opens_its_session(self) -> None:
        """With `j` and Enter."""
        self.send("Open me")
        (session,) = self.call("GET", "/smtpSessions")
        page = self.open("/")
        self.wait_live(page)
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        self.see(page.get_by_role("heading", name=f"Session {session['id']}"))
        self.see(page.locator(".transcript"), "rcpt TO:<bob@x.test>")
