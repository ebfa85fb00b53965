"""The command line, ``mocksmtp COMMAND``.

A command is imported when it is called: ``mocksmtp --help`` imports click and this
package, nothing else.
"""

from __future__ import annotations

import click

from mocksmtp import __version__
from mocksmtp.cli.program import LazyGroup, service_options

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
    "See what happened": {
        "mails": ("mocksmtp.cli.mails", "List the mails that were kept."),
        "show": ("mocksmtp.cli.mails", "Show a mail, or a part of it."),
        "deliveries": (
            "mocksmtp.cli.journal",
            "List what was tried for each recipient.",
        ),
        "sessions": ("mocksmtp.cli.journal", "List sessions, or show a transcript."),
        "explain": ("mocksmtp.cli.journal", "Explain why behaviors did not answer."),
        "report": ("mocksmtp.cli.journal", "Report all of it, as text or as a page."),
        "dump": ("mocksmtp.cli.dumping", "Write the mails of a store to files."),
        "wait": ("mocksmtp.cli.waiting", "Wait for mails, deliveries or sessions."),
    },
    "Make something fail": {
        "behaviors": ("mocksmtp.cli.behaviors", "List, set and try behaviors."),
        "recipes": (
            "mocksmtp.cli.behaviors",
            "Show or apply a recipe of the cookbook.",
        ),
        "dns": ("mocksmtp.cli.network", "List and set DNS records; show a route."),
        "hosts": ("mocksmtp.cli.network", "List the mail hosts."),
        "reset": ("mocksmtp.cli.behaviors", "Remove mails, behaviors and sessions."),
    },
    "Set up the shell": {
        "completion": ("mocksmtp.cli.checking", "Print the completion for a shell."),
    },
}

_HELP = """A programmable SMTP server and DNS for testing mail delivery.

\b
  mocksmtp run -- pytest        run a test suite, with a service for it
  mocksmtp serve                run the service until Ctrl-C
  mocksmtp send bob@x.test      send it a mail
  mocksmtp deliveries           see what happened to it

mocksmtp COMMAND --help explains a command with examples.
"""

main = LazyGroup(
    "mocksmtp",
    sections=_SECTIONS,
    help=_HELP,
    params=service_options(),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
main = click.version_option(__version__, prog_name="mocksmtp")(main)
