"""docs/testing: the pages about test suites do what they say"""

from __future__ import annotations

import doctest
import os
import subprocess
from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.installed import BIN, clean_environment, is_installed
from tests.markdown import commands_of, fences
from tests.pytest_plugin.case import UNUSED

PATIENCE = 120.0
"""Seconds in which a command ends, even on a busy machine."""


class PageTests(SynchronousTestCase):
    """Each file is written, and each command is run, in the order of the page"""

    def follow(self, page: str) -> None:
        """Do what a page says, in an empty folder."""
        if not is_installed():
            raise SkipTest("missing: the installed program")
        folder = Path(self.mktemp()).absolute()
        folder.mkdir()
        checker = doctest.OutputChecker()
        flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
        for language, text in fences(page):
            if language == "python":
                first, _, source = text.partition("\n")
                self.assertTrue(first.startswith("# "), f"no file name: {first}")
                (folder / first.removeprefix("# ")).write_text(source)
            elif language == "console":
                for command in commands_of(text):
                    said = self.run_command(command.line, folder)
                    self.assertTrue(
                        checker.check_output(command.output, said, flags),
                        f"$ {command.line}\n{said}",
                    )

    def run_command(self, line: str, folder: Path) -> str:
        """What a command prints."""
        environment = clean_environment(
            PATH=f"{BIN}{os.pathsep}{os.environ['PATH']}",
            PYTEST_ADDOPTS=" ".join(f"-p no:{name}" for name in UNUSED),
            PYTHONWARNINGS="ignore::DeprecationWarning",
        )
        ran = subprocess.run(
            line,
            shell=True,
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=PATIENCE,
        )
        return ran.stdout

    def test_trial(self) -> None:
        """From nothing to a passing and a failing test; in memory."""
        self.follow("docs/testing/trial.md")

    def test_pytest(self) -> None:
        """From nothing to a passing and a failing test; Django, coroutines."""
        self.follow("docs/testing/pytest.md")
