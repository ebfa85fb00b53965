"""On every screen: "copy as curl" beside each action, and the keys."""

from __future__ import annotations

import re
import socket
from typing import Any

from mocksmtp.web.shell import SCREENS as SHELL_SCREENS
from tests.browser.case import BrowserCase

UNKNOWN: dict[str, Any] = {
    "id": "unknown",
    "tag": "users",
    "command": "RCPT TO",
    "condition": {"operator": "equals", "matchingValue": "carol@x.test"},
    "response": {"code": 550, "message": "5.1.1 No such user"},
}
DOWN: dict[str, Any] = {
    "id": "down",
    "command": "MAIL FROM",
    "scenario": {"name": "outage", "state": "down"},
    "enabled": False,
    "response": {"code": 451},
}

SCREENS = (
    "/",
    "/ui/deliveries",
    "/ui/timeline",
    "/ui/deliveries/1",
    "/ui/sessions/1",
    "/ui/mails",
    "/ui/mails/1",
    "/ui/behaviors",
    "/ui/behaviors/unknown",
    "/ui/behaviors/new",
    "/ui/behaviors/all",
    "/ui/recipes",
    "/ui/dns?to=bob@x.test",
    "/ui/dns/zone",
    "/ui/hosts",
    "/ui/hosts/new",
    "/ui/hosts/default",
)

ACTIONS = """() => [...document.querySelectorAll("main button")].filter(button => {
  const form = button.form;
  const reads = form && form.method === "get" && !form.matches("[data-editor]");
  return !button.matches(".copy") && !(reads && button.type === "submit");
}).map(button => {
  const copy = button.nextElementSibling;
  return {
    label: button.firstChild.data.trim(),
    about: copy?.matches(".copy") ? copy.title : "",
    curl: copy?.dataset.copy ?? "",
    method: button.dataset.method ?? "",
    path: button.dataset.path ?? "",
  };
})"""
"""All buttons that are no search or filter, and what is beside each."""


class SceneCase(BrowserCase):
    """A service on which every screen has something to show."""

    def setUp(self) -> None:
        super().setUp()
        self.call("PUT", "/smtpBehaviors", [UNKNOWN, DOWN])
        self.call("POST", "/hosts", {"name": "mx2"})
        self.call("POST", "/dnsRecords", {"type": "MX", "name": "x.test"} | MX)
        self.call("PUT", "/mtaSts", [POLICY])
        self.send("First", to=["Carol@x.test"])
        self.send("Second", to=["bob@x.test"])
        self.send("Third", to=["bob@x.test"])


MX = {"preference": 10, "exchange": "mx.x.test"}
POLICY = {"domain": "x.test", "mx": ["mx.x.test"]}


class CurlTests(SceneCase):
    def test_every_action(self) -> None:
        """Each button that sends a request has its curl command beside it."""
        found = set()
        with socket.create_connection(self.service.pair("smtp")):
            for path in SCREENS:
                page = self.open(path)
                for one in page.evaluate(ACTIONS):
                    found.add(one["label"])
                    with self.subTest(f"{one['label']} at {path}"):
                        self.assertTrue(one["about"].startswith("Copy as curl: "), one)
                        self.assertIn(one["path"], one["curl"])
                        if one["method"] not in ("", "GET", "POST"):
                            self.assertIn(f"curl -X {one['method']} ", one["curl"])
                page.close()
        self.assertEqual(
            found & EXPECTED, EXPECTED, f"not seen: {sorted(EXPECTED - found)}"
        )

    def test_what_is_selected(self) -> None:
        """The command to delete the selected mails names them."""
        page = self.open("/ui/mails")
        page.get_by_label("Select mail 1").check()
        page.get_by_label("Select mail 3").check()
        command = page.get_by_label("Copy as curl: Delete selected")
        lines = command.get_attribute("data-copy").split("\n")
        self.assertEqual(
            lines,
            [f"curl -X DELETE {self.url}/smtpMails/{number}" for number in (3, 1)],
        )

    def test_what_was_entered(self) -> None:
        """The command for a test mail has what the form contains."""
        page = self.open("/")
        page.get_by_label("Subject").fill("it's new")
        command = page.get_by_label("Copy as curl: Send", exact=True)
        command.click()
        self.see(command, "copied")
        copied = command.get_attribute("data-copy")
        self.assertIn(""""subject":"it'"'"'s new\"""", copied)
        self.assertTrue(copied.startswith(f"curl {self.url}/ui/testMail "), copied)


EXPECTED = {
    *("Send", "Send a mail", "Set the behavior", "Send, and watch"),
    *("Delete", "Delete all", "Delete selected", "Disable", "Enable", "Up", "Down"),
    *("To the front", "Add to the front", "Replace all", "Save", "Create", "Add"),
    *("Reset", "Close", "Reset (RST)", "Clear the log", "Remove the policy"),
    *("down", 'Fix: {"ignoreCase":true}'),
}


class KeyTests(SceneCase):
    def test_rows(self) -> None:
        """`j` and `k` move, Enter opens, Esc returns, on each screen with rows."""
        for path, opened, parent in (
            ("/", "/ui/", "/ui/deliveries"),
            ("/ui/mails", "/ui/mails/", "/ui/mails"),
            ("/ui/behaviors", "/ui/behaviors/", r"/ui/behaviors(\?host=default)?"),
            ("/ui/hosts", "/ui/hosts/", "/ui/hosts"),
            ("/ui/deliveries/1", "attempt=", "/ui/deliveries"),
        ):
            with self.subTest(path):
                page = self.open(path)
                rows = page.locator("[data-row]:visible")
                self.see(rows)
                page.keyboard.press("j")
                first = page.locator("[data-current]").get_attribute("id")
                if rows.count() > 1:
                    page.keyboard.press("j")
                    second = page.locator("[data-current]").get_attribute("id")
                    self.assertNotEqual(second, first)
                    page.keyboard.press("k")
                self.see_count(page.locator(f"[id='{first}'][data-current]"), 1)
                page.keyboard.press("Enter")
                page.wait_for_url(re.compile(re.escape(opened)))
                if page.locator("[data-close]").count():
                    page.keyboard.press("Escape")
                    page.wait_for_url(re.compile(f"{self.url}{parent}$"))

    def test_everywhere(self) -> None:
        """`/` searches, `?` lists the keys, `r` refreshes, digits change the screen."""
        for number, path in enumerate(
            ("/", "/ui/deliveries", "/ui/mails", "/ui/behaviors", "/ui/dns"), 1
        ):
            with self.subTest(path):
                page = self.open(path)
                self.wait_live(page)
                if page.locator("[data-search]").count():
                    page.keyboard.press("/")
                    self.see_count(page.locator("[data-search]:focus"), 1)
                    page.keyboard.press("Escape")
                page.keyboard.press("?")
                self.see(page.get_by_role("heading", name="Keys"))
                page.keyboard.press("Escape")
                with page.expect_request("**part=*"):
                    page.keyboard.press("r")
                page.keyboard.press(str(number + 1))
                current = page.locator('header nav [aria-current="page"]')
                self.see(current, SHELL_SCREENS[number].title)

    def test_d_needs_a_row(self) -> None:
        """Without a current row it deletes nothing."""
        page = self.open("/ui/mails")
        self.wait_live(page)
        for key in "d", "j", "d":
            page.keyboard.press(key)
        self.see_count(page.locator("tr[data-row]"), 2)
        self.assertEqual(self.call("GET", "/smtpMailsCount"), 2)
