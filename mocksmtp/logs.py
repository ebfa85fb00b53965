"""The log as text, or as JSON lines for programs that collect logs.

A line is an object with `time`, `level`, `namespace` and `message`, and with what
else the event has that JSON can say. The traceback of a failure is one string.

How the programs get it: twistd asks the application for an observer once the service
has joined it (`LoggedService`); twist writes to its file with what its options name;
``mocksmtp serve`` begins the log itself. Nothing is swapped while the log goes on, so
that all lines have the same form, the first ones too.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, MutableMapping
from datetime import UTC, datetime
from enum import Enum
from typing import IO, Any

import orjson
from twisted.application.service import MultiService
from twisted.logger import (
    FileLogObserver,
    ILogObserver,
    LogEvent,
    formatEvent,
    textFileLogObserver,
)
from twisted.python.components import Componentized
from twisted.python.failure import Failure
from twisted.python.logfile import LogFile


class LogFormat(Enum):
    """How a log is written."""

    TEXT = "text"
    JSON = "json"


ObserverFactory = Callable[[IO[Any]], FileLogObserver]

_FIRST = ("time", "level", "namespace", "message")

# What twisted.python.log adds for observers of old; their names would mislead.
_OLD = frozenset({"system", "isError", "format", "logLevel", "failure", "why"})


def json_line(event: LogEvent) -> str:
    """An event as one line of JSON."""
    document: dict[str, Any] = {
        "time": _time(event.get("log_time", 0.0)),
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


def _time(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


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


def json_file_observer(file: IO[Any]) -> FileLogObserver:
    """Writes JSON lines to `file`."""
    return FileLogObserver(file, json_line)


OBSERVERS: dict[LogFormat, ObserverFactory] = {
    LogFormat.TEXT: textFileLogObserver,
    LogFormat.JSON: json_file_observer,
}
"""What writes each format."""


class LoggedService(MultiService):
    """
    A service that tells the application which joins it how to log.

    :param make_observer: called when it has joined one
    """

    def __init__(self, make_observer: Callable[[], ILogObserver]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._make_observer = make_observer

    def setServiceParent(self, parent: Any) -> None:
        """Join an application, which has no log yet."""
        if isinstance(parent, Componentized):
            parent.setComponent(ILogObserver, self._make_observer())
        super().setServiceParent(parent)  # type: ignore[no-untyped-call]


def observer_for(
    log_format: LogFormat, program: MutableMapping[str, Any]
) -> Callable[[], ILogObserver]:
    """
    What makes the observer that twistd would have made, but for the format.

    :param program: twistd's own options
    """

    def make() -> ILogObserver:
        name = program.get("logfile") or ""
        if name == "-" or (program.get("nodaemon") and not name):
            return OBSERVERS[log_format](sys.stdout)
        file: Any = LogFile.fromFullPath(name or "twistd.log")
        return OBSERVERS[log_format](file)

    return make
