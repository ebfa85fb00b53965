"""``mocksmtp behaviors``, ``recipes`` and ``reset``: what fails, and how."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from typing import Any, Literal

import click

from mocksmtp.cli.program import CommandGroup, Count
from mocksmtp.cli.remote import (
    ServiceCommand,
    connect,
    connect_host,
    print_documents,
    print_json,
    print_table,
    read_input,
    safe,
    wants_json,
)

_host_option = click.option(
    "--host", metavar="NAME", help="The mail host (default: default)."
)


@click.group("behaviors", cls=CommandGroup, default="list")
def behaviors_command() -> None:
    r"""
    List, set and try the behaviors of a mail host.

    \b
      mocksmtp behaviors
      mocksmtp behaviors add 'RCPT TO bob@=450 4.2.1 Busy' --times 2
      mocksmtp behaviors put behaviors.json
      mocksmtp behaviors evaluate 'RCPT TO:<bob@x.test>' --sender me@here.test
    """


@behaviors_command.command("list", cls=ServiceCommand)
@click.option("--tag", metavar="TAG", help="Only those with this tag.")
@_host_option
@click.pass_context
def list_behaviors(context: click.Context, tag: str | None, host: str | None) -> None:
    """List the behaviors in their order, with their counters."""
    found = connect_host(context, host).behaviors(tag=tag)
    if wants_json(context):
        print_documents(found)
        return
    from mocksmtp.web.wording import behavior_words

    columns = ("ID", "FIRED", "LEFT", "BEHAVIOR")
    rows = []
    for one in found:
        words = str(behavior_words(dict(one.document)))
        left = "-" if one.remaining is None else one.remaining
        rows.append(
            (one.id, one.fired, left, f"{one.name}: {words}" if one.name else words)
        )
    print_table(columns, rows, "no behaviors")


@behaviors_command.command("put", cls=ServiceCommand)
@click.argument("documents", metavar="[DOCUMENT]...", nargs=-1)
@_host_option
@click.pass_context
def put_behaviors(
    context: click.Context, documents: Sequence[str], host: str | None
) -> None:
    r"""
    Replace all behaviors, and their counters.

    DOCUMENT is a file with JSON, JSON itself, - for the standard input, or a shorthand.

    \b
      mocksmtp behaviors put behaviors.json
      mocksmtp behaviors put 'RCPT TO=550 5.1.1 No such user' CONNECT=3s
    """
    behaviors = _documents(context, documents)
    connect_host(context, host).set_behaviors(*behaviors)


@behaviors_command.command("add", cls=ServiceCommand)
@click.argument("documents", metavar="[DOCUMENT]...", nargs=-1)
@click.option("--times", type=Count(1), metavar="N", help="Answer so often.")
@click.option("--per", metavar="KEY", help="Count for each value, as recipient.")
@click.option("--name", metavar="TEXT", help="Its name in transcripts and reports.")
@click.option("--tag", metavar="TAG", help="Its tag, which selects it.")
@click.option("--front", is_flag=True, help="Before the others, not after them.")
@_host_option
@click.pass_context
def add_behaviors(
    context: click.Context,
    /,
    documents: Sequence[str],
    front: bool,
    host: str | None,
    times: int | None,
    **fields: str | None,
) -> None:
    r"""
    Add behaviors, and print their ids.

    DOCUMENT is a file with JSON, JSON itself, - for the standard input, or a shorthand:
    COMMAND[ VALUE]=CODE TEXT, or COMMAND[ VALUE]=TIME for a delay.

    \b
      mocksmtp behaviors add 'RCPT TO bob@=450 4.2.1 Busy' --times 2
      mocksmtp behaviors add '{"command": "DATA", "response": {"then": "reset"}}'
    """
    set_fields: dict[str, Any] = {name: one for name, one in fields.items() if one}
    if times is not None:
        set_fields["numberOfAnswer"] = times
    behaviors = [{**one, **set_fields} for one in _documents(context, documents)]
    ids = connect_host(context, host).add_behaviors(*behaviors, front=front)
    if wants_json(context):
        print_json({"ids": ids})
    else:
        click.echo("\n".join(ids))


def _documents(context: click.Context, sources: Sequence[str]) -> list[dict[str, Any]]:
    """The behaviors in the arguments."""
    found: list[dict[str, Any]] = []
    if not sources:
        example = "'RCPT TO=550 5.1.1 No such user'"
        raise click.UsageError(f"a document is missing, as in {example}", context)
    for source in sources:
        if not source.strip():
            raise click.UsageError("a document is empty", context)
        if source.lstrip()[:1] in ("[", "{"):
            parsed = _parse_json(context, "DOCUMENT", source)
        elif "=" in source and not os.path.exists(source):
            parsed = _shorthand(context, source)
        else:
            parsed = _parse_json(context, source, read_input(context, source))
        found += parsed if isinstance(parsed, list) else [parsed]
    for one in found:
        if not isinstance(one, dict):
            raise click.UsageError("a behavior must be a JSON object", context)
    return found


def _shorthand(context: click.Context, text: str) -> dict[str, Any]:
    from mocksmtp.cli.shorthands import delay, rejection

    try:
        value = text.rpartition("=")[2]
        is_delay = re.fullmatch(r"\d+(\.\d+)?(ms|s|m|h)", value) is not None
        return delay(text) if is_delay else rejection(text)
    except ValueError as error:
        raise click.UsageError(str(error), context) from None


def _parse_json(context: click.Context, name: str, text: str | bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise click.UsageError(f"{name}: invalid JSON: {error}", context) from None


@behaviors_command.command("remove", cls=ServiceCommand)
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@_host_option
@click.pass_context
def remove_behaviors(
    context: click.Context, ids: Sequence[str], host: str | None
) -> None:
    """Remove behaviors; clients that wait because of them go on."""
    client = connect_host(context, host)
    for one in ids:
        client.remove_behavior(one)


@behaviors_command.command("clear", cls=ServiceCommand)
@click.option("--tag", metavar="TAG", help="Only those with this tag.")
@_host_option
@click.pass_context
def clear_behaviors(context: click.Context, tag: str | None, host: str | None) -> None:
    """Remove all behaviors."""
    connect_host(context, host).clear_behaviors(tag=tag)


@behaviors_command.command("evaluate", cls=ServiceCommand)
@click.argument("line", required=False)
@click.option("--sender", metavar="ADDRESS", help="The sender of the transaction.")
@click.option(
    "--recipient", "recipients", multiple=True, metavar="ADDRESS", help="A recipient."
)
@click.option(
    "--content", metavar="FILE", help="The content, whose reply is evaluated."
)
@click.option("--helo", metavar="NAME", help="The argument of EHLO.")
@click.option("--client-ip", metavar="ADDRESS", help="The address of the client.")
@click.option("--auth-user", metavar="NAME", help="The user that is logged in.")
@click.option("--tls", is_flag=True, help="The connection uses TLS.")
@click.option("--session", metavar="ID", help="A recorded exchange: its session,")
@click.option(
    "--exchange", type=Count(0), metavar="N", help="… and its number, from 0."
)
@_host_option
@click.pass_context
def evaluate_command(
    context: click.Context, /, line: str | None, host: str | None, **values: Any
) -> None:
    r"""
    Print the reply that a command would get, and why.

    No counter changes.

    \b
      mocksmtp behaviors evaluate 'RCPT TO:<bob@x.test>' --sender me@here.test
      mocksmtp behaviors evaluate --session 7 --exchange 3
    """
    asked = {name: one for name, one in values.items() if one not in (None, False, ())}
    if "recipients" in asked:
        asked["recipients"] = list(asked["recipients"])
    if "content" in asked:
        asked["content"] = read_input(context, asked["content"]).decode("latin-1")
    result = connect_host(context, host).evaluate(line, **asked)
    if wants_json(context):
        print_json(dict(result.document))
        return
    from mocksmtp.cli.journal import considered_line

    reply = safe(result.reply) if result.reply else "no reply"
    by = f" [by behavior {result.behavior}]" if result.behavior else ""
    delay = f" after {result.delay:.0f} ms" if result.delay else ""
    then = f", then {result.then}" if result.then != "continue" else ""
    click.echo(f"{reply}{by}{delay}{then}")
    for one in result.considered:
        click.echo(f"    {safe(considered_line(one))}")


# Recipes


def _complete_recipe(
    _: click.Context, __: click.Parameter, incomplete: str
) -> list[str]:
    from mocksmtp.recipes import recipes

    names = [name.replace("_", "-") for name in recipes()]
    return [name for name in names if name.startswith(incomplete)]


@click.command("recipes", cls=ServiceCommand)
@click.argument("name", required=False, shell_complete=_complete_recipe)
@click.option("--apply", "is_applied", is_flag=True, help="Apply it to the service.")
@click.option(
    "--set", "values", multiple=True, metavar="NAME=VALUE", help="Set a parameter."
)
@click.option("--times", type=Count(1), metavar="N", help="Answer so often.")
@click.option("--tag", metavar="TAG", help="The tag of its behaviors.")
@_host_option
@click.pass_context
def recipes_command(
    context: click.Context,
    name: str | None,
    is_applied: bool,
    values: Sequence[str],
    times: int | None,
    tag: str | None,
    host: str | None,
) -> None:
    r"""
    List the recipes of the cookbook, show one, or apply it.

    \b
      mocksmtp recipes
      mocksmtp recipes greylist
      mocksmtp recipes greylist --set active-for=2s --apply
    """
    from mocksmtp.recipes import UnknownRecipe, find_recipe, recipes

    if name is None:
        if is_applied or values:
            raise click.UsageError("a recipe is missing; mocksmtp recipes lists them")
        listed = [*recipes().values()]
        if wants_json(context):
            print_json([_described(one) for one in listed])
            return
        rows = [(one.name.replace("_", "-"), one.section, one.title) for one in listed]
        print_table(("NAME", "SECTION", "TITLE"), rows, "no recipes")
        return
    given = dict(_value(context, one) for one in values)
    given |= {
        key: one for key, one in (("times", times), ("tag", tag)) if one is not None
    }
    try:
        recipe = find_recipe(name)
        calls = recipe.calls(**given)
    except UnknownRecipe as error:
        raise click.UsageError(str(error), context) from None
    if is_applied:
        applied = connect_host(context, host).recipe(recipe.name, **given)
        if wants_json(context):
            print_json({"recipe": recipe.name, "ids": list(applied.ids)})
        else:
            ids = ", ".join(applied.ids)
            click.echo(f"applied {name}" + (f": behaviors {ids}" if ids else ""))
        return
    if wants_json(context):
        print_json({**_described(recipe), "documents": [_call(one) for one in calls]})
        return
    click.echo(f"{recipe.title}\n\n{click.wrap_text(recipe.description, 78)}\n")
    for parameter in recipe.parameters:
        flag = _hyphenated(parameter.name)
        shown = json.dumps(parameter.default, ensure_ascii=False)
        click.echo(f"  --set {flag}={shown}  {parameter.meaning}")
    if recipe.parameters:
        click.echo()
    for call in calls:
        click.echo(f"PUT {call.path}")
        click.echo(json.dumps(call.document, indent=2, ensure_ascii=False))


def _described(recipe: Any) -> dict[str, Any]:
    return {
        "name": recipe.name.replace("_", "-"),
        "title": recipe.title,
        "section": recipe.section,
        "description": recipe.description,
        "parameters": {one.name: one.default for one in recipe.parameters},
    }


def _call(call: Any) -> dict[str, Any]:
    return {"path": call.path, "document": call.document}


def _hyphenated(name: str) -> str:
    return re.sub("[A-Z]", lambda match: f"-{match[0].lower()}", name)


def _value(context: click.Context, text: str) -> tuple[str, Any]:
    """A parameter of a recipe: its name in camelCase, and its value."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        message = f"--set: must be NAME=VALUE, as in active-for=2s, got {text!r}"
        raise click.UsageError(message, context)
    head, *rest = re.split("[-_]", name)
    try:
        parsed = json.loads(value)
    except ValueError:
        parsed = value
    return head + "".join(word.title() for word in rest), parsed


@click.command("reset", cls=ServiceCommand)
@click.option("--all", "is_all", is_flag=True, help="Restore the state of the start.")
@click.option("--connections", is_flag=True, help="End open SMTP connections as well.")
@click.pass_context
def reset_command(context: click.Context, is_all: bool, connections: bool) -> None:
    """
    Remove the mails, behaviors, sessions, extensions and queries of all hosts.

    Hosts and DNS records remain, unless --all is given.
    """
    how: Literal["close"] | None = "close" if connections else None
    connect(context).reset(all=is_all or None, connections=how)
