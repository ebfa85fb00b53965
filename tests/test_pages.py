"""Each page of the documentation has a test that follows it."""

from __future__ import annotations

import json
import tomllib
from pathlib import PurePath
from xml.etree import ElementTree

import yaml
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.zone.text import parse_zone_text
from tests.markdown import ROOT, blocks, fences

TESTS = {
    "README.md": "tests/test_documents.py",
    "docs/cli.md": "tests/commands/test_pages.py",
    "docs/cookbook.md": "tests/cookbook/test_recipes.py",
    "docs/providers.md": "tests/cookbook/test_recipes.py",
    "docs/howto/postfix.md": "tests/e2e/test_debian.py",
    "docs/testing/ci.md": "tests/commands/test_pages.py",
    "docs/testing/go.md": "tests/kits/test_pages.py",
    "docs/testing/junit.md": "tests/kits/test_java.py",
    "docs/testing/node.md": "tests/kits/test_pages.py",
    "docs/testing/pytest.md": "tests/pytest_plugin/test_page.py",
    "docs/testing/shell.md": "tests/commands/test_pages.py",
    "docs/testing/trial.md": "tests/pytest_plugin/test_page.py",
    "docs/architecture.md": "tests/test_documents.py",
    "docs/contributing.md": "tests/test_documents.py",
    "kits/java/README.md": "tests/kits/test_java.py",
}
"""The module that follows a page, if it is not `tests.test_documents`.

It names the page.
"""

FOLDERS = {
    "docs/migrate": "tests/test_migrate.py",
    "examples/django": "tests/examples/test_python.py",
    "examples/flask": "tests/examples/test_python.py",
    "examples/twisted": "tests/examples/test_python.py",
}
"""The module that follows the pages of a folder, each in a test named for it."""

UNTESTED = {
    "CHANGELOG.md": "no commands",
    "CONTRIBUTING.md": "its commands are make targets, which CI runs",
    "docs/compare.md": "a table of other tools; names the sources",
    "SECURITY.md": "no commands",
    "docs/docker.md": "needs Docker; tests.image builds and runs the same image",
    "docs/install.md": "needs systemd; tests.test_systemd runs the same units",
    "docs/page.md": "no commands; tests.browser makes its pictures",
    "docs/performance.md": "its command is the benchmark: minutes, other figures",
    "docs/stand-ins.md": "a service of its own each; tests.stand_ins",
    "docs/stores.md": "a service of its own each; tests.store",
    "docs/explanation/choosing.md": "no commands",
    "docs/explanation/dns.md": "no commands",
    "docs/explanation/outcomes.md": "no commands",
    "docs/explanation/scale.md": "its command is the benchmark: minutes, other figures",
    "docs/explanation.md": "a list of pages",
    "docs/howto.md": "a list of pages",
    "docs/index.md": "a list of pages",
    "docs/reference.md": "a list of pages",
    "docs/reference/commands.md": "generated when the site is built: tests.test_site",
    "docs/reference/python.md": "generated when the site is built: tests.test_site",
    "examples/node/README.md": "tests.kits.test_pages runs the suite itself",
    "examples/postfix/README.md": "tests.e2e.test_example runs the suite itself",
    "examples/spring/README.md": "tests.kits.test_java runs the suite itself",
    "kits/go/README.md": "an excerpt of docs/testing/go.md; needs the registry",
    "kits/node/README.md": "an excerpt of docs/testing/node.md; needs the registry",
}
"""Pages without a test of their own, and why."""

GENERATED = "docs/reference/generated"


def pages() -> list[str]:
    """All pages that a reader may find."""
    found = [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "kits").glob("*/README.md"),
        *(ROOT / "examples").glob("*/README.md"),
    ]
    names = (path.relative_to(ROOT).as_posix() for path in found)
    return sorted(
        one for one in names if not one.startswith((GENERATED, "docs/_build"))
    )


class PageTests(SynchronousTestCase):
    """All pages"""

    def test_each_has_a_test(self) -> None:
        """A module of tests names it, or this module says why none does."""
        missing = {
            page: module
            for page in {*pages()} - {*UNTESTED}
            if str(PurePath(page).parent) not in FOLDERS
            if (module := TESTS.get(page, "tests/test_documents.py"))
            if f'"{page}"' not in (ROOT / module).read_text()
        }
        self.assertEqual(missing, {})
        for folder, module in FOLDERS.items():
            text = (ROOT / module).read_text()
            self.assertIn(folder, text)
            for page in (ROOT / folder).glob("*.md"):
                name = page.parent.name if page.stem == "README" else page.stem
                self.assertIn(f"def test_{name.replace('-', '_')}(", text)
        self.assertEqual({*UNTESTED, *TESTS} - {*pages()}, set())
        self.assertEqual({*UNTESTED} & {*TESTS}, set())

    def test_what_has_no_test_shows_no_output(self) -> None:
        """A console block, which claims what a command prints, is always run."""
        benchmark = "docs/performance.md"
        runs_itself = {"examples/postfix/README.md", benchmark}
        for page in {*UNTESTED} - runs_itself:
            self.assertEqual(blocks(page, "console"), [], page)

    def test_each_document_is_well_formed(self) -> None:
        """Blocks of JSON, TOML, YAML, XML and of zone files, on every page."""
        readers = {
            "json": json.loads,
            "toml": tomllib.loads,
            "yaml": lambda text: [*yaml.safe_load_all(text)],
            "xml": ElementTree.fromstring,
            "dns": parse_zone_text,
        }
        read = 0
        for page in pages():
            for language, text in fences(page):
                if language in readers:
                    try:
                        readers[language](text)
                    except Exception as error:
                        self.fail(f"{page}: {error}\n{text}")
                    read += 1
        self.assertGreater(read, 150)
