"""The installed programs: in the foreground, in the background, and their end."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import smtplib
import socket
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.installed import (
    FREE_PORTS,
    STARTED,
    Program,
    busy_port,
    is_installed,
    run,
    start,
)

NO_OTHERS = ("--http", "off", "--dns", "off")


class ProgramCase(SynchronousTestCase):
    """Has a folder of its own, far from the source."""

    def setUp(self) -> None:
        if not is_installed():
            raise SkipTest("mocksmtp is not installed beside this Python")
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def write(self, name: str, text: str) -> str:
        """A file in that folder."""
        path = self.folder / name
        path.write_text(text)
        return str(path)


class ForegroundTests(ProgramCase):
    """Each way to start it ends up with the same service."""

    def assert_works(self, program: Program) -> None:
        with smtplib.SMTP(*program.pair("smtp"), timeout=10) as client:
            client.sendmail("b@x.test", ["a@x.test"], "Subject: x\n\ntext\n")
        url = f"http://{program.addresses['http']}/smtpMailsCount"
        with urlopen(url, timeout=10) as answer:
            self.assertEqual(answer.read(), b"1")

    def test_twistd(self) -> None:
        """``twistd -n mocksmtp``."""
        self.assert_works(start(self.addCleanup))

    def test_twist(self) -> None:
        """``twist mocksmtp``."""
        self.assert_works(start(self.addCleanup, ["twist", "mocksmtp"]))

    def test_serve(self) -> None:
        """``mocksmtp serve``."""
        self.assert_works(start(self.addCleanup, ["mocksmtp", "serve"]))

    def test_environment_and_file(self) -> None:
        """Options may come from variables and from a TOML file."""
        config = self.write(
            "mock.toml",
            'hostname = "from.file"\nhttp = "off"\n'
            "[[dnsRecords]]\n"
            'name = "x.test"\ntype = "MX"\npreference = 10\nexchange = "mx.x.test"\n',
        )
        program = start(
            self.addCleanup,
            options=(),
            MOCKSMTP_CONFIG=config,
            MOCKSMTP_SMTP="tcp:0:interface=127.0.0.1 tcp:0:interface=127.0.0.2",
            MOCKSMTP_DNS="127.0.0.1:0",
        )
        self.assertEqual(sorted(program.addresses), ["dns", "smtp"])
        first, second = program.addresses["smtp"].split(",")
        self.assertTrue(second.startswith("127.0.0.2:"), second)
        host, _, port = first.rpartition(":")
        with smtplib.SMTP(host, int(port), timeout=10) as client:
            self.assertEqual(client.ehlo()[1].split(b"\n")[0], b"from.file")

    def test_many_hosts(self) -> None:
        """Each is in the line that tells the start, and says its own name."""
        config = self.write(
            "mock.toml", '[[hosts]]\nname = "mx3"\nhostname = "three.test"\n'
        )
        options = ("--smtp", "mx2=tcp:0:interface=127.0.0.2", "--config", config)
        program = start(self.addCleanup, options=(*FREE_PORTS, *options))
        expected = ["dns", "http", "smtp", "smtp.mx2", "smtp.mx3"]
        self.assertEqual(sorted(program.addresses), expected)
        for name, hostname in ("smtp.mx2", b"mx2"), ("smtp.mx3", b"three.test"):
            with smtplib.SMTP(*program.pair(name), timeout=10) as client:
                self.assertEqual(client.ehlo()[1].split(b"\n")[0], hostname)

    def test_help_and_version(self) -> None:
        """The options are told, and which version this is."""
        for command in ("twistd", "mocksmtp"), ("mocksmtp", "serve"):
            told = run(*command, "--help", cwd=str(self.folder))
            self.assertEqual(told.returncode, 0, told)
            self.assertIn("--max-message-size=", told.stdout)
        told = run("mocksmtp", "--version", cwd=str(self.folder))
        self.assertRegex(told.stdout, r"^mocksmtp, version \d+\.\d+")


class LogTests(ProgramCase):
    """``--log-format json``"""

    def test_every_line_is_an_object(self) -> None:
        """From the first on, whichever program runs the service."""
        for command in (
            ("twistd", "--nodaemon", "--pidfile=", "mocksmtp"),
            ("twist", "mocksmtp"),
            ("mocksmtp", "serve"),
        ):
            options = [*FREE_PORTS, "--log-format", "json"]
            lines = self.said(start(self.addCleanup, command, options))
            (started,) = [line for line in lines if line["message"].startswith(STARTED)]
            self.assertEqual(started["level"], "info")
            (access,) = [line for line in lines if line.get("uri") == "/health"]
            self.assertEqual((access["status"], access["method"]), (200, "GET"))
            self.assertIn("GET /health", access["message"])

    def said(self, program: Program) -> list[dict[str, Any]]:
        """All lines of a service that was asked for its health."""
        with urlopen(f"http://{program.addresses['http']}/health", timeout=10):
            pass
        program.terminate()
        assert program.process.stdout is not None
        rest = program.process.stdout.read().splitlines()
        return [json.loads(line) for line in [*program.said, *rest]]

    def test_in_the_background(self) -> None:
        """twistd.log has the same lines."""
        path = self.folder / "twistd.log"
        told = run(
            *("twistd", "--pidfile=twistd.pid", "mocksmtp", *FREE_PORTS),
            *("--log-format", "json"),
            cwd=str(self.folder),
        )
        self.assertEqual(told.returncode, 0, told)
        pid = int((self.folder / "twistd.pid").read_text())
        self.addCleanup(kill_if_there, pid)
        os.kill(pid, signal.SIGTERM)
        self.assertTrue(wait_for_end(pid))
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        self.assertTrue([one for one in lines if one["message"].startswith(STARTED)])


class RefusedStartTests(ProgramCase):
    """A start that fails says why in one line, and exits with 1."""

    def refused(self, *options: str, **environment: str) -> str:
        """What is said by twistd in the foreground."""
        told = run(
            *("twistd", "--nodaemon", "--pidfile=twistd.pid", "mocksmtp", *options),
            cwd=str(self.folder),
            **environment,
        )
        self.assertEqual(told.returncode, 1, told)
        self.assertNotIn("Traceback", told.stdout + told.stderr)
        self.assertFalse((self.folder / "twistd.pid").exists())
        lines = (told.stdout + told.stderr).splitlines()
        (line,) = [line for line in lines if "mocksmtp: " in line]
        return line.partition("mocksmtp: ")[2]

    def test_a_busy_port(self) -> None:
        """The address and the reason are named, for each kind of listener."""
        port = busy_port(self.addCleanup)
        endpoint = f"tcp:{port}:interface=127.0.0.1"
        for options in (
            ("--smtp", endpoint, *NO_OTHERS),
            ("--smtp", "off", "--http", endpoint, "--dns", "off"),
            ("--smtp", "off", "--http", "off", "--dns", f"127.0.0.1:{port}"),
        ):
            self.assertEqual(
                self.refused(*options),
                f"can't listen on 127.0.0.1:{port}: Address already in use",
                options,
            )

    def test_a_bad_endpoint(self) -> None:
        """It is quoted, with what is wrong."""
        self.assertEqual(
            self.refused("--smtp", "nonsense:1", *NO_OTHERS),
            "not an endpoint: 'nonsense:1'"
            " (ValueError: Unknown endpoint type: 'nonsense')",
        )

    def test_a_bad_file(self) -> None:
        """The file is named, and the place in it."""
        path = self.write("bad.toml", '[[smtpBehaviors]]\ncommand = "MAIL TO"\n')
        said = self.refused("--config", path)
        self.assertTrue(
            said.startswith(f"{path}: smtpBehaviors[0].command: unknown command"), said
        )
        self.assertEqual(
            self.refused("--config", "missing.toml"),
            "missing.toml: No such file or directory",
        )

    def test_a_bad_variable(self) -> None:
        """The variable is named."""
        self.assertEqual(
            self.refused(MOCKSMTP_DNS="nowhere"),
            "MOCKSMTP_DNS: not ADDRESS:PORT with an IP address: 'nowhere'",
        )

    def test_in_the_background(self) -> None:
        """twistd tells its caller what happened to its child."""
        port = busy_port(self.addCleanup)
        told = run(
            *("twistd", "--pidfile=twistd.pid", "mocksmtp", *NO_OTHERS),
            *("--smtp", f"tcp:{port}:interface=127.0.0.1"),
            cwd=str(self.folder),
        )
        self.assertEqual(told.returncode, 1, told)
        said = f"can't listen on 127.0.0.1:{port}: Address already in use"
        self.assertIn(said, told.stdout + told.stderr)
        self.assertFalse((self.folder / "twistd.pid").exists())


class BackgroundTests(ProgramCase):
    """``twistd mocksmtp`` as a daemon."""

    def test_a_daemon_writes_its_pid_and_ends_on_sigterm(self) -> None:
        """It answers, its number is in the file, and both are gone at the end."""
        told = run(
            *("twistd", "--pidfile=mock.pid", "--logfile=mock.log", "mocksmtp"),
            *FREE_PORTS,
            cwd=str(self.folder),
        )
        self.assertEqual(told.returncode, 0, told)
        pid_file = self.folder / "mock.pid"
        pid = int(pid_file.read_text())
        self.addCleanup(kill_if_there, pid)
        log = (self.folder / "mock.log").read_text()
        line = log.partition("Mock SMTP server started ")[2].splitlines()[0]
        host, _, port = line.split()[0].removeprefix("smtp=").rpartition(":")
        with socket.create_connection((host, int(port)), 10) as client:
            self.assertEqual(client.recv(3), b"220")
            os.kill(pid, signal.SIGTERM)
            # Closed when the process ends, for the test is not its parent.
            while client.recv(1000):
                pass
        self.assertTrue(wait_for_end(pid))
        self.assertFalse(pid_file.exists())


class EndTests(ProgramCase):
    """SIGTERM."""

    def test_it_ends_within_two_seconds(self) -> None:
        """Clients get 421, also one in the middle of its content."""
        program = start(self.addCleanup)
        with (
            socket.create_connection(program.pair("smtp"), 10) as idle,
            socket.create_connection(program.pair("smtp"), 10) as sending,
            socket.create_connection(program.pair("http"), 10) as waiting,
        ):
            waiting.sendall(b"GET /smtpMails?count=1&wait=60s HTTP/1.1\r\nHost: x\r\n")
            sending.sendall(b"MAIL FROM:<b@x>\r\nRCPT TO:<a@x>\r\nDATA\r\nhalf")
            said = sending.makefile("rb")
            self.assertEqual([said.readline()[:3] for _ in range(4)][3], b"354")
            idle.recv(1000)
            begun = time.monotonic()
            program.terminate()
            self.assertLess(time.monotonic() - begun, 2)
            self.assertEqual(idle.recv(1000)[:9], b"421 4.3.2")
            self.assertEqual(said.read()[:9], b"421 4.3.2")
            said.close()

    def test_a_client_that_reads_nothing_does_not_hold_it_up(self) -> None:
        """What has not gone after a while is cut off."""
        program = start(self.addCleanup)
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.settimeout(1)
            client.connect(program.pair("smtp"))
            with contextlib.suppress(TimeoutError):
                while True:
                    client.sendall(b"HELP\r\n" * 1000)
            begun = time.monotonic()
            program.terminate()
            self.assertLess(time.monotonic() - begun, 2)


def kill_if_there(pid: int) -> None:
    """End a daemon that a failed test has left."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def wait_for_end(pid: int) -> bool:
    """Whether a process that is no child of ours ends, or has ended."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], 5)[0])
    finally:
        os.close(descriptor)
