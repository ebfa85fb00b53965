"""``twistd mocksmtp``: the options, and the service that they make.

A configuration that can't be used, and a start that fails, are told in one line.
Both kinds of error end twistd with an exit code that is not zero, also when it
has gone to the background.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from twisted.application.service import IService
from twisted.python import usage

from mocksmtp import __version__
from mocksmtp.config import OPTIONS, ConfigError, Option, load_config
from mocksmtp.logs import OBSERVERS, LogFormat, LoggedService, observer_for
from mocksmtp.process import tell_start_errors_in_one_line, tune
from mocksmtp.service import StartError, make_service

_CONFIG = Option(
    "config", str, "FILE", "TOML: options, behaviors, extensions, records, limits"
)


class Options(usage.Options):
    """
    What ``twistd mocksmtp`` takes, without a judgement on any value.

    :ivar given: the values of each option, in order
    :ivar log_format: how the service wants its log; known once there is one
    """

    synopsis = "[options]"
    longdesc = "A programmable SMTP server and DNS for testing mail delivery."

    def __init__(self) -> None:
        self.given: dict[str, list[str]] = {}
        self.log_format = LogFormat.TEXT
        usage.Options.__init__(self)

    def opt_version(self) -> None:
        """Print the version and exit."""
        print(f"mocksmtp {__version__}")
        sys.exit(0)


def _add(option: Option) -> None:
    """Make `option` a method of `Options`, which is how usage.Options has them."""

    def collect(self: Options, value: str) -> None:
        self.given.setdefault(option.name, []).append(value)

    collect.__doc__ = option.help + (f" [{option.variable}]" if option.variable else "")
    setattr(Options, "opt_" + option.name.replace("-", "_"), collect)


for _option in (_CONFIG, *OPTIONS):
    _add(_option)


def makeService(options: Options) -> IService:
    """The service that `options` and the environment ask for."""
    from twisted.internet import reactor

    tell_start_errors_in_one_line()
    tune()
    try:
        config = load_config(options.given, os.environ)
        service = make_service(config, reactor)
    except (ConfigError, StartError) as error:
        # Before twistd goes to the background, so that the caller sees it.
        raise SystemExit(f"mocksmtp: {error}") from None
    if config.log_format is LogFormat.TEXT and "log-format" not in options.given:
        # twist has a log format of its own, which may be what is wanted.
        return service
    return _with_log(service, config.log_format, options)


def _with_log(service: IService, log_format: LogFormat, options: Options) -> IService:
    """`service`, whose program logs in this format."""
    options.log_format = log_format
    program: Any = getattr(options, "parent", None)
    if program is None or program.get("syslog"):
        return service
    if "fileLogObserverFactory" in program:
        # twist, which has not begun its log yet.
        program["fileLogObserverFactory"] = OBSERVERS[log_format]
        return service
    logged = LoggedService(observer_for(log_format, program))
    service.setServiceParent(logged)
    return logged
