"""Writes each kept mail to a file of its own (``--eml-dir``).

The file of a mail is ``DIR/HOST/YYYY-MM-DD/HHMMSS.mmm-ID.eml``, by the time of arrival
in UTC. It is written under a temporary name, which begins with a dot, and then renamed,
so that a file ``*.eml`` is always complete. A thread writes the files, in the order of
arrival; SMTP does not wait for it.

Errors never refuse a mail. The first one is logged, and so is the first success after
it; ``/status`` has the counts and the last error.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from twisted.internet import defer
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.internet.threads import deferToThread
from twisted.logger import Logger

from mocksmtp.hosts.host import MailHost
from mocksmtp.mail.mail import Mail
from mocksmtp.mock import Mock

MAX_WAITING = 64 * 2**20
"""Maximum octets of mails that wait to be written; further mails are not written."""

BATCH_MAILS = 100
"""Maximum mails that a thread writes before the reactor gets their results."""

LAST_WAIT = 1.0
"""Seconds at the end of the service in which the waiting mails are written."""

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")


class MailFiles:
    """
    Writes the mails of all hosts to files.

    :param folder: the directory, which is created if it does not exist
    :param in_thread: calls a function with arguments in a thread

    :ivar written: the number of mails that were written
    :ivar failed: the number of mails that could not be written
    :ivar error: the last error, None if the last mail was written
    """

    log = Logger()

    def __init__(
        self,
        mock: Mock,
        folder: str,
        clock: IReactorTime,
        in_thread: Callable[..., Deferred[Any]] = deferToThread,
    ) -> None:
        self.folder = os.path.abspath(folder)
        self.written = self.failed = 0
        self.error: str | None = None
        self._clock = clock
        self._in_thread = in_thread
        self._waiting: deque[Mail] = deque()
        self._octets = 0
        self._is_writing = False
        self._idle: list[Deferred[None]] = []
        mock.watch(self._listen)

    def check(self) -> None:
        """
        Create the directory, and check that files can be written there.

        :raises OSError: they cannot
        """
        os.makedirs(self.folder, exist_ok=True)
        probe = os.path.join(self.folder, f".{os.getpid()}.tmp")
        with open(probe, "wb"):
            pass
        os.unlink(probe)

    def stop(self) -> Deferred[None]:
        """Fire when all mails are written, at the latest after `LAST_WAIT`."""
        if not self._is_writing:
            return succeed(None)
        idle: Deferred[None] = Deferred()
        self._idle.append(idle)
        idle.addTimeout(LAST_WAIT, self._clock)

        def give_up(failure: Any) -> None:
            failure.trap(defer.TimeoutError)
            count = len(self._waiting)
            self.log.warn("--eml-dir: {count} mails were not written", count=count)

        idle.addErrback(give_up)
        return idle

    def _listen(self, host: MailHost) -> None:
        host.mailbox.listeners.append(self.add)

    def add(self, mail: Mail) -> None:
        """Write `mail` soon."""
        octets = len(mail.content)
        if self._octets + octets > MAX_WAITING and self._waiting:
            self._failed("mails arrive faster than they can be written")
            return
        self._waiting.append(mail)
        self._octets += octets
        if not self._is_writing:
            self._is_writing = True
            # In a later turn, so that the mails of a packet are written together.
            self._clock.callLater(0, self._write)

    def _write(self) -> None:
        batch = [
            self._waiting.popleft() for _ in range(min(BATCH_MAILS, len(self._waiting)))
        ]
        self._octets -= sum(len(mail.content) for mail in batch)
        if not batch:
            self._is_writing = False
            idle, self._idle = self._idle, []
            for deferred in idle:
                deferred.callback(None)
            return
        writing = self._in_thread(write_mails, self.folder, batch)
        writing.addCallback(self._note)
        writing.addErrback(lambda failure: self.log.failure("--eml-dir", failure))
        writing.addCallback(lambda _: self._write())

    def _note(self, errors: list[str | None]) -> None:
        """Record what became of each mail of a batch."""
        for error in errors:
            if error is not None:
                self._failed(error)
                continue
            self.written += 1
            if self.error is not None:
                self.error = None
                self.log.info("--eml-dir: mails are written again")

    def _failed(self, error: str) -> None:
        self.failed += 1
        if self.error is None:
            self.log.error(
                "--eml-dir: {error}; mails are still accepted, but not written",
                error=error,
            )
        self.error = error


def write_mails(folder: str, mails: list[Mail]) -> list[str | None]:
    """Write mails; return the error of each, None if it was written."""
    return [_error_of(folder, mail) for mail in mails]


def _error_of(folder: str, mail: Mail) -> str | None:
    try:
        write_mail(folder, mail)
    except OSError as error:
        return f"{error.filename or folder}: {error.strerror}"
    return None


def write_mail(folder: str, mail: Mail) -> str:
    """
    Write a mail to its file, and return the path.

    :raises OSError: that failed; there is no file then
    """
    time = datetime.fromtimestamp(mail.received_at, UTC)
    directory = os.path.join(folder, _safe(mail.origin.host), f"{time:%Y-%m-%d}")
    name = f"{time:%H%M%S}.{time.microsecond // 1000:03d}-{mail.number}"
    temporary = os.path.join(directory, f".{name}.{os.getpid()}.tmp")
    path = _unused(os.path.join(directory, name))
    try:
        _write_file(temporary, mail.content)
        os.rename(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    return path


def _write_file(path: str, content: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    try:
        descriptor = os.open(path, flags, 0o666)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        descriptor = os.open(path, flags, 0o666)
    with open(descriptor, "wb") as file:
        file.write(content)


def _unused(stem: str) -> str:
    """The path of a new file; ids begin again with each start of the service."""
    path, copies = f"{stem}.eml", 1
    while os.path.lexists(path):
        copies += 1
        path = f"{stem}.{copies}.eml"
    return path


def _safe(host: str) -> str:
    """The name of a host as the name of a directory."""
    name = _UNSAFE.sub("_", host)
    return name if name.strip(".") else f"_{name}"
