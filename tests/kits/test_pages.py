"""docs/testing and examples: a reader who follows them gets what they show"""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.installed import clean_environment
from tests.kits.pages import follow
from tests.kits.test_go import kit as go_kit
from tests.kits.test_node import kit as node_kit
from tests.kits.toolchain import download, need, run, workspace
from tests.markdown import ROOT

_QUIET = ("--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")


class PageTests(SynchronousTestCase):
    """From nothing to a passing and a failing test"""

    def test_node(self) -> None:
        """docs/testing/node.md, with the package of this folder."""
        need("node", "npm")
        folder = workspace() / "node-page"
        folder.mkdir()
        run(node_kit(), "npm", "run", "build")
        packed = run(node_kit(), "npm", "pack", "--ignore-scripts", "--silent")
        archive = str(node_kit() / packed.split()[-1])
        run(folder, "npm", "init", "--yes")
        packages = ("nodemailer@7.0.6", archive, "vitest@4.1.12", "vite@7.3.8")
        download(folder, "npm", "install", *_QUIET, *packages)
        succeeded = follow("docs/testing/node.md", "js", folder)
        self.assertEqual(succeeded, [True, False])

    def test_go(self) -> None:
        """docs/testing/go.md, with the package of this folder."""
        need("go")
        folder = workspace() / "go-page"
        folder.mkdir()
        module = "github.com/mocksmtp/mocksmtp/kits/go"
        run(folder, "go", "mod", "init", "example.test/shop")
        run(folder, "go", "mod", "edit", "-replace", f"{module}={go_kit()}")
        download(folder, "go", "get", f"{module}@v0.0.0")
        succeeded = follow("docs/testing/go.md", "go", folder)
        self.assertEqual(succeeded, [True, False])


class ExampleTests(SynchronousTestCase):
    """The suites of examples"""

    def test_node(self) -> None:
        """A queue that sends mails, with Redis."""
        need("node", "npm", "redis-server")
        folder = workspace() / "examples/node"
        run(node_kit(), "npm", "run", "build")
        download(folder, "npm", "ci", *_QUIET)
        self.assertRegex(run(folder, "npm", "test"), r"Tests  \d+ passed")

    def test_redis_of_a_killed_suite(self) -> None:
        """It ends, and its folder is removed."""
        need("node", "redis-server")
        script = """
            import setup from "./tests/redis.js";
            await setup({ provide: (name, { path }) => console.log(path) });
            setInterval(() => undefined, 1000);
        """
        suite = subprocess.Popen(
            ["node", "--input-type=module", "--eval", script],
            cwd=workspace() / "examples/node",
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        with suite:
            assert suite.stdout is not None
            path = Path(suite.stdout.readline().strip())
            self.assertTrue(path.exists(), path)
            suite.kill()
        deadline = time.monotonic() + 20
        while path.parent.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertFalse(path.parent.exists())

    def test_lock_names_no_registry(self) -> None:
        """The packages come from the registry that npm is configured with."""
        lock = (ROOT / "examples/node/package-lock.json").read_text()
        self.assertNotIn('"resolved": "http', lock)
