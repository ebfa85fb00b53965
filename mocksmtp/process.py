"""Settings of the whole process, for the programs that run only the service."""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import gc
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

from twisted.internet.error import ReactorNotRunning
from twisted.internet.interfaces import IReactorTime

from mocksmtp.logs import FileSink, RotatingSink, drain_logs
from mocksmtp.service import StartError
from mocksmtp.store.worker import Ticker

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_KEPT_MEMORY = 64 * 2**20
_LARGEST_KEPT = 4 * 2**20


_CLOCK_PERIOD = 1.0
"""Seconds between two looks at the clock of the system."""

_LEAST_BACK = 0.5
"""Seconds that the clock must be set back for timers to be moved."""


class ClockWatch:
    """
    Moves the timers of the reactor when the clock of the system is set back.

    Timers depend on that clock: without this, a delayed reply, a waiting request or a
    stream of events would be late by the time that the clock was set back.

    :param monotonic: returns the time of a clock that cannot be set, in seconds
    """

    def __init__(
        self, reactor: IReactorTime, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._reactor = reactor
        self._monotonic = monotonic
        self._offset = reactor.seconds() - monotonic()

    def look(self) -> None:
        """Compare the clocks; called every `_CLOCK_PERIOD`."""
        offset = self._reactor.seconds() - self._monotonic()
        back, self._offset = self._offset - offset, offset
        if back < _LEAST_BACK:
            return
        # Later timers were set since then, by the new time.
        before = self._reactor.seconds() + back - 2 * _CLOCK_PERIOD
        for call in self._reactor.getDelayedCalls():
            if call.getTime() >= before:
                call.delay(-back)


def watch_clock(reactor: Any) -> None:
    """Move the timers of `reactor` with the clock, from when it runs."""
    watch = ClockWatch(reactor)
    ticker = Ticker(reactor, _CLOCK_PERIOD)
    # A daemon forks before; its parent has no use for the thread.
    reactor.callWhenRunning(ticker.start, watch.look)


def tune() -> None:
    """Tune garbage collection, memory and file descriptors for a mail server."""
    _tune_garbage_collector()
    _keep_freed_memory()
    _raise_file_limit()


def _tune_garbage_collector() -> None:
    """
    Exclude modules from collections, and collect less often.

    Visiting modules and kept mails took nearly a third of the time of a mail with 100
    recipients. A collection precedes the freeze, so that little garbage is frozen; a
    collection of all generations would take 20 ms, and finds a hundred objects more.
    """
    gc.collect(1)
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


def _keep_freed_memory() -> None:
    """
    Make the C library keep up to 64 MiB of freed memory, in pieces of up to 4 MiB.

    By default it returns the memory of a large mail to the system and requests it again
    for the next mail, which was nearly a third of the time of a mail of 100 KiB, and a
    quarter of that of 1 MiB: the system clears each page when it is first written.
    """
    # C libraries other than glibc have no mallopt, or a different one.
    with contextlib.suppress(OSError, AttributeError):
        set_option = ctypes.CDLL(None).mallopt
        set_option(_M_TRIM_THRESHOLD, _KEPT_MEMORY)
        # Setting one of them stops the library from adapting the other, which is
        # 128 KiB at first.
        set_option(_M_MMAP_THRESHOLD, _LARGEST_KEPT)


def _raise_file_limit() -> None:
    """
    Raise the limit of open files to the maximum that the system allows.

    The default is often 1,024, which a thousand hosts or connections exceed.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def report(error: Exception) -> None:
    """
    Write the error of a failed start to the standard error, without a log prefix.

    `sys.stderr` is not used, because logging programs replace it by their log.
    """
    if sys.__stderr__ is not None:
        for line in str(error).splitlines():
            print(f"mocksmtp: {line}", file=sys.__stderr__)
        sys.__stderr__.flush()


def fail_at_exit() -> None:
    """Make the process exit with 1, whatever code the program returns."""
    atexit.register(_fail)


def _fail() -> None:
    for writer in (drain_logs, sys.__stdout__.flush if sys.__stdout__ else drain_logs):
        writer()
    os._exit(1)


def exit_with_stdin(reactor: Any) -> None:
    """Stop the reactor when the standard input ends."""

    def watch() -> None:
        # In a thread, because not every reactor can wait for a file or a terminal.
        threading.Thread(target=wait, name="stdin", daemon=True).start()

    def wait() -> None:
        with contextlib.suppress(OSError):
            while os.read(0, 65536):
                pass
        with contextlib.suppress(ReactorNotRunning):
            reactor.callFromThread(stop)

    def stop() -> None:
        with contextlib.suppress(ReactorNotRunning):
            reactor.stop()

    reactor.callWhenRunning(watch)


def reopen_on_sighup(sink: Callable[[bytes], None]) -> None:
    """Make SIGHUP reopen a log file, and never end the process."""
    reopen = sink.reopen if isinstance(sink, FileSink) else lambda: None
    signal.signal(signal.SIGHUP, lambda *_: reopen())


def rotate_on_sigusr1(sink: RotatingSink) -> None:
    """Make SIGUSR1 rotate the log, as in twistd, unless it has a handler."""
    if not signal.getsignal(signal.SIGUSR1):
        signal.signal(signal.SIGUSR1, lambda *_: sink.rotate())


def report_start_errors() -> None:
    """Report a `StartError` that ends the process without its traceback."""
    usual = sys.excepthook

    def tell(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if isinstance(error, StartError):
            report(error)
        else:
            usual(kind, error, trace)

    sys.excepthook = tell
