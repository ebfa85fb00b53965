"""Real clients, and the whole service in the test's own reactor."""

from __future__ import annotations

import base64
import binascii
import os
import re
import subprocess
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import attrs
from twisted.internet.threads import deferToThread
from twisted.logger import ILogObserver, LogEvent, globalLogPublisher
from twisted.trial.unittest import TestCase

from mocksmtp.logs import json_line
from mocksmtp.testing import RunningHost, start_mock
from tests.clients.events import Events
from tests.e2e.program import PATIENCE, find

Document = dict[str, Any]

NAME = "mx.there.test"
"""What hosts are called, for clients that look at their certificates."""

USER, PASSWORD = "bob@there.test", "s3cret-Pa55"
WRONG = "wr0ng-Pa55"
"""Who may come in, by which password, and a password that won't do."""

AUTH: Document = {"users": {USER: PASSWORD}}

SENDER, RECIPIENT = "alice@here.test", "bob@there.test"

CONTENT = "Subject: hello\n\nIt works.\n"

STARTTLS: Document = {"mode": "starttls"}
IMPLICIT: Document = {"mode": "implicit"}

WRONG_KINDS = "expired", "notYetValid", "wrongName", "selfSigned", "untrusted"
"""All that can be wrong with a certificate."""

REASONS = {
    "expired": "certificate has expired",
    "notYetValid": "certificate is not yet valid",
    "wrongName": "[Hh]ostname mismatch",
    "selfSigned": "self.signed certificate",
    "untrusted": "unable to get local issuer certificate|self.signed certificate in",
}
"""What OpenSSL says of it to who asks, in all its versions."""

ALERTS = {
    "expired": "expired",
    "notYetValid": "bad certificate",
    "wrongName": "bad certificate",
    "selfSigned": "unknown ca",
    "untrusted": "unknown ca",
}
"""And to the other side."""

LMTP: Document = {"address": "127.0.0.1", "port": 0, "protocol": "lmtp"}
"""A listener."""


@attrs.frozen
class Done:
    """
    A program that has ended.

    :ivar said: what it printed, and then its errors
    """

    code: int
    said: str


class ClientCase(TestCase):
    """
    The service, and clients that come to it.

    :cvar client: the program that comes, and the Debian package that has it; None
        for Python itself
    """

    client: tuple[str, str] | None = None

    async def setUp(self) -> None:  # type: ignore[override]
        self.path = find(*self.client) if self.client else ""
        self.folder = self._make_folder()
        self.logged: list[str] = []
        observe = cast(ILogObserver, self._log)
        globalLogPublisher.addObserver(observe)
        self.addCleanup(globalLogPublisher.removeObserver, observe)
        self.mock = await start_mock(self.addCleanup)
        self.ca = self.write("ca.pem", await self.mock.api.call("GET", "/ca.pem"))
        where = urlsplit(self.mock.url)
        assert where.hostname is not None
        assert where.port is not None
        self.events = await deferToThread(Events, (where.hostname, where.port))
        self.addCleanup(self.events.close)

    def _make_folder(self) -> Path:
        folder = Path(self.mktemp()).absolute()
        folder.mkdir()
        return folder

    def write(self, name: str, content: bytes) -> str:
        """A file in the test's own folder; answers its path."""
        path = self.folder / name
        path.write_bytes(content)
        return str(path)

    async def host(self, **document: Any) -> RunningHost:
        """A mail host that the test may describe."""
        return await self.mock.add_host("mx", **{"hostname": NAME, **document})

    async def run_client(self, *arguments: str, text: str = CONTENT) -> Done:
        """Run the program to its end; `text` is its standard input."""
        done = await deferToThread(
            subprocess.run,
            [self.path, *arguments],
            input=text.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self.folder,
            env=self._environment(),
            timeout=PATIENCE,
        )
        return Done(done.returncode, done.stdout.decode(errors="replace"))

    async def session(self) -> Document:
        """The next session that has ended."""
        ended = await deferToThread(self.events.session)
        return dict(await self.mock.api.get(f"/smtpSessions/{ended['id']}"))

    async def assert_arrived(self, host: RunningHost, text: str = "It works.") -> None:
        """One mail is there, from whom and for whom it should be."""
        (mail,) = await host.api.mails()
        self.assertEqual(mail["envelope"]["from"], SENDER)
        self.assertEqual(mail["envelope"]["recipients"], [RECIPIENT])
        self.assertIn(text, mail["message"])

    async def assert_untold(self, *secrets: str) -> None:
        """Nothing that the service tells has a secret in it, be it in base64."""
        self.assertTrue(self.logged)
        paths = "/smtpSessions", "/hosts", "/smtpMails", "/status", "/metrics"
        told = [(await self.mock.api.call("GET", path)).decode() for path in paths]
        told += [*self.logged, self.events.text]
        for text in told:
            for secret in secrets:
                self.assertNotIn(secret, text)
                self.assertNotIn(secret, _unwrapped(text))

    async def assert_authenticated(self, mechanism: str) -> None:
        """The client of the next session has, and has delivered a mail."""
        session = await self.session()
        self.assertEqual(session["authUser"], USER)
        self.assertEqual(session["authMechanism"], mechanism)
        (transaction,) = session["transactions"]
        self.assertEqual(transaction["outcome"], "accepted")

    async def assert_not_authenticated(self) -> None:
        """The client of the next session has tried to, and has given up."""
        session = await self.session()
        self.assertIn("AUTH", verbs(session))
        self.assertIsNone(session["authUser"])
        self.assertIsNone(session["authMechanism"])
        self.assertEqual(session["transactions"], [])

    async def assert_failed_handshake(self, error: str, sni: str | None = None) -> None:
        """The next session came to nothing, for a reason like this."""
        session = await self.session()
        # Nothing was said before it but what leads to it.
        self.assertIn(verbs(session), ([], ["EHLO", "STARTTLS"]))
        self.assertEqual(session["transactions"], [])
        self.assertIsNone(session["tls"]["version"])
        self.assertRegex(session["tls"]["error"], error)
        self.assertEqual(session["tls"]["sni"], sni)

    def _log(self, event: LogEvent) -> None:
        self.logged.append(json_line(event))

    def _environment(self) -> dict[str, str]:
        """No proxy, no language, and no settings of whoever runs the tests."""
        path = os.environ.get("PATH", os.defpath)
        return {"PATH": path, "HOME": str(self.folder), "LC_ALL": "C"}


def lines(session: Document) -> list[str]:
    """What the client of a session said, in its order."""
    return [said["line"] for said in session["transcript"] if "line" in said]


def verbs(session: Document) -> list[str]:
    """The first word of each line."""
    return [line.split(" ")[0] for line in lines(session)]


def codes(session: Document, verb: str) -> list[int]:
    """What was answered to the lines with that first word."""
    return [
        said["reply"]["code"]
        for said in session["transcript"]
        if said.get("line", "").split(" ")[0] == verb
    ]


def _unwrapped(text: str) -> str:
    """What the words of `text` mean that are base64."""
    meant = []
    for word in re.findall(r"[A-Za-z0-9+/]{8,}={0,2}", text):
        try:
            meant.append(base64.b64decode(word, validate=True).decode(errors="replace"))
        except binascii.Error:
            continue
    return "\n".join(meant)
