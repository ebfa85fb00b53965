"""The installed programs, run from a folder that knows nothing of the source."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import attrs

BIN = Path(sys.executable).parent

FREE_PORTS = (
    *("--smtp", "tcp:0:interface=127.0.0.1"),
    *("--http", "tcp:0:interface=127.0.0.1"),
    *("--dns", "127.0.0.1:0"),
)

STARTED = "Mock SMTP server started "


def is_installed() -> bool:
    """Whether the programs are beside this Python, as `make test` puts them."""
    return (BIN / "mocksmtp").exists()


def clean_environment(**more: str) -> dict[str, str]:
    """An environment without paths to the source and settings of the service."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name != "PYTHONPATH" and not name.startswith("MOCKSMTP_")
    }
    return kept | more


def run(
    *command: str, cwd: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end."""
    return subprocess.run(
        [str(BIN / command[0]), *command[1:]],
        cwd=cwd,
        env=clean_environment(**environment),
        capture_output=True,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=30,
    )


@attrs.frozen
class Program:
    """A service in the foreground, which has said that it has started.

    :ivar addresses: what its line says, by listener
    :ivar said: its lines up to that one
    """

    process: subprocess.Popen[str]
    addresses: dict[str, str]
    said: list[str]

    def pair(self, name: str) -> tuple[str, int]:
        """The host and port of a listener."""
        host, _, port = self.addresses[name].rpartition(":")
        return host, int(port)

    def terminate(self) -> int:
        """Send SIGTERM, and wait for the end; answers the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(10)


def start(
    add_cleanup: Callable[..., object],
    command: Sequence[str] = ("twistd", "--nodaemon", "--pidfile=", "mocksmtp"),
    options: Sequence[str] = FREE_PORTS,
    stdin: int = subprocess.DEVNULL,
    **environment: str,
) -> Program:
    """Start a service, and wait for its line."""
    folder = tempfile.TemporaryDirectory()
    add_cleanup(folder.cleanup)
    process = subprocess.Popen(
        [str(BIN / command[0]), *command[1:], *options],
        cwd=folder.name,
        env=clean_environment(**environment),
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    add_cleanup(end, process)
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if STARTED in line:
            bound = re.findall(
                r"\b([a-z][\w.-]*)=([\w.:,\[\]]+)", line.split(STARTED)[1]
            )
            # In twist's JSON the line stands twice.
            return Program(process, dict(bound), said)
    raise AssertionError("it did not start: " + "".join(said))


def end(process: subprocess.Popen[str]) -> None:
    """Make sure that it has ended, and close its pipe."""
    process.kill()
    process.wait(10)
    assert process.stdout is not None
    process.stdout.close()


def busy_port(add_cleanup: Callable[..., object]) -> int:
    """A port of the loopback address that somebody listens on."""
    taken = socket.create_server(("127.0.0.1", 0))
    add_cleanup(taken.close)
    port: int = taken.getsockname()[1]
    return port
