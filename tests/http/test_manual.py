"""``/docs``: the site of the documentation"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.http import manual
from mocksmtp.http.site import HttpSettings
from tests.http.rig import Rig

BROWSER = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}

SCRIPT = b"document.body.dataset.theme = 'auto';"

PAGE = b"<html><script>%s</script><script src=x.js></script></html>" % SCRIPT


class ManualCase(SynchronousTestCase):
    """A service whose installation contains a small site."""

    def setUp(self) -> None:
        self.site = Path(self.mktemp())
        with ZipFile(self.site, "w") as archive:
            archive.writestr("index.html", PAGE)
            archive.writestr("reference/options.html", b"<html>")
            archive.writestr("_static/x.js", b"1;")
        self.install(self.site)

    def install(self, site: Path) -> None:
        self.patch(manual, "SITE", site)
        manual.has_manual.cache_clear()
        self.addCleanup(manual.has_manual.cache_clear)


class ManualTests(ManualCase):
    """The site of an installation that contains it"""

    def test_pages_and_files(self) -> None:
        """With their types; the first page is that of the folder."""
        rig = Rig()
        for path, kind in (
            ("/docs/", "text/html; charset=utf-8"),
            ("/docs/index.html", "text/html; charset=utf-8"),
            ("/docs/reference/options.html", "text/html; charset=utf-8"),
            ("/docs/_static/x.js", "text/javascript; charset=utf-8"),
        ):
            answer = rig.ask("GET", path)
            self.assertEqual((answer.status, answer.kind), (200, kind), path)
        self.assertEqual(rig.ask("GET", "/docs/").body, PAGE)
        answer = rig.ask("GET", "/docs")
        self.assertEqual((answer.status, answer.header("Location")), (303, "/docs/"))

    def test_parameters(self) -> None:
        """They are for the scripts of a page, and for the browser's cache."""
        for path in "/docs/index.html?q=retry&area=default", "/docs/_static/x.js?v=1":
            self.assertEqual(Rig().ask("GET", path).status, 200, path)

    def test_only_its_own_scripts_run(self) -> None:
        """Those of files, and the inline ones of the page as it was built."""
        policy = Rig().ask("GET", "/docs/").header("Content-Security-Policy") or ""
        digest = b64encode(sha256(SCRIPT).digest()).decode()
        self.assertIn(f"script-src 'self' 'sha256-{digest}';", policy)
        self.assertTrue(policy.startswith("default-src 'none'"))
        other = Rig().ask("GET", "/docs/reference/options.html")
        self.assertIn(
            "script-src 'self';", other.header("Content-Security-Policy") or ""
        )

    def test_an_unchanged_page(self) -> None:
        """It is not sent again."""
        rig = Rig()
        tag = rig.ask("GET", "/docs/").header("ETag")
        assert tag is not None
        answer = rig.ask("GET", "/docs/", headers={"If-None-Match": tag})
        self.assertEqual((answer.status, answer.body), (304, b""))

    def test_what_is_no_page(self) -> None:
        """404; nothing outside of the archive can be named."""
        rig = Rig()
        for path in "/docs/nothing.html", "/docs/reference", "/docs/../setup.cfg":
            self.assertEqual(rig.ask("GET", path).status, 404, path)
        for path in "/docs/..%2Fguard.py", "/docs/%2e%2e/guard.py", "/docs//":
            self.assertEqual(rig.ask("GET", path).status, 404, path)
        answer = rig.ask("GET", "/docs/nothing.html", headers=BROWSER)
        self.assertEqual(answer.status, 404)
        self.assertEqual(answer.kind, "text/html; charset=utf-8")
        self.assertEqual(rig.ask("PUT", "/docs/", {}).status, 405)

    def test_it_needs_no_token(self) -> None:
        """It is the same for everyone; its neighbors need the token."""
        rig = Rig(HttpSettings(token="secret"))
        for path in "/docs/", "/docs/reference/options.html":
            self.assertEqual(rig.ask("GET", path).status, 200, path)
        for path in "/docsx", "/ui/mails":
            self.assertEqual(rig.ask("GET", path).status, 401, path)

    def test_the_page_leads_to_it(self) -> None:
        """If it is there."""
        link = b'href="/docs/"'
        self.assertIn(link, Rig().ask("GET", "/").body)
        self.install(Path(self.mktemp()))
        self.assertNotIn(link, Rig().ask("GET", "/").body)


class AbsenceTests(ManualCase):
    """An installation without the site"""

    def test_it_says_where_it_is(self) -> None:
        """404, with the place of the pages."""
        self.install(Path(self.mktemp()))
        for path in "/docs/", "/docs/index.html":
            answer = Rig().ask("GET", path)
            self.assertEqual(answer.status, 404)
            self.assertIn("github.com/mocksmtp", answer.json()["detail"])
