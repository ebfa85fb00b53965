"""kits/java: the package for JUnit 5"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

from twisted.trial.unittest import SkipTest, SynchronousTestCase

import mocksmtp
from tests.kits.toolchain import made, need, run_any, workspace
from tests.markdown import ROOT, blocks

KIT = ROOT / "kits/java"
SOURCES = KIT / "src/main/java/org/mocksmtp"
MODULES = ("kits/java",)
POM = "{http://maven.apache.org/POM/4.0.0}"

_UNREACHABLE = (
    "Could not transfer",
    "Unknown host",
    "Temporary failure in name resolution",
    "Connection refused",
)
"""What Maven prints if it cannot download."""

_ALL = """\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>org.mocksmtp</groupId>
  <artifactId>all</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <modules>{}</modules>
</project>
"""


@cache
def build() -> Path:
    """The kit and all that uses it, built and tested in one run of Maven."""
    need("java", "mvn")
    folder = workspace()
    modules = "".join(f"<module>{name}</module>" for name in MODULES)
    (folder / "pom.xml").write_text(_ALL.format(modules))
    failing = "-Dmaven.test.failure.ignore=true"
    ran = run_any(folder, "mvn", "-q", "-B", "-ntp", failing, "verify")
    if ran.returncode:
        if any(word in ran.stdout for word in _UNREACHABLE):
            raise SkipTest(f"Maven cannot download: {ran.stdout[-300:]}")
        raise AssertionError(f"Maven failed:\n{ran.stdout[-20_000:]}")
    return folder


def results(module: str) -> dict[str, str | None]:
    """The tests of a module, each with the text of its failure or None."""
    found: dict[str, str | None] = {}
    for report in (build() / module / "target/surefire-reports").glob("*.xml"):
        for case in ElementTree.parse(report).iter("testcase"):
            failure = next((e for e in case if e.tag in {"failure", "error"}), None)
            text = None if failure is None else failure.text
            found[f"{case.get('classname')}.{case.get('name')}"] = text
    return found


class JavaKitTests(SynchronousTestCase):
    """The kit with the installed service"""

    def test_own_tests(self) -> None:
        """It compiles, with its client, and its tests pass."""
        found = results("kits/java")
        failed = {name: text for name, text in found.items() if text is not None}
        self.assertEqual(failed, {})
        self.assertGreater(len(found), 100)
        self.assertIn("org.mocksmtp.ServiceTest.aKilledJvm", found)


class JavaSourceTests(SynchronousTestCase):
    """What needs no toolchain"""

    def test_client_is_that_of_the_present_document(self) -> None:
        """`make kits` would not change the document."""
        new = made("kit-document")
        self.assertEqual(new, (KIT / "openapi.json").read_text(), "run `make kits`")

    def test_recipes_are_those_of_the_cookbook(self) -> None:
        """`make kits` would not change the recipes."""
        new = made("kit-recipes", "java")
        self.assertEqual(new, (SOURCES / "Recipes.java").read_text(), "run `make kits`")
        data = KIT / "src/main/resources/org/mocksmtp/recipes.json"
        present = ROOT / "mocksmtp/recipes/recipes.json"
        self.assertEqual(data.read_text(), present.read_text(), "run `make kits`")

    def test_versions(self) -> None:
        """The package has the version of the service, and asks for it."""
        version = mocksmtp.__version__
        pom = ElementTree.parse(KIT / "pom.xml").getroot()
        self.assertEqual(pom.findtext(f"{POM}version"), version)
        self.assertIn(f'MINIMUM = "{version}";', (SOURCES / "Service.java").read_text())
        container = (SOURCES / "MockSmtpContainer.java").read_text()
        self.assertIn(f'IMAGE = "mocksmtp:{version}";', container)
        document = json.loads((KIT / "openapi.json").read_text())
        self.assertEqual(document["info"]["version"], version)

    def test_example(self) -> None:
        """The example of the README is one of the tests."""
        (example,) = blocks("kits/java/README.md", "java")
        test = (KIT / "src/test/java/org/mocksmtp/ExampleTest.java").read_text()
        for line in example.replace(
            "app.send(", "Sender.sendWithRetry(mx.smtp(), "
        ).split("\n"):
            self.assertIn(line.strip(), test)
