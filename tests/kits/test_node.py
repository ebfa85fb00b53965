"""kits/node: the package for Vitest, Jest, Playwright, Cypress and node:test"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

import mocksmtp
from tests.kits.toolchain import download, made, need, run, workspace
from tests.markdown import ROOT

KIT = ROOT / "kits/node"


@cache
def kit() -> Path:
    """A copy of the kit with its dependencies."""
    folder = workspace() / "kits/node"
    download(folder, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
    return folder


class NodeKitTests(SynchronousTestCase):
    """The kit with the installed service"""

    def test_own_tests(self) -> None:
        """It compiles strictly, and its tests pass with each runner."""
        need("node", "npm")
        said = run(kit(), "npm", "test")
        self.assertRegex(said, r"Tests  \d+ passed")

    def test_client_is_that_of_the_present_document(self) -> None:
        """`make kits` would not change the types of the API."""
        need("node", "npm")
        document = kit() / "openapi.json"
        document.write_text(made("kit-document"))
        command = "node_modules/.bin/openapi-typescript"
        run(kit(), command, "openapi.json", "--output", "new.d.ts")
        new = (kit() / "new.d.ts").read_text()
        self.assertEqual(new, (KIT / "src/api.d.ts").read_text(), "run `make kits`")


class NodeSourceTests(SynchronousTestCase):
    """What needs no toolchain"""

    def test_recipes_are_those_of_the_cookbook(self) -> None:
        """`make kits` would not change the recipes."""
        new = made("kit-recipes", "node")
        self.assertEqual(new, (KIT / "src/recipes.ts").read_text(), "run `make kits`")

    def test_versions(self) -> None:
        """The package has the version of the service, and asks for it."""
        package = json.loads((KIT / "package.json").read_text())
        # As npm writes a release candidate.
        version = mocksmtp.__version__.replace("rc", "-rc.")
        self.assertEqual(package["version"], version)
        lock = json.loads((KIT / "package-lock.json").read_text())
        self.assertEqual(lock["version"], version)
        server = (KIT / "src/server.ts").read_text()
        self.assertIn(f'const OLDEST = "{mocksmtp.__version__}";', server)

    def test_lock_names_no_registry(self) -> None:
        """The packages come from the registry that npm is configured with."""
        lock = json.loads((KIT / "package-lock.json").read_text())
        for name, package in lock["packages"].items():
            self.assertNotIn("resolved", package, name)
            if name:
                self.assertTrue(package["integrity"].startswith("sha512-"), name)
