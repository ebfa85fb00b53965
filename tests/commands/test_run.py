"""``mocksmtp run -- COMMAND``"""

from __future__ import annotations

import contextlib
import json
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from tests.installed import BIN, busy_port, clean_environment, run
from tests.test_programs import ProgramCase, wait_for_end

PYTHON = sys.executable

SHOW = "import os, json; print(json.dumps(dict(os.environ)))"

SEND = """
import os, smtplib
with smtplib.SMTP(os.environ["SMTP_HOST"], int(os.environ["SMTP_PORT"])) as client:
    client.sendmail("me@here.test", ["bob@there.test"], "Subject: hello\\n\\nhello")
"""


class RunCase(ProgramCase):
    """Runs ``mocksmtp run`` in a folder of its own."""

    def run_with(
        self, *arguments: str, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return run("mocksmtp", "run", *arguments, cwd=str(self.folder), **environment)

    def start_run(self, *arguments: str, **options: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [str(BIN / "mocksmtp"), "run", *arguments],
            cwd=self.folder,
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            **options,  # type: ignore[call-overload]
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        assert process.stdout is not None
        self.addCleanup(process.stdout.close)
        return process

    def service_of(self, url: str) -> int:
        """The process that listens at `url`, by its session: that of the service."""
        port = url.rpartition(":")[2]
        told = subprocess.run(
            ["ss", "-Htlnp", f"sport = :{port}"], capture_output=True, text=True
        )
        return int(told.stdout.partition("pid=")[2].partition(",")[0])


class EnvironmentTests(RunCase):
    """What the command gets"""

    def test_the_addresses(self) -> None:
        """The API, SMTP and DNS, on ports that are free."""
        told = self.run_with("--", PYTHON, "-c", SHOW)
        self.assertEqual((told.returncode, told.stderr), (0, ""))
        environment = json.loads(told.stdout)
        self.assertRegex(environment["MOCKSMTP_URL"], r"^http://127\.0\.0\.1:\d+$")
        self.assertRegex(environment["MOCKSMTP_DNS"], r"^127\.0\.0\.1:\d+$")
        self.assertEqual(environment["SMTP_HOST"], "127.0.0.1")
        self.assertGreater(int(environment["SMTP_PORT"]), 1023)
        self.assertNotIn("MOCKSMTP_TOKEN", environment)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_free_ports_whatever_is_configured(self) -> None:
        """A service of the same file may run beside it."""
        port = busy_port(self.addCleanup)
        path = self.write("mock.toml", f'smtp = "{port}"\nhttp = "{port}"\n')
        told = self.run_with("--config", path, "--", "true", MOCKSMTP_DNS=f"{port}")
        self.assertEqual((told.returncode, told.stderr), (0, ""))

    def test_the_token(self) -> None:
        """Of an option, a file or the environment; the report needs it too."""
        path = self.write("mock.toml", 'token = "s3cret"\n')
        command = ("--", "sh", "-c", 'echo "$MOCKSMTP_TOKEN"; exit 1')
        for options, environment in (
            (("--token", "s3cret"), {}),
            (("--config", path), {}),
            ((), {"MOCKSMTP_TOKEN": "s3cret"}),
        ):
            told = self.run_with(*options, *command, **environment)
            self.assertEqual(told.stdout, "s3cret\n")
            self.assertIn("; report: ", told.stderr)

    def test_options_of_serve(self) -> None:
        """They precede the two dashes."""
        told = self.run_with(
            *("--reject", "RCPT TO bob@=450 4.2.1 Busy", "--hostname=mx.test"),
            *("--", PYTHON, "-c", SEND),
        )
        self.assertEqual(told.returncode, 1)
        self.assertIn("(450, b'4.2.1 Busy')", told.stderr)

    def test_an_address_of_another_host(self) -> None:
        """The default host has a free port even so."""
        shown = 'echo "$SMTP_PORT"; mocksmtp hosts --json'
        told = self.run_with(
            *("--smtp", "mx2=0", "--", "sh", "-c", shown), PATH=f"{BIN}:{os.defpath}"
        )
        port, hosts = told.stdout.splitlines()
        self.assertNotEqual(port, "2525")
        self.assertEqual([one["name"] for one in json.loads(hosts)], ["default", "mx2"])

    def test_without_dashes(self) -> None:
        """A command may follow directly; its options are its own."""
        told = self.run_with("--report", "r.html", "sh", "-c", "exit 4")
        self.assertEqual(told.returncode, 4)
        self.assertIn(str(self.folder / "r.html"), told.stderr)

    def test_standard_streams(self) -> None:
        """The command reads and writes those of the caller."""
        done = subprocess.run(
            [str(BIN / "mocksmtp"), "run", "--", "sh", "-c", "cat; echo e >&2"],
            cwd=self.folder,
            env=clean_environment(),
            input="in\n",
            capture_output=True,
            text=True,
            timeout=30,
        )
        self.assertEqual((done.stdout, done.stderr), ("in\n", "e\n"))

    def test_node(self) -> None:
        """A test in another language."""
        if shutil.which("node") is None:
            self.skipTest("missing: node")
        self.write(
            "mail.test.mjs",
            "import test from 'node:test';\n"
            "import assert from 'node:assert';\n"
            "test('no mail yet', async () => {\n"
            "  const url = process.env.MOCKSMTP_URL + '/smtpMailsCount';\n"
            "  assert.equal(await (await fetch(url)).json(), 0);\n"
            "});\n",
        )
        told = self.run_with("--", "node", "--test", "mail.test.mjs")
        self.assertEqual(told.returncode, 0, told.stdout)
        self.assertRegex(told.stdout, r"pass 1\b")


class StatusTests(RunCase):
    """The exit status, and what is printed"""

    def test_that_of_the_command(self) -> None:
        """Also of a command that a signal ends."""
        for script, status in (
            ("exit 0", 0),
            ("exit 7", 7),
            ("kill -TERM $$", 128 + 15),
            ("kill -KILL $$", 128 + 9),
        ):
            told = self.run_with("--", "sh", "-c", script)
            self.assertEqual(told.returncode, status, told)

    def test_a_failure_leaves_the_report(self) -> None:
        """It is named in one line, and shows what happened."""
        told = self.run_with("--", "sh", "-c", f"{PYTHON} -c '{SEND}'; exit 3")
        path = self.folder / "mocksmtp-report.html"
        self.assertEqual(told.returncode, 3)
        self.assertEqual(
            told.stderr, f"mocksmtp: the command exited with 3; report: {path}\n"
        )
        self.assertIn("bob@there.test", path.read_text())

    def test_a_success_leaves_nothing(self) -> None:
        """Unless a report is requested."""
        told = self.run_with("--", "true")
        self.assertEqual((told.stdout, told.stderr), ("", ""))
        self.assertEqual(list(self.folder.iterdir()), [])
        told = self.run_with("--report", "out.html", "--", "true")
        self.assertEqual(told.returncode, 0)
        self.assertIn("<html", (self.folder / "out.html").read_text())

    def test_a_report_that_can_not_be_written(self) -> None:
        """The status remains that of the command."""
        told = self.run_with("--report", "none/out.html", "--", "sh", "-c", "exit 5")
        self.assertEqual(told.returncode, 5)
        expected = "the command exited with 5; no report: No such file or directory"
        self.assertEqual(told.stderr, f"mocksmtp: {expected}\n")

    def test_commands_that_can_not_be_run(self) -> None:
        """127 and 126, as of a shell."""
        for command, status, reason in (
            ("no-such-command", 127, "No such file or directory"),
            (str(self.folder), 126, "Permission denied"),
        ):
            told = self.run_with("--", command)
            expected = (status, f"mocksmtp: {command}: {reason}\n")
            self.assertEqual((told.returncode, told.stderr), expected)

    def test_a_service_that_does_not_start(self) -> None:
        """125, and the error of the service in one line."""
        port = busy_port(self.addCleanup)
        for options, said in (
            (
                ("--smtp", f"{port}"),
                f"can't listen on 127.0.0.1:{port}: Address already in use",
            ),
            (("--smpt", "0"), "unknown option --smpt; did you mean --smtp?"),
            (("--reprot", "x"), "unknown option '--reprot'; did you mean '--report'?"),
            (("--config", "no.toml"), "no.toml: No such file or directory"),
            (("--reject", "RCPT"), "--reject: must be a command, "),
        ):
            told = self.run_with(*options, "--", "true")
            self.assertEqual(told.returncode, 125, told)
            self.assertTrue(told.stderr.startswith(f"mocksmtp: {said}"), told.stderr)
            self.assertEqual(told.stderr.count("\n"), 1)

    def test_no_command(self) -> None:
        """A usage error names an example."""
        for arguments in (), ("--",), ("--report", "x"):
            told = self.run_with(*arguments)
            self.assertEqual(told.returncode, 2)
            self.assertIn("a command is missing, as in mocksmtp run", told.stderr)

    def test_a_service_that_is_killed(self) -> None:
        """The command goes on; then the loss is reported, and the run fails."""
        gate = self.folder / "gate"
        os.mkfifo(gate)
        process = self.start_run("--", "sh", "-c", "echo $MOCKSMTP_URL; cat gate")
        assert process.stdout is not None
        service = self.service_of(process.stdout.readline().strip())
        with gate.open("w"):
            os.kill(service, signal.SIGKILL)
            self.assertTrue(wait_for_end(service))
        self.assertEqual(process.wait(20), 125)
        said = process.stdout.read()
        self.assertEqual(
            said, "mocksmtp: the service ended before the command (signal 9)\n"
        )


class SignalTests(RunCase):
    """Signals, and processes that remain"""

    WAITING = "echo $MOCKSMTP_URL $$; sleep 60 & echo $!; wait"

    def waiting(self, script: str = WAITING) -> tuple[subprocess.Popen[str], list[int]]:
        """A run, and its service, its command and a child of the command."""
        process = self.start_run("--", "sh", "-c", script)
        assert process.stdout is not None
        url, command = process.stdout.readline().split()
        child = process.stdout.readline()
        return process, [self.service_of(url), int(command), int(child)]

    def test_signals_are_forwarded(self) -> None:
        """To the command and its children; the run ends as they do."""
        for number in signal.SIGTERM, signal.SIGHUP, signal.SIGINT:
            process, others = self.waiting("trap 'exit 9' INT; " + self.WAITING)
            process.send_signal(number)
            status = 9 if number == signal.SIGINT else 128 + number
            self.assertEqual(process.wait(20), status)
            for pid in others[:2]:
                self.assertTrue(wait_for_end(pid))

    def test_a_command_that_handles_a_signal(self) -> None:
        """Its own status counts, and the report is written."""
        process, _ = self.waiting("trap 'exit 0' TERM; " + self.WAITING)
        process.terminate()
        self.assertEqual(process.wait(20), 0)

    def test_a_run_that_is_killed(self) -> None:
        """Neither the service nor the command nor its children remain."""
        process, others = self.waiting()
        process.kill()
        process.wait(20)
        for pid in others:
            self.assertTrue(wait_for_end(pid), pid)

    def test_a_command_that_is_killed(self) -> None:
        """The service ends, and the report is left."""
        process, (service, command, _) = self.waiting()
        os.kill(command, signal.SIGKILL)
        self.assertEqual(process.wait(20), 128 + 9)
        self.assertTrue(wait_for_end(service))
        self.assertTrue((self.folder / "mocksmtp-report.html").exists())

    def test_a_signal_before_the_command(self) -> None:
        """The command is not started."""
        config = self.folder / "mock.toml"
        os.mkfifo(config)
        process = self.start_run("--config", str(config), "--", "touch", "started")
        # The service is starting as soon as it has opened its file.
        with config.open("w"):
            process.terminate()
        self.assertEqual(process.wait(20), 128 + 15)
        self.assertFalse((self.folder / "started").exists())


class TerminalTests(RunCase):
    """A run in a terminal"""

    def spawn(self, script: str) -> tuple[int, int]:
        """The process, and its terminal."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.folder)
            program = str(BIN / "mocksmtp")
            os.execve(
                program, [program, "run", "--", "sh", "-c", script], clean_environment()
            )
        self.addCleanup(os.close, terminal)
        return pid, terminal

    def read_until(self, terminal: int, text: bytes) -> bytes:
        said = b""
        while text not in said:
            self.assertTrue(select.select([terminal], [], [], 20)[0], said)
            said += os.read(terminal, 1000)
        return said

    def test_the_command_reads_the_terminal(self) -> None:
        """As a program that a shell starts."""
        pid, terminal = self.spawn('read line; echo "got $line"')
        os.write(terminal, b"hello\n")
        self.read_until(terminal, b"got hello")
        _, status = os.waitpid(pid, 0)
        self.assertEqual(os.waitstatus_to_exitcode(status), 0)

    def test_control_c(self) -> None:
        """The command gets it once; what it returns counts."""
        pid, terminal = self.spawn(
            "trap 'n=$((n+1)); echo got $n' INT; echo ready; read line; exit $((40+n))"
        )
        self.read_until(terminal, b"ready")
        os.write(terminal, b"\x03")
        self.read_until(terminal, b"got 1")
        os.write(terminal, b"\n")
        with contextlib.suppress(OSError):
            while os.read(terminal, 1000):
                pass
        _, status = os.waitpid(pid, 0)
        self.assertEqual(os.waitstatus_to_exitcode(status), 41)


class LogTests(RunCase):
    """``--log``"""

    def test_the_log_of_the_service(self) -> None:
        """A line for each mail."""
        told = self.run_with("--log", "mock.log", "--", PYTHON, "-c", SEND)
        self.assertEqual(told.returncode, 0, told)
        log = Path(self.folder, "mock.log").read_text()
        self.assertIn("Mail kept: ", log)
