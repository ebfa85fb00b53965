"""The log: lines of text or JSON, written by a thread, so that logging never blocks.

Rules:

- Logging never blocks. An unread pipe, a stopped terminal or a slow disk blocks only
  the thread of `LogWriter`. Lines beyond `_MAX_WAITING` octets are dropped, and a later
  line reports their number.
- A line can be written at any moment: a signal handler or the collection of garbage can
  write one in the midst of writing another.
- The service's own lines do not use twisted.logger, which takes 36 µs per line: `Log`
  formats them itself. The same writer writes the events of twisted.logger (errors, and
  reports of Twisted) in the same format.
- A text line is ``TIME [NAMESPACE#LEVEL] MESSAGE``, as Twisted writes it. A JSON line
  is an object with `time`, `level`, `namespace` and `message`, and the fields of the
  event. The traceback of a failure is one string.

The programs use it as follows: twistd gets the observer from the application, where the
service has set it (`LoggedService`); twist calls the factory in its options;
``mocksmtp serve`` begins the log itself.
"""

from __future__ import annotations

import atexit
import contextlib
import enum
import os
import select
import sys
import threading
import time
import weakref
from collections.abc import Callable, MutableMapping
from datetime import UTC, datetime
from typing import IO, Any, TypeAlias

import orjson
from twisted.application.service import MultiService
from twisted.logger import (
    ILogObserver,
    LogEvent,
    formatEvent,
    formatEventAsClassicLogText,
)
from twisted.python.components import Componentized
from twisted.python.failure import Failure
from twisted.python.logfile import LogFile
from zope.interface import implementer

_MAX_WAITING = 2**20
"""Octets of lines that may wait to be written; further lines are dropped."""

_GATHERING = 0.01
"""Seconds after a write in which lines are gathered for the next one. Waking the thread
for each line makes the two threads wait for each other."""

LAST_WAIT = 0.3
"""Seconds for which the end of the process waits for the last lines."""


class LogFormat(enum.Enum):
    """The format of a log."""

    TEXT = "text"
    JSON = "json"


class Level(enum.IntEnum):
    """The level of a line."""

    DEBUG = 10
    INFO = 20
    WARN = 30
    ERROR = 40


_NAMES = {level: level.name.lower() for level in Level}

_LEVELS = {"critical": Level.ERROR} | {level.name.lower(): level for level in Level}

Write: TypeAlias = Callable[[str], None]
"""Writes a line, including its line end, without blocking."""


# The writer


class LogWriter:
    """
    Writes lines in its own thread.

    :param sink: writes octets, and may block
    :param dropped_line: formats the line that reports the number of dropped lines
    :param max_waiting: the octets of lines that may wait
    """

    def __init__(
        self,
        sink: Callable[[bytes], None],
        dropped_line: Callable[[int], str] | None = None,
        max_waiting: int = _MAX_WAITING,
    ) -> None:
        self._sink = sink
        self._dropped_line = dropped_line or _dropped_in_text
        self._max_waiting = max_waiting
        self._hurries: float | None = None
        self._begin()
        _writers.add(self)

    def _begin(self) -> None:
        # Reentrant, and each method leaves it usable at each call that it makes.
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._lines: list[str] = []
        self._waiting = 0
        self._dropped = 0
        self._has_thread = self._gathers = False
        self._awaited = 0

    def write(self, line: str) -> None:
        """Queue a line, or drop it if too many wait."""
        size = len(line)
        with self._lock:
            if self._waiting + size > self._max_waiting:
                self._dropped += 1
                return
            self._waiting += size
            is_first = not self._lines
            self._lines.append(line)
            if not self._has_thread:
                # Started late, because a process that forks loses its threads.
                self._has_thread = True
                threading.Thread(target=self._run, name="log", daemon=True).start()
            elif is_first and not self._gathers:
                self._changed.notify_all()
        if self._hurries is not None:
            self.drain(self._hurries - time.monotonic())

    def drain(self, seconds: float) -> bool:
        """Wait until all lines are written, for at most `seconds`."""
        with self._lock:
            self._awaited += 1
            self._changed.notify_all()
            try:
                return self._changed.wait_for(self._is_idle, max(0.0, seconds))
            finally:
                self._awaited -= 1

    def hurry(self, seconds: float = LAST_WAIT) -> None:
        """Wait for each line from now on, `seconds` in all: the process is ending."""
        self._hurries = time.monotonic() + seconds
        self.drain(seconds)

    def _is_idle(self) -> bool:
        return not self._waiting

    def _is_awaited(self) -> bool:
        return self._awaited > 0

    def _run(self) -> None:
        while True:
            with self._lock:
                while not self._lines:
                    self._changed.wait()
                lines, self._lines = self._lines, []
            octets = "".join(lines).encode("utf-8", "replace")
            size = sum(map(len, lines))
            try:
                self._sink(octets)
                lost = 0
            # The pipe has no reader, the disk is full, or the file is closed.
            except (OSError, ValueError):
                lost = len(lines)
            with self._lock:
                self._waiting -= size
                self._dropped += lost
                if self._dropped and not lost and not self._lines:
                    # After the lines that preceded the dropped ones.
                    dropped, self._dropped = self._dropped, 0
                    line = self._dropped_line(dropped)
                    size = len(line)
                    self._waiting += size
                    self._lines.append(line)
                if not self._waiting:
                    self._changed.notify_all()
                self._gathers = True
                self._changed.wait_for(self._is_awaited, _GATHERING)
                self._gathers = False

    def restart(self) -> None:
        """Start again in the child of a fork, without the parent's thread and lines."""
        self._begin()


_writers: weakref.WeakSet[LogWriter] = weakref.WeakSet()


def _before_fork() -> None:
    for writer in tuple(_writers):
        writer.drain(LAST_WAIT)


def _after_fork() -> None:
    for writer in tuple(_writers):
        writer.restart()


os.register_at_fork(before=_before_fork, after_in_child=_after_fork)


@atexit.register
def drain_logs() -> None:
    """Wait until all lines are written, for at most `LAST_WAIT` seconds per writer."""
    for writer in tuple(_writers):
        writer.drain(LAST_WAIT)


class DescriptorSink:
    """Writes to a file descriptor, which may be non-blocking."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __call__(self, octets: bytes) -> None:
        """Write all of it."""
        view = memoryview(octets)
        while view:
            try:
                view = view[os.write(self._descriptor, view) :]
            except BlockingIOError:
                poll = select.poll()
                poll.register(self._descriptor, select.POLLOUT)
                poll.poll(1000)


class FileSink:
    """
    Appends to a file, which can be reopened after a rotation.

    :raises OSError: it cannot be opened
    """

    def __init__(self, path: str) -> None:
        self._path = os.path.abspath(path)
        self._file = open(self._path, "ab", buffering=0)  # noqa: SIM115
        self._moved = False

    def reopen(self) -> None:
        """Reopen the file by its name before the next line."""
        self._moved = True

    def __call__(self, octets: bytes) -> None:
        """Write all of it."""
        if self._moved:
            self._moved = False
            with contextlib.suppress(OSError):
                file = open(self._path, "ab", buffering=0)  # noqa: SIM115
                self._file.close()
                self._file = file
        view = memoryview(octets)
        while view:
            view = view[self._file.write(view) :]


class RotatingSink:
    """Appends to a file that is rotated by size and on request."""

    def __init__(self, path: str) -> None:
        self._file: Any = LogFile.fromFullPath(path)
        self._rotates = False

    def rotate(self) -> None:
        """Start a new file before the next line."""
        self._rotates = True

    def __call__(self, octets: bytes) -> None:
        """Write all of it."""
        if self._rotates:
            self._rotates = False
            self._file.rotate()
        _write_text(self._file, octets)


def sink_of(file: IO[Any]) -> Callable[[bytes], None]:
    """A sink for an open file, by its descriptor if it has one."""
    try:
        descriptor = file.fileno()
    except (OSError, AttributeError, ValueError):
        return lambda octets: _write_text(file, octets)
    file.flush()
    return DescriptorSink(descriptor)


def _write_text(file: IO[Any], octets: bytes) -> None:
    file.write(octets.decode())
    file.flush()


# The lines


_second = -1
_shown = ""


def _local_time(seconds: float) -> str:
    """The local time in Twisted's format; formatted once a second."""
    global _second, _shown
    second = int(seconds)
    if second != _second:
        _shown = time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(second))
        _second = second
    return _shown


def _utc(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def printable(text: str) -> str:
    """The text with control characters and line ends escaped."""
    if text.isprintable():
        return text
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode()
        for one in text
    )


def text_line(
    seconds: float, level: Level, namespace: str, message: str, fields: dict[str, Any]
) -> str:
    """Format a line of the service as text; the message contains the fields."""
    shown = printable(message)
    return f"{_local_time(seconds)} [{namespace}#{_NAMES[level]}] {shown}\n"


def own_json_line(
    seconds: float, level: Level, namespace: str, message: str, fields: dict[str, Any]
) -> str:
    """Format a line of the service as JSON."""
    document = {
        "time": _utc(seconds),
        "level": _NAMES[level],
        "namespace": namespace,
        "message": message,
        **fields,
    }
    try:
        return orjson.dumps(document).decode() + "\n"
    except TypeError:  # a surrogate in a text
        cleaned = {name: _clean(str(value)) for name, value in document.items()}
        return orjson.dumps(cleaned).decode() + "\n"


# Fields that twisted.python.log adds for legacy observers.
_OLD = frozenset({"system", "isError", "format", "logLevel", "failure", "why"})


def json_line(event: LogEvent) -> str:
    """Format an event of twisted.logger as a line of JSON."""
    document: dict[str, Any] = {
        "time": _utc(event.get("log_time", 0.0)),
        "level": getattr(event.get("log_level"), "name", "info"),
        "namespace": event.get("log_namespace"),
        "message": _clean(formatEvent(event)),
    }
    failure = event.get("log_failure")
    if isinstance(failure, Failure):
        document["failure"] = _clean(failure.getTraceback())
    for name, value in event.items():
        if not name.startswith("log_") and name not in _OLD and name not in document:
            _add(document, name, value)
    return orjson.dumps(document).decode() + "\n"


def _clean(text: str) -> str:
    """The text with surrogates replaced, so that it can be encoded."""
    return text.encode("utf-8", "replace").decode()


def _add(document: dict[str, Any], name: str, value: Any) -> None:
    """Add a field if JSON can represent its value."""
    try:
        orjson.dumps({name: value})
    except (TypeError, ValueError):
        return
    document[name] = value


_EVENT_LINES: dict[LogFormat, Callable[[LogEvent], str | None]] = {
    LogFormat.TEXT: formatEventAsClassicLogText,
    LogFormat.JSON: json_line,
}

_OWN_LINES = {LogFormat.TEXT: text_line, LogFormat.JSON: own_json_line}


def _level_of(event: LogEvent) -> Level:
    """The level of an event; DEBUG for Twisted's legacy log.

    Twisted logs there each port that it opens and closes, whatever `noisy` is.
    """
    if event.get("log_namespace") == "log_legacy" and not event.get("isError"):
        return Level.DEBUG
    name = getattr(event.get("log_level"), "name", "info")
    return _LEVELS.get(name, Level.INFO)


def observer(
    write: Write, log_format: LogFormat, level: Level = Level.DEBUG
) -> ILogObserver:
    """An observer that writes the events of twisted.logger of at least `level`."""
    make_line = _EVENT_LINES[log_format]

    @implementer(ILogObserver)
    def observe(event: LogEvent) -> None:
        if _level_of(event) >= level:
            line = make_line(event)
            if line is not None:
                write(line)

    wanted: ILogObserver = observe
    return wanted


class Log:
    """
    The log of the service.

    :param write: writes a line
    :param level: the lowest level that is logged
    :param seconds: the time, in seconds since the epoch
    """

    def __init__(
        self,
        write: Write,
        log_format: LogFormat = LogFormat.TEXT,
        level: Level = Level.INFO,
        seconds: Callable[[], float] = time.time,
    ) -> None:
        self.level = level
        self.seconds = seconds
        self._write = write
        self._line = _OWN_LINES[log_format]

    def log(
        self, level: Level, message: str, namespace: str = "mocksmtp", **fields: Any
    ) -> None:
        """Log a line if its level is high enough; `fields` are part of JSON lines."""
        if level >= self.level:
            self._write(self._line(self.seconds(), level, namespace, message, fields))

    def announce(self, message: str, **fields: Any) -> None:
        """Log a line at info, whatever the lowest level is."""
        line = self._line(self.seconds(), Level.INFO, "mocksmtp", message, fields)
        self._write(line)


def _dropped_in_text(count: int) -> str:
    return text_line(time.time(), Level.WARN, "mocksmtp.logs", _dropped(count), {})


def _dropped_in_json(count: int) -> str:
    fields = {"dropped": count}
    return own_json_line(
        time.time(), Level.WARN, "mocksmtp.logs", _dropped(count), fields
    )


def _dropped(count: int) -> str:
    lines = "1 line was" if count == 1 else f"{count} lines were"
    return f"{lines} dropped: the log was not read fast enough"


_DROPPED_LINES = {LogFormat.TEXT: _dropped_in_text, LogFormat.JSON: _dropped_in_json}


def writer_to(sink: Callable[[bytes], None], log_format: LogFormat) -> LogWriter:
    """A writer that reports dropped lines in this format."""
    return LogWriter(sink, _DROPPED_LINES[log_format])


# The programs


class LoggedService(MultiService):
    """
    A service that sets the log observer of the application that it joins.

    :param log_observer: the observer
    """

    def __init__(self, log_observer: ILogObserver) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._observer = log_observer

    def setServiceParent(self, parent: Any) -> None:
        """Set the observer, and join an application."""
        if isinstance(parent, Componentized):
            parent.setComponent(ILogObserver, self._observer)
        super().setServiceParent(parent)  # type: ignore[no-untyped-call]


def twistd_sink(program: MutableMapping[str, Any]) -> Callable[[bytes], None]:
    """
    The sink that twistd would log to.

    :param program: the options of twistd
    """
    name = program.get("logfile") or ""
    if name == "-" or (program.get("nodaemon") and not name):
        return sink_of(sys.stdout)
    return RotatingSink(name or "twistd.log")
