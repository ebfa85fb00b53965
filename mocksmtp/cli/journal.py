"""``deliveries``, ``sessions``, ``explain``, ``report``: what was tried, and why."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from mocksmtp.cli.mails import filters_of, limit_option, newest
from mocksmtp.cli.program import CommandError, Exit
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
    from mocksmtp.client.values import Considered, Delivery, Exchange, Session

_follow_option = click.option(
    "--follow", is_flag=True, help="Print further ones as they happen, until Ctrl-C."
)


@click.command("deliveries", cls=ServiceCommand)
@click.argument("delivery_id", metavar="[ID]", required=False)
@filters_of(
    (
        *("to", "sender", "final", "verdict", "code", "copies"),
        *("message_id", "client_ip", "host"),
    )
)
@limit_option
@_follow_option
@click.pass_context
def deliveries_command(
    context: click.Context,
    /,
    delivery_id: str | None,
    limit: int,
    follow: bool,
    **filters: Any,
) -> None:
    r"""
    List the deliveries: what was tried for each recipient, and the result.

    \b
      mocksmtp deliveries
      mocksmtp deliveries --to bob@x.test --final rejected
      mocksmtp deliveries 3              all attempts of a delivery
      mocksmtp deliveries --follow       attempts, as they are decided
    """
    client = connect(context)
    if delivery_id is not None:
        _print_delivery(context, client.delivery(delivery_id))
        return
    if follow:
        _refuse_filters(context, filters, "host")
        _follow(context, ["delivery"], filters["host"], _attempt_lines)
        return
    deliveries = newest(client.deliveries, limit, **filters)
    if wants_json(context):
        print_documents(deliveries)
    else:
        print_deliveries(deliveries)


def print_deliveries(deliveries: Sequence[Delivery]) -> None:
    """A table of deliveries."""
    columns = ("ID", "RECIPIENT", "SENDER", "COPIES", "HOSTS", "VERDICTS", "LAST REPLY")
    rows = [
        (
            one.id,
            one.recipient,
            one.sender,
            one.copies,
            ", ".join(dict.fromkeys(one.hosts)),
            _counted(one.verdicts),
            one.attempts[-1].reply or "none" if one.attempts else "",
        )
        for one in deliveries
    ]
    print_table(columns, rows, "no deliveries")


def _counted(verdicts: Sequence[str]) -> str:
    """Equal neighbors once, with their number: ``deferred x2, accepted``."""
    groups: list[tuple[str, int]] = []
    for verdict in verdicts:
        if groups and groups[-1][0] == verdict:
            groups[-1] = (verdict, groups[-1][1] + 1)
        else:
            groups.append((verdict, 1))
    return ", ".join(
        f"{name} x{number}" if number > 1 else name for name, number in groups
    )


def _print_delivery(context: click.Context, delivery: Delivery) -> None:
    if wants_json(context):
        print_json(dict(delivery.document))
        return
    print_facts(
        [
            ("Recipient", delivery.recipient),
            ("Sender", delivery.sender),
            ("Subject", delivery.subject),
            ("Message-ID", delivery.message_id),
            ("Final", delivery.final),
            ("Copies", str(delivery.copies)),
        ]
    )
    click.echo()
    rows = []
    for number, attempts in enumerate(delivery.rounds, 1):
        for one in attempts:
            rows.append(
                (
                    number,
                    show_time(one.decided_at),
                    one.host,
                    one.session,
                    one.verdict,
                    "yes" if one.kept else "no",
                    f"{one.stage}: {one.reply or 'no reply'}"
                    + (f" [by behavior {one.behavior}]" if one.behavior else ""),
                )
            )
    columns = ("ROUND", "DECIDED", "HOST", "SESSION", "VERDICT", "KEPT", "REPLY")
    print_table(columns, rows, "no attempts")


def _attempt_lines(document: Mapping[str, Any]) -> Iterator[str]:
    """The event of a delivery on one line."""
    attempt = document.get("attempt") or {}
    reply = attempt.get("reply")
    said = f"{reply['code']} {reply['text']}" if reply else "no reply"
    yield (
        f"{document.get('recipient') or '(no recipient)'} from"
        f" {document.get('sender')}: {attempt.get('verdict')} at attempt"
        f" {document.get('attemptCount')}"
        f" ({attempt.get('host')} {attempt.get('stage')}: {said})"
    )


@click.command("sessions", cls=ServiceCommand)
@click.argument("session_id", metavar="[ID]", required=False)
@filters_of(("to", "sender", "outcome", "client_ip", "host"))
@limit_option
@_follow_option
@click.pass_context
def sessions_command(
    context: click.Context,
    /,
    session_id: str | None,
    limit: int,
    follow: bool,
    **filters: Any,
) -> None:
    r"""
    List the SMTP sessions, or show the transcript of one.

    \b
      mocksmtp sessions --outcome refused
      mocksmtp sessions 7                the transcript of a session
      mocksmtp sessions --follow         a live transcript of all sessions
    """
    client = connect(context)
    if session_id is not None:
        session = client.session(session_id)
        if wants_json(context):
            print_json(dict(session.document))
        else:
            _print_session(session)
        return
    if follow:
        _refuse_filters(context, filters, "host")
        kinds = ["sessionStarted", "exchange", "session"]
        _follow(context, kinds, filters["host"], _session_lines)
        return
    sessions = newest(client.sessions, limit, **filters)
    if wants_json(context):
        print_documents(sessions)
    else:
        print_sessions(sessions)


def print_sessions(sessions: Sequence[Session]) -> None:
    """A table of sessions."""
    columns = ("ID", "STARTED", "HOST", "CLIENT", "HELO", "END", "MAILS")
    rows = [
        (
            one.id,
            show_time(one.started_at),
            one.host,
            one.client_ip,
            one.helo,
            one.end or "open",
            ", ".join(
                f"{mail.sender} → {', '.join(r.address for r in mail.recipients[:3])}:"
                f" {mail.outcome}"
                for mail in one.transactions[:3]
            ),
        )
        for one in sessions
    ]
    print_table(columns, rows, "no sessions")


def _refuse_filters(
    context: click.Context, filters: dict[str, Any], *known: str
) -> None:
    for name, value in filters.items():
        if value is not None and name not in known:
            flag = {"sender": "from"}.get(name, name).replace("_", "-")
            message = f"--{flag} cannot be combined with --follow"
            raise click.UsageError(message, context)


def _follow(
    context: click.Context,
    kinds: Sequence[str],
    host: str | None,
    lines: Callable[[Mapping[str, Any]], Iterator[str]],
) -> None:
    """Print events as they happen; a program that reads them gets each at once."""
    from mocksmtp.client.event_stream import follow_events

    connection = connect(context).connection

    def announce() -> None:
        click.echo(f"following {connection.url}; Ctrl-C ends it", err=True)

    for event in follow_events(connection, kinds=kinds, host=host, on_open=announce):
        if wants_json(context):
            document = {"event": event.kind, **event.document}
            click.echo(json.dumps(document, ensure_ascii=False))
        elif event.kind == "dropped":
            click.echo("(events were missed)", err=True)
        else:
            for line in lines(event.document):
                click.echo(f"{show_time(event.at)[11:]}  {safe(line)}")
        sys.stdout.flush()


def _session_lines(document: Mapping[str, Any]) -> Iterator[str]:
    """The lines of a live transcript."""
    from mocksmtp.client.values import Exchange

    if "exchange" in document:
        name = f"{document['host']}/{document['session']}"
        for line in exchange_lines(Exchange.read(document["exchange"])):
            yield f"{name}  {line}"
        return
    name = f"{document['host']}/{document['id']}"
    if document.get("endedAt") is None:
        client = f"{document['clientIp']}:{document['clientPort']}"
        yield f"{name}  * {client} connected to {document['listener']}"
    else:
        yield f"{name}  * ended: {document['end']}"


def exchange_lines(exchange: Exchange) -> Iterator[str]:
    """What the client sent (``>``), and the reply (``<``)."""
    if exchange.content is not None:
        kept = exchange.content.mail_id
        end = f", kept as mail {kept}" if kept else ""
        yield f"> ({exchange.content.size} octets of content{end})"
    elif exchange.line is not None:
        marks = [name for name in ("pipelined", "injected") if getattr(exchange, name)]
        yield f"> {exchange.line}" + (f"  ({', '.join(marks)})" if marks else "")
    if exchange.smuggling:
        yield "! the content contains a sequence that other servers accept as its end"
    notes = []
    if exchange.behavior is not None:
        notes.append(f"by behavior {exchange.behavior_name or exchange.behavior}")
    if exchange.delay:
        notes.append(f"after {exchange.delay:.0f} ms")
    note = f"  [{', '.join(notes)}]" if notes else ""
    if exchange.reply is None:
        yield f"< (no reply){note}"
        return
    *lines, last = exchange.reply.text.split("\n")
    for line in lines:
        yield f"< {exchange.reply.code}-{line}"
    yield f"< {exchange.reply.code} {last}{note}"


def _print_session(session: Session, is_explained: bool = False) -> None:
    """A session with its transcript."""
    tls = session.tls
    print_facts(
        [
            ("Session", f"{session.id} (host {session.host}, {session.listener})"),
            ("Client", f"{session.client_ip}:{session.client_port}"),
            ("Started", show_time(session.started_at)),
            ("End", session.end or "open"),
            ("TLS", tls and (tls.error or f"{tls.version} {tls.cipher}")),
            ("User", session.auth_user),
        ]
    )
    click.echo()
    if session.omitted:
        click.echo(f"({session.omitted} exchanges are no longer kept)")
    for exchange in session.transcript:
        for number, line in enumerate(exchange_lines(exchange)):
            time = "" if number else f"{exchange.at:.1f}"
            click.echo(f"{time:>9}  {safe(line)}")
        if is_explained:
            for considered in exchange.considered or ():
                click.echo(f"{'':13}{safe(considered_line(considered))}")


def considered_line(one: Considered) -> str:
    """Why a behavior did or did not answer."""
    name = f"{one.behavior} ({one.name})" if one.name else one.behavior
    line = f"behavior {name}: {one.result}"
    if one.step is not None:
        line += f" because of {one.step}"
    if one.target is not None:
        found = "nothing" if one.found is None else repr(one.found)
        line += f": {one.target} {one.operator} {one.wanted!r}, found {found}"
    if one.hint is not None:
        line += f"; {one.hint.text}"
        if one.hint.fix:
            line += f"; fix: {json.dumps(one.hint.fix)}"
    return line


@click.command("explain", cls=ServiceCommand)
@click.argument("session_id", metavar="[SESSION]", required=False)
@filters_of(("to", "sender"), {"to": "Explain the newest session with this recipient."})
@click.pass_context
def explain_command(
    context: click.Context, /, session_id: str | None, **filters: Any
) -> None:
    r"""
    Explain why behaviors did or did not answer.

    Without arguments: the exchanges that no behavior answered although one nearly did,
    and the behaviors that never answered. With a session: each behavior at each reply.

    \b
      mocksmtp explain
      mocksmtp explain 7
      mocksmtp explain --to bob@x.test
    """
    client = connect(context)
    if session_id is None and any(filters.values()):
        found = client.sessions(order="desc", limit=1, **filters)
        if not found:
            raise CommandError("no session matches")
        session_id = found[0].id
    if session_id is not None:
        session = client.session(session_id, explain=True)
        if wants_json(context):
            print_json(dict(session.document))
        else:
            _print_session(session, True)
        return
    misses = client.near_misses()
    silent = client.behaviors(fired=0)
    if wants_json(context):
        documents = [[dict(one.document) for one in each] for each in (misses, silent)]
        print_json({"nearMisses": documents[0], "neverAnswered": documents[1]})
        return
    for miss in misses:
        sent = miss.line or ("(content)" if miss.content else "(connection)")
        reply = miss.reply or "no reply"
        click.echo(f"session {miss.session}: {safe(sent)} → {safe(reply)}")
        for considered in miss.considered:
            if considered.hint is not None:
                click.echo(f"    {safe(considered_line(considered))}")
    if not misses:
        click.echo("no near misses")
    if silent:
        from mocksmtp.web.wording import behavior_words

        click.echo("\nbehaviors that never answered:")
        for one in silent:
            click.echo(f"    {one.id}: {safe(behavior_words(dict(one.document)))}")


@click.command("report", cls=ServiceCommand)
@click.option("-o", "--output", metavar="FILE", help="Write it as HTML to this file.")
@click.option("--host", metavar="NAME", help="The mail host (default: all).")
@click.option("--since", metavar="TIME", help="From this time on (RFC 3339).")
@click.pass_context
def report_command(
    context: click.Context, output: str | None, host: str | None, since: str | None
) -> None:
    r"""
    Report what happened: deliveries, transcripts, near misses.

    \b
      mocksmtp report                    as text
      mocksmtp report -o report.html     as a page that needs nothing else
    """
    client = connect(context)
    told = client.report(host=host, since=since, text=output is None)
    if output is None:
        click.echo(told, nl=False)
        return
    try:
        with open(output, "w", encoding="utf-8") as file:
            file.write(told)
    except OSError as error:
        raise CommandError(f"{output}: {error.strerror}", Exit.USAGE) from None
