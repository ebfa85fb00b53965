"""Every command in the documents does what the documents say."""

from __future__ import annotations

import ast
import doctest
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from xml.etree import ElementTree

import kubernetes_validate
import yaml
from twisted.trial.unittest import SkipTest, SynchronousTestCase

from mocksmtp.config import OPTIONS
from tests.installed import (
    BIN,
    FREE_PORTS,
    Program,
    clean_environment,
    is_installed,
    start,
)
from tests.markdown import ROOT, blocks, commands

NEEDED = ("curl", "dig", "swaks", "make")

PREPARING = (
    "make run",
    "python3 -m venv ~/mocksmtp && ~/mocksmtp/bin/pip install .",
    "~/mocksmtp/bin/mocksmtp serve",
)
"""Commands that install or start what the others talk to; see `tests.test_install`."""


class DocumentTests(SynchronousTestCase):
    """README.md and docs/"""

    def setUp(self) -> None:
        missing = [program for program in NEEDED if shutil.which(program) is None]
        if missing or not is_installed():
            raise SkipTest(f"missing: {', '.join(missing) or 'the installed program'}")

    def assert_true(self, document: str) -> None:
        """Run the commands of a document one after the other."""
        service = start(self.addCleanup)
        url = f"http://127.0.0.1:{service.pair('http')[1]}"
        checker = doctest.OutputChecker()
        flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
        for command in commands(document):
            if command.line in PREPARING:
                continue
            said = run(with_addresses(command.line, service), MOCKSMTP_URL=url)
            self.assertTrue(
                checker.check_output(command.output, said, flags),
                f"$ {command.line}\n{said}",
            )

    def test_readme(self) -> None:
        """The newcomer's five minutes."""
        self.assert_true("README.md")

    def test_tutorial(self) -> None:
        """From a mail to a fail-over."""
        self.assert_true("docs/tutorial.md")

    def test_configuration(self) -> None:
        """The configuration file."""
        self.assert_true("docs/configuration.md")

    def test_http(self) -> None:
        """The HTTP API."""
        self.assert_true("docs/http.md")

    def test_dns(self) -> None:
        """The DNS."""
        self.assert_true("docs/dns.md")

    def test_hosts(self) -> None:
        """Many mail hosts."""
        self.assert_true("docs/hosts.md")

    def test_deliveries(self) -> None:
        """What was tried for each recipient."""
        self.assert_true("docs/deliveries.md")

    def test_journal(self) -> None:
        """The journal and the events."""
        self.assert_true("docs/journal.md")

    def test_debugging(self) -> None:
        """From a failing assertion to its cause."""
        self.assert_true("docs/debugging.md")

    def test_behaviors(self) -> None:
        """How behaviors are changed."""
        self.assert_true("docs/behaviors.md")

    def test_operation(self) -> None:
        """Metrics, the log, the token and the description."""
        self.assert_true("docs/operation.md")

    def test_smtp(self) -> None:
        """The SMTP side."""
        self.assert_true("docs/smtp.md")

    def test_tls(self) -> None:
        """TLS and AUTH."""
        self.assert_true("docs/tls.md")

    def test_greylisting(self) -> None:
        """How to test greylisting."""
        self.assert_true("docs/howto/greylisting.md")

    def test_dane(self) -> None:
        """How to test TLS and DANE."""
        self.assert_true("docs/howto/dane.md")

    def test_smuggling(self) -> None:
        """How to check for smuggling."""
        self.assert_true("docs/howto/smuggling.md")

    def test_exim(self) -> None:
        """How to test Exim; the configuration is the one of tests/e2e."""
        self.assert_true("docs/howto/exim.md")
        (settings,) = blocks("docs/howto/exim.md", "text")
        used = (ROOT / "tests/e2e/exim.py").read_text()
        for line in settings.splitlines():
            self.assertIn(line, used)

    def test_james(self) -> None:
        """How to test James; its file is well-formed, its commands those of Compose."""
        self.assert_true("docs/howto/james.md")
        (settings,) = blocks("docs/howto/james.md", "xml")
        self.assertEqual(ElementTree.fromstring(settings).tag, "dnsservice")
        first, *_ = blocks("docs/howto/james.md", "sh")
        head = (
            (ROOT / "docker/compose.james.yaml").read_text().partition("services:")[0]
        )
        shown = " ".join(head.replace("#", "").replace("\\", "").split())
        for line in first.splitlines():
            self.assertIn(" ".join(line.split()), shown)

    def test_kubernetes(self) -> None:
        """How to run it in Kubernetes; a pod accepts the settings of DNS."""
        (text,) = blocks("docs/howto/kubernetes.md", "yaml")
        settings = yaml.safe_load(text)
        containers = [{"name": "mta", "image": "mta"}]
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "mta"},
            "spec": {**settings, "containers": containers},
        }
        newest = kubernetes_validate.latest_version()
        kubernetes_validate.validate(pod, newest, strict=True)

    def test_the_configuration_file_is_accepted(self) -> None:
        """The file of docs/configuration.md starts a service as it says."""
        (text,) = blocks("docs/configuration.md", "toml")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = f"{folder.name}/mocksmtp.toml"
        with open(path, "w") as file:
            file.write(text)
        service = start(
            self.addCleanup,
            options=["--config", path, *FREE_PORTS],
        )
        listing = "curl -s http://127.0.0.1:8000/smtpBehaviors"
        self.assertIn("4.2.1", run(with_addresses(listing, service)))

    def test_all_options_are_listed(self) -> None:
        """With their names on the command line, and as keys of the file."""
        text = (ROOT / "docs/configuration.md").read_text()
        for option in OPTIONS:
            self.assertIn(f"| `--{option.name}", text)
            self.assertIn(f"`{option.key}`", text)

    def test_the_hosts_of_a_file_are_there(self) -> None:
        """The file of docs/hosts.md makes the host that it names."""
        (text,) = blocks("docs/hosts.md", "toml")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = f"{folder.name}/mocksmtp.toml"
        with open(path, "w") as file:
            file.write(text)
        service = start(self.addCleanup, options=["--config", path, *FREE_PORTS])
        self.assertEqual(service.addresses["smtp.mx2"], "127.0.0.3:2525")

    def test_the_example_of_a_test_passes(self) -> None:
        """The suite in the README runs under trial as it stands."""
        (program,) = blocks("README.md", "python")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        with open(f"{folder.name}/test_delivery.py", "w") as file:
            file.write(program)
        trial = subprocess.run(
            [sys.executable, "-m", "twisted.trial", "test_delivery"],
            cwd=folder.name,
            env=clean_environment(),
            capture_output=True,
            text=True,
            timeout=60,
        )
        self.assertEqual(trial.returncode, 0, trial.stdout + trial.stderr)
        self.assertIn("successes=1", trial.stdout)

    def test_make_targets_exist(self) -> None:
        """Each target that the documents name can be made."""
        for target in "run", "test", "lint", "bench", "image", "dist":
            made = run(f"make --dry-run -C {ROOT} {target} && echo fine")
            self.assertIn("fine", made)


class MaintainerTests(SynchronousTestCase):
    """The pages for those who change the program"""

    def test_the_code_that_they_name_exists(self) -> None:
        """Each `package/module.py`, and the class or function after it."""
        found = 0
        for page in "docs/architecture.md", "docs/contributing.md":
            text = (ROOT / page).read_text()
            for name, member in _CODE.findall(text):
                places = [ROOT / "mocksmtp" / name, ROOT / name]
                path = next((path for path in places if path.is_file()), None)
                self.assertIsNotNone(path, f"{page}: {name}")
                assert path is not None
                if member:
                    defined = _defined(ast.parse(path.read_text()))
                    self.assertIn(member, defined, f"{page}: {name}")
                    found += 1
        self.assertGreater(found, 20)

    def test_links_to_the_repository_name_files_that_exist(self) -> None:
        """`make docs-links` checks them only after the pages are published."""
        pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
        found = 0
        for page in (*pages, ROOT / "setup.cfg"):
            for path in _OWN_LINK.findall(page.read_text()):
                self.assertTrue((ROOT / path).exists(), f"{page}: {path}")
                found += 1
        self.assertGreater(found, 4)

    def test_all_packages_are_in_the_diagram(self) -> None:
        """And in the table below it."""
        text = (ROOT / "docs/architecture.md").read_text()
        (diagram,) = blocks("docs/architecture.md", "mermaid")
        for path in (ROOT / "mocksmtp").iterdir():
            if (path / "__init__.py").is_file():
                self.assertTrue(re.search(rf"\b{path.name}\b", diagram), path.name)
                self.assertTrue(f"`{path.name}`" in text, path.name)
            elif path.suffix == ".py" and path.name != "__init__.py":
                self.assertTrue(f"`{path.name}`" in text, path.name)

    def test_the_changes_of_a_release(self) -> None:
        """towncrier renders all fragments, and finds its place in CHANGELOG.md."""
        mark = "<!-- towncrier release notes start -->"
        self.assertIn(mark, (ROOT / "CHANGELOG.md").read_text())
        if importlib.util.find_spec("towncrier") is None:
            raise SkipTest("missing: towncrier")
        draft = subprocess.run(
            [
                *(sys.executable, "-m", "towncrier", "build", "--draft"),
                *("--version", "9.9", "--dir", str(ROOT)),
            ],
            env=clean_environment(),
            capture_output=True,
            text=True,
            timeout=60,
        )
        self.assertEqual(draft.returncode, 0, draft.stderr)
        fragments = [*(ROOT / "changelog.d").glob("*.md")]
        self.assertEqual(draft.stdout.count("\n- "), len(fragments))


_OWN_LINK = re.compile(r"//github.com/mocksmtp/mocksmtp/(?:blob|tree)/main/([\w./-]+)")
_CODE = re.compile(r"`([\w/]+\.py)(?:: ([\w.]+))?`")


def _defined(tree: ast.Module) -> set[str]:
    """The names of the classes and functions of a module, and those within them."""
    found = set()
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in tree.body:
        if isinstance(node, kinds):
            found.add(node.name)
            for inner in node.body:
                if isinstance(inner, kinds):
                    found.add(f"{node.name}.{inner.name}")
    return found


def with_addresses(line: str, service: Program) -> str:
    """A command, with the service's own ports for the usual ones."""
    for name, usual in ("smtp", "2525"), ("http", "8000"), ("dns", "5300"):
        port = str(service.pair(name)[1])
        for before in ("127.0.0.1:", "-p "):
            line = line.replace(before + usual, before + port)
    return line


def run(line: str, **environment: str) -> str:
    """What a command prints, as one would see it."""
    return subprocess.run(
        ["bash", "-c", line],
        env=clean_environment(PATH=f"{BIN}:{os.environ['PATH']}", **environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    ).stdout
