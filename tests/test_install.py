"""The install line of the README, with the packages that pip downloads."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile

from twisted.trial.unittest import SynchronousTestCase

from tests.installed import BIN, clean_environment
from tests.markdown import ROOT
from tests.test_documents import PREPARING


class InstallTests(SynchronousTestCase):
    """``pip install`` into an environment"""

    def test_the_install_line_of_the_readme(self) -> None:
        """As on a Debian machine, where pip installs into environments only."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        copy = f"{folder.name}/copy"
        ignored = (".*", "build", "_trial_temp*", "__pycache__", "*.egg-info")
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*ignored))
        (line,) = [one for one in PREPARING if "pip install" in one]
        environment = clean_environment(
            HOME=folder.name,
            PATH=f"{BIN}:{os.environ.get('PATH', os.defpath)}",
            PIP_CONSTRAINT=str(ROOT / "tests/constraints.txt"),
        )
        for command in line, "~/mocksmtp/bin/mocksmtp --version":
            done = subprocess.run(
                command,
                shell=True,
                cwd=copy,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=300,
            )
            self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("mocksmtp, version", done.stdout)
