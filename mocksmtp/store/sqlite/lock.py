"""The lock of a file: one process at a time uses a store."""

from __future__ import annotations

import errno
import fcntl
import os
import time

from mocksmtp.store.interface import StoreError

SUFFIX = "-lock"
"""Appended to the name of the file of the store. The lock is on a file of its own:
closing a descriptor of the database would release the locks of SQLite (POSIX)."""

_PAUSE = 0.05
"""Seconds between two attempts to lock."""

_IN_USE = (errno.EWOULDBLOCK, errno.EACCES)


class FileLock:
    """
    The lock of the store `path`, which ends with the process.

    :raises StoreError: another process has the lock, or the file system has no locks
    """

    def __init__(self, path: str, wait: float) -> None:
        self._path = path + SUFFIX
        try:
            self._number = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StoreError(f"{self._path}: {error.strerror}") from None
        try:
            self._lock(path, time.monotonic() + wait)
        except StoreError:
            os.close(self._number)
            raise

    def _lock(self, path: str, until: float) -> None:
        while True:
            try:
                fcntl.flock(self._number, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                if error.errno not in _IN_USE:
                    raise StoreError(
                        f"{path}: the file system has no locks ({error.strerror}); use"
                        " a local one"
                    ) from None
                if time.monotonic() >= until:
                    holder = self._holder()
                    raise StoreError(
                        f"{path}: in use by another process{holder}; --store-wait"
                        " waits for it"
                    ) from None
                time.sleep(_PAUSE)
            else:
                os.ftruncate(self._number, 0)
                os.pwrite(self._number, b"%d\n" % os.getpid(), 0)
                return

    def _holder(self) -> str:
        """The process that has the lock, as far as the file reports it."""
        number = os.pread(self._number, 20, 0).strip()
        return f" ({number.decode()})" if number.isdigit() else ""

    def release(self) -> None:
        """Release the lock."""
        os.close(self._number)
