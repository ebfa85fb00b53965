"""``mocksmtp serve``: the service in the foreground, with the options of ``twistd``.

Three shorthands set behaviors and records without a file: ``--reject``, ``--delay`` and
``--mx``.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from mocksmtp.cli.program import CommandError

if TYPE_CHECKING:
    from mocksmtp.config import Config

_INTERFACE = re.compile(r"interface=((?:\\.|[^:\\])*)")
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}


class _Serve(click.Command):
    """Its options are those of Twisted, which click does not know."""

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        """Complete the names of the options."""
        from click.shell_completion import CompletionItem

        names = [f"--{name}" for name in _option_names()]
        return [CompletionItem(one) for one in names if one.startswith(incomplete)]


@click.command(
    "serve",
    cls=_Serve,
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
)
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def serve_command(options: Sequence[str]) -> None:
    """Run the service in the foreground; `mocksmtp serve --help` lists its options."""
    from twisted.internet import reactor

    end_on_sigterm(reactor)
    from twisted.logger import globalLogBeginner

    from mocksmtp.process import reopen_on_sighup
    from mocksmtp.tap import prepare

    parsed = _serve_options()
    parsed.parseOptions(list(options))
    service, logging, _ = prepare(parsed, lambda config: _amended(config, parsed))
    assert logging.observer is not None
    assert logging.sink is not None
    reopen_on_sighup(logging.sink)
    globalLogBeginner.beginLoggingTo([logging.observer])
    service.privilegedStartService()
    service.startService()
    reactor.addSystemEventTrigger("before", "shutdown", service.stopService)
    reactor.run()


def end_on_sigterm(reactor: Any) -> None:
    """
    Make SIGTERM end a service that is still starting.

    The reactor handles the signal once it runs. Before that the signal has no default
    action for the first process of a container.
    """

    def end(*_: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        reactor.callWhenRunning(reactor.stop)

    signal.signal(signal.SIGTERM, end)


def _serve_options() -> Any:
    """The options of ``twistd mocksmtp``, and the shorthands."""
    from mocksmtp.tap import Options

    class ServeOptions(Options):
        longdesc = (
            f"{Options.longdesc} Shorthands, for a service without a file:\n\n"
            "mocksmtp serve --mx example.test --reject 'RCPT TO=550 5.1.1 No such user'"
            " --delay CONNECT=3s"
        )

        def __init__(self) -> None:
            self.shorthands: list[tuple[str, str]] = []
            super().__init__()

        def getSynopsis(self) -> str:
            return "Usage: mocksmtp serve [options]"

        def opt_reject(self, value: str) -> None:
            """Reply to a command: COMMAND[ VALUE]=CODE TEXT; repeatable."""
            self.shorthands.append(("reject", value))

        def opt_delay(self, value: str) -> None:
            """Delay the reply to a command: COMMAND[ VALUE]=TIME; repeatable."""
            self.shorthands.append(("delay", value))

        def opt_mx(self, value: str) -> None:
            """Be the mail exchange of a domain, or with * of all; repeatable."""
            self.shorthands.append(("mx", value))

    return ServeOptions()


def configured(options: Sequence[str]) -> Config:
    """The configuration of a service that these options and the environment start."""
    from mocksmtp.config import load_config

    parsed = _serve_options()
    parsed.parseOptions(list(options))
    return load_config(parsed.given, os.environ)


def _option_names() -> list[str]:
    return [name.rstrip("=") for name in _serve_options().longOpt]


def _amended(config: Config, options: Any) -> Config:
    """
    The configuration with the behaviors and records of the shorthands.

    They precede those of the file, because the command line takes precedence.
    """
    import attrs

    from mocksmtp.behaviors.smtp import SMTP
    from mocksmtp.cli.shorthands import delay, exchange_records, rejection
    from mocksmtp.mock import DEFAULT_HOST
    from mocksmtp.zone.records import parse_records

    default, *others = config.plans
    addresses = _addresses(default.endpoints or config.smtp)
    behaviors: list[Any] = []
    records: list[Any] = []
    for name, value in options.shorthands:
        with _errors_of(f"--{name}"):
            if name == "mx":
                records += parse_records(exchange_records(value, addresses))
            else:
                parse = {"reject": rejection, "delay": delay}[name]
                behaviors += SMTP.parse_all([parse(value)])
    start = default.start
    start = attrs.evolve(start, behaviors=(*behaviors, *start.behaviors))
    named = DEFAULT_HOST in [plan.description.name for plan in config.hosts]
    return attrs.evolve(
        config,
        start=start,
        hosts=(attrs.evolve(default, start=start), *others) if named else config.hosts,
        records=(*records, *config.records),
    )


@contextlib.contextmanager
def _errors_of(option: str) -> Iterator[None]:
    """Report the error of a value with the name of its option, in one line."""
    from mocksmtp.documents.problems import DocumentError

    try:
        yield
    except DocumentError as error:
        message = error.problems[0].message
    except ValueError as error:
        message = str(error)
    else:
        return
    raise CommandError(f"{option}: {message}")


def _addresses(endpoints: Sequence[str]) -> list[str]:
    """The IP addresses of SMTP endpoints; loopback for those on all addresses."""
    found: dict[str, None] = {}
    for endpoint in endpoints:
        named = _INTERFACE.search(endpoint)
        address = named[1].replace("\\", "") if named else ""
        found[_EVERYWHERE.get(address, address)] = None
    return list(found)
