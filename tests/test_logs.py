"""The log as JSON lines"""

from __future__ import annotations

import io
import json
from typing import Any

from twisted.application.service import Application, Service
from twisted.internet.error import ConnectionLost
from twisted.logger import ILogObserver, Logger, LogLevel, LogPublisher
from twisted.python.failure import Failure
from twisted.python.log import LogPublisher as OldLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.logs import (
    OBSERVERS,
    LogFormat,
    LoggedService,
    json_file_observer,
    json_line,
    observer_for,
)


def line(**event: Any) -> Any:
    """What an event becomes."""
    written = json_line({"log_time": 1_700_000_000.125, **event})
    assert written.endswith("\n")
    assert written.count("\n") == 1
    return json.loads(written)


class LineTests(SynchronousTestCase):
    """`json_line`"""

    def test_what_an_event_says(self) -> None:
        """When, how serious, from where, and what, for people and for programs."""
        self.assertEqual(
            line(
                log_level=LogLevel.warn,
                log_namespace="a.b",
                log_format="{what} came {count} times",
                what="it",
                count=3,
            ),
            {
                "time": "2023-11-14T22:13:20.125Z",
                "level": "warn",
                "namespace": "a.b",
                "message": "it came 3 times",
                "what": "it",
                "count": 3,
            },
        )

    def test_one_line_whatever_is_said(self) -> None:
        """Line ends and odd characters are escaped, half characters replaced."""
        told = line(log_format="{text}", text="a\r\nb\0\u2028\ud800")
        self.assertEqual(told["message"], "a\r\nb\0\u2028?")
        self.assertNotIn("text", told)

    def test_what_json_can_not_say_is_left_out(self) -> None:
        """It may still be part of the message; names of our own are not taken."""
        told = line(
            log_format="{thing}", thing={1, 2}, octets=b"x", time=5, level="x", more=[1]
        )
        self.assertEqual(told["message"], "{1, 2}")
        self.assertEqual(told["time"], "2023-11-14T22:13:20.125Z")
        self.assertEqual(told["level"], "info")
        self.assertEqual(told["more"], [1])
        self.assertEqual(len(told), 5)

    def test_a_failure_has_its_traceback(self) -> None:
        """In one string."""
        failure = Failure(ConnectionLost("gone"))
        told = line(log_format="It failed", log_failure=failure)
        self.assertEqual(told["message"], "It failed")
        self.assertIn("ConnectionLost", told["failure"])

    def test_an_event_that_can_not_be_formatted(self) -> None:
        """It says so, and is not lost."""
        self.assertIn("Unable to format", line(log_format="{nothing}")["message"])

    def test_messages_of_old(self) -> None:
        """What twisted.python.log was told, without its own fields."""
        file, publisher = io.StringIO(), LogPublisher()
        publisher.addObserver(json_file_observer(file))
        OldLogPublisher(publisher, publisher).msg("it", "came", own=1)
        told = json.loads(file.getvalue())
        self.assertEqual(told.pop("time")[-1], "Z")
        self.assertEqual(
            told,
            {
                "level": "info",
                "namespace": "log_legacy",
                "message": "it came",
                "own": 1,
            },
        )


class ObserverTests(SynchronousTestCase):
    """Who writes where"""

    def test_both_formats(self) -> None:
        """Each writes what a logger says, at once."""
        for log_format in LogFormat:
            file = io.StringIO()
            observer = OBSERVERS[log_format](file)
            Logger(namespace="a", observer=observer).info("it came", some=1)
            is_json = file.getvalue().startswith("{")
            self.assertEqual(is_json, log_format is LogFormat.JSON)
            self.assertIn("it came", file.getvalue())

    def test_the_file_is_that_of_twistd(self) -> None:
        """``--logfile``, or twistd.log where it goes to the background."""
        path = self.mktemp()
        for program in {"logfile": path, "nodaemon": 1}, {"logfile": path}:
            observer: Any = observer_for(LogFormat.JSON, program)()
            Logger(namespace="a", observer=observer).info("it came")
        with open(path) as file:
            self.assertEqual(len([json.loads(line) for line in file]), 2)

    def test_the_application_is_told(self) -> None:
        """A service that joins it brings the observer along."""
        application: Any = Application("a")
        observer = OBSERVERS[LogFormat.JSON](io.StringIO())
        logged, service = LoggedService(lambda: observer), Service()
        service.setServiceParent(logged)
        logged.setServiceParent(application)
        self.assertIs(application.getComponent(ILogObserver), observer)
        logged.startService()
        self.assertTrue(service.running)
