"""The site of the documentation: `make docs` builds it into docs/_build/html."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pygments.lexers.dns import DnsZoneLexer
from pygments.lexers.special import TextLexer

if TYPE_CHECKING:
    from sphinx.application import Sphinx

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER))

from generate import write_pages  # noqa: E402 - found in this folder

from mocksmtp import __version__  # noqa: E402

project = "mocksmtp"
author = "The mocksmtp authors"
copyright = author  # noqa: A001 - as Sphinx calls it
version = release = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx_click",
]
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4
nitpicky = True
# Annotations name classes of other libraries, and our own that no page describes.
nitpick_ignore_regex = [("py:.*", ".*")]
# `make docs-links` only: examples of addresses that do not exist.
linkcheck_ignore = [r"https?://(127\.0\.0\.1|localhost|[\w.]+\.test)\b"]
autodoc_typehints = "description"
autodoc_member_order = "bysource"
suppress_warnings = ["myst.header"]

html_theme = "furo"
html_title = f"mocksmtp {release}"
html_copy_source = False
html_show_sourcelink = False
html_static_path: list[str] = []

html_favicon = "../mocksmtp/web/static/icon.svg"
html_use_index = False

write_pages(FOLDER / "reference" / "generated")


def setup(app: Sphinx) -> None:
    """Add the languages of code blocks that Pygments has under other names."""
    app.add_lexer("dns", DnsZoneLexer)
    app.add_lexer("unbound", TextLexer)
    app.add_lexer("mermaid", TextLexer)
