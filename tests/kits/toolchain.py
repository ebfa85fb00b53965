"""Runs the tools of other languages, or skips a test where they are missing."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from twisted.trial.unittest import SkipTest

from tests.installed import BIN, clean_environment, is_installed
from tests.markdown import ROOT

MINUTES = 5
"""How long a tool may take."""

_UNREACHABLE = (
    *("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT"),
    *("ENETUNREACH", "no such host", "network is unreachable", "i/o timeout"),
    *("connection refused",),
)
"""What npm and go print if they cannot download."""

_LEFT_OUT = shutil.ignore_patterns(
    *("node_modules", "dist", "build", "test-results", "target")
)


def need(*programs: str) -> None:
    """Skip the test where a program is missing."""
    if not is_installed():
        raise SkipTest("mocksmtp is not installed; run `make .venv/.installed`")
    for program in programs:
        if shutil.which(program) is None:
            raise SkipTest(f"{program} is not installed")


def run(folder: Path, *command: str, **environment: str) -> str:
    """
    Run a program with the installed mocksmtp on its PATH, and return its output.

    :raises AssertionError: it fails
    """
    ran = run_any(folder, *command, **environment)
    if ran.returncode:
        raise AssertionError(f"{command} failed:\n{ran.stdout[-20_000:]}")
    return ran.stdout


def run_any(
    folder: Path, *command: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a program that may fail, with its standard error in its output."""
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        command,
        cwd=folder,
        env=clean_environment(PATH=path, NO_COLOR="1", CI="1") | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=MINUTES * 60,
    )


def download(folder: Path, *command: str) -> None:
    """Run a program that downloads; skip the test if it cannot."""
    ran = run_any(folder, *command)
    if ran.returncode:
        if any(word in ran.stdout for word in _UNREACHABLE):
            raise SkipTest(f"{command[0]} cannot download: {ran.stdout[-300:]}")
        raise AssertionError(f"{command} failed:\n{ran.stdout[-20_000:]}")


@cache
def workspace() -> Path:
    """A copy of `kits` and `examples`, in which tools may write."""
    folder = Path(tempfile.mkdtemp(prefix="mocksmtp-kits-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name in ("kits", "examples"):
        if (ROOT / name).exists():
            shutil.copytree(ROOT / name, folder / name, ignore=_LEFT_OUT)
    return folder


def made(tool: str, *arguments: str) -> str:
    """The output of a tool of the project."""
    return subprocess.run(
        [sys.executable, str(ROOT / "tools" / tool), *arguments],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout
