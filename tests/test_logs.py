"""The log: what a line has, and that nothing waits for it"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.application.service import Application, Service
from twisted.internet.error import ConnectionLost
from twisted.logger import ILogObserver, Logger, LogLevel, LogPublisher
from twisted.python.failure import Failure
from twisted.python.log import LogPublisher as OldLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp import logs
from mocksmtp.logs import (
    DescriptorSink,
    FileSink,
    Level,
    Log,
    LogFormat,
    LoggedService,
    LogWriter,
    json_line,
    observer,
    twistd_sink,
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
        lines: list[str] = []
        publisher = LogPublisher()
        publisher.addObserver(observer(lines.append, LogFormat.JSON))
        OldLogPublisher(publisher, publisher).msg("it", "came", own=1)
        (told,) = map(json.loads, lines)
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

    def test_messages_of_old_are_for_debugging(self) -> None:
        """The ports that Twisted reports are no lines at info; its errors are lines."""
        lines: list[str] = []
        publisher = LogPublisher()
        publisher.addObserver(observer(lines.append, LogFormat.JSON, Level.INFO))
        old = OldLogPublisher(publisher, publisher)
        old.msg("Factory starting on 2525")
        self.assertEqual(lines, [])
        old.msg("it failed", isError=1)
        self.assertEqual(len(lines), 1)


class BlockedSink:
    """Takes nothing before it is released."""

    def __init__(self) -> None:
        self.released = threading.Event()
        self.entered = threading.Event()
        self.written: list[bytes] = []

    def __call__(self, octets: bytes) -> None:
        self.entered.set()
        self.released.wait(10)
        self.written.append(octets)


class Interrupted:
    """Writes a line, and another one at a call within it, as a signal handler does."""

    def __init__(self, moment: int) -> None:
        self._moment = moment
        self.written: list[bytes] = []
        self.expected = [b"main"]
        self.writer = LogWriter(self.written.append)

    def write(self) -> None:
        """Once with a writer that waits, whose thread has begun."""
        self.writer.write("earlier\n")
        self.writer.drain(10)
        sys.setprofile(self._called)
        self.writer.write("main\n")
        sys.setprofile(None)

    def _called(self, frame: object, event: str, argument: object) -> None:
        if "call" not in event:
            return
        self._moment -= 1
        if self._moment == -1:
            sys.setprofile(None)
            self.expected.insert(0, b"handler")
            self.writer.write("handler\n")


class WriterTests(SynchronousTestCase):
    """`LogWriter`"""

    def test_lines_are_written_in_order(self) -> None:
        """All that was logged is there once the writer has drained."""
        written: list[bytes] = []
        writer = LogWriter(written.append)
        lines = [f"line {number}\n" for number in range(1000)]
        for one in lines:
            writer.write(one)
        self.assertTrue(writer.drain(10))
        self.assertEqual(b"".join(written).decode(), "".join(lines))

    def test_the_lines_of_a_burst_are_written_together(self) -> None:
        """The first one at once, those that follow it within 10 ms in one write."""
        written: queue.Queue[bytes] = queue.Queue()
        writer = LogWriter(written.put)
        self.patch(logs, "_GATHERING", 10)
        writer.write("first\n")
        self.assertEqual(written.get(timeout=10), b"first\n")
        writer.write("second\n")
        self.assertRaises(queue.Empty, written.get, timeout=0.05)
        writer.write("third\n")
        self.assertTrue(writer.drain(10))
        self.assertEqual(written.get_nowait(), b"second\nthird\n")

    def test_what_nobody_reads_is_dropped_and_counted(self) -> None:
        """Nothing waits; a later line reports how many were dropped."""
        sink = BlockedSink()
        self.addCleanup(sink.released.set)
        writer = LogWriter(sink, "{} dropped\n".format, max_waiting=100)
        writer.write("x" * 60)
        sink.entered.wait(10)
        for _ in range(5):
            writer.write("y" * 30 + "\n")
        self.assertFalse(writer.drain(0))
        sink.released.set()
        self.assertTrue(writer.drain(10))
        expected = "x" * 60 + "y" * 30 + "\n4 dropped\n"
        self.assertEqual(b"".join(sink.written).decode(), expected)

    def test_a_line_in_the_midst_of_another(self) -> None:
        """A signal handler writes at any call within a write; both lines are there."""
        for moment in range(20):
            interrupted = Interrupted(moment)
            thread = threading.Thread(target=interrupted.write, daemon=True)
            thread.start()
            thread.join(10)
            self.assertFalse(thread.is_alive(), f"stuck at call {moment}")
            self.assertTrue(interrupted.writer.drain(10), f"lost at call {moment}")
            written = b"".join(interrupted.written).splitlines()
            self.assertEqual(written[0], b"earlier")
            self.assertEqual(sorted(written[1:]), interrupted.expected)
        self.assertEqual(interrupted.expected, [b"main"])

    def test_a_sink_that_fails_does_not_end_it(self) -> None:
        """What it did not take is counted, and the next lines are written."""
        written: list[bytes] = []
        failures = [OSError("full"), OSError("full")]

        def sink(octets: bytes) -> None:
            if failures:
                raise failures.pop()
            written.append(octets)

        writer = LogWriter(sink, "{} dropped\n".format)
        for text in "a\n", "b\n", "c\n":
            writer.write(text)
            self.assertTrue(writer.drain(10))
        self.assertEqual(b"".join(written), b"c\n2 dropped\n")

    def test_a_pipe_that_others_have_made_non_blocking(self) -> None:
        """Its thread waits for room; nothing is lost or doubled."""
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        writer = LogWriter(DescriptorSink(writing))
        text = "".join(f"{number}\n" for number in range(40_000))
        writer.write(text)
        octets = b""
        while len(octets) < len(text):
            octets += os.read(reading, 65536)
        self.assertEqual(octets.decode(), text)
        self.assertTrue(writer.drain(10))
        os.close(reading)
        os.close(writing)

    def test_a_file_is_opened_again(self) -> None:
        """After a rotation what follows is in the new file."""
        path = self.mktemp()
        sink = FileSink(path)
        sink(b"one\n")
        os.rename(path, path + ".1")
        sink(b"two\n")
        sink.reopen()
        sink(b"three\n")
        self.assertEqual(Path(path + ".1").read_text(), "one\ntwo\n")
        self.assertEqual(Path(path).read_text(), "three\n")


class LogTests(SynchronousTestCase):
    """`Log`"""

    def lines(self, log_format: LogFormat, level: Level) -> list[str]:
        lines: list[str] = []
        log = Log(lines.append, log_format, level, lambda: 1_700_000_000.125)
        for one in Level:
            log.log(one, f"a {one.name}", "a.b", some=1)
        log.announce("started")
        return lines

    def test_levels(self) -> None:
        """Lines below the level are not written; the start always is."""
        for level in Level:
            lines = self.lines(LogFormat.TEXT, level)
            expected = [f"#{one.name.lower()}]" for one in Level if one >= level]
            shown = [line.split()[1].partition("#")[2] for line in lines]
            self.assertEqual([f"#{one}" for one in shown], [*expected, "#info]"])

    def test_json(self) -> None:
        """Each line is an object, with the fields of what has happened."""
        first, last = map(json.loads, self.lines(LogFormat.JSON, Level.ERROR))
        self.assertEqual(
            first,
            {
                "time": "2023-11-14T22:13:20.125Z",
                "level": "error",
                "namespace": "a.b",
                "message": "a ERROR",
                "some": 1,
            },
        )
        self.assertEqual(last["message"], "started")

    def test_what_somebody_else_chose_can_not_forge_a_line(self) -> None:
        """Line ends and control characters are escaped."""
        lines: list[str] = []
        for log_format in LogFormat:
            Log(lines.append, log_format).log(
                Level.INFO, "a\nb\x1b[0m\ud800", x="\ud800"
            )
        self.assertTrue(lines[0].endswith("a\\nb\\x1b[0m\\ud800\n"), lines[0])
        self.assertEqual(json.loads(lines[1])["message"], "a\nb\x1b[0m?")
        self.assertEqual([line.count("\n") for line in lines], [1, 1])

    def test_it_costs_no_more_than_two_microseconds(self) -> None:
        """Counted in calls, for the time depends on the machine: five for a line."""
        log = Log([].append, seconds=lambda: 1.0)
        log.log(Level.INFO, "warm")
        calls = count_calls(lambda: log.log(Level.INFO, "Mail kept: id=1"))
        self.assertLess(calls, 10)
        quiet = Log([].append, level=Level.WARN)
        self.assertLess(count_calls(lambda: quiet.log(Level.INFO, "x")), 3)


def count_calls(function: Callable[[], object]) -> int:
    """How many functions of Python and C are called in it, itself left out."""
    calls = 0

    def note(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        function()
    finally:
        sys.setprofile(None)
    # The lambda, and setprofile.
    return calls - 2


class ObserverTests(SynchronousTestCase):
    """Events of twisted.logger"""

    def test_both_formats(self) -> None:
        """Each writes what a logger says, from its level on."""
        for log_format in LogFormat:
            lines: list[str] = []
            logger = Logger(
                "a", observer=observer(lines.append, log_format, Level.INFO)
            )
            logger.debug("not this")
            logger.info("it came", some=1)
            logger.critical("it broke")
            self.assertEqual(len(lines), 2)
            is_json = lines[0].startswith("{")
            self.assertEqual(is_json, log_format is LogFormat.JSON)
            self.assertIn("it came", lines[0])

    def test_the_file_is_that_of_twistd(self) -> None:
        """``--logfile``, or twistd.log where it goes to the background."""
        path = self.mktemp()
        for program in {"logfile": path, "nodaemon": 1}, {"logfile": path}:
            twistd_sink(program)(b"it came\n")
        self.assertEqual(Path(path).read_text(), "it came\n" * 2)

    def test_the_application_is_told(self) -> None:
        """A service that joins it brings the observer along."""
        application: Any = Application("a")
        written = observer([].append, LogFormat.JSON)
        logged, service = LoggedService(written), Service()
        service.setServiceParent(logged)
        logged.setServiceParent(application)
        self.assertIs(application.getComponent(ILogObserver), written)
        logged.startService()
        self.assertTrue(service.running)
