"""The screen of behaviors: the list in words, the editor, the recipes."""

from __future__ import annotations

import json
from typing import Any

from tests.browser.case import BrowserCase

BUSY: dict[str, Any] = {
    "id": "busy",
    "tag": "outage",
    "command": "RCPT TO",
    "condition": {"operator": "contains", "matchingValue": "bob@"},
    "response": {"code": 450, "message": "4.2.1 Busy"},
    "numberOfAnswer": 2,
}
GREY: dict[str, Any] = {
    "id": "grey",
    "name": "Greylisting",
    "command": "RCPT TO",
    "per": ["clientIp", "sender", "recipient"],
    "activeFor": "5m",
    "window": "24h",
    "response": {"code": 450, "message": "4.2.0 Greylisted"},
}
OUTAGE: dict[str, Any] = {
    "id": "down",
    "tag": "outage",
    "command": "MAIL FROM",
    "scenario": {"name": "outage", "state": "down"},
    "response": {"code": 451, "message": "4.3.0 Down"},
}


class ListTests(BrowserCase):
    """``/ui/behaviors``"""

    shares = True

    def behaviors(self, *documents: dict[str, Any]) -> None:
        """Set the behaviors of the default host."""
        self.call("PUT", "/smtpBehaviors", list(documents))

    def ids(self) -> list[str]:
        """The ids of all behaviors, in order."""
        found = self.call("GET", "/smtpBehaviors", view="full")
        return [one["id"] for one in found]

    def test_words_and_live_counters(self) -> None:
        """Each behavior in words; its counters follow what clients do."""
        self.behaviors(BUSY)
        page = self.open("/ui/behaviors")
        row = page.locator("#rule-busy")
        self.see(row, "RCPT TO containing bob@ → 450 4.2.1 Busy")
        self.see(row, "2 of 2 left")
        self.wait_live(page)
        self.send(to=["bob@x.test"])
        self.see(row, "1 of 2 left")
        self.see(row, "1 answered")
        self.send(to=["bob@x.test"])
        self.see(row, "used up")
        self.check_accessible(page)

    def test_move_and_delete(self) -> None:
        """By the buttons of a row, which are requests to the API."""
        self.behaviors(BUSY, GREY, OUTAGE)
        page = self.open("/ui/behaviors")
        row = page.locator("#rule-down")
        row.hover()
        row.locator("[data-key=u]").click()
        self.see(page.locator(".rules > li:nth-child(2)"), "4.3.0 Down")
        self.assertEqual(self.ids(), ["busy", "down", "grey"])
        page.keyboard.press("d")
        self.see_count(page.locator(".rules > li"), 2)
        self.assertEqual(self.ids(), ["busy", "grey"])

    def test_a_tag_is_a_switch(self) -> None:
        """All behaviors with a tag are disabled and enabled together."""
        self.behaviors(BUSY, GREY, OUTAGE)
        page = self.open("/ui/behaviors")
        page.locator(".tag-group button").first.click()
        self.see_count(page.locator(".rules > li.disabled"), 2)
        page.locator("#rule-busy").hover()
        page.locator("#rule-busy [data-key=e]").click()
        self.see_count(page.locator(".rules > li.disabled"), 1)

    def test_scenarios(self) -> None:
        """Their states are shown and set."""
        self.behaviors(OUTAGE)
        page = self.open("/ui/behaviors")
        self.see(page.locator(".scenarios"), "Started")
        page.get_by_role("button", name="down", exact=True).click()
        self.see(page.locator(".scenarios b"), "down")
        self.assertEqual(self.call("GET", "/scenarios"), {"outage": "down"})

    def test_other_lists(self) -> None:
        """Of another host, and of DNS."""
        self.call("POST", "/hosts", {"name": "mx2"})
        self.call("PUT", "/hosts/mx2/smtpBehaviors", [GREY])
        dns = {"query": "MX", "response": {"rcode": "SERVFAIL"}}
        self.call("PUT", "/dnsBehaviors", [dns])
        page = self.open("/ui/behaviors")
        self.see(page.locator("main"), "No behavior is set")
        page.get_by_role("link", name="mx2").click()
        self.see(page.locator("#rule-grey"), "Greylisting")
        page.get_by_role("link", name="DNS 1").click()
        self.see(page.locator(".rules"), "query for MX → SERVFAIL")

    def test_narrow_and_dark(self) -> None:
        """At 360 pixels nothing is wider than the view; dark, it is accessible."""
        self.behaviors(BUSY, GREY, OUTAGE)
        context = self.new_context(dark=True, width=360)
        for path in ("", "/new", "/busy", "/all"):
            page = self.open(f"/ui/behaviors{path}", context)
            self.check_width(page)
            self.check_accessible(page)
        page = self.open("/ui/recipes", context)
        self.check_width(page)
        self.check_accessible(page)

    def test_picture(self) -> None:
        """A list as users see it."""
        full = {
            "id": "full",
            "command": "RCPT TO",
            "condition": {"operator": "contains", "matchingValue": "full@"},
            "response": {"code": 452, "message": "4.2.2 Mailbox full"},
        }
        slow = {
            "id": "slow",
            "command": "ANY",
            "condition": {
                "target": "clientIp",
                "operator": "inNetwork",
                "matchingValue": "10.0.0.0/8",
            },
            "response": {
                "delay": {"type": "lognormal", "median": 200, "sigma": 0.4},
                "drip": {"bytes": 1, "interval": "20ms"},
            },
        }
        kept = {
            "id": "kept",
            "name": "Kept, then RST",
            "command": "DATA",
            "enabled": False,
            "response": {"then": "reset", "effect": "apply"},
        }
        self.behaviors(BUSY, GREY, OUTAGE, full, slow, kept)
        self.send(to=["bob@x.test"])
        self.send(to=["full@x.test"])
        page = self.open("/ui/behaviors")
        page.keyboard.press("j")
        self.picture(page, "behaviors")


class EditorTests(BrowserCase):
    """The editor of documents"""

    shares = True

    def test_errors_at_their_lines(self) -> None:
        """Each error of the API marks the line of the value that it is about."""
        page = self.open("/ui/behaviors/new")
        page.locator("textarea").fill(
            '{\n  "command": "RCPT TO",\n  "condition": {\n'
            '    "operator": "contain",\n    "matchingValue": "x"},\n'
            '  "response": {"code": 99}\n}'
        )
        page.locator("form.editor .main").click()
        problems = page.locator(".problems")
        self.see(problems, "Line 4, $.condition.operator")
        self.see(problems, "did you mean 'contains'")
        self.see(problems, "Line 6, $.response.code")
        self.see_count(page.locator(".gutter .wrong"), 2)
        problems.get_by_role("button").first.click()
        chosen = page.evaluate(
            "(area => area.value.slice(area.selectionStart, area.selectionEnd))"
            "(document.querySelector('textarea'))"
        )
        self.assertIn("operator", chosen)
        self.check_accessible(page)
        self.expected_errors = ["400"]

    def test_invalid_json(self) -> None:
        """The error of the API has its line."""
        page = self.open("/ui/behaviors/new")
        page.locator("textarea").fill('{\n  "command": "RCPT TO"\n  "x": 1}')
        page.locator("form.editor .main").click()
        self.see(page.locator(".problems"), "Line 3")
        self.expected_errors = ["400"]

    def test_add_and_edit(self) -> None:
        """A behavior is added, is in the list, and is changed."""
        page = self.open("/ui/behaviors")
        page.keyboard.press("n")
        page.locator("form.editor .main").click()
        self.see(page.locator(".rules"), "RCPT TO equal to bob@x.test → 450")
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        area = page.locator("textarea")
        area.fill(area.input_value().replace("450", "550"))
        page.locator("form.editor .main").click()
        self.see(page.locator(".rules"), "→ 550")

    def test_an_edit_keeps_the_counters(self) -> None:
        """Only what was changed is sent; a field that was removed is removed."""
        self.call("PUT", "/smtpBehaviors", [BUSY])
        self.send(to=["bob@x.test"])
        page = self.open("/ui/behaviors/busy")
        area = page.locator("textarea")
        edited = json.loads(area.input_value())
        edited["response"] = {"code": 452, "message": "4.2.2 Full"}
        del edited["tag"]
        area.fill(json.dumps(edited))
        page.get_by_label("Copy as curl: Save").click()
        copied = page.get_by_label("Copy as curl: Save").get_attribute("data-copy")
        self.assertIn("curl -X PATCH", copied)
        self.assertIn('{"tag":null,"response":{"code":452,', copied)
        page.locator("form.editor .main").click()
        self.see(page.locator(".rules"), "1 of 2 left")
        (now,) = self.call("GET", "/smtpBehaviors", view="full")
        self.assertEqual((now["fired"], now["response"]["code"]), (1, 452))
        self.assertNotIn("tag", now)

    def test_a_rule_of_a_line(self) -> None:
        """The URL that transcripts link to."""
        line = "MAIL%20FROM:%3Cal%40h.test%3E%20SIZE=5"
        page = self.open(f"/ui/behaviors/new?host=default&line={line}")
        self.see(page.get_by_role("heading"), "A behavior for this line")
        page.locator("form.editor .main").click()
        self.see(page.locator(".rules"), "MAIL FROM equal to al@h.test")
        self.assertIn("450", self.talk("EHLO c.test", "MAIL FROM:<al@h.test>"))

    def test_export_and_import(self) -> None:
        """The exported file is opened, and replaces the list."""
        self.call("PUT", "/smtpBehaviors", [BUSY, GREY])
        page = self.open("/ui/behaviors")
        with page.expect_download() as started:
            page.get_by_role("link", name="Export").click()
        self.call("DELETE", "/smtpBehaviors")
        page.get_by_role("link", name="Edit all").click()
        page.locator("input[type=file]").set_input_files(started.value.path())
        page.locator("form.editor .main").click()
        self.see_count(page.locator(".rules > li"), 2)
        self.see(page.locator("#rule-grey"), "Greylisting")

    def test_the_keys_of_a_behavior(self) -> None:
        """Each key with its own counts, as clients come."""
        self.call("PUT", "/smtpBehaviors", [GREY])
        page = self.open("/ui/behaviors/grey")
        self.see(page.locator("main"), "No attempt has matched yet")
        self.wait_live(page)
        self.send(to=["carl@x.test"])
        self.see(page.locator("main table"), "carl@x.test")
        page.keyboard.press("e")
        self.see(page.locator("dl.facts"), "disabled")

    def test_copy_as_curl(self) -> None:
        """The command does what the button does."""
        context = self.new_context(permissions=["clipboard-read", "clipboard-write"])
        page = self.open("/ui/behaviors/new", context)
        page.get_by_label("Copy as curl: Add").click()
        copied = page.evaluate("navigator.clipboard.readText()")
        self.assertTrue(copied.startswith(f"curl '{self.url}/smtpBehaviors?"), copied)
        self.assertIn("--data-binary '{", copied)


class RecipeTests(BrowserCase):
    """``/ui/recipes``"""

    shares = True

    def test_search_and_add(self) -> None:
        """A recipe is found by its words, and added."""
        page = self.open("/ui/recipes")
        page.keyboard.press("/")
        page.keyboard.type("greylist")
        page.keyboard.press("Enter")
        self.see(page.locator(".recipes"), "Greylisting")
        self.check_accessible(page)
        page.locator(".recipes li").first.get_by_role(
            "button", name="Add"
        ).first.click()
        self.see(page.locator(".rules"), "450")
        self.assertTrue(self.call("GET", "/smtpBehaviors"))

    def test_edit_first(self) -> None:
        """The documents of a recipe in the editor."""
        page = self.open("/ui/recipes?q=greylist")
        page.get_by_role("link", name="Edit first").first.click()
        self.see(page.get_by_role("heading"), "Recipe: ")
        self.assertIn('"RCPT TO"', page.locator("textarea").input_value())
