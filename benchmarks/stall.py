"""How long SMTP stands still while a server does something else."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from attrs import frozen

from benchmarks.conversation import Conversation
from benchmarks.listening import Address

_IDLE = 0.5  # seconds in which nothing else is done, to compare
_TIME_LIMIT = 300.0  # seconds


@frozen
class Stall:
    """How SMTP was answered meanwhile.

    Attributes:
        gap: the longest time that a NOOP waited for its reply, in seconds.
        idle_gap: the same while the server did nothing else.
        noops: how many were answered meanwhile.
        elapsed: how long the work took, in seconds.

    """

    gap: float
    idle_gap: float
    noops: int
    elapsed: float


def stall_during(address: Address, work: Callable[[], int]) -> tuple[Stall, int]:
    """Send one NOOP after the other while some work is done in a thread.

    Args:
        address: where the server speaks SMTP.
        work: mostly waits for the server, so that it leaves the clock to the NOOPs.

    Returns:
        how SMTP was answered, and the work's result.

    Raises:
        BenchmarkError: SMTP was not answered, or the work failed.

    """
    with (
        Conversation(address, _TIME_LIMIT) as conversation,
        ThreadPoolExecutor(1) as worker,
    ):
        conversation.greet()
        idle_until = time.perf_counter() + _IDLE
        idle_gap, _ = _longest(conversation, lambda: time.perf_counter() > idle_until)
        begin = time.perf_counter()
        future = worker.submit(work)
        gap, noops = _longest(conversation, future.done)
        elapsed = time.perf_counter() - begin
        conversation.leave()
        return Stall(gap, idle_gap, noops, elapsed), future.result()


def _longest(conversation: Conversation, done: Callable[[], bool]) -> tuple[float, int]:
    """Ask until done, and return the longest wait in seconds and their number."""
    longest = 0.0
    count = 0
    while not done():
        begin = time.perf_counter()
        conversation.ask(b"NOOP\r\n", [b"250"])
        longest = max(longest, time.perf_counter() - begin)
        count += 1
    return longest, count
