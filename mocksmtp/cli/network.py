"""``mocksmtp dns`` and ``hosts``: the way of a mail to a host."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

import click

from mocksmtp.cli.mails import filters_of, limit_option, newest
from mocksmtp.cli.program import CommandGroup, Exit
from mocksmtp.cli.remote import (
    ServiceCommand,
    connect,
    print_documents,
    print_json,
    print_table,
    read_input,
    safe,
    show_time,
    wants_json,
)


@click.group("dns", cls=CommandGroup, default="list")
def dns_command() -> None:
    r"""
    List and set the DNS records, and show the route of a mail.

    \b
      mocksmtp dns
      mocksmtp dns add 'x.test MX 10 mx.x.test' 'mx.x.test A 127.0.0.1'
      mocksmtp dns route bob@x.test
    """


@dns_command.command("list", cls=ServiceCommand)
@filters_of(
    ("name", "type"), {"name": "Only those of this name.", "type": "Only this type."}
)
@click.option("--tag", metavar="TAG", help="Only those with this tag.")
@click.pass_context
def list_records(context: click.Context, /, **filters: Any) -> None:
    """List the records, those of hosts included."""
    found = connect(context).records(view="full", **filters)
    if wants_json(context):
        print_documents(found)
        return
    rows = [
        (
            one.id or "-",
            one.name,
            one.ttl,
            one.type,
            _data(one.document),
            one.owner or one.tag,
        )
        for one in found
    ]
    columns = ("ID", "NAME", "TTL", "TYPE", "DATA", "OWNER OR TAG")
    print_table(columns, rows, "no records")


def _data(document: Any) -> str:
    """The data of a record in the order of a zone file."""
    words: list[str] = []
    for name, value in document.items():
        if name not in ("id", "name", "ttl", "type", "tag", "owner"):
            words += map(json.dumps, value) if isinstance(value, list) else [str(value)]
    return " ".join(words)


@dns_command.command("put", cls=ServiceCommand)
@click.argument("records", metavar="RECORD...", nargs=-1, required=True)
@click.pass_context
def put_records(context: click.Context, records: Sequence[str]) -> None:
    r"""
    Replace all records.

    RECORD is a line of a zone file, a file with such lines or with JSON, or - for the
    standard input.

    \b
      mocksmtp dns put 'x.test MX 10 mx.x.test' 'mx.x.test A 127.0.0.1'
      mocksmtp dns put zone.txt
    """
    texts, documents = _records(context, records)
    client = connect(context)
    if texts and documents:
        message = (
            "a zone file cannot be combined with JSON; use dns add for one of them"
        )
        raise click.UsageError(message, context)
    client.set_records(documents or "\n".join(texts))


@dns_command.command("add", cls=ServiceCommand)
@click.argument("records", metavar="RECORD...", nargs=-1, required=True)
@click.pass_context
def add_records(context: click.Context, records: Sequence[str]) -> None:
    r"""
    Add records, and print their ids.

    RECORD is a line of a zone file, a file with such lines or with JSON, or - for the
    standard input.

    \b
      mocksmtp dns add 'x.test MX 20 mx2.x.test' 'mx2.x.test A 127.0.0.2'
    """
    texts, documents = _records(context, records)
    client = connect(context)
    added = list(client.add_records(documents)) if documents else []
    if texts:
        added += client.add_records("\n".join(texts))
    if wants_json(context):
        print_documents(added)
    else:
        click.echo("\n".join(str(one.id) for one in added))


def _records(
    context: click.Context, sources: Sequence[str]
) -> tuple[list[str], list[dict[str, Any]]]:
    """Lines of zone files, and documents."""
    texts: list[str] = []
    documents: list[dict[str, Any]] = []
    for source in sources:
        text = source
        is_text = source.lstrip()[:1] in ("[", "{") or len(source.split()) > 2
        if not is_text or os.path.exists(source):
            text = read_input(context, source).decode("utf-8", "replace")
        if text.lstrip()[:1] not in ("[", "{"):
            texts.append(text)
            continue
        try:
            parsed = json.loads(text)
        except ValueError as error:
            raise click.UsageError(f"invalid JSON: {error}", context) from None
        documents += parsed if isinstance(parsed, list) else [parsed]
    return texts, documents


@dns_command.command("remove", cls=ServiceCommand)
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@click.pass_context
def remove_records(context: click.Context, ids: Sequence[str]) -> None:
    """Remove records by their ids."""
    client = connect(context)
    for one in ids:
        client.delete_record(one)


@dns_command.command("clear", cls=ServiceCommand)
@click.option("--tag", metavar="TAG", help="Only those with this tag.")
@click.pass_context
def clear_records(context: click.Context, tag: str | None) -> None:
    """Remove all records; those of hosts remain."""
    filters: dict[str, Any] = {} if tag is None else {"tag": tag}
    connect(context).delete_records(**filters)


@dns_command.command("queries", cls=ServiceCommand)
@filters_of(("name", "type", "client_ip"))
@limit_option
@click.pass_context
def list_queries(context: click.Context, /, limit: int, **filters: Any) -> None:
    """List the queries that were received, with their answers."""
    found = newest(connect(context).queries, limit, **filters)
    if wants_json(context):
        print_documents(found)
        return
    rows = [
        (
            one.id,
            show_time(one.received_at),
            one.client_ip,
            one.transport,
            one.name,
            one.type,
            one.rcode or "no answer",
            one.answer.answers if one.answer else "",
            one.behavior or "",
        )
        for one in found
    ]
    columns = (
        "ID",
        "RECEIVED",
        "CLIENT",
        "BY",
        "NAME",
        "TYPE",
        "RCODE",
        "RECORDS",
        "BEHAVIOR",
    )
    print_table(columns, rows, "no queries")


@dns_command.command("route", cls=ServiceCommand)
@click.argument("recipient")
@click.option("--from", "sender", metavar="ADDRESS", help="The sender (default: <>).")
@click.option("--client-ip", metavar="ADDRESS", help="The address of the client.")
@click.pass_context
def route_command(
    context: click.Context, recipient: str, sender: str | None, client_ip: str | None
) -> None:
    """
    Show the route of a mail, and the replies to MAIL and RCPT there.

    These are the mail exchanges, in the order in which a sending server tries them.
    Exits with 1 if the route leads to no listener.
    """
    route = connect(context).route(recipient, sender=sender, client_ip=client_ip)
    places = [(one, place) for one in route.exchanges for place in one.addresses]
    if wants_json(context):
        print_json(dict(route.document))
    else:
        rows: list[tuple[object, ...]] = []
        for exchange in route.exchanges:
            for place in exchange.addresses:
                replies = [one and one.reply for one in (place.mail, place.rcpt)]
                rows.append(
                    (
                        "-" if exchange.preference is None else exchange.preference,
                        exchange.exchange,
                        place.address,
                        place.host or "-",
                        place.listener or "-",
                        *(one or "-" for one in replies),
                    )
                )
            if not exchange.addresses:
                rows.append((exchange.preference, exchange.exchange, *"-----"))
        columns = ("PREF", "EXCHANGE", "ADDRESS", "HOST", "LISTENER", "MAIL", "RCPT")
        print_table(columns, rows, f"{route.domain}: no exchanges")
        for warning in route.warnings:
            click.echo(f"warning: {safe(warning.text)}", err=True)
    if not any(place.listener for _, place in places):
        context.exit(Exit.FAILURE)


@click.command("hosts", cls=ServiceCommand)
@click.argument("name", required=False)
@click.pass_context
def hosts_command(context: click.Context, name: str | None) -> None:
    """List the mail hosts, or show the document of one."""
    client = connect(context)
    if name is not None:
        print_json(dict(client.host_settings(name).document))
        return
    hosts = client.hosts()
    if wants_json(context):
        print_documents(hosts)
        return
    rows = [
        (
            host.name,
            host.hostname,
            ", ".join(host.addresses) or "-",
            "yes" if host.tls is not None else "no",
            "yes" if host.auth is not None else "no",
            ", ".join(domain.name for domain in host.dns.domains[:5])
            if host.dns
            else "",
        )
        for host in hosts
    ]
    columns = ("NAME", "HOSTNAME", "ADDRESSES", "TLS", "AUTH", "MX OF")
    print_table(columns, rows, "no hosts")
