"""The units: sound, hardened, and what they start works with the sockets they open."""

from __future__ import annotations

import json
import smtplib
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.request import urlopen

import dns.message
import dns.query
from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.e2e.program import Program, find
from tests.installed import BIN, clean_environment, is_installed
from tests.markdown import ROOT

SERVICE = ROOT / "systemd/mocksmtp.service"
SOCKET = ROOT / "systemd/mocksmtp.socket"

MOST_EXPOSED = 2.0

# As systemd does it: the sockets from 3 on, and their number, and who they are for;
# and memory that is never both written to and run (MemoryDenyWriteExecute).
LAUNCHER = """
import ctypes, fcntl, json, os, sys
sockets, command = json.loads(sys.argv[1])
copies = [fcntl.fcntl(number, fcntl.F_DUPFD, 100) for number in sockets]
for place, number in enumerate(copies, 3):
    os.dup2(number, place)
ctypes.CDLL(None).prctl(65, 1, 0, 0, 0)
os.environ.update(
    LISTEN_PID=str(os.getpid()),
    LISTEN_FDS=str(len(sockets)),
    LISTEN_FDNAMES=":".join(["mocksmtp.socket"] * len(sockets)),
)
os.execv(command[0], command)
"""


def settings(unit: Path, *names: str) -> list[tuple[str, str]]:
    """The settings of these names, in order."""
    lines = [line.partition("=") for line in unit.read_text().splitlines()]
    return [(name, value) for name, _, value in lines if name in names]


class UnitTests(SynchronousTestCase):
    """What systemd says of the units"""

    def setUp(self) -> None:
        self.analyze = find("systemd-analyze", "systemd")

    def test_they_are_sound(self) -> None:
        """Nothing is unknown, and nothing missing but the program."""
        folder = Path(self.mktemp())
        folder.mkdir()
        text = SERVICE.read_text()
        (folder / SERVICE.name).write_text(
            text.replace("/opt/mocksmtp/bin/mocksmtp", "/bin/true")
        )
        (folder / SOCKET.name).write_text(SOCKET.read_text())
        paths = [str(folder / unit.name) for unit in (SERVICE, SOCKET)]
        told = subprocess.run(
            [self.analyze, "verify", "--man=no", *paths], capture_output=True, text=True
        )
        self.assertEqual((told.returncode, told.stdout + told.stderr), (0, ""))

    def test_the_service_is_hardened(self) -> None:
        """`systemd-analyze security` puts its exposure below 2.0."""
        told = subprocess.run(
            [
                *(self.analyze, "security", "--offline=true", "--no-pager"),
                *(f"--threshold={int(MOST_EXPOSED * 10)}", str(SERVICE)),
            ],
            capture_output=True,
            text=True,
        )
        self.assertEqual(told.returncode, 0, told.stdout + told.stderr)
        self.assertIn("Overall exposure level", told.stdout)


class ActivationTests(SynchronousTestCase):
    """The program with inherited sockets"""

    def setUp(self) -> None:
        if not is_installed():
            raise SkipTest("mocksmtp is not installed beside this Python")

    def open(self, kind: str) -> socket.socket:
        """A socket as the unit has it, but on a free port."""
        stream = kind == "ListenStream"
        made = socket.socket(type=socket.SOCK_STREAM if stream else socket.SOCK_DGRAM)
        self.addCleanup(made.close)
        made.bind(("127.0.0.1", 0))
        if stream:
            made.listen()
        return made

    def start(self, sockets: list[socket.socket], **environment: str) -> Program:
        """Start what the unit starts, as systemd starts it."""
        told = dict(
            value.split("=", 1) for _, value in settings(SERVICE, "Environment")
        )
        ((_, command),) = settings(SERVICE, "ExecStart")
        program, *options = command.split()
        handed = json.dumps(
            [
                [one.fileno() for one in sockets],
                [str(BIN / Path(program).name), *options],
            ]
        )
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        started = Program(
            [sys.executable, "-c", LAUNCHER, handed],
            Path(folder.name),
            clean_environment(**{**told, **environment}),
            tuple(one.fileno() for one in sockets),
        )
        self.addCleanup(started.stop)
        return started

    def test_all_listeners_are_those_of_the_socket_unit(self) -> None:
        """In the unit's order: mail, the API, and DNS over TCP and UDP."""
        kinds = [name for name, _ in settings(SOCKET, "ListenStream", "ListenDatagram")]
        sockets = [self.open(kind) for kind in kinds]
        smtp, http, tcp, udp = (one.getsockname() for one in sockets)
        self.start(sockets).printed(
            rf"started smtp=127.0.0.1:{smtp[1]} http=127.0.0.1:{http[1]}"
            rf" dns=127.0.0.1:{tcp[1]}"
        )
        with smtplib.SMTP(*smtp, timeout=10) as client:
            client.sendmail("b@x.test", ["a@x.test"], "Subject: x\n\ntext\n")
        with urlopen(f"http://127.0.0.1:{http[1]}/smtpMailsCount") as answer:
            self.assertEqual(answer.read(), b"1")
        query = dns.message.make_query("x.test", "MX")
        for send, where in (dns.query.tcp, tcp), (dns.query.udp, udp):
            response = send(query, where[0], 10, port=where[1])
            self.assertEqual(response.rcode(), 3)

    def refused(self, sockets: list[socket.socket], which: str) -> str:
        """What is said of DNS on these sockets."""
        started = self.start(
            sockets, MOCKSMTP_SMTP="off", MOCKSMTP_HTTP="off", MOCKSMTP_DNS=which
        )
        self.assertEqual(started.wait(), 1)
        (line,) = started.printed("mocksmtp: ")
        return line.partition("mocksmtp: ")[2].strip()

    def test_what_was_not_handed_over(self) -> None:
        """Too few sockets, or others: one line, and 1."""
        stream, datagram = self.open("ListenStream"), self.open("ListenDatagram")
        self.assertEqual(
            self.refused([stream], "systemd:tcp=0:udp=1"),
            "systemd passed no socket 1",
        )
        self.assertEqual(
            self.refused([stream], "systemd:tcp=other:udp=0"),
            "systemd passed no socket other",
        )
        self.assertEqual(
            self.refused([stream, datagram], "systemd:tcp=1:udp=0"),
            "systemd's socket 1 is not one for TCP",
        )
        self.assertEqual(
            self.refused([stream, datagram], "systemd:tcp=0:udp=0"),
            "systemd's socket 0 is not one for UDP",
        )
