"""kits/java: the package for JUnit 5"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

from twisted.trial.unittest import SkipTest, SynchronousTestCase

import mocksmtp
from tests.kits.toolchain import MINUTES, made, need, run_any, workspace
from tests.markdown import ROOT, blocks

KIT = ROOT / "kits/java"
SOURCES = KIT / "src/main/java/org/mocksmtp"
EXAMPLE = "examples/spring"
PAGE = "docs/testing/junit.md"
FIRST = "first"
"""The folder of the project on that page."""
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


_TESTCONTAINERS = """\
    <dependency>
      <groupId>org.testcontainers</groupId>
      <artifactId>testcontainers</artifactId>
      <version>1.21.4</version>
    </dependency>
  </dependencies>
"""

_CONTAINERS = """\
import static org.assertj.core.api.Assertions.assertThat;
import static org.mocksmtp.Command.RCPT_TO;
import static org.mocksmtp.MockSmtp.to;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.mocksmtp.MockSmtpContainer;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;

class Containers {{
{}}}
"""
"""Compiled, but not run, because its name does not end with Test."""


def write_page(folder: Path) -> None:
    """The project of the page, and its test with containers."""
    sources = folder / "src/test/java"
    sources.mkdir(parents=True)
    (pom,) = blocks(PAGE, "xml")
    pom = pom.replace("  </dependencies>\n", _TESTCONTAINERS)
    (folder / "pom.xml").write_text(pom)
    test, _, containers = blocks(PAGE, "java")
    (sources / "FirstTest.java").write_text(test)
    (sources / "Containers.java").write_text(_CONTAINERS.format(containers))


@cache
def run_maven() -> tuple[Path, str]:
    """
    Build and test the kit and all that uses it, in one run of Maven.

    :return: the folder, and the output of Maven if it fails
    """
    folder = workspace()
    write_page(folder / FIRST)
    names = "kits/java", EXAMPLE, FIRST
    modules = "".join(f"<module>{name}</module>" for name in names)
    (folder / "pom.xml").write_text(_ALL.format(modules))
    failing = "-Dmaven.test.failure.ignore=true"
    ran = run_any(folder, "mvn", "-q", "-B", "-ntp", failing, "verify")
    return folder, ran.stdout if ran.returncode else ""


def build() -> Path:
    """The folder with all modules; skips the test if Maven cannot download."""
    need("java", "mvn")
    folder, failure = run_maven()
    if any(word in failure for word in _UNREACHABLE):
        raise SkipTest(f"Maven cannot download: {failure[-300:]}")
    if failure:
        raise AssertionError(f"Maven failed:\n{failure[-20_000:]}")
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

    timeout = MINUTES * 60

    def assert_passed(self, module: str, number: int) -> None:
        """At least so many tests of a module ran, and none failed."""
        found = results(module)
        failed = {name: text for name, text in found.items() if text is not None}
        self.assertEqual(failed, {})
        self.assertGreaterEqual(len(found), number)

    def test_own_tests(self) -> None:
        """It compiles, with its client, and its tests pass."""
        self.assert_passed("kits/java", 100)
        self.assertIn("org.mocksmtp.ServiceTest.aKilledJvm", results("kits/java"))

    def test_spring(self) -> None:
        """The suite of the example passes."""
        self.assert_passed(EXAMPLE, 5)

    def test_page(self) -> None:
        """Of the tests on the page one passes, and the other fails as shown there."""
        found = results(FIRST)
        self.assertIsNone(found["FirstTest.aMailArrives"])
        failure = found["FirstTest.aBusyMailboxIsTriedAgain"]
        (shown,) = blocks(PAGE, "text")
        for line in shown.splitlines():
            self.assertIn(line.replace(" 1]", ""), failure or "")


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

    def test_examples(self) -> None:
        """The examples of the README and of the page are in the suites."""
        (example,) = blocks("kits/java/README.md", "java")
        test = (KIT / "src/test/java/org/mocksmtp/ExampleTest.java").read_text()
        spring = (ROOT / EXAMPLE / "src/test/java/example/WelcomeTest.java").read_text()
        for line in blocks(PAGE, "java")[1].splitlines():
            self.assertIn(line.strip(), spring)
        for line in example.replace(
            "app.send(", "Sender.sendWithRetry(mx.smtp(), "
        ).split("\n"):
            self.assertIn(line.strip(), test)
