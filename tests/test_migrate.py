"""The pages on how to leave another tool do what they say."""

from __future__ import annotations

import doctest
import itertools
import os
import re
import shlex
import subprocess
import tempfile

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.installed import BIN, Program, clean_environment, is_installed, start
from tests.markdown import ROOT, blocks, commands

_FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


class MigrateTests(SynchronousTestCase):
    """docs/migrate/"""

    def setUp(self) -> None:
        if not is_installed():
            raise SkipTest("missing: the installed program")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def assert_page(self, name: str) -> None:
        """Start the service as the page does, and run its commands."""
        page = f"docs/migrate/{name}.md"
        text = blocks(page, "sh")[0]
        options = shlex.split(text)[2:]
        ports = dict(itertools.pairwise(options))
        service = self.serve(options)
        usual = {ports[f"--{one}"]: service.pair(one)[1] for one in ("smtp", "http")}
        for command in commands(page):
            line = re.sub(
                r"(?<=127\.0\.0\.1:)\d+",
                lambda found: str(usual[found[0]]),
                command.line,
            )
            said = self.run_line(line)
            self.assertTrue(
                doctest.OutputChecker().check_output(command.output, said, _FLAGS),
                f"$ {line}\n{said}",
            )

    def serve(self, options: list[str]) -> Program:
        """The service with these options, on free ports, with files in the folder."""
        given = [*options, "--dns", "off"]
        for name in ("--smtp", "--http"):
            given[given.index(name) + 1] = "0"
        given = [one.replace("./", f"{self.folder}/") for one in given]
        return start(self.addCleanup, ("mocksmtp", "serve"), given)

    def run_line(self, line: str) -> str:
        """What a command prints, in the folder."""
        return subprocess.run(
            ["bash", "-c", line],
            cwd=self.folder,
            env=clean_environment(PATH=f"{BIN}:{os.environ['PATH']}"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        ).stdout

    def test_james(self) -> None:
        """The requests of James's client."""
        self.assert_page("james")

    def test_addresses_that_jamess_client_cannot_parse(self) -> None:
        """The document of the page refuses them, as James's server does."""
        (document,) = blocks("docs/migrate/james.md", "json")
        service = self.serve(["--smtp", "2525", "--http", "8000"])
        path = f"{self.folder}/behaviors.json"
        with open(path, "w") as file:
            file.write(document)
        url = "http://{}:{}".format(*service.pair("http"))
        self.run_line(f"curl -s -X PUT {url}/smtpBehaviors --data @{path}")
        send = "mocksmtp send --server {}:{} -f me@here.test".format(
            *service.pair("smtp")
        )
        for address, code in (
            ("bob@there.test", "250"),
            ("postmaster", "501"),
            ("bob@[IPv6:::1]", "501"),
            ("bøb@there.test", "501"),
        ):
            self.assertIn(f": {code} ", self.run_line(f"{send} {address!r}"), address)

    def test_rest_smtp_sink(self) -> None:
        """Its API."""
        self.assert_page("rest-smtp-sink")

    def test_fakesmtp(self) -> None:
        """Mails as files."""
        self.assert_page("fakesmtp")

    def test_mailhog(self) -> None:
        """Its API, and a failure."""
        self.assert_page("mailhog")

    def test_mailpit(self) -> None:
        """Its API and Chaos."""
        self.assert_page("mailpit")

    def test_each_page_is_run(self) -> None:
        """Each has a test."""
        for path in (ROOT / "docs/migrate").glob("*.md"):
            test = f"test_{path.stem.replace('-', '_')}"
            self.assertTrue(hasattr(self, test), test)
