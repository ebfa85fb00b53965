"""The installed programs: in the foreground, in the background, and their end."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import smtplib
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.installed import (
    BIN,
    FREE_PORTS,
    STARTED,
    Program,
    busy_port,
    clean_environment,
    is_installed,
    run,
    start,
)
from tests.markdown import ROOT

PROGRAMS = (
    ("twistd", "--nodaemon", "--pidfile=twistd.pid", "mocksmtp"),
    ("twistd", "--pidfile=twistd.pid", "mocksmtp"),
    ("twist", "mocksmtp"),
    ("mocksmtp", "serve"),
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
        for command, usage in (
            (("twistd", "mocksmtp"), "twistd [options] mocksmtp [options]"),
            (("twist", "mocksmtp"), "twist [options] mocksmtp [options]"),
            (("mocksmtp", "serve"), "mocksmtp serve [options]"),
        ):
            for asked in "--help", "-h":
                told = run(*command, asked, cwd=str(self.folder))
                self.assertEqual(told.returncode, 0, told)
                self.assertEqual(told.stdout.splitlines()[0], f"Usage: {usage}")
                self.assertIn("--max-message-size=", told.stdout)
                self.assertIn("[MOCKSMTP_MAIL_SHAPE]", told.stdout)
        for arguments in ("-h",), ("health", "-h"):
            told = run("mocksmtp", *arguments, cwd=str(self.folder))
            self.assertEqual(told.returncode, 0, told)
            self.assertNotIn("...\n", told.stdout.partition("\n")[2])
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
            options = [*FREE_PORTS, "--log-format", "json", "--log-level", "debug"]
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


class MakeRunTests(ProgramCase):
    """`tools/run`, which ``make run`` calls"""

    def run_tool(self, *options: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "tools/run"), *options],
            cwd=self.folder,
            env=clean_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert process.stdout is not None
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        return process

    def test_it_prints_commands_that_work(self) -> None:
        """With the addresses that are bound; it ends with the service."""
        process = self.run_tool(*FREE_PORTS)
        assert process.stdout is not None
        said = ""
        while "dig" not in said:
            line = process.stdout.readline()
            self.assertTrue(line, said)
            said += line
        started = said.partition(STARTED)[2].splitlines()[0]
        bound = dict(pair.split("=", 1) for pair in started.split())
        self.assertIn(f"curl -s smtp://{bound['smtp']} ", said)
        self.assertIn(f"curl -s http://{bound['http']}/smtpMails\n", said)
        self.assertIn(f"dig +short -p {bound['dns'].split(':')[1]} @127.0.0.1 ", said)
        process.terminate()
        self.assertEqual(process.wait(10), 0)

    def test_a_start_that_fails(self) -> None:
        """Its one line is all that is printed."""
        port = busy_port(self.addCleanup)
        process = self.run_tool("--smtp", str(port), *NO_OTHERS)
        said, _ = process.communicate(timeout=20)
        expected = f"mocksmtp: can't listen on 127.0.0.1:{port}: Address already in use"
        self.assertEqual((process.returncode, said), (1, expected + "\n"))


class UnreadTests(ProgramCase):
    """A log that nobody reads"""

    def assert_goes_on(self, command: Sequence[str], *options: str) -> None:
        """It answers after more lines than a pipe holds, and ends on SIGTERM."""
        options = (*FREE_PORTS, "--log-level", "debug", *options)
        program = start(self.addCleanup, command, options)
        url = f"http://{program.addresses['http']}/smtpMailsCount"
        for _ in range(1000):
            with urlopen(url, timeout=10) as answer:
                self.assertEqual(answer.read(), b"0")
        with smtplib.SMTP(*program.pair("smtp"), timeout=10) as client:
            client.sendmail("b@x.test", ["a@x.test"], "Subject: x\n\ntext\n")
        begun = time.monotonic()
        program.terminate()
        self.assertLess(time.monotonic() - begun, 2)

    def test_nothing_waits_for_it(self) -> None:
        """Whichever program runs the service, in whichever format."""
        self.assert_goes_on(["mocksmtp", "serve"])
        self.assert_goes_on(["mocksmtp", "serve"], "--log-format", "json")
        self.assert_goes_on(["twist", "mocksmtp"])
        self.assert_goes_on(["twistd", "--nodaemon", "--pidfile=", "mocksmtp"])

    def test_api_reads_are_no_lines_at_info(self) -> None:
        """The mails are, and the end; errors of twisted.logger go the same way."""
        program = start(self.addCleanup, ["mocksmtp", "serve"])
        with urlopen(f"http://{program.addresses['http']}/health", timeout=10):
            pass
        with smtplib.SMTP(*program.pair("smtp"), timeout=10) as client:
            client.sendmail("b@x.test", ["a@x.test"], "Subject: x\n\ntext\n")
        program.terminate()
        assert program.process.stdout is not None
        said = program.process.stdout.read()
        self.assertNotIn("/health", said)
        self.assertIn("Mail kept: id=1 from=<b@x.test> to=<a@x.test> size=20", said)
        self.assertIn("Mock SMTP server stopped", said)

    def test_quiet(self) -> None:
        """The line of the start is all that there is."""
        program = start(
            self.addCleanup, ["mocksmtp", "serve"], (*FREE_PORTS, "--quiet")
        )
        with smtplib.SMTP(*program.pair("smtp"), timeout=10) as client:
            client.sendmail("b@x.test", ["a@x.test"], "Subject: x\n\ntext\n")
        program.terminate()
        assert program.process.stdout is not None
        self.assertEqual((len(program.said), program.process.stdout.read()), (1, ""))

    def test_sighup_opens_the_log_file_again(self) -> None:
        """The service goes on, with its later lines in the new file."""
        path = self.folder / "mock.log"
        options = (*FREE_PORTS, "--log-file", str(path), "--addresses-file", "a.json")
        process = subprocess.Popen(
            [BIN / "mocksmtp", "serve", *options],
            cwd=self.folder,
            env=clean_environment(),
            stdout=subprocess.DEVNULL,
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        addresses = wait_for_file(process, self.folder / "a.json")["addresses"]
        host, _, port = addresses["smtp"][0].rpartition(":")
        # The log has a thread of its own, which may be later than the addresses.
        while STARTED not in path.read_text():
            self.assertIsNone(process.poll())
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.02)
        path.rename(self.folder / "old.log")
        process.send_signal(signal.SIGHUP)
        with smtplib.SMTP(host, int(port), timeout=10) as client:
            client.sendmail("b@x.test", ["a@x.test"], "Subject: x\n\ntext\n")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(10), 0)
        self.assertIn(STARTED, (self.folder / "old.log").read_text())
        self.assertIn("Mail kept: ", path.read_text())


class AddressesFileTests(ProgramCase):
    """``--addresses-file`` and ``--exit-with-stdin``"""

    def launch(self, command: Sequence[str], *options: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [BIN / command[0], *command[1:], *FREE_PORTS, *options],
            cwd=self.folder,
            env=clean_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        assert process.stdin is not None
        self.addCleanup(process.stdin.close)
        return process

    def test_the_file_says_where_the_service_is(self) -> None:
        """It is whole when it is there, and gone after a clean end."""
        path = self.folder / "mock.json"
        for command in PROGRAMS[0], PROGRAMS[2], PROGRAMS[3]:
            path.write_text("stale")
            process = self.launch(command, "--addresses-file", "mock.json")
            document = wait_for_file(process, path)
            self.assertEqual(document["pid"], process.pid)
            with urlopen(f"{document['url']}/status", timeout=10) as answer:
                status = json.load(answer)
            for name in "addresses", "instance":
                self.assertEqual(status[name], document[name])
            process.terminate()
            process.wait(10)
            self.assertEqual(list(self.folder.glob("mock*")), [])

    def test_a_daemon_rotates_its_log_on_sigusr1(self) -> None:
        """As every service that twistd runs; it goes on."""
        told = run(
            *("twistd", "--pidfile=twistd.pid", "mocksmtp", *FREE_PORTS),
            cwd=str(self.folder),
        )
        self.assertEqual(told.returncode, 0, told)
        pid = int((self.folder / "twistd.pid").read_text())
        self.addCleanup(kill_if_there, pid)
        os.kill(pid, signal.SIGUSR1)
        os.kill(pid, signal.SIGTERM)
        self.assertTrue(wait_for_end(pid))
        old, new = (self.folder / "twistd.log.1"), (self.folder / "twistd.log")
        self.assertIn(STARTED, old.read_text())
        self.assertIn("Mock SMTP server stopped", new.read_text())

    def test_a_daemon_writes_its_own_number(self) -> None:
        """That of the process that goes on, not of the one that started it."""
        told = run(
            *("twistd", "--pidfile=twistd.pid", "mocksmtp", *FREE_PORTS),
            *("--addresses-file", "mock.json"),
            cwd=str(self.folder),
        )
        self.assertEqual(told.returncode, 0, told)
        pid = int((self.folder / "twistd.pid").read_text())
        self.addCleanup(kill_if_there, pid)
        path = self.folder / "mock.json"
        self.assertEqual(json.loads(path.read_text())["pid"], pid)
        os.kill(pid, signal.SIGTERM)
        self.assertTrue(wait_for_end(pid))
        self.assertFalse(path.exists())

    def test_a_stale_file_is_removed_at_a_start_that_fails(self) -> None:
        """Nobody takes it for the service that did not start."""
        path = self.folder / "mock.json"
        path.write_text("stale")
        port = busy_port(self.addCleanup)
        told = run(
            *("mocksmtp", "serve", "--smtp", f"127.0.0.1:{port}"),
            *("--addresses-file", "mock.json", *NO_OTHERS),
            cwd=str(self.folder),
        )
        self.assertEqual(told.returncode, 1)
        self.assertFalse(path.exists())

    def test_it_ends_with_its_standard_input(self) -> None:
        """What is written there is not looked at; the end is a clean one."""
        for command, code in ((PROGRAMS[0], 0), (PROGRAMS[2], 0), (PROGRAMS[3], 0)):
            process = self.launch(
                command, "--addresses-file", "mock.json", "--exit-with-stdin"
            )
            wait_for_file(process, self.folder / "mock.json")
            assert process.stdin is not None
            process.stdin.write(b"x" * 100_000)
            self.assertIsNone(process.poll())
            process.stdin.close()
            self.assertEqual(process.wait(10), code)
            self.assertFalse((self.folder / "mock.json").exists())


class RefusedStartTests(ProgramCase):
    """A start that fails says why in one line, and exits with 1."""

    def refused(self, *options: str, **environment: str) -> str:
        """What every program says, in its one line on the standard error."""
        (line,) = self.refused_with(*options, **environment)
        self.assertTrue(line.startswith("mocksmtp: "), line)
        return line.removeprefix("mocksmtp: ")

    def refused_with(self, *options: str, **environment: str) -> list[str]:
        """The lines on the standard error, which are those of every program."""
        said = set()
        for command in PROGRAMS:
            told = run(*command, *options, cwd=str(self.folder), **environment)
            self.assertEqual(told.returncode, 1, (command, told))
            self.assertFalse((self.folder / "twistd.pid").exists())
            self.assertFalse((self.folder / "mock.json").exists())
            said.add(told.stderr)
        (lines,) = said
        return lines.splitlines()

    def test_a_busy_port(self) -> None:
        """The address and the reason are named, for each kind of listener."""
        port = busy_port(self.addCleanup)
        endpoint = f"tcp:{port}:interface=127.0.0.1"
        for options in (
            ("--smtp", endpoint, *NO_OTHERS),
            ("--smtp", "off", "--http", endpoint, "--dns", "off"),
            ("--smtp", "off", "--http", "off", "--dns", f"127.0.0.1:{port}"),
            ("--smtp", "tcp:0:interface=127.0.0.1", "--smtp", endpoint, *NO_OTHERS),
            (*FREE_PORTS, "--smtp", f"mx2={endpoint}"),
            (*FREE_PORTS, "--dns", f"127.0.0.1:{port}"),
        ):
            self.assertEqual(
                self.refused(*options),
                f"can't listen on 127.0.0.1:{port}: Address already in use",
                options,
            )

    def test_a_port_that_is_busy_for_datagrams_only(self) -> None:
        """Which is found out after TCP has been opened, if at all."""
        with socket.socket(type=socket.SOCK_DGRAM) as busy:
            busy.bind(("127.0.0.1", 0))
            port = busy.getsockname()[1]
            self.assertEqual(
                self.refused("--dns", f"127.0.0.1:{port}", *FREE_PORTS[:4]),
                f"can't listen on 127.0.0.1:{port}: Address already in use",
            )

    def test_an_unknown_option(self) -> None:
        """The nearest one is named."""
        for given, said in (
            (("--smpt", "2525"), "unknown option --smpt; did you mean --smtp?"),
            (("--zzz",), "unknown option --zzz; --help lists all options"),
            (("2525",), "unexpected argument '2525': options begin with --"),
        ):
            self.assertEqual(self.refused(*given), said)

    def test_a_bad_endpoint(self) -> None:
        """It is quoted, with what is wrong and an example."""
        self.assertEqual(
            self.refused("--smtp", "nonsense:1", *NO_OTHERS),
            "--smtp: invalid address 'nonsense:1' ('nonsense' is neither a kind of"
            " endpoint nor a known host name); examples: 2525, 127.0.0.1:2525,"
            " [::1]:2525, tcp:2525:interface=127.0.0.1",
        )

    def test_an_addresses_file_that_can_not_be_written(self) -> None:
        """Its folder is missing, or it is a folder."""
        path = str(self.folder / "none" / "mock.json")
        self.assertEqual(
            self.refused("--addresses-file", path, *FREE_PORTS),
            f"--addresses-file: {path}: No such file or directory",
        )

    def test_a_daemon_has_no_standard_input(self) -> None:
        """It would end at once."""
        told = run(
            *("twistd", "--pidfile=x", "mocksmtp", "--exit-with-stdin", *FREE_PORTS),
            cwd=str(self.folder),
        )
        self.assertEqual(told.returncode, 1)
        expected = "mocksmtp: --exit-with-stdin: requires --nodaemon with twistd"
        self.assertEqual(told.stderr, expected + "\n")

    def test_a_bad_file(self) -> None:
        """The file is named, and each place in it, a line each."""
        path = self.write("bad.toml", '[[smtpBehaviors]]\ncommand = "MAIL TO"\n')
        first, second = self.refused_with("--config", path)
        place = f"mocksmtp: {path}: smtpBehaviors[0]"
        self.assertTrue(first.startswith(f"{place}.command: unknown command"), first)
        self.assertTrue(second.startswith(f"{place}.response: "), second)
        self.assertEqual(
            self.refused("--config", "missing.toml"),
            "missing.toml: No such file or directory",
        )

    def test_a_bad_variable(self) -> None:
        """The variable is named."""
        self.assertEqual(
            self.refused(MOCKSMTP_DNS="nowhere"),
            "MOCKSMTP_DNS: invalid address 'nowhere'; examples: 2525, 127.0.0.1:2525,"
            " [::1]:2525, tcp:2525:interface=127.0.0.1",
        )


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


def wait_for_file(process: subprocess.Popen[bytes], path: Path) -> dict[str, Any]:
    """The document that a program writes once it has started."""
    while process.poll() is None:
        with contextlib.suppress(FileNotFoundError, ValueError):
            document: dict[str, Any] = json.loads(path.read_text())
            return document
        # Only a program that ends is worth waiting for less.
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.02)
    raise AssertionError("it did not start")


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
