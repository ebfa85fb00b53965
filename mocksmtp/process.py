"""What is set for the whole process, where the process is the service's own."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import resource
import sys
from types import TracebackType

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
    third of the time of a mail with 100 recipients.
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


def tell_start_errors_in_one_line() -> None:
    """Have a `StartError` that ends the process shown without its traceback."""
    usual = sys.excepthook

    def tell(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if isinstance(error, StartError):
            print(f"mocksmtp: {error}", file=sys.stderr)
        else:
            usual(kind, error, trace)

    sys.excepthook = tell
