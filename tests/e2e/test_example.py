"""``examples/postfix``"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.installed import BIN, clean_environment, is_installed
from tests.markdown import ROOT, commands

EXAMPLE = ROOT / "examples" / "postfix"


class PostfixExampleTests(SynchronousTestCase):
    """The suite of the example, with a real Postfix"""

    timeout = 240

    def setUp(self) -> None:
        if os.geteuid() != 0 or shutil.which("postfix") is None or not is_installed():
            raise SkipTest("needs root, Postfix and the installed program")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name) / "postfix"
        shutil.copytree(EXAMPLE, self.folder)

    def use_addresses(self, network: str) -> None:
        """Use others than another test, which may run at the same time."""
        for name in ("run", "mock.toml"):
            path = self.folder / name
            path.write_text(path.read_text().replace("127.25.0.", network))

    def run_example(self, **environment: str) -> subprocess.CompletedProcess[str]:
        path = f"{BIN}:{os.environ.get('PATH', os.defpath)}:/usr/sbin"
        return subprocess.run(
            ["./run"],
            cwd=self.folder,
            env=clean_environment(PATH=path, **environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=200,
        )

    def test_it_prints_what_the_readme_says(self) -> None:
        """All four tests pass, and leave nothing."""
        (command,) = commands(str(EXAMPLE.relative_to(ROOT) / "README.md"))
        done = self.run_example()
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        self.assertEqual(done.stdout, command.output)
        self.assertFalse((self.folder / "mocksmtp-report.html").exists())

    def test_a_postfix_that_does_not_bounce(self) -> None:
        """The suite notices, and the report shows why."""
        self.use_addresses("127.26.0.")
        path = self.folder / "start-postfix"
        changed = path.read_text().replace(
            "notify_classes =", "notify_classes =\nsoft_bounce = yes"
        )
        path.write_text(changed)
        suite = self.folder / "suite"
        text = re.sub(
            r"for test in .*; do", "for test in it_bounces; do", suite.read_text()
        )
        suite.write_text(text.replace("--timeout 30s", "--timeout 3s"))
        done = self.run_example()
        self.assertEqual(done.returncode, 1)
        self.assertIn("not ok - it_bounces", done.stdout)
        self.assertIn("mocksmtp-report.html", done.stderr)
        report = (self.folder / "mocksmtp-report.html").read_text()
        self.assertIn("bob@bounce.test", report)
        self.assertIn("5.1.1 No such user", report)

    def test_a_suite_that_is_killed(self) -> None:
        """Postfix is stopped, and its folder removed."""
        self.use_addresses("127.27.0.")
        suite = self.folder / "suite"
        suite.write_text(suite.read_text().replace("failed=0\n", "kill -9 $$\n"))
        temporary = self.folder / "tmp"
        temporary.mkdir()
        self.folder.parent.chmod(0o755)
        done = self.run_example(TMPDIR=str(temporary))
        self.assertEqual(done.returncode, 137, done.stderr)
        deadline = time.monotonic() + 20
        while any(temporary.iterdir()) and time.monotonic() < deadline:
            time.sleep(0.1)
        self.assertEqual(list(temporary.iterdir()), [])
