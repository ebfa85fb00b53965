"""The command line: ``mocksmtp serve`` and ``mocksmtp health``.

``mocksmtp serve`` runs the service in the foreground, with the options of ``twistd
mocksmtp``; ``mocksmtp health`` checks whether a service is alive.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from typing import Any

import click

from mocksmtp import __version__
from mocksmtp.health import NotHealthyError, address_in, address_of_api, wait

# `serve` imports its modules itself: `health` runs often and starts five times faster
# without them.


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mocksmtp")
def main() -> None:
    """A programmable SMTP server and DNS for testing mail delivery."""


@main.command(
    short_help="Run the service in the foreground.",
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
)
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def serve(options: Sequence[str]) -> None:
    """Run the service in the foreground; `mocksmtp serve --help` lists its options."""
    from twisted.internet import reactor

    end_on_sigterm(reactor)
    from twisted.logger import globalLogBeginner

    from mocksmtp.process import reopen_on_sighup
    from mocksmtp.tap import Options, prepare

    class ServeOptions(Options):
        def getSynopsis(self) -> str:
            return "Usage: mocksmtp serve [options]"

    parsed = ServeOptions()
    parsed.parseOptions(list(options))
    service, logging, _ = prepare(parsed)
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


@main.command(short_help="Check that a service is alive.")
@click.argument("url", required=False)
@click.option(
    "--wait", "wait_time", metavar="TIME", help="Wait up to this time, for example 10s."
)
def health(url: str | None, wait_time: str | None) -> None:
    """
    Exit with 0 if the service is alive, and with 1 otherwise.

    URL is the address of the API, for example http://127.0.0.1:8000; the default is
    MOCKSMTP_HTTP, or port 8000.
    """
    seconds = 0.0
    if wait_time is not None:
        from mocksmtp.documents.units import parse_duration

        try:
            seconds = parse_duration(wait_time)
        except ValueError as error:
            raise SystemExit(f"mocksmtp: --wait: {error}") from None
    try:
        address = address_of_api(os.environ) if url is None else address_in(url)
        wait(*address, seconds)
    except NotHealthyError as error:
        raise SystemExit(f"mocksmtp: {error}") from None
