"""On which CPUs the servers and clients run."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def on_one_cpu() -> Iterator[int]:
    """Keep this process, and those that it starts meanwhile, on one CPU.

    Apart, client and server wake each other across CPUs, and what that costs
    depends on where the scheduler puts them: figures of the same server then lie
    up to three times apart, on one CPU a few per cent. The ratios are the same.

    Yields:
        the CPU's number.

    """
    allowed = os.sched_getaffinity(0)
    cpu = max(allowed)
    os.sched_setaffinity(0, {cpu})
    try:
        yield cpu
    finally:
        os.sched_setaffinity(0, allowed)
