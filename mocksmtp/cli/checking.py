"""``mocksmtp health``: the exit status tells a script or a container the result."""

from __future__ import annotations

import os

import click

from mocksmtp.cli.program import CommandError
from mocksmtp.health import NotHealthyError, address_in, address_of_api, wait

# It runs every few seconds beside a service, so it imports nothing else.

_DEFAULT_WAIT = "30s"


@click.command("health")
@click.argument("address", metavar="[URL]", required=False)
@click.option("-u", "--url", metavar="URL", help="The address, as the argument.")
@click.option(
    "--wait",
    "wait_time",
    metavar="[TIME]",
    is_flag=False,
    flag_value=_DEFAULT_WAIT,
    help=f"Wait until it is alive, at most this time (default: {_DEFAULT_WAIT}).",
)
@click.pass_context
def health_command(
    context: click.Context, address: str | None, url: str | None, wait_time: str | None
) -> None:
    r"""
    Exit with 0 if the service is alive, and with 1 otherwise.

    URL is the address of the API, for example http://127.0.0.1:8000; the default is
    MOCKSMTP_URL, then MOCKSMTP_HTTP, then port 8000.

    \b
      mocksmtp health --wait 10s && ./run-tests
    """
    seconds = 0.0
    if wait_time is not None:
        from mocksmtp.documents.units import parse_duration

        try:
            seconds = parse_duration(wait_time)
        except ValueError as error:
            raise click.BadParameter(str(error), context, param_hint="--wait") from None
    given = address or url or (context.obj or {}).get("url")
    given = given or os.environ.get("MOCKSMTP_URL")
    try:
        place = address_in(given) if given else address_of_api(os.environ)
        wait(*place, seconds)
    except NotHealthyError as error:
        raise CommandError(str(error)) from None


@click.command("completion")
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
def completion_command(shell: str) -> None:
    r"""
    Print the completion of commands and options for a shell.

    \b
      eval "$(mocksmtp completion bash)"                        in ~/.bashrc
      eval "$(mocksmtp completion zsh)"                         in ~/.zshrc
      mocksmtp completion fish > ~/.config/fish/completions/mocksmtp.fish
    """
    from click.shell_completion import get_completion_class

    from mocksmtp.cli import main

    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(main, {}, "mocksmtp", "_MOCKSMTP_COMPLETE").source())
