#!/usr/bin/env python3
"""
Measures the CPU time of a start, until the line that reports it, and the memory then.

    tools/starting.py mocksmtp serve --smtp tcp:0 --http tcp:0 --dns 127.0.0.1:0

The command is started nine times. The output is the median and range of the seconds of
CPU time (user and system) and of the resident memory in MiB.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from pathlib import Path

ROUNDS = 9


def measure(command: list[str]) -> tuple[float, float]:
    """Seconds and MiB of one start."""
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as program:
        assert program.stdout is not None
        if not any("Mock SMTP server started" in line for line in program.stdout):
            sys.exit("it did not start")
        process = Path(f"/proc/{program.pid}")
        fields = (process / "stat").read_text().rpartition(")")[2].split()
        ticks = int(fields[11]) + int(fields[12])
        status = (process / "status").read_text()
        resident = int(status.partition("VmRSS:")[2].split()[0])
        program.terminate()
        program.stdout.read()
    return ticks / os.sysconf("SC_CLK_TCK"), resident / 1024


seconds, sizes = zip(*(measure(sys.argv[1:]) for _ in range(ROUNDS)), strict=True)
for name, values, unit in ("CPU", seconds, "s"), ("memory", sizes, "MiB"):
    middle = statistics.median(values)
    print(f"{name}: {middle:.2f} {unit} ({min(values):.2f} to {max(values):.2f})")
