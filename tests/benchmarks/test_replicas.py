"""The benchmark of replicas: a run of each table, small"""

from __future__ import annotations

import contextlib
import io
import shutil

from twisted.trial.unittest import SynchronousTestCase

from benchmarks import replicas
from tests.installed import is_installed


class ReplicasTests(SynchronousTestCase):
    def test_all_tables(self) -> None:
        """Each case has its row."""
        if not is_installed() or shutil.which("redis-server") is None:
            self.skipTest("needs redis-server, and mocksmtp beside this Python")
        if shutil.which("smtp-source", path="/usr/sbin:/usr/bin") is None:
            self.skipTest("needs smtp-source of Postfix")
        self.patch(replicas, "CASES", (("memory", 1), ("redis", 2)))
        self.patch(replicas, "COUNTS", (1, 2))
        # As slow as a machine with other work needs.
        self.patch(replicas, "check_late", lambda late, asked: None)
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            options = ["--rounds=1", "--mails=80", "--rate=40", "--requests=3"]
            code = replicas.main(options)
        self.assertEqual(code, 0, out.getvalue())
        for row in "| memory | 1 |", "| redis | 2 |", "- scripts that replicas call:":
            self.assertIn(row, out.getvalue())
