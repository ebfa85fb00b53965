"""The clients of npm do what they do with the tools themselves"""

from __future__ import annotations

import os
import shutil
import smtplib
import subprocess
from email.message import EmailMessage
from pathlib import Path

import attrs
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SkipTest, TestCase

from mocksmtp.mail.documents import StandIn
from mocksmtp.testing.running import FREE_PORTS, start_mock

HERE = Path(__file__).parent

PATIENCE = 120
"""Seconds that a program may take, with what it fetches."""


class ClientTests(TestCase):
    """A suite of another tool, with another address"""

    timeout = 3 * PATIENCE

    async def check(self, tool: StandIn, token: str | None = None) -> None:
        """The script of a tool runs without an error."""
        for program in "node", "npm":
            if shutil.which(program) is None:
                raise SkipTest(f"{program} is not installed")
        config = attrs.evolve(FREE_PORTS, stand_ins=(tool,), token=token)
        mock = await start_mock(self.addCleanup, config)
        await deferToThread(send, mock.smtp)
        script = f"{tool.value}.js"
        said = await deferToThread(run, self.make_folder(), script, mock.url)
        self.assertEqual(said, "done\n")

    def make_folder(self) -> Path:
        """A folder of the test's own."""
        folder = Path(self.mktemp()).absolute()
        folder.mkdir()
        return folder

    async def test_mailhog(self) -> None:
        """mailhog."""
        await self.check(StandIn.MAILHOG)

    async def test_mailpit(self) -> None:
        """mailpit-api, with the token as password."""
        await self.check(StandIn.MAILPIT, "secret")


def send(address: tuple[str, int]) -> None:
    """Send three mails: with texts and a file, plain, and without a header."""
    rich = EmailMessage()
    rich["From"] = "Bob <bob@here.test>"
    rich["To"] = "Alice <alice@there.test>"
    rich["Subject"] = "café"
    rich["Date"] = "Fri, 2 Jan 2026 03:04:05 +0100"
    rich.set_content("größe\n", cte="quoted-printable")
    rich.add_attachment(
        b"\0\1\2", maintype="application", subtype="octet-stream", filename="a.bin"
    )
    html = EmailMessage()
    html.set_content("<p>größe</p>\n", subtype="html", cte="base64")
    rich.attach(html)
    plain = "Subject: x\nContent-Type: text/plain\n\nplain\n"
    with smtplib.SMTP(*address, timeout=10) as client:
        client.send_message(rich)
        client.sendmail("bob@here.test", ["bob@there.test"], plain)
        client.sendmail("bob@here.test", ["c@there.test"], "x")


def run(folder: Path, script: str, url: str) -> str:
    """What a script prints; it must succeed. Blocks."""
    for name in "package.json", script:
        shutil.copy(HERE / name, folder)
    install = ("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts")
    for command in install, ("node", script, url):
        ran = subprocess.run(
            command,
            cwd=folder,
            env=os.environ,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=PATIENCE,
        )
        if ran.returncode:
            raise AssertionError(f"{command} failed:\n{ran.stdout}\n{ran.stderr}")
    return ran.stdout
