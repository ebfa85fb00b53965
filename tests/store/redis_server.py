"""A Redis server of a test's own, on a free port of this machine."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import SkipTest

_STARTS = 500


class RedisServer:
    """
    A server that keeps its port and its folder when it is restarted.

    :param add_cleanup: is given what ends the server and removes the folder
    :param options: further options, such as ``--requirepass``, ``secret``

    :ivar port: where it listens, on 127.0.0.1
    """

    def __init__(self, add_cleanup: Callable[..., object], *options: str) -> None:
        program = shutil.which("redis-server")
        if program is None:
            raise SkipTest("redis-server is not installed; make packages installs it")
        self._program = program
        self._options = options
        self.folder = tempfile.mkdtemp()
        add_cleanup(shutil.rmtree, self.folder, ignore_errors=True)
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            self.port: int = one.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None
        add_cleanup(self.kill)
        self.start()

    @property
    def url(self) -> str:
        """What `--store` is given."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, and wait until it answers; with the data that it has on disk."""
        assert self._process is None
        with (Path(self.folder) / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(self._program, "--port", str(self.port), "--bind", "127.0.0.1"),
                    *("--dir", self.folder, "--save", "", "--appendonly", "yes"),
                    *("--appendfsync", "no", *self._options),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        for _ in range(_STARTS):
            try:
                answer = self.ask("PING")
            except (OSError, IndexError):
                answer = None
            # Without a password it asks for one; while it loads its data, it says so.
            if answer == "PONG" or str(answer).startswith("NOAUTH"):
                return
            time.sleep(0.02)
        raise AssertionError((Path(self.folder) / "log").read_text())

    def _end(self, number: int) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGCONT)
            process.send_signal(number)
            process.wait(30)

    def stop(self) -> None:
        """End it as an administrator does: all is on disk."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Kill it."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Have it do nothing until `resume`; its connections stay."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Have it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def ask(self, *words: str | bytes) -> Any:
        """
        The answer to a command: a text, a number, a list or None.

        An error is returned as its text.
        """
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as one:
            octets = b"*%d\r\n" % len(words)
            for word in words:
                data = word.encode() if isinstance(word, str) else word
                octets += b"$%d\r\n%s\r\n" % (len(data), data)
            one.sendall(octets)
            return _read(one.makefile("rb"))


def _read(file: Any) -> Any:
    line = file.readline().rstrip(b"\r\n")
    kind, rest = line[:1], line[1:]
    if kind in b"+-":
        return rest.decode()
    if kind == b":":
        return int(rest)
    if rest == b"-1":
        return None
    if kind == b"$":
        return file.read(int(rest) + 2)[:-2].decode("latin-1")
    return [_read(file) for _ in range(int(rest))]
