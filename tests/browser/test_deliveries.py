"""The screens of deliveries"""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.browser.case import BrowserCase
from tests.installed import FREE_PORTS

HOSTILE = "</title><script>window.bad=1</script>\u202egpj.exe"

BUSY = {
    "name": "Busy twice",
    "command": "RCPT TO",
    "condition": {"operator": "contains", "matchingValue": "retry@"},
    "response": {"code": 450, "message": "4.2.1 Mailbox busy"},
    "numberOfAnswer": 2,
}

UNKNOWN = {
    "name": "Unknown user",
    "command": "RCPT TO",
    "condition": {"operator": "equals", "matchingValue": "carol@x.test"},
    "response": {"code": 550, "message": "5.1.1 No such user"},
}


ADDRESS = {"address": "192.0.2.7"}


class DeliveryCase(BrowserCase):
    def add_host(self, name: str) -> None:
        """Another host, whose listener `send` knows by ``smtp.NAME``."""
        listener = {"address": "127.0.0.1", "port": 0}
        made = self.call("POST", "/hosts", {"name": name, "listeners": [listener]})
        self.service.addresses[f"smtp.{name}"] = made["addresses"][0]

    def retry(self, times: int, backoff: float = 0.5, **mail: Any) -> None:
        """Send the same mail several times, as a queue does."""
        for number in range(times):
            if number:
                time.sleep(backoff)
            self.send(message_id="retried@h.test", to=["retry@x.test"], **mail)


class ListTests(DeliveryCase):
    shares = True

    def test_a_retry_is_one_row(self) -> None:
        """The row shows the last result, and opens into the rounds."""
        self.call("POST", "/smtpBehaviors", BUSY)
        page = self.open("/ui/deliveries")
        self.wait_live(page)
        self.retry(3, subject="Password reset")
        row = page.locator(".row")
        self.see(row, "accepted")
        self.see_count(row, 1)
        self.see(row, "Password reset")
        row.locator("summary").click()
        self.see_count(row.locator(".attempts tbody tr"), 5)
        self.see(row.locator(".backoff").first, "back-off")
        self.see(row, "450 4.2.1 Mailbox busy")
        self.see(row, "Busy twice")
        self.check_accessible(page)

    def test_an_open_row_stays_as_it_is(self) -> None:
        """While others arrive: it is open, focused, and where it was."""
        for number in range(30):
            self.send(f"Mail {number}", to=[f"u{number}@x.test"])
        page = self.open("/ui/deliveries")
        self.wait_live(page)
        row = page.locator(".row").filter(has_text="u3@x.test")
        row.locator("summary").click()
        row.locator("summary").focus()
        row.scroll_into_view_if_needed()
        top = row.bounding_box()["y"]
        for number in range(3):
            self.send(f"New {number}", to=[f"new{number}@x.test"])
        self.see_count(page.locator(".row"), 33)
        self.assertLess(abs(row.bounding_box()["y"] - top), 2)
        self.assertTrue(row.locator("details").evaluate("e => e.open"))
        self.assertTrue(
            row.locator("summary").evaluate("e => e === document.activeElement")
        )

    def test_keys(self) -> None:
        """`j` and `k` move, Enter opens the row, `o` the delivery, Esc returns."""
        for name in "ann", "bob", "eve":
            self.send(f"To {name}", to=[f"{name}@x.test"])
        page = self.open("/ui/deliveries")
        for key in "j", "j", "k", "j":
            page.keyboard.press(key)
        page.keyboard.press("Enter")
        row = page.locator("[data-current]")
        self.see(row, "bob@x.test")
        self.see(row.get_by_text("Transcript and why"))
        page.keyboard.press("o")
        self.see(page.get_by_role("heading", name="bob@x.test"))
        page.keyboard.press("Escape")
        self.see(page.get_by_role("heading", name="Deliveries"))
        page.keyboard.press("/")
        self.assertEqual(page.evaluate("document.activeElement.name"), "to")

    def test_filters(self) -> None:
        """They are in the URL; links follow one mail, one client, one host."""
        self.call("POST", "/smtpBehaviors", UNKNOWN)
        self.send("Kept", to=["ann@x.test"], message_id="kept@h.test")
        self.send("Refused", to=["carol@x.test"])
        page = self.open("/ui/deliveries")
        page.get_by_label("Result").select_option("rejected")
        page.get_by_role("button", name="Filter").click()
        self.see_count(page.locator(".row"), 1)
        self.assertIn("final=rejected", page.url)
        page.get_by_role("link", name="Clear").click()
        self.see_count(page.locator(".row"), 2)
        row = page.locator(".row").filter(has_text="ann@x.test")
        row.locator("summary").click()
        row.get_by_text("only this mail").click()
        self.see_count(page.locator(".row"), 1)
        self.see(page.get_by_text("Only the mail with the Message-ID"))
        self.expected_errors.append("400")
        page.goto(f"{self.url}/ui/deliveries?code=999")
        self.see(page.get_by_role("heading", name="Bad Request"))

    def test_more_than_a_view(self) -> None:
        """50 at a time, the newest first; and what is older."""
        for number in range(53):
            self.send(f"Mail {number}", to=[f"u{number}@x.test"])
        page = self.open("/ui/deliveries")
        self.see_count(page.locator(".row"), 50)
        self.see(page.locator(".row").first, "u52@x.test")
        page.get_by_role("link", name="Older").click()
        self.see_count(page.locator(".row"), 3)
        page.get_by_role("link", name="Newest").click()
        self.see_count(page.locator(".row"), 50)

    def test_a_duplicate(self) -> None:
        """The row says that the mail was kept twice."""
        lost = {
            "command": "DATA",
            "response": {"code": 451, "message": "4.3.0 Lost", "effect": "apply"},
            "numberOfAnswer": 1,
        }
        self.call("POST", "/smtpBehaviors", lost)
        self.retry(2, subject="Twice")
        page = self.open("/ui/deliveries")
        self.see(page.locator(".row"), "duplicated")
        page.locator(".row summary").click()
        self.see(page.locator(".row"), "yet kept")

    def test_exports(self) -> None:
        """As JSON, as text, and as a report, each with the filters of the screen."""
        self.send("Export", to=["ann@x.test"])
        self.send("Other", to=["bob@x.test"])
        delivery = f"/ui/deliveries/{self.ids('/deliveries')[0]}"
        for path in "/ui/deliveries?to=ann@x.test", delivery:
            page = self.open(path)
            for name, expected in (
                ("JSON", '"recipient":"ann@x.test"'),
                ("text", "ACCEPTED ann@x.test"),
                ("report", "<title>0 of 1 delivery failed"),
            ):
                link = page.get_by_role("link", name=name, exact=True).first
                answer = self.call("GET", link.get_attribute("href"))
                told = answer.decode() if isinstance(answer, bytes) else _dump(answer)
                self.assertIn(expected, told)
                self.assertNotIn("bob@x.test", told)

    def test_hostile_texts(self) -> None:
        """Subjects, HELO names, recipients and replies run nothing, break nothing."""
        self.send(HOSTILE, to=['"<img src=x onerror=window.bad=1>"@x.test'], helo="<b>")
        self.send("x" * 5000, to=["a" * 60 + "@x.test"])
        self.talk(f"EHLO {HOSTILE}", "MAIL FROM:<a@b>", f"RCPT TO:<{HOSTILE}@x>")
        delivery = f"/ui/deliveries/{self.ids('/deliveries')[0]}"
        for path in "/ui/deliveries", "/ui/timeline", delivery:
            for width in 1280, 360:
                page = self.open(path, self.new_context(width=width))
                self.check_width(page)
                self.assertIsNone(page.evaluate("window.bad || null"))
        page = self.open(delivery)
        self.see(page.locator(".transcript"), "<img src=x")
        self.check_accessible(page)


class StoredTests(DeliveryCase):
    """A service that stores mails in SQLite"""

    def start_service(self, addresses: Sequence[str] = FREE_PORTS) -> None:
        """With a store that outlives the service."""
        if not self.options:
            self.options = ("--store", f"sqlite:{Path(self.mktemp()).absolute()}")
        super().start_service(addresses)

    def test_deliveries_and_mails(self) -> None:
        """They have subjects; after a restart the mails are there, and a retry is one
        delivery more.
        """
        self.expected_errors.append("ERR_")
        self.call("POST", "/smtpBehaviors", BUSY)
        self.retry(3, subject="Stored")
        page = self.open("/ui/deliveries")
        self.see(page.locator(".row"), "Stored")
        self.see(page.locator(".row"), "accepted")
        self.see_count(page.locator(".row"), 1)
        self.see_count(self.open("/ui/timeline").locator(".timeline a"), 3)
        page.goto(f"{self.url}/ui/sessions/3")
        page.get_by_role("link", name="mail 1", exact=True).click()
        self.see(page.get_by_role("heading", name="Stored"))
        self.restart_service()
        page.goto(f"{self.url}/ui/mails")
        self.see(page.locator("tr[data-row]"), "Stored")
        self.send("Another")
        page.goto(f"{self.url}/ui/deliveries")
        self.see(page.locator(".row"), "Another")

    def test_a_killed_service(self) -> None:
        """An open page continues by itself; all screens show what was there before."""
        self.expected_errors.append("ERR_")
        self.call("POST", "/smtpBehaviors", {**BUSY, "persistent": True})
        self.call("POST", "/dnsRecords", {"type": "A", "name": "x.test"} | ADDRESS)
        self.add_host("mx2")
        self.retry(3, subject="Survives")
        (delivery,) = self.ids("/deliveries")
        page = self.open("/ui/deliveries")
        self.wait_live(page)
        # Sessions are stored within a second.
        time.sleep(1.5)
        self.restart_service(lambda: self.see(page.get_by_role("alert")), kill=True)
        self.wait_live(page)
        self.see(page.locator(".row"), "Survives")
        self.see(page.locator(".row"), "3 attempts")
        for path, text in (
            ("/", "retry@x.test"),
            ("/ui/timeline", "mx2"),
            (f"/ui/deliveries/{delivery}", "before the last start of the service"),
            ("/ui/mails", "Survives"),
            ("/ui/behaviors", "0 of 2 left"),
            ("/ui/dns", "192.0.2.7"),
            ("/ui/hosts", "mx2"),
        ):
            page.goto(self.url + path)
            self.see(page.locator("main"), text)
            self.check_accessible(page)
        self.send("Afterwards", to=["retry@x.test"])
        page.goto(f"{self.url}/ui/deliveries")
        self.see(page.locator(".row").first, "Afterwards")


class WhyTests(DeliveryCase):
    shares = True

    def test_a_near_miss_is_fixed(self) -> None:
        """The letter that differs is marked; the button changes the behavior."""
        self.call("POST", "/smtpBehaviors", UNKNOWN)
        self.call("POST", "/smtpBehaviors", BUSY)
        self.send("Invoice", to=["Carol@x.test"])
        page = self.open(f"/ui/deliveries/{self.ids('/deliveries')[-1]}")
        self.wait_live(page)
        why = page.locator("#why")
        self.see(why, "1 behavior nearly answered: Unknown user")
        self.see(why.locator("mark").first, "C")
        self.see(why, "differs only in upper and lower case")
        self.check_accessible(page)
        why.get_by_role("button", name='Fix: {"ignoreCase":true}').first.click()
        self.see(why, "Now it would be answered 550 5.1.1 No such user")
        (behavior, _) = self.call("GET", "/smtpBehaviors", view="full")
        self.assertTrue(behavior["condition"]["ignoreCase"])
        self.send("Invoice again", to=["Carol@x.test"])
        page.goto(f"{self.url}/ui/deliveries/{self.ids('/deliveries')[-1]}")
        self.see(page.get_by_role("heading", name="rejected"))

    def test_the_steps_of_each_behavior(self) -> None:
        """In walk order: what answered, what did not, and what was never reached."""
        exhausted = {**UNKNOWN, "numberOfAnswer": 1, "name": "Once"}
        self.call("PUT", "/smtpBehaviors", [exhausted, UNKNOWN, BUSY])
        self.send("One", to=["carol@x.test"])
        self.send("Two", to=["carol@x.test"])
        page = self.open(f"/ui/deliveries/{self.ids('/deliveries')[-1]}")
        each = page.locator("#why .why")
        self.see(each.nth(0), "did not answer")
        self.see(each.nth(0).locator("li.failed"), "has no answers left")
        self.see(each.nth(1), "answered")
        self.see(each.nth(2), "never reached")

    def test_evaluate_a_command(self) -> None:
        """In the state of the session; no counter changes."""
        self.call("POST", "/smtpBehaviors", UNKNOWN)
        self.send("Invoice", to=["bob@x.test"])
        page = self.open(f"/ui/deliveries/{self.ids('/deliveries')[-1]}")
        row = page.locator(".transcript tbody").filter(has_text="rcpt TO")
        row.get_by_text("why?").click()
        page.get_by_label("Command").fill("RCPT TO:<carol@x.test>")
        page.get_by_role("button", name="Evaluate", exact=True).click()
        self.see(page.locator(".result-line"), "550 5.1.1 No such user")
        (behavior,) = self.call("GET", "/smtpBehaviors", view="full")
        self.assertEqual((behavior["fired"], behavior["seen"]), (0, 0))
        page.get_by_label("Command").fill("NONSENSE \u00e9")
        page.get_by_role("button", name="Evaluate", exact=True).click()
        self.see(page.locator("#why"), "500")

    def test_a_rule_of_a_line(self) -> None:
        """Each line of a transcript leads to a new behavior for it."""
        self.send("Invoice", to=["bob@x.test"])
        page = self.open(f"/ui/sessions/{self.ids('/smtpSessions')[-1]}")
        row = page.locator(".transcript tbody").filter(has_text="rcpt TO")
        link = row.get_by_role("link", name="rule").get_attribute("href")
        self.assertTrue(link.startswith("/ui/behaviors/new?line=rcpt"), link)
        self.check_accessible(page)


class TimelineTests(DeliveryCase):
    shares = True

    def test_backoff_failover_and_queries(self) -> None:
        """Each host has a lane; lines join the attempts of a delivery."""
        self.add_host("mx2")
        self.call("POST", "/smtpBehaviors", {**BUSY, "numberOfAnswer": 3})
        page = self.open("/ui/timeline")
        self.wait_live(page)
        self.retry(2, backoff=1.2)
        self.retry(1)
        self.retry(1, host="smtp.mx2")
        self.query("x.test")
        lanes = page.locator(".lane-name")
        self.see(lanes.nth(0), "default")
        self.see(lanes.nth(1), "mx2")
        self.see_count(page.locator(".timeline a"), 4)
        self.see_count(page.locator(".timeline .mark.deferred"), 3)
        self.see_count(page.locator(".timeline .mark.accepted"), 1)
        self.see_count(page.locator(".timeline .failover-line"), 1)
        self.see_count(page.locator(".timeline .backoff-line"), 2)
        self.see(lanes.nth(2), "DNS")
        self.see_count(page.locator(".timeline .query"), 1)
        self.assertIn("MX x.test", page.locator(".timeline .query").text_content())
        for dark in (False, True):
            self.check_accessible(self.open("/ui/timeline", self.new_context(dark)))
        narrow = self.open("/ui/timeline", self.new_context(width=360))
        labels = narrow.locator(".tick-label:visible").all()
        boxes = [box for label in labels if (box := label.bounding_box())]
        for left, right in itertools.pairwise(boxes):
            self.assertLess(left["x"] + left["width"], right["x"])
        page.locator(".timeline a").first.click()
        self.see(page.get_by_role("heading", name="Attempts"))

    def test_zoom(self) -> None:
        """Dragging over the axis shows that time; a link returns to the whole."""
        for number in range(4):
            self.send(f"Mail {number}", to=[f"u{number}@x.test"])
            time.sleep(0.4)
        page = self.open("/ui/timeline")
        box = page.locator(".timeline").bounding_box()
        y = box["y"] + box["height"] - 8
        page.mouse.move(box["x"] + box["width"] * 0.5, y)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.995, y, steps=5)
        page.mouse.up()
        page.wait_for_url("**since=*")
        self.see_count(page.locator(".timeline a"), 2)
        page.get_by_role("link", name="whole time").click()
        self.see_count(page.locator(".timeline a"), 4)


class PictureTests(DeliveryCase):
    """The screenshots of the documentation"""

    def test_pictures(self) -> None:
        """A service on which deliveries were deferred, moved on, and went wrong."""
        self.add_host("mx1")
        self.add_host("mx2")
        failing = {
            "name": "Maintenance",
            "command": "RCPT TO",
            "condition": {"operator": "startsWith", "matchingValue": "ops@"},
            "response": {"code": 451, "message": "4.3.2 System in maintenance"},
        }
        lost = {
            "name": "Kept, then 451",
            "command": "DATA",
            "condition": {
                "target": "sender",
                "operator": "startsWith",
                "matchingValue": "orders@",
            },
            "response": {"code": 451, "message": "4.3.0 Lost", "effect": "apply"},
            "numberOfAnswer": 1,
        }
        self.call("PUT", "/hosts/mx1/smtpBehaviors", [BUSY, UNKNOWN, failing, lost])
        mx1, mx2 = "smtp.mx1", "smtp.mx2"
        self.retry(1, host=mx1, subject="Password reset")
        self.send("Welcome", to=["ann@x.test"], host=mx1)
        self.send("Invoice 4711", to=["carol@x.test"], host=mx1)
        time.sleep(0.7)
        for host in mx1, mx2:
            self.send("Report", to=["ops@x.test"], host=host, message_id="report@h")
        for _ in range(2):
            self.send(
                "Order 17",
                to=["shop@x.test"],
                sender="orders@h.test",
                host=mx1,
                message_id="order@h",
            )
            time.sleep(0.8)
        self.retry(2, backoff=1.2, host=mx1, subject="Password reset")
        self.send("Invoice 4712", to=["Carol@x.test"], host=mx1)
        page = self.open("/ui/deliveries")
        self.see_count(page.locator(".row"), 6)
        page.locator(".row").filter(has_text="retry@").locator("summary").click()
        self.picture(page, "deliveries")
        self.picture(self.open("/ui/timeline"), "timeline")
        page.locator(".row").filter(has_text="4712").locator(".open").click()
        self.see(page.locator("#why"), "nearly answered")
        page.set_viewport_size({"width": 1440, "height": 800})
        self.picture(page, "delivery")
        self.picture(self.open("/"), "overview")


def _dump(document: Any) -> str:
    import json

    return json.dumps(document, separators=(",", ":"))
