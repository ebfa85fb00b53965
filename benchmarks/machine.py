"""On what the figures were measured."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Self

from attrs import frozen

from benchmarks.kinds import postfix_tool

_TIME_LIMIT = 10  # seconds


@frozen
class Machine:
    """A machine and the versions of what it ran.

    Attributes:
        cpu: the CPU's model.
        cores: how many CPUs the benchmarks could use.
        python: Python's version.
        versions: of the programs that were compared, by name.
        date: when, in UTC, as YYYY-MM-DD.

    """

    cpu: str
    cores: int
    python: str
    versions: dict[str, str]
    date: str

    @classmethod
    def this(cls) -> Self:
        """Describe the machine that this runs on."""
        packages = ("Twisted", "aiosmtpd", "mocksmtp")
        return cls(
            cpu=_cpu_model(Path("/proc/cpuinfo").read_text()),
            cores=len(os.sched_getaffinity(0)),
            python=platform.python_version(),
            versions={name: _version(name) for name in packages}
            | {"Postfix": _postfix_version()},
            date=datetime.now(UTC).date().isoformat(),
        )

    def __str__(self) -> str:
        programs = ", ".join(f"{name} {of}" for name, of in self.versions.items())
        return (
            f"{self.cpu}, {self.cores} CPUs; Python {self.python}, {programs};"
            f" {self.date}"
        )


def _cpu_model(cpuinfo: str) -> str:
    for line in cpuinfo.splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(not installed)"


def _postfix_version() -> str:
    try:
        shown = subprocess.run(
            [postfix_tool("postconf"), "-d", "-h", "mail_version"],
            capture_output=True,
            timeout=_TIME_LIMIT,
            text=True,
        )
    except (OSError, subprocess.TimeoutExpired):
        return "(unknown)"
    return shown.stdout.strip() or "(unknown)"
