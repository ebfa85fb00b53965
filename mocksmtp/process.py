"""What is set for the whole process, where the process is the service's own."""

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
from collections.abc import Callable
from types import TracebackType
from typing import Any

from twisted.internet.error import ReactorNotRunning

from mocksmtp.logs import FileSink, RotatingSink, drain_logs
from mocksmtp.service import StartError

_M_TRIM_THRESHOLD = -1
_KEPT_MEMORY = 64 * 2**20


def tune() -> None:
    """Spare the process work that a mail server's pattern of memory brings about."""
    _spare_the_garbage_collector()
    _keep_freed_memory()
    _open_many_files()


def _spare_the_garbage_collector() -> None:
    """
    Keep it from looking again and again at what does not go away.

    Modules and kept mails are no garbage, and going through them took nearly a
    third of the time of a mail with 100 recipients. What is frozen is frozen once,
    behind a collection: no garbage is kept by it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


def _keep_freed_memory() -> None:
    """
    Have the C library give back no memory before 64 MiB at its end are free.

    As it is it gives back what a large mail took, and gets it anew for the next,
    which was nearly a third of what a mail of 100 KiB cost.
    """
    # Other C libraries than glibc have no mallopt, or another one.
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_TRIM_THRESHOLD, _KEPT_MEMORY)


def _open_many_files() -> None:
    """
    Take as many file descriptors as the system's owner allows.

    Often only 1,024 are had unasked, which a thousand hosts or connections use up.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def report(error: Exception) -> None:
    """
    Write why the start has failed to the standard error, and nothing around it.

    Programs that log have the log in the place of `sys.stderr`.
    """
    if sys.__stderr__ is not None:
        for line in str(error).splitlines():
            print(f"mocksmtp: {line}", file=sys.__stderr__)
        sys.__stderr__.flush()


def fail_at_exit() -> None:
    """Have the process end with 1, whatever the program that runs the service says."""
    atexit.register(_fail)


def _fail() -> None:
    for writer in (drain_logs, sys.__stdout__.flush if sys.__stdout__ else drain_logs):
        writer()
    os._exit(1)


def exit_with_stdin(reactor: Any) -> None:
    """Have the reactor stop when the standard input ends, whatever that is."""

    def watch() -> None:
        # A thread, for a file or a terminal can't be waited for in every reactor.
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
    """Have SIGHUP open a log file again, and never end the process."""
    reopen = sink.reopen if isinstance(sink, FileSink) else lambda: None
    signal.signal(signal.SIGHUP, lambda *_: reopen())


def rotate_on_sigusr1(sink: RotatingSink) -> None:
    """Have SIGUSR1 rotate the log, as twistd does, unless it has a meaning already."""
    if not signal.getsignal(signal.SIGUSR1):
        signal.signal(signal.SIGUSR1, lambda *_: sink.rotate())


def tell_start_errors_in_one_line() -> None:
    """Have a `StartError` that ends the process shown without its traceback."""
    usual = sys.excepthook

    def tell(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if isinstance(error, StartError):
            report(error)
        else:
            usual(kind, error, trace)

    sys.excepthook = tell
