"""The command line, ``mocksmtp COMMAND``.

A command is imported when it is called: ``mocksmtp --help`` imports click and this
package, nothing else.
"""

from __future__ import annotations

import click

from mocksmtp import __version__
from mocksmtp.cli.program import LazyGroup

_SECTIONS = {
    "Start a service": {
        "run": ("mocksmtp.cli.running", "Run a command, with a service for it."),
        "serve": ("mocksmtp.cli.serving", "Run the service in the foreground."),
        "health": ("mocksmtp.cli.checking", "Check that a service is alive."),
    },
    "Send a mail": {
        "send": ("mocksmtp.cli.sending", "Send a mail, directly or by MX."),
        "ingest": ("mocksmtp.cli.ingesting", "Add the mails of files or mailboxes."),
    },
}

_HELP = """A programmable SMTP server and DNS for testing mail delivery.

\b
  mocksmtp run -- pytest        run a test suite, with a service for it
  mocksmtp serve                run the service until Ctrl-C

mocksmtp COMMAND --help explains a command with examples.
"""

main = LazyGroup(
    "mocksmtp",
    sections=_SECTIONS,
    help=_HELP,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
main = click.version_option(__version__, prog_name="mocksmtp")(main)
