"""A service, and the commands that talk to it."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import smtplib
import subprocess
from typing import Any, ClassVar
from urllib.request import Request, urlopen

from click.testing import CliRunner

from mocksmtp.cli import main
from tests.installed import FREE_PORTS, Program, clean_environment, start
from tests.test_programs import ProgramCase


class ServiceCase(ProgramCase):
    """
    Has a service; `call` runs a command in another folder, without a terminal.

    :cvar is_shared: whether the service may have been used by other tests: it is in its
        startup state, but ids do not begin with 1
    """

    is_shared: ClassVar[bool] = False
    _kept: ClassVar[Program | None] = None

    def setUp(self) -> None:
        super().setUp()
        if not self.is_shared:
            self.start()
            return
        if ServiceCase._kept is None:
            # It ends with this process, also if this is killed.
            ServiceCase._kept = start(
                atexit.register,
                ("mocksmtp", "serve"),
                (*FREE_PORTS, "--quiet", "--exit-with-stdin"),
                stdin=subprocess.PIPE,
            )
        self.service = ServiceCase._kept
        self.url = f"http://{self.service.addresses['http']}"
        reset = f"{self.url}/reset?all=true&connections=reset"
        with urlopen(Request(reset, method="POST")):
            pass

    def start(self, *options: str) -> None:
        """Start a service for this test."""
        self.service = start(
            self.addCleanup, ("mocksmtp", "serve"), (*FREE_PORTS, "--quiet", *options)
        )
        self.url = f"http://{self.service.addresses['http']}"

    def call(
        self, *arguments: str, content: str = "", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """
        Run a command to its end, in this process.

        The tests of pages, of terminals and of `mocksmtp run` start the program.
        """
        variables: dict[str, str | None] = dict.fromkeys(os.environ)
        variables |= clean_environment(**{"MOCKSMTP_URL": self.url, **environment})
        with contextlib.chdir(self.folder):
            done = CliRunner().invoke(main, arguments, content, variables)
        told = subprocess.CompletedProcess[str](arguments, done.exit_code)
        told.stdout, told.stderr = done.stdout, done.stderr
        return told

    def said(self, *arguments: str) -> str:
        """What a command prints that succeeds."""
        told = self.call(*arguments)
        self.assertEqual((told.returncode, told.stderr), (0, ""), told)
        return told.stdout

    def lines(self, *arguments: str) -> list[str]:
        """The lines of the standard output."""
        return self.call(*arguments).stdout.splitlines()

    def json(self, *arguments: str) -> Any:
        """What a command prints with ``--json``."""
        return json.loads(self.call(*arguments, "--json").stdout)

    def assert_says(self, message: str, *arguments: str) -> None:
        """A command that succeeds writes this to the standard error, and no more."""
        told = self.call(*arguments)
        expected = (0, "", message)
        self.assertEqual((told.returncode, told.stdout, told.stderr), expected)

    def put(self, path: str, document: Any) -> Any:
        """Send a document to the API."""
        body = json.dumps(document).encode()
        with urlopen(Request(self.url + path, body, method="PUT")) as answer:
            return json.loads(answer.read() or b"null")

    def get(self, path: str) -> Any:
        """A document of the API."""
        with urlopen(self.url + path) as answer:
            return json.load(answer)

    def deliver(
        self, sender: str, recipients: list[str], content: str, host: str | None = None
    ) -> None:
        """Send a mail over SMTP."""
        address, port = self.service.pair("smtp")
        if host is not None:
            listener = self.get(f"/hosts/{host}")["addresses"][0]
            address, _, number = listener.rpartition(":")
            port = int(number)
        with smtplib.SMTP(address, port, timeout=10) as client:
            client.sendmail(sender, recipients, content.encode())
