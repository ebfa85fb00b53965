"""kits/go: the package mocksmtptest"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

import mocksmtp
from tests.kits.toolchain import download, made, need, run, workspace
from tests.markdown import ROOT

KIT = ROOT / "kits/go"

GENERATOR = "github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2"


@cache
def kit() -> Path:
    """A copy of the kit, with the modules that it needs."""
    folder = workspace() / "kits/go"
    download(folder, "go", "mod", "download")
    return folder


class GoKitTests(SynchronousTestCase):
    """The kit with the installed service"""

    def test_own_tests(self) -> None:
        """It is formatted, `go vet` finds nothing, and its tests pass."""
        need("go", "gofmt")
        self.assertEqual(run(kit(), "gofmt", "-l", "."), "")
        run(kit(), "go", "vet", "./...")
        said = run(kit(), "go", "test", "-count=1", "./...")
        self.assertIn("ok  \t", said)

    def test_client_is_that_of_the_present_document(self) -> None:
        """`make kits` would not change the client of the API."""
        need("go")
        (kit() / "openapi.json").write_text(made("kit-document"))
        download(
            kit(), "go", "mod", "download", GENERATOR.replace("/cmd/oapi-codegen", "")
        )
        options = ("-config", "api/config.yaml", "-o", "new.go.txt")
        run(kit(), "go", "run", GENERATOR, *options, "openapi.json")
        new = (kit() / "new.go.txt").read_text()
        self.assertEqual(new, (KIT / "api/api.go").read_text(), "run `make kits`")

    def test_makefile_has_this_generator(self) -> None:
        """`make kits` and the test run the same version."""
        self.assertIn(GENERATOR, (ROOT / "Makefile").read_text())


class GoSourceTests(SynchronousTestCase):
    """What needs no toolchain"""

    def test_recipes_are_those_of_the_cookbook(self) -> None:
        """`make kits` would not change the recipes."""
        new = made("kit-recipes", "go")
        source = (KIT / "mocksmtptest/recipes.go").read_text()
        self.assertEqual(new, source, "run `make kits`")

    def test_version(self) -> None:
        """The package asks for a service of this version."""
        server = (KIT / "mocksmtptest/server.go").read_text()
        self.assertIn(f'const oldest = "{mocksmtp.__version__}"', server)

    def test_sums(self) -> None:
        """Every required module has its checksum."""
        sums = (KIT / "go.sum").read_text()
        required = re.findall(
            r"^\s*(?:require )?(\S+/\S+) (v\S+)",
            (KIT / "go.mod").read_text(),
            re.MULTILINE,
        )
        self.assertTrue(required)
        for module, version in required:
            self.assertIn(f"{module} {version} h1:", sums)
