"""The site of the documentation"""

from __future__ import annotations

import html
import os
import re
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from urllib.parse import unquote
from zipfile import ZipFile

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from mocksmtp.config import OPTIONS
from mocksmtp.http.app import MOUNTS
from mocksmtp.http.manual import read_file
from mocksmtp.http.openapi import template
from tests.markdown import ROOT

LARGEST = 3_000_000
"""Octets that the site may add to the wheel."""

_LINK = re.compile(r'<(?:a|link|script|img)\b[^>]*? (?:href|src)="([^"]*)"')


def text_of(page: Path) -> str:
    """The text of a page, without its elements."""
    return html.unescape(re.sub("<[^>]*>", "", page.read_text()))


class SiteTests(SynchronousTestCase):
    """`make docs` and `make site`"""

    def test_it_is_built_without_warnings(self) -> None:
        """Links and anchors exist; the reference lists every route and option."""
        if find_spec("sphinx") is None or find_spec("furo") is None:
            raise SkipTest("Sphinx is not installed")
        with tempfile.TemporaryDirectory() as folder:
            built = subprocess.run(
                [
                    *(sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q"),
                    *("-d", f"{folder}/doctrees", "-b", "html", "docs"),
                    f"{folder}/html",
                ],
                cwd=ROOT,
                capture_output=True,
                text=True,
                check=False,
            )
            self.assertEqual((built.returncode, built.stderr), (0, ""))
            pages = Path(folder, "html", "reference", "generated")
            routes = text_of(pages / "routes.html")
            options = text_of(pages / "options.html")
            self.check_archive(Path(folder))
        for route in MOUNTS[0].routes:
            self.assertIn(f"{route.method} {template(route.path)}", routes)
        for option in OPTIONS:
            self.assertIn(f"--{option.name}", options)

    def check_archive(self, folder: Path) -> None:
        """It is small, the same each time, and contains all that its pages refer to."""
        first, second = folder / "first.zip", folder / "second.zip"
        for archive in first, second:
            subprocess.run(
                [sys.executable, ROOT / "tools/pack-site", folder / "html", archive],
                check=True,
                stdout=subprocess.DEVNULL,
            )
        self.assertEqual(first.read_bytes(), second.read_bytes())
        self.assertLess(first.stat().st_size, LARGEST)
        with ZipFile(first) as archive:
            names = {*archive.namelist()}
        self.assertIn("tutorial.html", names)
        for name in names:
            page = read_file(first, name)
            if name.endswith(".html"):
                self.check_links(name, page.content.decode(), names)

    def check_links(self, name: str, page: str, names: set[str]) -> None:
        """Each link of a page within the site leads to a file of it."""
        for link in map(html.unescape, _LINK.findall(page)):
            path = unquote(link.partition("#")[0].partition("?")[0])
            if path and "://" not in path and not path.startswith("mailto:"):
                parent = PurePosixPath(name).parent
                target = os.path.normpath(str(parent / path))
                self.assertIn(target, names, f"{name}: {link}")
        # The policy of the pages permits only plain inline scripts.
        self.assertNotRegex(page, r"<script type=\"module\"|\son(?:click|load)=")
