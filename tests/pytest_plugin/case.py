"""Suites that pytest runs, with the installed package."""

from __future__ import annotations

import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import attrs
from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.installed import clean_environment, is_installed

CONFTEST = """\
import pytest

from sender import App


@pytest.fixture
def app(mocksmtp):
    return App(mocksmtp.dns, mocksmtp.smtp_port)
"""

UNUSED = ("cacheprovider", "randomly", "django", "hypothesispytest", "schemathesis")
"""Plugins of pytest that a suite does not need; the last two are slow to import."""

PATIENCE = 120.0
"""Seconds in which a suite ends, even on a busy machine."""


@attrs.frozen
class Ran:
    """A run of pytest that has ended."""

    code: int
    output: str

    @property
    def outcome(self) -> str:
        """The last line, as ``3 passed``; without the time."""
        return self.output.rstrip().rpartition("\n")[2].partition(" in ")[0].strip("= ")


class PluginCase(SynchronousTestCase):
    """A folder with a suite."""

    def setUp(self) -> None:
        if not is_installed():
            raise SkipTest("missing: the installed program")
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir()
        shutil.copy(Path(__file__).with_name("sender.py"), self.folder)
        self.write("conftest.py", CONFTEST)
        self.write("pytest.ini", "[pytest]\n")

    def write(self, name: str, text: str) -> None:
        """Write a file of the suite."""
        (self.folder / name).write_text(textwrap.dedent(text))

    def command(self, *arguments: str) -> list[str]:
        """How pytest is run."""
        options = [word for name in UNUSED for word in ("-p", f"no:{name}")]
        return [sys.executable, "-P", "-m", "pytest", "-q", *options, *arguments]

    def run_suite(self, source: str, *arguments: str, **environment: str) -> Ran:
        """Run a module of tests."""
        self.write("test_suite.py", source)
        ran = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=clean_environment(PYTHONPATH=str(self.folder), **environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=PATIENCE,
        )
        return Ran(ran.returncode, ran.stdout)

    def assert_passes(
        self, source: str, outcome: str, *arguments: str, **environment: str
    ) -> str:
        """Run a suite that passes; returns what it printed."""
        ran = self.run_suite(source, *arguments, **environment)
        self.assertEqual((ran.code, ran.outcome), (0, outcome), ran.output)
        return ran.output
