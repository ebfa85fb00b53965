"""Programs that the tests run, and what these print."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
from pathlib import Path

from twisted.trial.unittest import SkipTest

PATIENCE = 60
"""Seconds that anything here may take; all of it takes far less."""


def find(name: str, package: str) -> str:
    """
    The path of an installed program.

    :param package: the Debian package that has it
    :raises SkipTest: it is not installed
    """
    # Root's own path, for a `su` keeps that of the user.
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
    found = shutil.which(name, path=path)
    if found is None:
        raise SkipTest(f"there is no `{name}` (Debian package {package})")
    return found


class Program:
    """
    A program in the foreground, from its start until `stop`.

    :param command: its path and arguments
    :param directory: where it runs
    :param environment: its environment variables
    :param descriptors: what it inherits beside the usual three
    """

    def __init__(
        self,
        command: list[str],
        directory: Path,
        environment: dict[str, str] | None = None,
        descriptors: tuple[int, ...] = (),
    ) -> None:
        self._lines: list[str] = []
        self._ended = False
        self._changed = threading.Condition()
        self._process = subprocess.Popen(
            command,
            cwd=directory,
            env=environment,
            pass_fds=descriptors,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            # Control-C is for the tests, which then stop their programs.
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def stop(self) -> None:
        """Ask it to end, and wait until it has."""
        self._process.terminate()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(PATIENCE)

    def wait(self) -> int:
        """Wait until it ends by itself; answers its exit code."""
        code = self._process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return code

    def printed(self, pattern: str, count: int = 1) -> list[str]:
        """
        The lines that match, as soon as there are so many.

        :param pattern: a regular expression, searched in each line
        :raises AssertionError: it has ended, or time is up
        """

        def found() -> list[str]:
            return [line for line in self._lines if re.search(pattern, line)]

        def is_over() -> bool:
            return len(found()) >= count or self._ended

        with self._changed:
            self._changed.wait_for(is_over, PATIENCE)
            if len(lines := found()) < count:
                everything = "".join(self._lines)
                raise AssertionError(f"not printed: {pattern!r}\n{everything}")
            return lines

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                with self._changed:
                    self._lines.append(line)
                    self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()
