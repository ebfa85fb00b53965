"""The screens of DNS and of hosts."""

from __future__ import annotations

import smtplib

from tests.browser.case import BrowserCase

MX = {
    "name": "mx1",
    "hostname": "mx1.x.test",
    "listeners": [{"address": "127.0.0.1"}],
    "dns": {
        "names": ["mx1.x.test"],
        "domains": [{"name": "x.test", "preference": 10}],
        "address": "127.0.0.1",
    },
    "tls": {},
    "auth": {"users": {"bob": "secret"}, "mechanisms": ["PLAIN", "LOGIN"]},
    "limits": {"recipients": 100},
}


class DnsTests(BrowserCase):
    """``/ui/dns``"""

    shares = True

    def test_a_route(self) -> None:
        """The exchanges in order, the hosts there, replies and warnings."""
        self.call("POST", "/hosts", MX)
        backup = {"name": "x.test", "type": "MX", "preference": 20}
        self.call("POST", "/dnsRecords", {**backup, "exchange": "mx2.x.test"})
        behavior = {"id": "busy", "command": "RCPT TO", "response": {"code": 450}}
        self.call("PUT", "/hosts/mx1/smtpBehaviors", [behavior])
        page = self.open("/ui/dns")
        page.get_by_label("Route to").fill("bob@x.test")
        page.keyboard.press("Enter")
        first = page.locator(".route > li").first
        self.see(first, "mx1.x.test preference 10")
        self.see(first, "host mx1 on")
        self.see(first.locator(".accepted"), "250")
        self.see(first.locator(".deferred"), "450")
        self.see(first.get_by_role("link", name="busy"))
        self.see(page.locator(".warning").first)
        self.see(page.locator(".warning", has_text="mx2.x.test has no address"))
        self.see(page.get_by_text("x.test has no MTA-STS"))
        self.check_accessible(page)
        self.wait_live(page)
        self.call("DELETE", "/hosts/mx1/smtpBehaviors/busy")
        self.see_count(first.locator(".accepted"), 2)
        page.goto(f"{self.url}/ui/dns?to=nobody")
        self.see(page.get_by_role("alert").first, "must be an address with a domain")

    def test_records(self) -> None:
        """One is added, an error is shown, it is changed and deleted."""
        page = self.open("/ui/dns")
        new = page.get_by_label("New")
        new.fill("x.test. 60 IN MX ten mx1.x.test.")
        page.keyboard.press("Enter")
        self.see(page.locator(".problems").first, "expecting an integer")
        new.fill("x.test. 60 IN MX 10 mx1.x.test.")
        page.keyboard.press("Enter")
        row = page.locator(".records tbody tr")
        self.see(row, "10 mx1.x.test.")
        row.locator("summary").click()
        field = row.get_by_label("Record 1")
        field.fill("x.test. 300 IN MX 5 mx1.x.test.")
        page.keyboard.press("Enter")
        self.see(row, "5 mx1.x.test.")
        (record,) = self.call("GET", "/dnsRecords", view="full")
        self.assertEqual((record["id"], record["ttl"]), ("1", 300))
        row.locator("summary").focus()
        page.keyboard.press("d")
        self.see(page.get_by_text("No record is set"))
        self.expected_errors = ["400"]

    def test_zone_text(self) -> None:
        """All records as a zone file, with errors at their lines."""
        page = self.open("/ui/dns/zone")
        page.locator("textarea").fill("x.test. MX 10 mx.x.test.\nmx.x.test. A 1.2.3\n")
        page.locator("form.editor .main").click()
        self.see(page.locator(".problems"), "Line 2")
        page.locator("textarea").fill(
            "x.test. MX 10 mx.x.test.\nmx.x.test. A 1.2.3.4\n"
        )
        page.locator("form.editor .main").click()
        self.see_count(page.locator(".records tbody tr"), 2)
        self.expected_errors = ["400"]

    def test_the_query_log(self) -> None:
        """Queries appear as they arrive, with their answers."""
        self.call("POST", "/hosts", MX)
        page = self.open("/ui/dns")
        self.wait_live(page)
        self.query("x.test")
        self.query("gone.test")
        rows = page.locator(".queries tbody tr")
        self.see(rows.first, "NXDOMAIN")
        self.see(rows.nth(1), "MX 10 mx1.x.test")
        self.check_accessible(page)

    def test_mta_sts_and_dane(self) -> None:
        """A policy is set for the domain of the route, and checked against it."""
        self.call("POST", "/hosts", MX)
        page = self.open("/ui/dns?to=bob@x.test")
        page.get_by_text("Set the MTA-STS policy").click()
        page.locator("form.editor .main").first.click()
        self.see(page.locator(".facts-list"), "mode enforce")
        self.see(page.locator(".facts-list .accepted").first, "matches")
        self.see(page.locator(".facts-list .deferred").first)
        self.check_accessible(page)

    def test_narrow_and_dark(self) -> None:
        """At 360 pixels nothing is wider than the view; dark, it is accessible."""
        self.call("POST", "/hosts", MX)
        record = {"name": "x.test", "type": "TXT", "strings": ["x" * 200]}
        self.call("POST", "/dnsRecords", record)
        self.query("x.test")
        context = self.new_context(dark=True, width=360)
        for path in (
            *("/ui/dns?to=bob@x.test", "/ui/dns/zone"),
            *("/ui/hosts", "/ui/hosts/mx1", "/ui/hosts/new"),
        ):
            page = self.open(path, context)
            self.see(page.locator("h1"))
            self.check_width(page)
            self.check_accessible(page)

    def test_picture(self) -> None:
        """A route, records and queries as users see them."""
        self.call("POST", "/hosts", MX)
        records = [
            {
                "name": "x.test",
                "type": "MX",
                "preference": 20,
                "exchange": "mx2.x.test",
            },
            {"name": "mx2.x.test", "type": "A", "address": "127.0.0.2"},
            {"name": "x.test", "type": "TXT", "strings": ["v=spf1 mx -all"]},
        ]
        self.call("POST", "/dnsRecords", records)
        for name in ("x.test", "x.test", "other.test"):
            self.query(name)
        page = self.open("/ui/dns?to=bob@x.test")
        self.see(page.locator(".queries tbody tr").first)
        self.picture(page, "dns")


class HostTests(BrowserCase):
    """``/ui/hosts``"""

    shares = True

    def test_facts(self) -> None:
        """EHLO before and after TLS, the certificate, limits and users."""
        self.call("POST", "/hosts", MX)
        page = self.open("/ui/hosts")
        card = page.locator("#host-mx1")
        self.see(card.get_by_label("EHLO of mx1 without TLS"), "250-STARTTLS")
        self.see(card.get_by_label("EHLO of mx1 without TLS"), "250-mx1")
        self.see(card.get_by_label("EHLO of mx1 with TLS"), "AUTH PLAIN LOGIN")
        for text in "CN=mx1.x.test", "users bob", "recipients", "100", "x.test (10)":
            self.see(card, text)
        self.check_accessible(page)
        self.picture(page, "hosts")

    def test_open_connections(self) -> None:
        """They are listed, and closed by a button."""
        page = self.open("/ui/hosts")
        self.wait_live(page)
        card = page.locator("#host-default")
        with smtplib.SMTP(*self.service.pair("smtp"), timeout=10) as client:
            client.ehlo("client.test")
            self.see(card, "1 open connection")
            self.see(card, "session 1")
            card.get_by_role("button", name="Close", exact=True).click()
            self.see(card, "0 open connections")
            self.assertEqual(client.noop()[0], 421)
            client.close()

    def test_create_edit_and_delete(self) -> None:
        """A host is created from a draft, changed, and deleted."""
        page = self.open("/ui/hosts")
        page.keyboard.press("n")
        page.locator("form.editor .main").click()
        card = page.locator("#host-mx2")
        self.see(card, "mx2.x.test")
        card.get_by_role("link", name="Edit").click()
        area = page.locator("textarea")
        text = area.input_value().replace('"hostname": "mx2.x.test"', '"hostname": 5')
        area.fill(text)
        page.locator("form.editor .main").click()
        self.see(page.locator(".problems"), "$.hostname")
        area.fill(text.replace('"hostname": 5', '"hostname": "new.x.test"'))
        page.locator("form.editor .main").click()
        self.see(card, "new.x.test")
        page.on("dialog", lambda dialog: dialog.accept())
        card.locator("[data-key=d]").click()
        self.see_count(card, 0)
        self.expected_errors = ["400"]

    def test_clone(self) -> None:
        """Another host with the same settings, on a free port."""
        self.call("POST", "/hosts", MX)
        page = self.open("/ui/hosts/new?clone=mx1")
        page.locator("form.editor .main").click()
        self.see(page.locator("#host-mx3"), "mx3.test")
        self.see(page.locator("#host-mx3"), "users bob")
