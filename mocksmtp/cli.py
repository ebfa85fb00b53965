"""``mocksmtp serve``: the service in the foreground, without twistd.

It takes the very options of ``twistd mocksmtp``.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click
from twisted.logger import globalLogBeginner
from twisted.python import usage

from mocksmtp import __version__
from mocksmtp.logs import OBSERVERS
from mocksmtp.tap import Options, makeService


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mocksmtp")
def main() -> None:
    """Mock SMTP server and DNS for testing how mail is delivered."""


@main.command(
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
)
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def serve(options: Sequence[str]) -> None:
    """Run the service in the foreground; `mocksmtp serve --help` tells its options."""
    from twisted.internet import reactor

    parsed = Options()
    try:
        parsed.parseOptions(list(options))  # type: ignore[no-untyped-call]
    except usage.UsageError as error:
        raise click.UsageError(str(error)) from None
    service = makeService(parsed)
    globalLogBeginner.beginLoggingTo([OBSERVERS[parsed.log_format](sys.stdout)])
    service.privilegedStartService()
    service.startService()
    reactor.addSystemEventTrigger("before", "shutdown", service.stopService)
    reactor.run()
