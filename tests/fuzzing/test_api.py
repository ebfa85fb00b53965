"""The API against requests generated from ``/openapi-strict.json``."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import attrs
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from mocksmtp.testing import start_mock
from mocksmtp.testing.running import FREE_PORTS
from tests import PROFILE
from tests.markdown import ROOT

HERE = Path(__file__).parent

HANGS = 1200
"""Seconds after which a run of schemathesis is taken to hang."""

EXAMPLES = {"dev": 2, "ci": 3, "full": 15}
"""Examples for each operation, by Hypothesis profile."""


class FuzzingTests(TestCase):
    """schemathesis"""

    # The work is bounded by the number of examples. This only ends a run that hangs;
    # a busy machine may take several times as long as an idle one.
    timeout = HANGS + 60

    async def test_schemathesis_finds_nothing(self) -> None:
        """Whatever fits the description is taken, whatever doesn't is refused."""
        config = attrs.evolve(FREE_PORTS, token="secret")
        mock = await start_mock(self.addCleanup, config)
        run = await deferToThread(run_schemathesis, mock.url, mock.smtp)
        self.assertEqual(run.returncode, 0, run.stdout[-60_000:] + run.stderr)
        # That something was tried, too.
        (tested,) = re.findall(r"Tested: (\d+)", run.stdout)
        self.assertGreater(int(tested), 30)
        (generated,) = re.findall(r"(\d+) generated", run.stdout)
        self.assertGreater(int(generated), 100 * EXAMPLES[PROFILE])


def run_schemathesis(
    url: str, smtp: tuple[str, int]
) -> subprocess.CompletedProcess[str]:
    """Run it in a process, as a user would; blocks."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "SCHEMATHESIS_HOOKS": "tests.fuzzing.hooks",
        "MOCK_URL": url,
        "MOCK_TOKEN": "secret",
        "MOCK_SMTP": f"{smtp[0]}:{smtp[1]}",
    }
    program = Path(sys.executable).parent / "schemathesis"
    options = ["--no-color", "--config-file", str(HERE / "schemathesis.toml")]
    with tempfile.TemporaryDirectory() as folder:
        return subprocess.run(
            [
                *(str(program), *options, "run", f"{url}/openapi-strict.json"),
                *("--max-examples", str(EXAMPLES[PROFILE])),
            ],
            cwd=folder,
            env=environment,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=HANGS,
        )
