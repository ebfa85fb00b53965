"""Every command in the documents does what the documents say."""

from __future__ import annotations

import doctest
import os
import shutil
import subprocess
import sys
import tempfile

from twisted.trial.unittest import SkipTest, SynchronousTestCase

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
        checker = doctest.OutputChecker()
        flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
        for command in commands(document):
            if command.line in PREPARING:
                continue
            said = run(with_addresses(command.line, service))
            self.assertTrue(
                checker.check_output(command.output, said, flags),
                f"$ {command.line}\n{said}",
            )

    def test_readme(self) -> None:
        """The newcomer's five minutes."""
        self.assert_true("README.md")

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

    def test_journal(self) -> None:
        """The journal and the events."""
        self.assert_true("docs/journal.md")

    def test_operation(self) -> None:
        """Metrics, the log, the token and the description."""
        self.assert_true("docs/operation.md")

    def test_smtp(self) -> None:
        """The SMTP side."""
        self.assert_true("docs/smtp.md")

    def test_tls(self) -> None:
        """TLS and AUTH."""
        self.assert_true("docs/tls.md")

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


def with_addresses(line: str, service: Program) -> str:
    """A command, with the service's own ports for the usual ones."""
    for name, usual in ("smtp", "2525"), ("http", "8000"), ("dns", "5300"):
        port = str(service.pair(name)[1])
        for before in ("127.0.0.1:", "-p "):
            line = line.replace(before + usual, before + port)
    return line


def run(line: str) -> str:
    """What a command prints, as one would see it."""
    return subprocess.run(
        ["bash", "-c", line],
        env=clean_environment(PATH=f"{BIN}:{os.environ['PATH']}"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    ).stdout
