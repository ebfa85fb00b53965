"""``examples/django``, ``examples/flask`` and ``examples/twisted``"""

from __future__ import annotations

import doctest
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.installed import BIN, clean_environment, is_installed
from tests.markdown import ROOT, commands

PATIENCE = 120.0
"""Seconds in which a suite ends, even on a busy machine."""

_UNUSED = ("cacheprovider", "randomly", "hypothesispytest", "schemathesis")
"""Plugins of pytest that an example does not need; two are slow to import."""

_FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


class PythonExampleTests(SynchronousTestCase):
    """The suite passes; the failing test prints the report that the README shows"""

    def copy(self, name: str, *modules: str) -> Path:
        """Copy an example to an empty folder, or skip where it cannot run."""
        if not is_installed():
            raise SkipTest("missing: the installed program")
        for module in modules:
            if find_spec(module) is None:
                raise SkipTest(f"missing: {module}")
        folder = Path(self.mktemp()).absolute()
        shutil.copytree(ROOT / "examples" / name, folder)
        return folder

    def run_command(self, folder: Path, line: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the README."""
        environment = clean_environment(
            PATH=f"{BIN}{os.pathsep}{os.environ['PATH']}",
            PYTEST_ADDOPTS=" ".join(f"-p no:{name}" for name in _UNUSED),
            PYTHONDONTWRITEBYTECODE="1",
            PYTHONWARNINGS="ignore::DeprecationWarning",
        )
        return subprocess.run(
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

    def follow(self, folder: Path, name: str) -> None:
        """Run the suite and the failing test, as the README says."""
        checker = doctest.OutputChecker()
        codes = []
        for command in commands(f"examples/{name}/README.md"):
            ran = self.run_command(folder, command.line)
            codes.append(ran.returncode)
            if not checker.check_output(command.output, ran.stdout, _FLAGS):
                self.fail(f"$ {command.line}\n{ran.stdout}")
        self.assertEqual(codes, [0, 1])

    def test_django(self) -> None:
        """Confirmations that are accepted, refused and sent again."""
        folder = self.copy("django", "django", "pytest_django")
        self.follow(folder, "django")
        checked = f"{sys.executable} manage.py makemigrations --check"
        self.assertEqual(
            self.run_command(folder, checked).stdout, "No changes detected\n"
        )

    def test_flask(self) -> None:
        """A queue with pauses, which survives a restart."""
        self.follow(self.copy("flask", "flask", "pytest"), "flask")

    def test_twisted(self) -> None:
        """A sender that looks up MX records, on ports and in memory."""
        self.follow(self.copy("twisted"), "twisted")
