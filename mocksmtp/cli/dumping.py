"""``mocksmtp dump``: writes what a store contains to files."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from mocksmtp.cli.program import CommandError


@click.command("dump")
@click.argument("folder", metavar="DIR")
@click.option(
    "--store",
    metavar="STORE",
    envvar="MOCKSMTP_STORE",
    required=True,
    help="The store, as in sqlite:mock.db or redis://HOST/DB"
    " (default: MOCKSMTP_STORE).",
)
def dump_command(folder: str, store: str) -> None:
    r"""
    Write all mails and the state of a store to files.

    DIR gets a file HOST/YYYY-MM-DD/HHMMSS.mmm-ID.eml for each mail, as with --eml-dir,
    and state.json with everything that the API has set, without private keys and
    passwords. A service may use the store meanwhile.

    \b
      mocksmtp dump --store sqlite:mock.db ./copy
    """
    from mocksmtp.archive import write_mail
    from mocksmtp.store.interface import StoreError
    from mocksmtp.store.opening import open_reader, parse_store

    try:
        address = parse_store(store)
    except ValueError as error:
        raise CommandError(f"--store: {error}") from None
    count = 0
    try:
        reader = open_reader(address)
        os.makedirs(folder, exist_ok=True)
        for mail in reader.mails():
            write_mail(folder, mail)
            count += 1
        text = json.dumps(reader.state(), indent=2, ensure_ascii=False)
        Path(folder, "state.json").write_text(f"{text}\n", encoding="utf-8")
        reader.close()
    except StoreError as error:
        raise CommandError(f"--store: {error}") from None
    except OSError as error:
        raise CommandError(f"{error.filename or folder}: {error.strerror}") from None
    click.echo(f"{count} mail{'' if count == 1 else 's'} written to {folder}")
