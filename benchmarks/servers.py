"""A server that is measured: a process of its own, on loopback ports."""

import os
import re
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from attrs import define, frozen

from benchmarks.conversation import Conversation
from benchmarks.errors import BenchmarkError
from benchmarks.kept import FORGET
from benchmarks.listening import LOOPBACK, Address
from benchmarks.mock_api import MockApi
from benchmarks.usage import cpu_seconds, resident_bytes

_PROJECT = Path(__file__).parent.parent
_START_LIMIT = 20.0  # seconds
_STOP_LIMIT = 5.0  # seconds
_POLL = 0.02  # seconds
_ANNOUNCED = re.compile(r"\b(smtp|http)=([0-9.]+):(\d+)")


@frozen
class Kind:
    """A server that can be started.

    Attributes:
        name: what the command line calls it.
        title: what the tables call it.
        command: its program and arguments, given a free port.
        announces: it chooses its own port and says which, ``smtp=ADDRESS:PORT``.
        forgets: it has mails, and forgets them when it is sent ``kept.FORGET``.
        secure: it speaks TLS from the first byte.

    """

    name: str
    title: str
    command: Callable[[int], list[str]]
    announces: bool = True
    forgets: bool = False
    secure: bool = False


@define
class Server:
    """A server process that answers.

    Attributes:
        kind: which server it is.
        smtp: where it speaks SMTP.
        http: where mocksmtp's API is; None for the others.

    """

    kind: Kind
    smtp: Address
    http: Address | None
    _process: "subprocess.Popen[bytes]"
    _output: IO[bytes]

    def __enter__(self) -> Self:
        """Return the running server."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the process."""
        self.stop()

    def start_over(self) -> None:
        """Have it forget its mails, where it keeps any; mocksmtp gets behaviors too.

        Raises:
            BenchmarkError: it has ended, or its API did not answer.

        """
        self._check_alive()
        if self.kind.forgets:
            self._process.send_signal(FORGET)
        elif self.http:
            MockApi(self.http).start_over()

    def set_behaviors(self, behaviors: Sequence[object]) -> None:
        """Have mocksmtp check these behaviors and no others.

        Raises:
            BenchmarkError: it is not mocksmtp, or its API did not answer.

        """
        if self.http is None:
            raise BenchmarkError(f"{self.kind.name} has no behaviors")
        MockApi(self.http).set_behaviors(behaviors)

    def check_kept(self, mails: int) -> None:
        """Fail unless mocksmtp keeps so many mails; others are taken at their word.

        Raises:
            BenchmarkError: it keeps more or fewer, or its API did not answer.

        """
        if self.http:
            MockApi(self.http).check_count(mails)

    def cpu_seconds(self) -> float:
        """Return the CPU time used so far, in seconds.

        Raises:
            BenchmarkError: the process has ended.

        """
        self._check_alive()
        return cpu_seconds(self._process.pid)

    def resident_bytes(self) -> int:
        """Return the resident memory, in bytes.

        Raises:
            BenchmarkError: the process has ended.

        """
        self._check_alive()
        return resident_bytes(self._process.pid)

    def stop(self) -> None:
        """Terminate the process, and kill it where that does not do."""
        _stop(self._process)
        self._output.close()

    def _check_alive(self) -> None:
        if self._process.poll() is not None:
            raise BenchmarkError(_ended(self.kind, self._process, self._output))


def start(kind: Kind) -> Server:
    """Start a server and wait until it greets.

    Raises:
        BenchmarkError: it cannot be started, ended, or did not greet in time.

    """
    port = 0 if kind.announces else _free_port()
    output = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the server
    try:
        process = subprocess.Popen(
            kind.command(port),
            cwd=_PROJECT,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    except OSError as error:
        output.close()
        raise BenchmarkError(f"{kind.name} cannot be started: {error}") from error
    try:
        smtp, http = _wait_until_up(kind, process, output, port)
    except BaseException:
        _stop(process)
        output.close()
        raise
    return Server(kind, smtp, http, process, output)


def _environment() -> dict[str, str]:
    """Have the servers run the code beside the benchmarks, installed or not."""
    paths = [str(_PROJECT), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


def _wait_until_up(
    kind: Kind, process: "subprocess.Popen[bytes]", output: IO[bytes], port: int
) -> tuple[Address, Address | None]:
    """Return where SMTP and HTTP are spoken, once SMTP is."""
    known = {} if kind.announces else {"smtp": (LOOPBACK, port)}
    deadline = time.monotonic() + _START_LIMIT
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise BenchmarkError(_ended(kind, process, output))
        addresses = known or _announced(_read(output))
        if "smtp" in addresses and _greets(addresses["smtp"], kind.secure):
            return addresses["smtp"], addresses.get("http")
        time.sleep(_POLL)
    raise BenchmarkError(f"{kind.name} did not greet within {_START_LIMIT:.0f} s")


def _announced(text: str) -> dict[str, Address]:
    return {name: (host, int(port)) for name, host, port in _ANNOUNCED.findall(text)}


def _greets(address: Address, secure: bool) -> bool:
    try:
        with Conversation(address, _STOP_LIMIT, secure) as conversation:
            conversation.expect([b"220"])
            conversation.leave()
    except BenchmarkError:
        return False
    return True


def _ended(kind: Kind, process: "subprocess.Popen[bytes]", output: IO[bytes]) -> str:
    last_words = _read(output).strip()[-500:]
    return f"{kind.name} ended with code {process.returncode}: {last_words}"


def _read(output: IO[bytes]) -> str:
    """Return what the process wrote, without moving the offset it shares with it."""
    with open(f"/proc/self/fd/{output.fileno()}", "rb") as written:
        return written.read().decode(errors="replace")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(_STOP_LIMIT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
