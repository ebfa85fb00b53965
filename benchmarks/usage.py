"""What a process has used so far, as the kernel counts it."""

import time
from pathlib import Path

_KIB = 1024

# CPUCLOCK_SCHED of linux/posix-timers.h: all threads, counted in nanoseconds.
_SCHEDULED = 2


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process and its children.

    Args:
        pid: a live process, of this user or any that the caller may read.

    Returns:
        Seconds of user and system time of all threads, ended ones included, of the
        process and of its living descendants. The resolution is nanoseconds, where
        ``/proc/PID/stat`` counts ticks of 10 ms.

    Raises:
        ProcessLookupError: no such process.

    """
    own = _own_cpu_seconds(pid)
    return own + sum(_cpu_seconds_or_none(child) for child in _children(pid))


def _own_cpu_seconds(pid: int) -> float:
    """Read the process's CPU clock, as clock_getcpuclockid(3) names it."""
    try:
        return time.clock_gettime((~pid << 3) | _SCHEDULED)
    except OSError as error:
        raise ProcessLookupError(f"no process {pid}") from error


def _cpu_seconds_or_none(pid: int) -> float:
    try:
        return cpu_seconds(pid)
    except ProcessLookupError:
        return 0.0


def _children(pid: int) -> list[int]:
    """List the child processes of all threads; none where the kernel hides them."""
    found: list[int] = []
    for listing in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += map(int, listing.read_text().split())
        except OSError:  # the thread ended meanwhile
            continue
    return found


def resident_bytes(pid: int) -> int:
    """Return the resident memory of a process in bytes.

    Raises:
        ProcessLookupError: no such process.

    """
    try:
        # Counted page by page, where statm is rounded by per-CPU counters.
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError as error:
        raise ProcessLookupError(f"no process {pid}") from error
    for line in rollup.splitlines():
        if line.startswith("Rss:"):
            return int(line.split()[1]) * _KIB
    raise ProcessLookupError(f"process {pid} has no memory any more")
