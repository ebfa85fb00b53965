"""What `make dist` builds, and what a user has who installs it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from email import message_from_bytes
from importlib.util import find_spec
from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

import mocksmtp
from setup import FILES, with_absolute_links
from tests.installed import clean_environment
from tests.markdown import ROOT

LOOK = """
import importlib.metadata, pathlib, mocksmtp
from twisted.application.service import IServiceMaker
from twisted.plugin import getPlugins
assert "mocksmtp" in [maker.tapname for maker in getPlugins(IServiceMaker)]
print(importlib.metadata.version("mocksmtp"), mocksmtp.__version__)
folder = pathlib.Path(mocksmtp.__file__).parent
print(*sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*")
    if path.is_file() and "__pycache__" not in path.parts), sep="\\n")
"""


def sources() -> set[str]:
    """The files of the package, Python and not."""
    folder = ROOT / "mocksmtp"
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def mentioned() -> set[str]:
    """The files and folders that README and docs/ name, and what make needs."""
    found = {"LICENSE", "Makefile", "tests/constraints.txt", "tests/smtp"}
    for page in (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")):
        text = page.read_text()
        found.add(page.relative_to(ROOT).as_posix())
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
            path = (page.parent / link).resolve()
            found.add(path.relative_to(ROOT).as_posix())
        found |= set(re.findall(r"(?<![\w/])(?:docker|systemd|tools)/[\w./-]*\w", text))
    return found


class DescriptionTests(SynchronousTestCase):
    """`with_absolute_links`"""

    def test_relative_links_become_absolute(self) -> None:
        """They point to the files of the version; images to their octets."""
        for text, expected in (
            ("[a](docs/a.md)", f"[a]({FILES}/v1.2/docs/a.md)"),
            ("[`a b`](a.md#c)", f"[`a b`]({FILES}/v1.2/a.md#c)"),
            (
                "![a](i.png)",
                "![a](https://raw.githubusercontent.com/mocksmtp/mocksmtp/v1.2/i.png)",
            ),
        ):
            with self.subTest(text):
                self.assertEqual(with_absolute_links(text, "1.2"), expected)

    def test_all_other_text_is_unchanged(self) -> None:
        """Absolute links, links within the page, and code."""
        for text in (
            "[a](https://a.test/b)",
            "[a](mailto:bob@a.test)",
            "[a](#b)",
            "`[a](b)`",
            "```python\nx[a](b)\n```",
        ):
            with self.subTest(text):
                self.assertEqual(with_absolute_links(text, "1.2"), text)


class ChangelogTests(SynchronousTestCase):
    """`tools/changelog`, which `make changelog` calls"""

    def setUp(self) -> None:
        if find_spec("towncrier") is None:
            raise SkipTest("missing: towncrier")
        self.folder = Path(self.mktemp())
        for name in "tools", "mocksmtp", "changelog.d":
            (self.folder / name).mkdir(parents=True)
        # A repository of its own: that of the project may have tags of versions.
        self.git("init", "--quiet")
        shutil.copy(ROOT / "pyproject.toml", self.folder)
        shutil.copy(ROOT / "tools/changelog", self.folder / "tools")
        self.page = self.folder / "CHANGELOG.md"
        self.page.write_text(
            "# Changes\n\n<!-- towncrier release notes start -->\n\n"
            "# mocksmtp 1.0.0 (2026-01-01)\n\n## Features\n\n- Older.\n"
        )
        self.set_version("1.1.0")

    def set_version(self, version: str) -> None:
        module = self.folder / "mocksmtp/__init__.py"
        module.write_text(f'"""A package."""\n\n__version__ = "{version}"\n')

    def git(self, *arguments: str) -> None:
        command = ["git", "-C", str(self.folder), *arguments]
        subprocess.run(command, check=True, capture_output=True)

    def add(self, name: str, text: str) -> None:
        (self.folder / "changelog.d" / name).write_text(text + "\n")

    def build(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(self.folder / "tools/changelog")],
            env=clean_environment(),
            capture_output=True,
            text=True,
            timeout=60,
        )

    def release(self) -> list[str]:
        """Run the tool, and return the lines of the section of 1.1.0."""
        done = self.build()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([*(self.folder / "changelog.d").iterdir()], [])
        text = self.page.read_text()
        self.assertTrue(text.endswith("- Older.\n"))
        section = text.partition("# mocksmtp 1.1.0 (")[2]
        section = section.partition("# mocksmtp 1.0.0 (2026-01-01)")[0]
        return [line for line in section.splitlines()[1:] if line]

    def test_fragments_become_the_section_of_the_version(self) -> None:
        """As towncrier writes it."""
        self.add("+b.feature.md", "Bees fly.")
        self.add("+a.bugfix.md", "Ants no longer\nfly.")
        self.assertEqual(
            self.release(),
            [
                *("## Features", "- Bees fly."),
                *("## Bugfixes", "- Ants no longer", "  fly."),
            ],
        )

    def test_later_fragments_are_merged_into_it(self) -> None:
        """Each in its category, in towncrier's order."""
        self.add("+b.feature.md", "Bees fly.")
        self.release()
        self.add("+a.feature.md", "Ants\nwalk.")
        self.add("+c.feature.md", "Cats sleep.")
        self.add("+d.doc.md", "A page about dogs.")
        self.add("+e.bugfix.md", "Eels are fish.")
        self.assertEqual(
            self.release(),
            [
                *("## Features", "- Ants", "  walk.", "- Bees fly.", "- Cats sleep."),
                *("## Bugfixes", "- Eels are fish."),
                *("## Improved Documentation", "- A page about dogs."),
            ],
        )

    def test_without_fragments_nothing_changes(self) -> None:
        """It can be called again."""
        self.add("+b.feature.md", "Bees fly.")
        self.release()
        before = self.page.read_text()
        self.release()
        self.assertEqual(self.page.read_text(), before)

    def test_a_released_version_is_not_changed(self) -> None:
        """It has its tag: the next version must be set."""
        self.set_version("1.0.0")
        self.add("+b.feature.md", "Bees fly.")
        commit = ("-c", "user.name=a", "-c", "user.email=a@b.test", "commit")
        self.git(*commit, "--quiet", "--allow-empty", "--message", "Release")
        self.git("tag", "v1.0.0")
        before = self.page.read_text()
        done = self.build()
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("1.0.0 is released; set the next version", done.stderr)
        self.assertEqual(self.page.read_text(), before)


class DistributionTests(SynchronousTestCase):
    """The wheel and the source distribution"""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def call(self, *command: object, cwd: Path | None = None) -> str:
        done = subprocess.run(
            [str(part) for part in command],
            cwd=cwd or self.folder,
            env=clean_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
        )
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def build(self) -> tuple[Path, Path]:
        """Both, the wheel from the source distribution, as `make dist` has them."""
        out = self.folder / "dist"
        self.call(sys.executable, "-m", "build", "--outdir", out, ROOT)
        (wheel,), (source,) = out.glob("*.whl"), out.glob("*.tar.gz")
        return wheel, source

    def check_links(self, wheel: Path) -> None:
        """All links of the description are absolute, and name files that exist."""
        version = mocksmtp.__version__
        metadata = zipfile.ZipFile(wheel).read(f"mocksmtp-{version}.dist-info/METADATA")
        description = message_from_bytes(metadata).get_payload()
        self.assertIn("# mocksmtp", description)
        links = re.findall(r"\]\(([^)]+)\)", description)
        self.assertEqual([link for link in links if "://" not in link], [])
        own = [link for link in links if link.startswith(FILES)]
        self.assertNotEqual(own, [])
        for link in own:
            path = link.removeprefix(f"{FILES}/v{version}/").partition("#")[0]
            self.assertTrue((ROOT / path).exists(), link)

    def test_the_wheel_in_an_empty_environment(self) -> None:
        """The plugin, the program, every file and the version are there."""
        wheel, source = self.build()
        version = mocksmtp.__version__
        self.assertEqual(wheel.name, f"mocksmtp-{version}-py3-none-any.whl")
        names = zipfile.ZipFile(wheel).namelist()
        self.assertIn("twisted/plugins/mocksmtp_plugin.py", names)
        # Another package's would be overwritten, or the other way round.
        self.assertNotIn("twisted/__init__.py", names)
        self.assertFalse([name for name in names if name.startswith("tests")])
        self.check_links(wheel)
        with tarfile.open(source) as archive:
            shipped = {
                name.removeprefix(f"mocksmtp-{version}/") for name in archive.getnames()
            }
        self.assertEqual(mentioned() - shipped, set())
        self.assertFalse([name for name in shipped if "__pycache__" in name])
        self.assertFalse([name for name in shipped if name.startswith("docs/_build")])

        empty = self.folder / "empty"
        venv.create(empty, with_pip=True)
        python = empty / "bin/python"
        self.call(
            *(python, "-m", "pip", "install", "--quiet", wheel),
            *("--constraint", ROOT / "tests/constraints.txt"),
        )
        versions, *files = self.call(python, "-c", LOOK).splitlines()
        self.assertEqual(versions.split(), [version, version])
        self.assertEqual(set(files), sources())
        self.assertIn("py.typed", files)
        told = self.call(empty / "bin/mocksmtp", "--version")
        self.assertEqual(told, f"mocksmtp, version {version}\n")
        self.assertIn("--smtp", self.call(empty / "bin/twistd", "mocksmtp", "--help"))
