"""Make the description on PyPI from README.md; all other metadata is in setup.cfg.

PyPI shows README.md without the files beside it, so that its relative links would not
resolve there. They become links to the files of the released version on GitHub.
"""

from __future__ import annotations

import re
from pathlib import Path

FILES = "https://github.com/mocksmtp/mocksmtp/blob"
IMAGES = "https://raw.githubusercontent.com/mocksmtp/mocksmtp"

# Fenced blocks and code are matched first, so that links in them stay as they are.
CODE_OR_LINK = re.compile(
    r"^```.*?^```$|`[^`\n]*`|(!?)(\[(?:[^\[\]]|\[[^\]]*\])*\]\()([^)\s]+)\)",
    re.DOTALL | re.MULTILINE,
)


def with_absolute_links(text: str, version: str) -> str:
    """Return Markdown whose relative links point to the tag ``v`` + `version`."""

    def absolute(match: re.Match[str]) -> str:
        is_image, label, target = match.groups()
        if target is None or re.match(r"[a-z]+:|#", target):
            return match[0]
        base = IMAGES if is_image else FILES
        return f"{is_image}{label}{base}/v{version}/{target})"

    return CODE_OR_LINK.sub(absolute, text)


if __name__ == "__main__":
    # Here, because the tests import this module where setuptools is not installed.
    from setuptools import setup

    root = Path(__file__).parent
    source = (root / "mocksmtp/__init__.py").read_text("utf-8")
    (version,) = re.findall(r'^__version__ = "(.*)"$', source, re.MULTILINE)
    setup(
        long_description=with_absolute_links(
            (root / "README.md").read_text("utf-8"), version
        ),
        long_description_content_type="text/markdown",
    )
