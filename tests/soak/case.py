"""A service with a file, its client, and its API."""

from __future__ import annotations

import json
import os
import shutil
import smtplib
import sqlite3
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.installed import (
    BIN,
    FREE_PORTS,
    Program,
    clean_environment,
    is_installed,
    start,
)

SERVE = ("mocksmtp", "serve", "--quiet")


class FileServiceCase(SynchronousTestCase):
    """Services that use the same file, one after the other."""

    def setUp(self) -> None:
        if not is_installed():
            raise SkipTest("mocksmtp is not installed; make test installs it")
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.path = os.path.join(self.folder, "mock.db")

    def start(self, *options: str, command: tuple[str, ...] = SERVE) -> Program:
        """Start a service with the file."""
        return start(
            self.addCleanup,
            command,
            (*FREE_PORTS, "--store", f"sqlite:{self.path}", *options),
        )

    def fail_to_start(self, *options: str, path: str | None = None) -> str:
        """Start a service that fails; return its only line."""
        store = f"sqlite:{self.path if path is None else path}"
        ended = subprocess.run(
            [str(BIN / "mocksmtp"), "serve", *FREE_PORTS, "--store", store, *options],
            env=clean_environment(),
            cwd=self.folder,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=60,
        )
        self.assertEqual(ended.returncode, 1, ended)
        self.assertEqual(ended.stdout, "")
        (line,) = ended.stderr.splitlines()
        return line

    def wait_until(self, holds: Callable[[sqlite3.Connection], bool]) -> None:
        """Wait until the file has what is stored within a second."""
        db, until = self.database(), time.monotonic() + 10
        while not holds(db) and time.monotonic() < until:
            time.sleep(0.01)

    def database(self) -> sqlite3.Connection:
        """The file, read beside the service."""
        db = sqlite3.connect(self.path)
        self.addCleanup(db.close)
        return db


def ask(service: Program, method: str, path: str, document: Any = None) -> Any:
    """What the API answers: a document, or a text."""
    host, port = service.pair("http")
    body = None if document is None else json.dumps(document).encode()
    url = f"http://{host}:{port}{path}"
    request = urllib.request.Request(url, body, method=method)
    with urllib.request.urlopen(request, timeout=60) as response:
        said = response.read()
    return json.loads(said) if said[:1] in b'[{"0123456789' and said else said.decode()


def status(service: Program, method: str, path: str, document: Any = None) -> int:
    """The status that the API answers."""
    try:
        ask(service, method, path, document)
    except urllib.error.HTTPError as error:
        return error.code
    return 200


def send(service: Program, *contents: bytes, to: str = "bob@x.test") -> list[int]:
    """Send mails on one connection; return the codes of the replies to them."""
    codes = []
    with smtplib.SMTP(*service.pair("smtp"), timeout=60) as client:
        client.ehlo("client.test")
        for content in contents:
            client.mail("alice@x.test")
            client.rcpt(to)
            try:
                codes.append(client.data(content)[0])
            except smtplib.SMTPDataError as error:
                codes.append(error.smtp_code)
    return codes
