"""``mocksmtp mails`` and ``show``: what arrived."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from mocksmtp.cli.program import CommandError, Count, Exit
from mocksmtp.cli.remote import (
    ServiceCommand,
    connect,
    print_documents,
    print_facts,
    print_json,
    print_table,
    safe,
    show_time,
    wants_json,
)

if TYPE_CHECKING:
    from mocksmtp.client.values import Mail

DEFAULT_LIMIT = 50

_MANY = 3
"""Recipients that a table shows."""


def filters_of(
    names: Sequence[str], meanings: dict[str, str] | None = None
) -> Callable[[Any], Any]:
    """
    Add options that filter a list; their values are parameters of the client.

    :param meanings: help texts that differ from those of `FILTERS`
    """

    def add(command: Any) -> Any:
        for name in reversed(names):
            text = (meanings or {}).get(name) or FILTERS[name]
            flags = [f"--{name.replace('_', '-')}"]
            if name == "sender":
                flags = ["--from", "sender"]
            elif name == "q":
                flags = ["-q", "--query", "q"]
            command = click.option(*flags, metavar="TEXT", help=text)(command)
        return command

    return add


FILTERS = {
    "to": "The recipient: a complete address.",
    "sender": "The sender: a complete address, or <>.",
    "subject": "A part of the subject.",
    "body": "A part of the text.",
    "q": "A search expression, as 'from:shop has:attachment'.",
    "host": "The mail host (default: all).",
    "bounce_of": "The recipient that a bounce reports on.",
    "message_id": "The Message-ID.",
    "final": "The last verdict: accepted, deferred, rejected, none.",
    "verdict": "The verdict of any attempt.",
    "code": "The reply code of any attempt, as 450 or 4xx.",
    "copies": "How many times the mail was kept.",
    "outcome": "The outcome: accepted, refused, discarded, aborted.",
    "client_ip": "The address of the client.",
    "stage": "The stage of an attempt, as 'RCPT TO'.",
    "name": "The name of a query.",
    "type": "The type of a query.",
}
"""The filters of all lists, with their help."""


def limit_option(command: Any) -> Any:
    """Add ``--limit``."""
    return click.option(
        *("-n", "--limit"),
        metavar="N",
        type=Count(0),
        default=DEFAULT_LIMIT,
        help=f"Show so many, the newest (default: {DEFAULT_LIMIT}); 0 for all.",
    )(command)


def newest(listing: Callable[..., Any], limit: int, **filters: Any) -> list[Any]:
    """The newest entries of a list, oldest first; the rest is counted."""
    if limit == 0:
        return list(listing(**filters))
    found = listing(**filters, limit=limit, order="desc", total=True)
    if found.total is not None and found.total > len(found):
        more = f"the newest {len(found)} of {found.total}; --limit 0 shows all"
        click.echo(more, err=True)
    return list(reversed(found))


@click.command("mails", cls=ServiceCommand)
@filters_of(("to", "sender", "subject", "body", "q", "bounce_of", "host"))
@limit_option
@click.pass_context
def mails_command(context: click.Context, /, limit: int, **filters: Any) -> None:
    r"""
    List the mails that were kept, on all hosts.

    \b
      mocksmtp mails
      mocksmtp mails --to bob@x.test --subject invoice
      mocksmtp mails -q 'from:shop has:attachment' --json | jq '.[].id'
    """
    filters["host"] = filters["host"] or "*"
    view = "full" if wants_json(context) else "summary"
    mails = newest(connect(context).mails, limit, view=view, **filters)
    if wants_json(context):
        print_documents(mails)
    else:
        print_mails(mails)


def print_mails(mails: Sequence[Mail]) -> None:
    """A table of mails; with the host if there are several."""
    several = len({mail.host for mail in mails}) > 1
    columns = ("ID", "RECEIVED", *(("HOST",) if several else ()), "FROM", "TO", "SIZE")
    rows = [
        (
            mail.id,
            show_time(mail.received_at),
            *((mail.host,) if several else ()),
            mail.sender,
            _listed(mail.to),
            mail.size,
            mail.subject,
        )
        for mail in mails
    ]
    print_table((*columns, "SUBJECT"), rows, "no mails")


def _listed(addresses: Sequence[str]) -> str:
    shown = ", ".join(addresses[:_MANY])
    more = len(addresses) - _MANY
    return shown if more <= 0 else f"{shown} and {more} more"


@click.command("show", cls=ServiceCommand)
@click.argument("mail_id", metavar="[ID]", required=False)
@click.option("--raw", is_flag=True, help="Print the exact content.")
@click.option("--html", is_flag=True, help="Print the HTML.")
@click.option("--part", type=Count(1), metavar="N", help="Print the decoded part N.")
@click.option("-o", "--output", metavar="FILE", help="Write it to this file.")
@click.pass_context
def show_command(
    context: click.Context,
    mail_id: str | None,
    raw: bool,
    html: bool,
    part: int | None,
    output: str | None,
) -> None:
    r"""
    Show a mail: that with the ID, or the newest.

    \b
      mocksmtp show
      mocksmtp show 7 --raw > mail.eml
      mocksmtp show 7 --part 2 -o invoice.pdf
    """
    if raw + html + (part is not None) > 1:
        raise click.UsageError("--raw, --html and --part exclude each other", context)
    client = connect(context)
    if mail_id is None:
        newest_mails = client.mails(host="*", order="desc", limit=1, view="summary")
        if not newest_mails:
            raise CommandError("no mails")
        mail_id, host = newest_mails[0].id, newest_mails[0].host
        owner: Any = client.host(host or "default")
        mail = owner.mail(mail_id)
    else:
        owner, mail = _find(client, mail_id)
    if raw:
        _write(owner.raw(mail_id), output)
    elif part is not None:
        _write(owner.part(mail_id, part), output)
    elif html:
        _write((mail.html or "").encode(), output)
    elif wants_json(context):
        print_json(dict(mail.document))
    else:
        _print_mail(mail)


def _find(client: Any, mail_id: str) -> tuple[Any, Mail]:
    """The host that has a mail, and the mail."""
    from mocksmtp.client import ApiError

    hosts = client.hosts()
    for host in hosts:
        owner = client.host(host.name)
        try:
            return owner, owner.mail(mail_id)
        except ApiError as error:
            if error.status not in (404, 410) or host is hosts[-1]:
                raise
    raise CommandError("the service has no hosts")


def _write(octets: bytes, output: str | None) -> None:
    if output is None or output == "-":
        sys.stdout.flush()
        sys.stdout.buffer.write(octets)
        return
    try:
        with open(output, "wb") as file:
            file.write(octets)
    except OSError as error:
        raise CommandError(f"{output}: {error.strerror}", Exit.USAGE) from None


def _print_mail(mail: Mail) -> None:
    recipients = ", ".join(mail.to)
    print_facts(
        [
            ("Id", f"{mail.id} (host {mail.host})"),
            ("Received", show_time(mail.received_at)),
            ("Client", f"{mail.client_ip} (HELO {mail.helo}, session {mail.session})"),
            ("Sender", _with_parameters(mail.sender, mail.mail_parameters)),
            ("Recipients", recipients),
            ("Size", f"{mail.size} octets"),
        ]
    )
    click.echo()
    if mail.mime is None:
        click.echo(f"not parsed: {mail.mime_reason}")
        return
    print_facts((field.name, field.value) for field in mail.mime.headers)
    click.echo()
    text = mail.text if mail.text is not None else mail.html
    for line in (text or "").splitlines():
        click.echo(_text(line))
    for attachment in mail.attachments:
        name = safe(attachment.file_name or "(no name)")
        kind = safe(attachment.type)
        click.echo(
            f"\n[{name}: {kind}, {attachment.size} octets;"
            f" mocksmtp show {mail.id} --part {attachment.index}]"
        )


def _text(line: str) -> str:
    from mocksmtp.web.shown import plain_text

    return plain_text(line, None)


def _with_parameters(address: str, parameters: Sequence[Any]) -> str:
    shown = [f"{one.name}={one.value}" if one.value else one.name for one in parameters]
    return " ".join([address, *shown])
