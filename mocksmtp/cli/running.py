"""``mocksmtp run -- COMMAND``: a command, with a service that lives as long as it.

Three processes: this one, the service and the command.

- The service has its own session, so that Control-C does not end it before the report
  is written. Its standard input is a pipe from this process; it exits when the pipe
  ends, however this process ends.
- The command has its own process group, as a shell gives it to a job: in the foreground
  if there is a terminal. Signals to this process are sent to that group.
- A guard, a fork of this process, ends the group if this process is killed.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import IO, Any

import click

from mocksmtp.cli.program import CommandError, Exit, unknown

DEFAULT_REPORT = "mocksmtp-report.html"

_FORWARDED = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")
_FREE_PORTS = {"smtp": "0", "http": "0", "dns": "0"}
_END_TIMEOUT = 5.0
"""Seconds for the service to exit, and for a command that the guard ends."""

_POLL = 0.01
_OPTION = re.compile(r"--(\w[\w-]*)(?:=(.*))?", re.DOTALL)


class _Run(click.Command):
    """Splits its arguments at ``--``: before it options, after it the command."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Options of ``serve`` remain as they are."""
        if "--" in args:
            at = args.index("--")
            ctx.allow_interspersed_args = True
            ctx.ignore_unknown_options = True
            ctx.obj = {**(ctx.obj or {}), "command": args[at + 1 :]}
            return super().parse_args(ctx, args[:at])
        ctx.allow_interspersed_args = False
        return super().parse_args(ctx, args)


@click.command(
    "run",
    cls=_Run,
    context_settings={"help_option_names": ["-h", "--help"]},
    options_metavar="[OPTIONS] --",
)
@click.option("--config", metavar="FILE", help="A configuration file, as for serve.")
@click.option(
    "--report",
    metavar="FILE",
    help="Always write the report, to this file; without this option it is written"
    f" to {DEFAULT_REPORT} if the command fails.",
)
@click.option(
    "--log", metavar="FILE", help="Write the log of the service to this file."
)
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def run_command(
    context: click.Context,
    config: str | None,
    report: str | None,
    log: str | None,
    command: Sequence[str],
) -> None:
    r"""
    Run a command, with a service that is started before it and ends after it.

    The service listens on free ports. The command finds it in its environment:

    \b
      MOCKSMTP_URL          the API, as in http://127.0.0.1:40080
      SMTP_HOST, SMTP_PORT  where to deliver mail
      MOCKSMTP_DNS          the DNS server, as in 127.0.0.1:40053

    Exits with the status of the command, or 128 + the number of the signal that ended
    it. If it fails, the report shows what was delivered, refused and why.

    \b
      mocksmtp run -- pytest
      mocksmtp run --config mock.toml --report out.html -- npm test
      mocksmtp run --reject 'RCPT TO=550 5.1.1 No such user' -- ./send-newsletter
      mocksmtp run --smtp 127.0.0.11:25 --dns 127.0.0.10:53 -- ./test-postfix

    All options of mocksmtp serve may precede the --.
    """
    options: Sequence[str] = ()
    if context.obj and "command" in context.obj:
        options, command = command, context.obj["command"]
    if not command:
        example = "mocksmtp run -- pytest"
        raise click.UsageError(f"a command is missing, as in {example}", context)
    if config is not None:
        options = ["--config", config, *options]
    runner = Runner(options, report, log)
    status = runner.run(command)
    if status == Exit.INTERRUPTED and runner.terminal.exists:
        # Control-C went to the command alone; the caller's script must end as well.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.killpg(0, signal.SIGINT)
    context.exit(status)


class Runner:
    """
    Runs a service, and a command with it.

    :param options: options of ``mocksmtp serve``
    :param report: the file of the report, or None to write one only after a failure
    :param log: the file of the service's log, or None to discard it
    """

    def __init__(
        self, options: Sequence[str], report: str | None, log: str | None
    ) -> None:
        self.options = options
        self.report = report
        self.log = log
        self.signals: list[int] = []
        self.group: int | None = None
        self.terminal = Terminal.found()

    def run(self, command: Sequence[str]) -> int:
        """
        Run the command.

        :return: its exit status, or 128 + the number of the signal that ended it
        """
        with (
            self._forwarding(),
            tempfile.TemporaryDirectory(prefix="mocksmtp-") as folder,
            self._started(Path(folder)) as (service, addresses),
        ):
            if self.signals:
                return 128 + self.signals[0]
            token = _token(self.options)
            status = self._run_command(command, environment_of(addresses, token))
            if service.poll() is not None:
                ended = f"the service ended before the command ({_end_of(service)})"
                click.echo(f"mocksmtp: {ended}", err=True)
                return status or Exit.NOT_STARTED
            if status or self.report:
                self._leave_report(addresses["url"], token, status)
            return status

    @contextlib.contextmanager
    def _forwarding(self) -> Iterator[None]:
        """Forward signals; one that the caller ignores remains ignored."""
        before = {}
        for name in _FORWARDED:
            number = getattr(signal, name)
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, self._forward)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _forward(self, number: int, _: object) -> None:
        """Send a signal to the command; before its start, it prevents the start."""
        self.signals.append(number)
        if self.group is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.group, number)

    @contextlib.contextmanager
    def _started(
        self, folder: Path
    ) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, Any]]]:
        """The service, and its addresses file, until the block ends."""
        path = folder / "addresses.json"
        errors = folder / "errors"
        arguments = [*self.options]
        given = _listeners(arguments)
        for name, value in _FREE_PORTS.items():
            if name not in given:
                arguments += [f"--{name}", value]
        arguments += ["--addresses-file", str(path), "--exit-with-stdin"]
        with self._open_log() as said, errors.open("wb") as complained:
            service = subprocess.Popen(
                [sys.executable, "-P", "-m", "mocksmtp", "serve", *arguments],
                stdin=subprocess.PIPE,
                stdout=said,
                stderr=complained,
                start_new_session=True,
            )
        try:
            while not path.exists():
                if service.poll() is not None:
                    self._fail_start(service, errors.read_text(errors="replace"))
                time.sleep(_POLL)
            yield service, json.loads(path.read_bytes())
        finally:
            assert service.stdin is not None
            service.stdin.close()
            try:
                service.wait(_END_TIMEOUT)
            except subprocess.TimeoutExpired:
                service.kill()
                service.wait()

    def _open_log(self) -> IO[bytes]:
        try:
            return Path(self.log or os.devnull).open("ab")
        except OSError as error:
            message = f"--log: {self.log}: {error.strerror}"
            raise CommandError(message, Exit.USAGE) from None

    def _fail_start(self, service: subprocess.Popen[bytes], said: str) -> None:
        lines = [line.removeprefix("mocksmtp: ") for line in said.splitlines()]
        lines = lines or [f"the service did not start ({_end_of(service)})"]
        option = re.match(r"unknown option --([\w-]+)", lines[0])
        if option is not None and "mean" not in lines[0]:
            lines[0] = unknown("option", f"--{option[1]}", ["--report", "--log"])
        for line in lines[:-1]:
            click.echo(f"mocksmtp: {line}", err=True)
        raise CommandError(lines[-1], Exit.NOT_STARTED)

    def _run_command(self, command: Sequence[str], environment: dict[str, str]) -> int:
        try:
            process = subprocess.Popen(command, env=environment, process_group=0)
        except OSError as error:
            is_missing = isinstance(error, FileNotFoundError)
            failure = Exit.NOT_FOUND if is_missing else Exit.NOT_EXECUTABLE
            raise CommandError(f"{command[0]}: {error.strerror}", failure) from None
        self.group = process.pid
        release = _guard(process.pid)
        for number in self.signals:
            os.killpg(self.group, number)
        try:
            status = self._wait(process.pid)
        finally:
            self.group = None
            self.terminal.take()
            release()
        process.returncode = code = os.waitstatus_to_exitcode(status)
        return code if code >= 0 else 128 - code

    def _wait(self, pid: int) -> int:
        """Wait for the command, with the terminal lent to it."""
        self.terminal.give(pid)
        while True:
            _, status = os.waitpid(pid, os.WUNTRACED)
            if not os.WIFSTOPPED(status):
                return status
            if self.terminal.exists and os.WSTOPSIG(status) == signal.SIGTSTP:
                # Control-Z: stop as well, and continue together.
                self.terminal.take()
                os.killpg(0, signal.SIGTSTP)
                self.terminal.give(pid)

    def _leave_report(self, url: str | None, token: str | None, status: int) -> None:
        """Write the report, and name it on the standard error."""
        ended = f"the command exited with {status}"
        try:
            if url is None:
                raise ValueError("--http is off")
            page = _fetch_report(url, token)
            path = _write(page, self.report or DEFAULT_REPORT, self.report is not None)
        except (OSError, ValueError) as error:
            reason = str(getattr(error, "strerror", None) or error)
            click.echo(f"mocksmtp: {ended}; no report: {reason}", err=True)
            return
        click.echo(f"mocksmtp: {ended}; report: {path}", err=True)


def _listeners(options: Sequence[str]) -> set[str]:
    """
    The listeners whose addresses these options set.

    ``--smtp mx2=0`` is one of another host.
    """
    found = set()
    for option, following in zip_longest(options, options[1:], fillvalue=""):
        match = _OPTION.fullmatch(option)
        if match is not None:
            value = match[2] if match[2] is not None else following
            host = re.fullmatch(r"([\w.-]+)=.*", value)
            if host is None or host[1] == "default":
                found.add(match[1])
    return found


def _fetch_report(url: str, token: str | None) -> bytes:
    from urllib.request import ProxyHandler, Request, build_opener

    headers = {"Authorization": f"Bearer {token}"} if token else {}
    # Proxies of the environment are not for loopback.
    opener = build_opener(ProxyHandler({}))
    with opener.open(Request(f"{url}/report", headers=headers), timeout=60) as response:
        page: bytes = response.read()
    return page


def _token(options: Sequence[str]) -> str | None:
    """The token of the service; its modules are imported only if there may be one."""
    texts = [*options, *(name for name in os.environ if name.startswith("MOCKSMTP_"))]
    if not any(re.match("(--|MOCKSMTP_)(token|config)", one, re.I) for one in texts):
        return None
    from mocksmtp.cli.serving import configured

    return configured(options).token


def environment_of(addresses: dict[str, Any], token: str | None) -> dict[str, str]:
    """
    The environment of the command.

    :param addresses: the document that ``--addresses-file`` writes
    """
    environment = dict(os.environ)
    bound = addresses["addresses"]
    values: dict[str, str | None] = {"MOCKSMTP_URL": addresses["url"]}
    host, port = _reachable(bound.get("smtp"))
    values["SMTP_HOST"], values["SMTP_PORT"] = host, port
    host, port = _reachable(bound.get("dns"))
    values["MOCKSMTP_DNS"] = (
        port and (f"[{host}]" if ":" in host else host) + f":{port}"
    )
    values["MOCKSMTP_TOKEN"] = token
    for name, value in values.items():
        environment.pop(name, None)
        if value:
            environment[name] = value
    return environment


def _reachable(addresses: Sequence[str] | None) -> tuple[str, str]:
    """The host and port of the first address; loopback for all addresses."""
    host, _, port = (addresses or [""])[0].rpartition(":")
    host = host.strip("[]")
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port


def _write(page: bytes, name: str, is_asked: bool) -> Path:
    """Write the report; without a name given by the user, where it is possible."""
    path = Path(name)
    try:
        path.write_bytes(page)
    except OSError:
        if is_asked:
            raise
        path = Path(tempfile.mkdtemp(prefix="mocksmtp-")) / DEFAULT_REPORT
        path.write_bytes(page)
    return path.absolute()


def _end_of(process: subprocess.Popen[bytes]) -> str:
    code = process.returncode
    return f"signal {-code}" if code < 0 else f"exit status {code}"


def _guard(group: int) -> Any:
    """
    Start a process that ends a process group when this process is killed.

    :return: a function that releases the group, and ends the guard
    """
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(reading)

        def release() -> None:
            with contextlib.suppress(OSError):
                os.write(writing, b"x")
            os.close(writing)
            os.waitpid(pid, 0)

        return release
    # From here on only system calls: the descriptors of this process are closed.
    try:
        os.setsid()
        os.dup2(reading, 0)
        os.closerange(1, os.sysconf("SC_OPEN_MAX"))
        if not os.read(0, 1):
            _end_group(group)
    finally:
        os._exit(0)


def _end_group(group: int) -> None:
    """Send SIGTERM to a process group, and later SIGKILL."""
    with contextlib.suppress(OSError):
        os.killpg(group, signal.SIGTERM)
        until = time.monotonic() + _END_TIMEOUT
        while time.monotonic() < until:
            os.killpg(group, 0)
            time.sleep(_POLL)
        os.killpg(group, signal.SIGKILL)


class Terminal:
    """
    The terminal that this process controls, which it lends to a process group.

    :param descriptor: of the terminal; None if there is none, or if this process is in
        the background
    """

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor

    @classmethod
    def found(cls) -> Terminal:
        """The controlling terminal, wherever the standard input comes from."""
        try:
            descriptor = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
        except OSError:
            return cls(None)
        with contextlib.suppress(OSError):
            if os.tcgetpgrp(descriptor) == os.getpgrp():
                return cls(descriptor)
        os.close(descriptor)
        return cls(None)

    @property
    def exists(self) -> bool:
        """Whether there is one."""
        return self._descriptor is not None

    def give(self, group: int) -> None:
        """Make the group the one in the foreground, and continue it."""
        self._set_foreground(group)
        with contextlib.suppress(OSError):
            os.killpg(group, signal.SIGCONT)

    def take(self) -> None:
        """Make the group of this process the one in the foreground."""
        self._set_foreground(os.getpgrp())

    def _set_foreground(self, group: int) -> None:
        if self._descriptor is None:
            return
        # A process in the background that changes the foreground gets SIGTTOU.
        usual = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        with contextlib.suppress(OSError):
            os.tcsetpgrp(self._descriptor, group)
        signal.signal(signal.SIGTTOU, usual)
