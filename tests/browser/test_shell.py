"""The shell: following the service, login, keys, six tabs, a stopped service."""

from __future__ import annotations

import re
from typing import Any

from mocksmtp.web.shell import SCREENS, static_files
from tests.browser.case import BrowserCase


class ShellTests(BrowserCase):
    shares = True

    def test_it_says_that_it_is_live(self) -> None:
        """As soon as it follows the events of the service."""
        page = self.open("/")
        self.wait_live(page)
        self.see(page.locator("#state"), "live")

    def test_digits_lead_to_the_screens(self) -> None:
        """In the order of the navigation; `?` lists the keys, Esc closes the list."""
        page = self.open("/")
        page.keyboard.press("2")
        self.see(page.get_by_role("heading", name="Deliveries"))
        page.keyboard.press("?")
        self.see(page.get_by_role("heading", name="Keys"))
        self.check_accessible(page)
        page.keyboard.press("Escape")
        self.see_not(page.get_by_role("heading", name="Keys"))

    def test_the_navigation_names_the_screen(self) -> None:
        """By `aria-current`."""
        page = self.open(SCREENS[1].path)
        current = page.locator('header nav [aria-current="page"]')
        self.see(current, SCREENS[1].title)

    def test_no_such_screen(self) -> None:
        """A page says so, in words."""
        self.expected_errors.append("404")
        page = self.open("/ui/nowhere")
        self.see(page.get_by_role("heading", name="Not Found"))
        self.check_accessible(page)

    def test_six_tabs_share_one_stream(self) -> None:
        """And the API answers them all: a browser opens six connections at most."""
        pages = [self.open("/ui/deliveries") for _ in range(7)]
        for page in pages:
            self.wait_live(page)
        self.send("To all tabs")
        for page in pages:
            page.bring_to_front()
            self.see(page.get_by_text("To all tabs"))
        answer = pages[-1].evaluate("fetch('/status').then(a => a.status)")
        self.assertEqual(answer, 200)

    def test_an_incomplete_part(self) -> None:
        """It is fetched again by itself, also if nothing happens on the service."""
        self.send("Read later")

        def incomplete(route: Any) -> None:
            answer = route.fetch()
            part = '<div class="rows deliveries">'
            body = answer.text().replace(part, f"<p data-again>Reading</p>{part}")
            route.fulfill(response=answer, body=body)

        self.context.route(f"{self.url}/ui/deliveries", incomplete)
        page = self.open("/ui/deliveries")
        self.see_not(page.get_by_text("Reading"))
        self.see(page.get_by_text("Read later"))

    def test_without_javascript(self) -> None:
        """It shows the same, and forms work."""
        context = self.new_context(java_script_enabled=False)
        self.send("Plain")
        page = self.open("/ui/deliveries", context)
        self.see(page.get_by_text("Plain"))
        page.get_by_label("Result").select_option("rejected")
        page.get_by_role("button", name="Filter").click()
        self.see(page.get_by_text("No delivery matches"))
        page = self.open("/", context)
        self.see(page.get_by_text("alice@h.test → bob@x.test"))
        page.get_by_label("Subject").fill("By a form")
        page.get_by_role("button", name="Send", exact=True).click()
        self.see(page.get_by_text("alice@example.test → bob@example.test"))

    def test_a_narrow_screen(self) -> None:
        """From 360 pixels, nothing is cut off, in light and dark."""
        self.send("Narrow")
        delivery = f"/ui/deliveries/{self.ids('/deliveries')[-1]}"
        for dark in (False, True):
            context = self.new_context(dark=dark, width=360)
            for path in "/", "/ui/deliveries", "/ui/timeline", delivery:
                page = self.open(path, context)
                self.check_width(page)
                self.check_accessible(page)
                cut = "e => e.scrollWidth - e.clientWidth"
                self.assertLessEqual(page.locator("header nav").evaluate(cut), 0)

    def test_static_files(self) -> None:
        """All together are under 100 KiB, and a browser loads them once."""
        size = sum(len(file.content) for file in static_files().values())
        self.assertLess(size, 100 * 1024)
        answers = []
        page = self.context.new_page()
        page.on("response", lambda one: answers.append(one))
        page.goto(f"{self.url}/ui/deliveries")
        self.wait_live(page)
        static = [one for one in answers if "/static/" in one.url]
        self.assertGreater(len(static), 3)
        for one in static:
            self.assertIn("immutable", one.headers["cache-control"])


class RestartTests(BrowserCase):
    """A service that stops, and comes back"""

    def test_a_stopped_service(self) -> None:
        """A banner reports it; the page continues by itself when it is back."""
        self.expected_errors.append("ERR_")
        page = self.open("/ui/deliveries")
        self.wait_live(page)
        self.restart_service(wait=lambda: self.see(page.get_by_role("alert")))
        self.see_not(page.get_by_role("alert"))
        self.wait_live(page)
        self.send("After the restart")
        self.see(page.get_by_text("After the restart"))


class TokenTests(BrowserCase):
    """A service that requires a token"""

    token = "s3cret&<b>"

    def test_login_and_logout(self) -> None:
        """The form leads back to the screen; the page works; logging out ends it."""
        self.expected_errors += ["401", "403"]
        page = self.open("/ui/deliveries?host=default")
        self.see(page.get_by_role("heading", name="Log in"))
        self.check_accessible(page)
        page.get_by_label("Token").fill("wrong")
        page.get_by_role("button", name="Log in").click()
        self.see(page.get_by_text("The token is wrong"))
        page.get_by_label("Token").fill(self.token)
        page.get_by_role("button", name="Log in").click()
        self.see(page.get_by_role("heading", name="Deliveries"))
        self.assertTrue(page.url.endswith("/ui/deliveries?host=default"), page.url)
        self.wait_live(page)
        self.send("With a token")
        self.see(page.get_by_text("With a token"))
        page.get_by_role("button", name="Log out").click()
        self.see(page.get_by_role("heading", name="Log in"))
        page.goto(f"{self.url}/")
        self.see(page.get_by_role("heading", name="Log in"))

    def test_a_restart_ends_the_login(self) -> None:
        """The page asks for the token again."""
        self.expected_errors += ["401", "ERR_", "403"]
        page = self.open("/login")
        page.get_by_label("Token").fill(self.token)
        page.get_by_role("button", name="Log in").click()
        self.wait_live(page)
        self.restart_service()
        self.see(page.get_by_role("heading", name="Log in"))

    def test_a_foreign_page_is_no_target(self) -> None:
        """After the login, a browser goes to a path of the service only."""
        for to in "//evil.test/", "https://evil.test/", "/\\evil.test", "x":
            page = self.open(f"/login?next={to}")
            page.get_by_label("Token").fill(self.token)
            page.get_by_role("button", name="Log in").click()
            page.wait_for_url(f"{self.url}/")
            page.get_by_role("button", name="Log out").click()
            page.wait_for_url(re.compile("/login"))
