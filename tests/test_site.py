"""The site of the documentation"""

from __future__ import annotations

import html
import re
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from mocksmtp.config import OPTIONS
from mocksmtp.http.app import MOUNTS
from mocksmtp.http.openapi import template
from tests.markdown import ROOT


def text_of(page: Path) -> str:
    """The text of a page, without its elements."""
    return html.unescape(re.sub("<[^>]*>", "", page.read_text()))


class SiteTests(SynchronousTestCase):
    """`make docs`"""

    def test_it_is_built_without_warnings(self) -> None:
        """Links and anchors exist; the reference lists every route and option."""
        if find_spec("sphinx") is None or find_spec("furo") is None:
            raise SkipTest("Sphinx is not installed")
        with tempfile.TemporaryDirectory() as folder:
            built = subprocess.run(
                [
                    *(sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q"),
                    *("-d", f"{folder}/doctrees", "-b", "html", "docs", folder),
                ],
                cwd=ROOT,
                capture_output=True,
                text=True,
                check=False,
            )
            self.assertEqual((built.returncode, built.stderr), (0, ""))
            pages = Path(folder, "reference", "generated")
            routes = text_of(pages / "routes.html")
            options = text_of(pages / "options.html")
        for route in MOUNTS[0].routes:
            self.assertIn(f"{route.method} {template(route.path)}", routes)
        for option in OPTIONS:
            self.assertIn(f"--{option.name}", options)
