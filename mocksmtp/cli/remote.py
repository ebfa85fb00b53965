"""Commands that talk to a running service: their options, errors and output."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from mocksmtp.cli.program import CommandError, Exit, remember, service_options

if TYPE_CHECKING:
    from mocksmtp.client import BlockingMockClient
    from mocksmtp.client.blocking import BlockingHostResource


_LONG_NAMES = {"q": "query"}
"""The options whose parameter in the API has another name."""


class ServiceCommand(click.Command):
    """
    A command that talks to a service: has ``--url``, ``--token`` and ``--json``.

    An exception of the client becomes its sentence, and an exit status.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.params += [
            *service_options(),
            click.Option(
                ["--json"],
                is_flag=True,
                help="Print JSON, as the API returns it.",
                expose_value=False,
                callback=remember,
            ),
        ]

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        with service_errors():
            return super().invoke(ctx)


@contextmanager
def service_errors() -> Iterator[None]:
    """Convert the exceptions of the client to errors of the command."""
    try:
        yield
    except Exception as error:
        # Without the client, which takes a while to import, there is none of these.
        errors = sys.modules.get("mocksmtp.client.errors")
        if errors is None or not isinstance(error, errors.MockError):
            raise
        if not isinstance(error, errors.ApiError):
            message = " ".join(str(error).split())
            raise CommandError(message, Exit.UNREACHABLE) from None
        places = [f"{_option(one['path'])}: {one['message']}" for one in error.errors]
        for place in places[:-1]:
            click.echo(f"mocksmtp: {place}", err=True)
        last = places[-1] if places else str(error.detail)
        raise CommandError(last, Exit.REFUSED) from None


def _option(path: str) -> str:
    """The option for a parameter of the API: ``--client-ip`` for ``?clientIp``."""
    if not path.startswith("?"):
        return path
    name = re.sub("[A-Z]", lambda capital: f"-{capital[0].lower()}", path[1:])
    return f"--{_LONG_NAMES.get(name, name)}"


def connect_host(context: click.Context, host: str | None) -> BlockingHostResource:
    """A client of a mail host; None is the default host."""
    client = connect(context)
    return client if host is None else client.host(host)


def connect(context: click.Context) -> BlockingMockClient:
    """A client of the service that the options name."""
    from mocksmtp.client import BlockingMockClient

    kept = context.ensure_object(dict)
    name, url = "--url", kept.get("url")
    if url is None:
        name, url = "MOCKSMTP_URL", environment("MOCKSMTP_URL")
    if url is not None:
        url = _checked(context, name, url)
    return BlockingMockClient(url, kept.get("token"))


def _checked(context: click.Context, name: str, url: str) -> str:
    """A URL with its scheme, which is http unless it is given."""
    if "://" not in url:
        url = f"http://{url}"
    try:
        parts = urlsplit(url)
        is_valid = parts.scheme in ("http", "https") and bool(parts.hostname)
        is_valid = is_valid and parts.port != 0
    except ValueError:
        is_valid = False
    if not is_valid:
        message = f"{name}: must be a URL such as http://127.0.0.1:8000, got {url!r}"
        raise click.UsageError(message, context)
    return url


def wants_json(context: click.Context) -> bool:
    """Whether the output is for programs."""
    return bool(context.ensure_object(dict).get("json"))


# Output


def print_json(document: Any) -> None:
    """Print a document: indented for a terminal, in one line for a program."""
    indent = 2 if sys.stdout.isatty() else None
    click.echo(json.dumps(document, indent=indent, ensure_ascii=False))


def print_documents(documents: Iterable[Any]) -> None:
    """Print an array of documents as the API returned them."""
    print_json([dict(one.document) for one in documents])


def show_time(time: datetime | None) -> str:
    """A time for people: local, in seconds."""
    return "" if time is None else f"{time.astimezone():%Y-%m-%d %H:%M:%S}"


def safe(value: object) -> str:
    """A text from outside on one line, without control characters."""
    from mocksmtp.web.shown import plain_text

    return plain_text("" if value is None else str(value))


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], nothing: str
) -> None:
    """
    Print a table. On a terminal, the last column is cut at its right edge.

    :param nothing: what the standard error shows if there are no rows
    """
    shown = [[safe(value) for value in row] for row in rows]
    if not shown:
        click.echo(nothing, err=True)
        return
    widths = [
        max(_width(row[number]) for row in (columns, *shown))
        for number in range(len(columns))
    ]
    room = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for row in (columns, *shown):
        cells = [_padded(cell, width) for cell, width in zip(row, widths, strict=True)]
        line = "  ".join(cells).rstrip()
        click.echo(line if room is None else _cut(line, room))


def _width(text: str) -> int:
    """The columns that a text occupies on a terminal."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if _is_wide(c) else 1 for c in text)


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _cut(line: str, room: int) -> str:
    if _width(line) <= room:
        return line
    while _width(line) >= room:
        line = line[:-1]
    return line + "…"


def print_facts(facts: Iterable[tuple[str, object]]) -> None:
    """Print names and values, one per line; without those that have no value."""
    shown = [
        (name, safe(value)) for name, value in facts if value not in (None, "", [])
    ]
    width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        click.echo(f"{name + ':':{width + 1}} {value}")


def read_input(context: click.Context, name: str) -> bytes:
    """
    The content of a file, or with ``-`` of the standard input.

    :raises click.UsageError: it cannot be read
    """
    try:
        if name == "-":
            return sys.stdin.buffer.read()
        with open(name, "rb") as file:
            return file.read()
    except OSError as error:
        raise click.UsageError(f"{name}: {error.strerror}", context) from None


def environment(name: str) -> str | None:
    """A variable of the environment; one that is empty is not set."""
    return os.environ.get(name) or None
