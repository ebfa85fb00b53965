"""``mocksmtp wait``: wait for what a test expects, with an exit status for scripts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import click

from mocksmtp.cli.journal import print_deliveries, print_sessions
from mocksmtp.cli.mails import filters_of, print_mails
from mocksmtp.cli.program import CommandError, Count, Exit
from mocksmtp.cli.remote import (
    ServiceCommand,
    connect,
    print_documents,
    safe,
    wants_json,
)


@attrs.frozen
class _Kind:
    """
    What can be waited for.

    :ivar listing: the method of the client; ``nearest_`` and its name find the entries
        that nearly match
    :ivar filters: the options that filter it
    """

    listing: str
    one: str
    filters: frozenset[str]
    show: Callable[[Any], None]


_COMMON = {"to", "sender", "host"}
_KINDS = {
    "mails": _Kind(
        "mails",
        "mail",
        frozenset({*_COMMON, "subject", "body", "q", "bounce_of", "message_id"}),
        print_mails,
    ),
    "deliveries": _Kind(
        "deliveries",
        "delivery",
        frozenset({*_COMMON, "final", "verdict", "code", "copies", "message_id"}),
        print_deliveries,
    ),
    "sessions": _Kind(
        "sessions", "session", frozenset({*_COMMON, "outcome"}), print_sessions
    ),
}
_FILTERS = (
    *("to", "sender", "subject", "body", "q", "bounce_of", "message_id", "final"),
    *("verdict", "code", "copies", "outcome", "host"),
)


@click.command("wait", cls=ServiceCommand)
@click.argument("what", type=click.Choice(list(_KINDS)), default="mails")
@filters_of(_FILTERS)
@click.option("--count", metavar="N", type=Count(1), default=1, help="So many (1).")
@click.option(
    "--timeout", default="10s", metavar="TIME", help="Wait at most this time (10s)."
)
@click.option(
    "--settle", metavar="TIME", help="Until the matches have not changed for this time."
)
@click.pass_context
def wait_command(
    context: click.Context,
    /,
    what: str,
    count: int,
    timeout: str,
    settle: str | None,
    **filters: Any,
) -> None:
    r"""
    Wait until mails, deliveries or sessions match, and print them.

    Exits with 0 as soon as --count of them match, and with 1 if the time expires first;
    the standard error then shows the nearest of the others.

    \b
      mocksmtp wait --to bob@x.test --subject Welcome
      mocksmtp wait deliveries --to bob@x.test --final rejected --settle 2s
      mocksmtp wait sessions --outcome refused --timeout 1m || exit 1
    """
    from mocksmtp.documents.units import parse_duration

    kind = _KINDS[what]
    wanted = {name: value for name, value in filters.items() if value is not None}
    for name in wanted.keys() - kind.filters:
        flag = {"sender": "from", "q": "query"}.get(name, name).replace("_", "-")
        raise click.UsageError(f"--{flag} does not filter {what}", context)
    times = []
    for name, text in ("--timeout", timeout), ("--settle", settle or "0"):
        try:
            times.append(parse_duration(text))
        except ValueError as error:
            raise click.BadParameter(str(error), context, param_hint=name) from None
    if times[1] > times[0]:
        message = f"--settle {settle} must not be longer than --timeout {timeout}"
        raise click.UsageError(message, context)
    if what == "mails":
        wanted.setdefault("host", "*")
        wanted["view"] = "full" if wants_json(context) else "summary"
    client = connect(context)
    found = getattr(client, kind.listing)(
        **wanted, count=count, wait=timeout, settle=settle
    )
    if wants_json(context):
        print_documents(found)
    elif found:
        kind.show(found)
    if len(found) < count:
        wanted.pop("view", None)
        nearest = getattr(client, f"nearest_{kind.listing}")(**wanted)
        raise CommandError(
            f"{len(found)} of {count} {what} within {timeout}{_nearest(kind, nearest)}",
            Exit.FAILURE,
        )


def _nearest(kind: _Kind, nearest: Any) -> str:
    """How the nearest entry differs."""
    if not nearest or not nearest[0].failed:
        return ""
    first = nearest[0]
    differences = []
    for one in first.failed:
        found = ", ".join(map(repr, one.found[:3])) or "nothing"
        differences.append(f"{one.filter} wanted {one.wanted!r}, found {found}")
    return safe(f"; the nearest is {kind.one} {first.id}: {'; '.join(differences)}")
