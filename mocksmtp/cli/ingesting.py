"""``mocksmtp ingest``: adds the mails of files to a running service."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import click

from mocksmtp.cli.program import CommandError, Exit
from mocksmtp.cli.remote import ServiceCommand, connect_host, print_json, wants_json

PART = 4 * 2**20
"""Octets of an mbox file that are sent in one request, unless one mail has more."""

_FROM = b"From "
_EMPTY_LINES = (b"\n", b"\r\n")
_MAILDIR = ("new", "cur")


@click.command("ingest", cls=ServiceCommand)
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option("--from", "sender", metavar="ADDRESS", help="The sender, or <>.")
@click.option("--to", metavar="ADDRESSES", help="Recipients, separated by commas.")
@click.option("--host", metavar="NAME", help="The mail host (default: default).")
@click.pass_context
def ingest_command(
    context: click.Context,
    paths: tuple[str, ...],
    sender: str | None,
    to: str | None,
    host: str | None,
) -> None:
    r"""
    Add mails to a running service as if they had arrived.

    PATH is a file with one mail, an mbox file, a Maildir, a directory of .eml files as
    --eml-dir writes it, or - for the standard input. The envelope is that of the
    options, otherwise that of the header.

    \b
      mocksmtp ingest mail.eml
      mocksmtp ingest --to bob@x.test ~/Maildir archive.mbox
    """
    from mocksmtp.client import ApiError

    service = connect_host(context, host)
    added: list[str] = []
    name = ""
    try:
        for path, mbox, body in _bodies(paths):
            name = path
            added += service.add_mail(body, sender=sender, to=to, mbox=mbox)
    except OSError as error:
        problem = f"{error.filename or name}: {error.strerror}"
        raise CommandError(_after(len(added), problem)) from None
    except ApiError as error:
        problem = f"{name}: {_why(error)}"
        raise CommandError(_after(len(added), problem), Exit.REFUSED) from None
    if wants_json(context):
        print_json({"ids": added})
    else:
        click.echo(_count(len(added)))


def _why(error: object) -> str:
    places = [
        f"{one['path']}: {one['message']}" for one in getattr(error, "errors", ())
    ]
    return "; ".join(places) or str(getattr(error, "detail", error))


def _count(added: int) -> str:
    return "1 mail added" if added == 1 else f"{added:,} mails added"


def _after(added: int, problem: str) -> str:
    return f"{problem} ({_count(added)} before)" if added else problem


def _bodies(paths: tuple[str, ...]) -> Iterator[tuple[str, bool, bytes]]:
    """Yield the name, whether it is an mbox, and the body of each request."""
    for path in paths:
        if path == "-":
            yield from _bodies_of("-", sys.stdin.buffer)
            continue
        for file_path in _files(Path(path)):
            with open(file_path, "rb") as file:
                yield from _bodies_of(str(file_path), file)


def _files(path: Path) -> list[Path]:
    """The files of a path, in their order of arrival as far as names tell it."""
    if not path.is_dir():
        return [path]
    if all((path / name).is_dir() for name in _MAILDIR):
        found = [
            Path(place.path)
            for name in _MAILDIR
            for place in os.scandir(path / name)
            if place.is_file() and not place.name.startswith(".")
        ]
        return sorted(found, key=_delivered)
    return sorted(path.rglob("*.eml"))


def _delivered(path: Path) -> tuple[int, str]:
    """The time of delivery, with which the names of a Maildir begin."""
    seconds = path.name.partition(".")[0]
    return (int(seconds) if seconds.isascii() and seconds.isdigit() else 0, path.name)


def _bodies_of(name: str, file: BinaryIO) -> Iterator[tuple[str, bool, bytes]]:
    first = file.readline()
    if first.startswith(_FROM):
        for part in _parts_of(first, file):
            yield name, True, part
        return
    content = first + file.read()
    if b"\r\n" not in content:
        # As an SMTP client sends it.
        content = content.replace(b"\n", b"\r\n")
    yield name, False, content


def _parts_of(first: bytes, file: BinaryIO) -> Iterator[bytes]:
    """Yield an mbox file in parts of whole mails, of at most `PART` if possible."""
    part: list[bytes] = []
    mail, size, mail_size = [first], 0, len(first)
    before = b""
    for line in file:
        if line.startswith(_FROM) and before in _EMPTY_LINES:
            if part and size + mail_size > PART:
                yield b"".join(part)
                part, size = [], 0
            part += mail
            size += mail_size
            mail, mail_size = [], 0
        mail.append(line)
        mail_size += len(line)
        before = line
    if part and size + mail_size > PART:
        yield b"".join(part)
        part = []
    yield b"".join([*part, *mail])
