"""``twistd mocksmtp``: its options, and the service that they configure.

An invalid configuration and a failed start are reported in one line per error on the
standard error, with exit code 1. A daemon opens its listeners before it goes to the
background, so it reports a failure too.
"""

from __future__ import annotations

import difflib
import os
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any

import attrs
from twisted.application.service import IService
from twisted.logger import ILogObserver, Logger, LogLevel
from twisted.python import usage

from mocksmtp import __version__
from mocksmtp.config import OPTIONS, Config, ConfigError, Option, load_config
from mocksmtp.logs import (
    FileSink,
    Level,
    Log,
    LogFormat,
    LoggedService,
    LogWriter,
    RotatingSink,
    observer,
    sink_of,
    twistd_sink,
    writer_to,
)
from mocksmtp.process import (
    exit_with_stdin,
    fail_at_exit,
    reopen_on_sighup,
    report,
    report_start_errors,
    rotate_on_sigusr1,
    tune,
    watch_clock,
)
from mocksmtp.service import MockService, StartError, make_service

_CONFIG = Option(
    "config",
    str,
    "FILE",
    "a TOML file with options, hosts, behaviors, extensions, DNS records and limits",
)

_UNKNOWN = re.compile(r"option (-\S+) not recognized")


class Options(usage.Options):
    """
    The options of ``twistd mocksmtp``; their values are validated later.

    :ivar given: the values of each option on the command line, in order
    """

    synopsis = "[options]"
    longdesc = (
        "A programmable SMTP server and DNS for testing mail delivery. Each option"
        " has an environment variable: --max-mails is MOCKSMTP_MAX_MAILS."
        " An address is written as PORT, HOST:PORT, [IPV6]:PORT"
        " or as a Twisted endpoint."
    )

    def __init__(self) -> None:
        self.given: dict[str, list[str]] = {}
        usage.Options.__init__(self)

    def parseOptions(self, options: Any = None) -> None:
        """
        Parse the command line.

        :raises SystemExit: it is invalid; the message is one line
        """
        try:
            super().parseOptions(options)  # type: ignore[no-untyped-call]
        except usage.UsageError as error:
            names = [name.rstrip("=") for name in self.longOpt]
            raise SystemExit(f"mocksmtp: {_explain(str(error), names)}") from None

    def parseArgs(self, *arguments: str) -> None:
        """Refuse arguments that are not options."""
        if arguments:
            message = f"unexpected argument {arguments[0]!r}: options begin with --"
            raise usage.UsageError(message)

    def getSynopsis(self) -> str:
        """The first line of the help."""
        program = os.path.basename(sys.argv[0])
        return f"Usage: {program} [options] mocksmtp [options]"

    def opt_version(self) -> None:
        """Print the version and exit."""
        print(f"mocksmtp {__version__}")
        sys.exit(0)

    opt_h = usage.Options.opt_help


def _explain(message: str, names: Sequence[str]) -> str:
    """The error of a command line, with the nearest of the options' names."""
    match = _UNKNOWN.match(message)
    if match is None:
        return message
    near = difflib.get_close_matches(match[1].lstrip("-"), names, 1)
    hint = f"did you mean --{near[0]}?" if near else "--help lists all options"
    return f"unknown option {match[1]}; {hint}"


def _add(option: Option) -> None:
    """Add an option to `Options`, as a method (see `usage.Options`)."""

    def collect(self: Options, value: str) -> None:
        self.given.setdefault(option.name, []).append(value)

    def switch_on(self: Options) -> None:
        self.given[option.name] = ["1"]

    method: Any = switch_on if option.is_flag else collect
    method.__doc__ = f"{option.help} [{option.variable}]"
    setattr(Options, "opt_" + option.name.replace("-", "_"), method)


for _option in (_CONFIG, *OPTIONS):
    _add(_option)


@attrs.frozen
class Logging:
    """
    The log of the program.

    :ivar lines: writes the lines of the service
    :ivar observer: writes the events of twisted.logger; None if the program has one
    :ivar writer: writes both; None if the program has its own log
    :ivar sink: the file or stream that the writer writes to
    """

    lines: Log
    observer: ILogObserver | None = None
    writer: LogWriter | None = None
    sink: Callable[[bytes], None] | None = None


def logging_of(config: Config, program: Any = None) -> Logging:
    """
    Set up the log by `config`, with the program's log options as defaults.

    :param program: the options of twistd or twist, None without them
    :raises StartError: the log file cannot be opened
    """
    program = {} if program is None else program
    log_format, level = config.log_format, config.log_level
    if level is None:
        level = _LEVELS.get(program.get("logLevel"), Level.INFO)
    if config.quiet:
        level = Level.WARN
    if (program.get("syslog") or program.get("logger")) and config.log_file is None:
        return Logging(_TwistedLog(level))
    if log_format is None:
        is_json = program.get("logFormat") == "json"
        log_format = LogFormat.JSON if is_json else LogFormat.TEXT
    try:
        sink = _sink(config, program)
    except OSError as error:
        where = error.filename or "the log"
        raise StartError(f"{where}: {error.strerror}") from None
    writer = writer_to(sink, log_format)
    return Logging(
        Log(writer.write, log_format, level),
        observer(writer.write, log_format, level),
        writer,
        sink,
    )


_LEVELS = {
    LogLevel.debug: Level.DEBUG,
    LogLevel.warn: Level.WARN,
    LogLevel.error: Level.ERROR,
    LogLevel.critical: Level.ERROR,
}


def _sink(config: Config, program: Any) -> Callable[[bytes], None]:
    if config.log_file is not None:
        return FileSink(config.log_file)
    if "fileLogObserverFactory" in program:
        return sink_of(program["logFile"])
    if program:
        return twistd_sink(program)
    return sink_of(sys.stdout)


class _TwistedLog(Log):
    """Passes the lines of the service to the program's own log."""

    _logger = Logger(namespace="mocksmtp")
    _names = {
        Level.DEBUG: LogLevel.debug,
        Level.INFO: LogLevel.info,
        Level.WARN: LogLevel.warn,
        Level.ERROR: LogLevel.error,
    }

    def __init__(self, level: Level) -> None:
        super().__init__(lambda line: None, level=level)

    def log(
        self, level: Level, message: str, namespace: str = "mocksmtp", **fields: Any
    ) -> None:
        """Log a line, if its level is high enough."""
        if level >= self.level:
            self._logger.emit(self._names[level], "{message}", message=message)

    def announce(self, message: str, **fields: Any) -> None:
        """Log a line at any level."""
        self._logger.info("{message}", message=message)


def makeService(options: Options) -> IService:
    """The service that `options` and the environment configure."""
    service, logging, _ = prepare(options)
    program: Any = getattr(options, "parent", None)
    if program is None or logging.observer is None:
        return service
    if "fileLogObserverFactory" in program:
        # twist, which has not begun its log yet.
        program["fileLogObserverFactory"] = lambda _: logging.observer
        return service
    logged = LoggedService(logging.observer)
    service.setServiceParent(logged)  # type: ignore[no-untyped-call]
    return logged


def prepare(
    options: Options, amend: Callable[[Config], Config] = lambda config: config
) -> tuple[MockService, Logging, Config]:
    """
    Create the service and its log; nothing is logged yet.

    :param amend: adds to the configuration what `options` have beyond it
    :raises SystemExit: the configuration is invalid; the message contains the errors
    """
    from twisted.internet import reactor

    report_start_errors()
    tune()
    program: Any = getattr(options, "parent", None)
    try:
        config = amend(load_config(options.given, os.environ))
        logging = logging_of(config, program)
        service = make_service(config, reactor, logging.lines, _fail_late)
        watch_clock(reactor)
        _look_at_stdin(config, program, reactor)
        if _goes_to_background(program):
            # The parent of a daemon would print only a hundred octets of an error,
            # with its own words around them.
            service.open()
    except (ConfigError, StartError) as error:
        lines = "\n".join(f"mocksmtp: {line}" for line in str(error).splitlines())
        raise SystemExit(lines) from None
    if isinstance(logging.sink, FileSink):
        reopen_on_sighup(logging.sink)
    if isinstance(logging.sink, RotatingSink):
        rotate_on_sigusr1(logging.sink)
    if logging.writer is not None:
        hurry = logging.writer.hurry
        reactor.addSystemEventTrigger("after", "shutdown", hurry)
    return service, logging, config


def _goes_to_background(program: Any) -> bool:
    return (
        program is not None
        and "nodaemon" in program
        and not program["nodaemon"]
        and not program.get("debug")
        # Paths are relative to another root there.
        and not program.get("chroot")
    )


def _look_at_stdin(config: Config, program: Any, reactor: Any) -> None:
    if config.exit_with_stdin:
        if _goes_to_background(program):
            raise StartError("--exit-with-stdin: requires --nodaemon with twistd")
        exit_with_stdin(reactor)


def _fail_late(error: Exception) -> None:
    """Report a start that failed while the reactor was running."""
    from twisted.internet import reactor

    report(error)
    fail_at_exit()
    reactor.callWhenRunning(reactor.stop)
