"""The shell: live, login, keys, six tabs, a stopped service."""

from __future__ import annotations

from tests.browser.case import BrowserCase


class ShellTests(BrowserCase):
    def test_page_follows_the_service(self) -> None:
        """The page says that it is live."""
        page = self.open("/")
        self.wait_live(page)
        self.see(page.locator("#state"), "live")
