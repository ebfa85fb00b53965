"""The log: lines of text or JSON, written by a thread, so that nothing waits for them.

Rules:

- Whoever logs never waits. A pipe that nobody reads, a terminal that is stopped, or a
  slow disk holds up the `LogWriter`'s own thread only. Lines past `MAX_WAITING` octets
  are dropped, and one later line reports how many.
- The service's own lines do not pass through twisted.logger, which takes 36 µs for
  each: `Log` formats them itself. Events of twisted.logger (errors, and what Twisted
  itself reports) are written by the same writer, in the same format.
- A text line is ``TIME [NAMESPACE#LEVEL] MESSAGE``, as Twisted writes it. A JSON line
  is an object with `time`, `level`, `namespace` and `message`, and the fields of the
  event. The traceback of a failure is one string.

How the programs get it: twistd asks the application for an observer once the service
has joined it (`LoggedService`); twist calls the factory that its options name;
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

MAX_WAITING = 2**20
"""Octets of lines that may wait to be written; lines past it are dropped."""

LAST_WAIT = 0.3
"""Seconds that the end of the process waits for the last lines to be written."""


class LogFormat(enum.Enum):
    """How a log is written."""

    TEXT = "text"
    JSON = "json"


class Level(enum.IntEnum):
    """How important a line is."""

    DEBUG = 10
    INFO = 20
    WARN = 30
    ERROR = 40


_NAMES = {level: level.name.lower() for level in Level}

_LEVELS = {"critical": Level.ERROR} | {level.name.lower(): level for level in Level}

Write: TypeAlias = Callable[[str], None]
"""Takes a line, with its end, and never waits."""


# The writer


class LogWriter:
    """
    Writes lines in a thread of its own.

    :param sink: writes octets, and may block for as long as it likes
    :param dropped_line: makes the line that reports how many were dropped
    :param max_waiting: octets of lines that may wait
    """

    def __init__(
        self,
        sink: Callable[[bytes], None],
        dropped_line: Callable[[int], str] | None = None,
        max_waiting: int = MAX_WAITING,
    ) -> None:
        self._sink = sink
        self._dropped_line = dropped_line or _dropped_in_text
        self._max_waiting = max_waiting
        self._hurries: float | None = None
        self._begin()
        _writers.add(self)

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._lines: list[str] = []
        self._waiting = 0
        self._dropped = 0
        self._thread: threading.Thread | None = None

    def write(self, line: str) -> None:
        """Have a line written, or dropped where too many wait."""
        size = len(line)
        with self._lock:
            if self._waiting + size > self._max_waiting:
                self._dropped += 1
                return
            self._waiting += size
            self._lines.append(line)
            if self._thread is None:
                # Begun late, for a process that goes to the background loses it.
                self._thread = threading.Thread(
                    target=self._run, name="log", daemon=True
                )
                self._thread.start()
            elif len(self._lines) == 1:
                self._changed.notify_all()
        if self._hurries is not None:
            self.drain(self._hurries - time.monotonic())

    def drain(self, seconds: float) -> bool:
        """Wait until all lines are written, but not for longer than `seconds`."""
        with self._lock:
            return self._changed.wait_for(self._is_idle, max(0.0, seconds))

    def hurry(self, seconds: float = LAST_WAIT) -> None:
        """The process is about to end: wait for each line, `seconds` in all."""
        self._hurries = time.monotonic() + seconds
        self.drain(seconds)

    def _is_idle(self) -> bool:
        return not self._waiting

    def _run(self) -> None:
        while True:
            with self._lock:
                while not self._lines:
                    self._changed.wait()
                lines, self._lines = self._lines, []
            octets = "".join(lines).encode("utf-8", "replace")
            try:
                self._sink(octets)
                lost = 0
            # Nobody reads the pipe any more, the disk is full, the file is closed.
            except (OSError, ValueError):
                lost = len(lines)
            with self._lock:
                self._waiting -= sum(map(len, lines))
                self._dropped += lost
                if self._dropped and not lost and not self._lines:
                    # Behind the lines that came before them.
                    line = self._dropped_line(self._dropped)
                    self._dropped = 0
                    self._waiting += len(line)
                    self._lines.append(line)
                if not self._waiting:
                    self._changed.notify_all()

    def _forked(self) -> None:
        """In the child of a fork there is no thread, and lines are the parent's."""
        self._begin()


_writers: weakref.WeakSet[LogWriter] = weakref.WeakSet()


def _before_fork() -> None:
    for writer in tuple(_writers):
        writer.drain(LAST_WAIT)


def _after_fork() -> None:
    for writer in tuple(_writers):
        writer._forked()


os.register_at_fork(before=_before_fork, after_in_child=_after_fork)


@atexit.register
def drain_logs() -> None:
    """Wait until all that was logged is written, but not for long."""
    for writer in tuple(_writers):
        writer.drain(LAST_WAIT)


class DescriptorSink:
    """Writes to a file descriptor, which others may have made non-blocking."""

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
    Appends to a file, which is opened again after a rotation.

    :raises OSError: it can't be opened
    """

    def __init__(self, path: str) -> None:
        self._path = os.path.abspath(path)
        self._file = open(self._path, "ab", buffering=0)  # noqa: SIM115
        self._moved = False

    def reopen(self) -> None:
        """Open the file of that name anew, before the next line is written."""
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
    """Appends to a file that is rotated by its size, and on request."""

    def __init__(self, path: str) -> None:
        self._file: Any = LogFile.fromFullPath(path)
        self._rotates = False

    def rotate(self) -> None:
        """Begin a new file before the next line is written."""
        self._rotates = True

    def __call__(self, octets: bytes) -> None:
        """Write all of it."""
        if self._rotates:
            self._rotates = False
            self._file.rotate()
        _write_text(self._file, octets)


def sink_of(file: IO[Any]) -> Callable[[bytes], None]:
    """What writes to an open file, by its descriptor where it has one."""
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
    """As Twisted writes it, in local time; formatted once a second."""
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
    """A text in one line, without characters that control a terminal."""
    if text.isprintable():
        return text
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode()
        for one in text
    )


def text_line(
    seconds: float, level: Level, namespace: str, message: str, fields: dict[str, Any]
) -> str:
    """A line of the service's own as text; the message has the fields in it."""
    shown = printable(message)
    return f"{_local_time(seconds)} [{namespace}#{_NAMES[level]}] {shown}\n"


def own_json_line(
    seconds: float, level: Level, namespace: str, message: str, fields: dict[str, Any]
) -> str:
    """A line of the service's own as JSON."""
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


# What twisted.python.log adds for observers of old; their names would mislead.
_OLD = frozenset({"system", "isError", "format", "logLevel", "failure", "why"})


def json_line(event: LogEvent) -> str:
    """An event of twisted.logger as one line of JSON."""
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
    """A text that UTF-8 can hold."""
    return text.encode("utf-8", "replace").decode()


def _add(document: dict[str, Any], name: str, value: Any) -> None:
    """Add a field, if JSON can say it."""
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
    """The level of an event; what Twisted reports by its old log is for debugging.

    Twisted reports there each port that it opens and closes, whatever `noisy` says.
    """
    if event.get("log_namespace") == "log_legacy" and not event.get("isError"):
        return Level.DEBUG
    name = getattr(event.get("log_level"), "name", "info")
    return _LEVELS.get(name, Level.INFO)


def observer(
    write: Write, log_format: LogFormat, level: Level = Level.DEBUG
) -> ILogObserver:
    """What writes the events of twisted.logger from `level` on."""
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
    The lines of the service's own.

    :param write: takes each line
    :param level: the least important lines that are written
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

    def say(
        self, level: Level, message: str, namespace: str = "mocksmtp", **fields: Any
    ) -> None:
        """Write a line, if its level is high enough; `fields` are for JSON."""
        if level >= self.level:
            self._write(self._line(self.seconds(), level, namespace, message, fields))

    def announce(self, message: str, **fields: Any) -> None:
        """Write a line at info, whatever level is written."""
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
    """A writer whose own lines have this format."""
    return LogWriter(sink, _DROPPED_LINES[log_format])


# What the programs do with it


class LoggedService(MultiService):
    """
    A service that tells the application which joins it how to log.

    :param log_observer: what writes the log
    """

    def __init__(self, log_observer: ILogObserver) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._observer = log_observer

    def setServiceParent(self, parent: Any) -> None:
        """Join an application, which has no log yet."""
        if isinstance(parent, Componentized):
            parent.setComponent(ILogObserver, self._observer)
        super().setServiceParent(parent)  # type: ignore[no-untyped-call]


def twistd_sink(program: MutableMapping[str, Any]) -> Callable[[bytes], None]:
    """
    What writes where twistd would.

    :param program: twistd's own options
    """
    name = program.get("logfile") or ""
    if name == "-" or (program.get("nodaemon") and not name):
        return sink_of(sys.stdout)
    return RotatingSink(name or "twistd.log")
