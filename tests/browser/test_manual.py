"""The documentation at ``/docs``, in a browser"""

from __future__ import annotations

from twisted.trial.unittest import SkipTest

from mocksmtp.http.manual import has_manual
from tests.browser.case import BrowserCase


class ManualTests(BrowserCase):
    def setUp(self) -> None:
        if not has_manual():
            raise SkipTest("the site is not built: make site .venv/.installed")
        super().setUp()

    def test_a_search(self) -> None:
        """The policy permits what a search needs: an index, and parts of the pages."""
        page = self.open("/docs/")
        page.fill("input[name=q]", "greylisting")
        page.press("input[name=q]", "Enter")
        self.see(page.locator("#search-results li a").first)
        self.see(page.locator("#search-results li p.context").first)
        page.get_by_role("link", name="Test greylisting").last.click()
        self.see(page.locator("h1"), "Test greylisting")
