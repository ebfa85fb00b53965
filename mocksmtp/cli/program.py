"""What all commands have in common: lazy loading, exit statuses, errors of one line."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Mapping, Sequence
from enum import IntEnum
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import click

_USUAL_HOOK = sys.__excepthook__


class Exit(IntEnum):
    """
    The exit statuses of the commands.

    Those of ``send`` are those of sendmail (sysexits.h), those of ``run`` follow env
    and timeout of the GNU core utilities.
    """

    SUCCESS = 0
    FAILURE = 1
    USAGE = 2
    UNREACHABLE = 3
    REFUSED = 4
    MAIL_REJECTED = 69
    INTERNAL = 70
    MAIL_DEFERRED = 75
    NOT_STARTED = 125
    NOT_EXECUTABLE = 126
    NOT_FOUND = 127
    INTERRUPTED = 130


class CommandError(click.ClickException):
    """
    A command failed.

    :param message: one line, without the program's name
    :param status: the exit status
    """

    def __init__(self, message: str, status: int = Exit.FAILURE) -> None:
        super().__init__(message)
        self.status = status


def remember(context: click.Context, option: click.Parameter, value: Any) -> Any:
    """Keep the value of an option for the command, which may have it as well."""
    kept = context.ensure_object(dict)
    if value or option.name not in kept:
        kept[option.name] = value
    return value


def service_options() -> list[click.Parameter]:
    """The options that name a service, of the program and of its commands."""
    return [
        click.Option(
            ["-u", "--url"],
            metavar="URL",
            help="The API (default: MOCKSMTP_URL, then http://127.0.0.1:8000).",
            expose_value=False,
            callback=remember,
        ),
        click.Option(
            ["--token"],
            metavar="TEXT",
            help="The token of the API (default: MOCKSMTP_TOKEN).",
            expose_value=False,
            callback=remember,
        ),
    ]


class CommandGroup(click.Group):
    """
    A group of commands that suggests the nearest name.

    :param default: the command that runs if none is named
    """

    def __init__(
        self, *arguments: Any, default: str | None = None, **options: Any
    ) -> None:
        super().__init__(*arguments, **options)
        self._default = default

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Run the default command, or print the help, if there are no arguments."""
        if ctx.resilient_parsing:
            return super().parse_args(ctx, args)
        if not args and self._default is None:
            click.echo(ctx.get_help())
            ctx.exit(Exit.USAGE)
        first = args[0] if args else ""
        is_plain = not first or first.startswith("-")
        if self._default and is_plain and first not in ctx.help_option_names:
            args = [self._default, *args]
        return super().parse_args(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name."""
        command = super().get_command(ctx, cmd_name)
        return None if command is None else _with_examples(command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments begin with."""
        names = self.list_commands(ctx)
        if args and args[0] not in names and args[0][:1].isalnum():
            raise click.UsageError(unknown("command", args[0], names), ctx)
        return super().resolve_command(ctx, args)


def _with_examples(command: click.Command) -> click.Command:
    """
    Keep the lines of the examples in the help.

    The mark of click for such a paragraph is a backspace; docstrings are raw.
    """
    if command.help:
        command.help = command.help.replace("\\b\n", "\b\n")
    return command


class LazyGroup(CommandGroup):
    """
    A group of commands whose modules are imported when a command runs.

    :param sections: for each heading of the help the commands below it: by name, the
        module and the line of the help. A command is the attribute ``NAME_command`` of
        its module
    """

    def __init__(
        self,
        *arguments: Any,
        sections: Mapping[str, Mapping[str, tuple[str, str]]],
        **options: Any,
    ) -> None:
        super().__init__(*arguments, **options)
        self.sections = sections
        self._lazy = {
            name: module
            for section in sections.values()
            for name, (module, _) in section.items()
        }

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands, in the order of the help."""
        return list(self._lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        module = self._lazy.get(cmd_name)
        if module is None:
            return None
        command: click.Command = getattr(import_module(module), f"{cmd_name}_command")
        return _with_examples(command)

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """List the commands under their headings, without importing them."""
        width = max(map(len, self._lazy))
        for heading, section in self.sections.items():
            with formatter.section(heading):
                formatter.write_dl(
                    [(name.ljust(width), line) for name, (_, line) in section.items()]
                )

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """
        Run a command and exit.

        An error is one line on the standard error. A reader that closes the output,
        such as ``head``, ends the command without a message. Under the name
        ``sendmail``, as a link, the program is ``mocksmtp send``.
        """
        if args is None and Path(sys.argv[0]).name == "sendmail":
            args = ["send", *sys.argv[1:]]
            extra["obj"] = {"sendmail": True}
        call = partial(super().main, args, prog_name or self.name, complete_var)
        if not standalone_mode:
            return call(standalone_mode=False, **extra)
        status: Any = None
        try:
            status = call(standalone_mode=False, **extra)
            if sys.stdout is not None:
                sys.stdout.flush()
        except CommandError as error:
            fail(error.message, error.status)
        except click.ClickException as error:
            fail(_line_of(error), error.exit_code)
        except (click.Abort, KeyboardInterrupt):
            sys.exit(Exit.INTERRUPTED)
        except BrokenPipeError:
            # Python would complain again when it flushes at exit.
            sys.stdout = None
            sys.exit(Exit.SUCCESS)
        except Exception as error:
            # The service has its own way to report errors.
            if os.environ.get("MOCKSMTP_TRACEBACK") or sys.excepthook != _USUAL_HOOK:
                raise
            name = type(error).__name__
            hint = "set MOCKSMTP_TRACEBACK=1 to see where"
            fail(f"internal error: {name}: {error}; {hint}", Exit.INTERNAL)
        sys.exit(status if isinstance(status, int) else Exit.SUCCESS)


def fail(message: str, status: int) -> NoReturn:
    """Write one line to the standard error and exit."""
    click.echo(f"mocksmtp: {message}", err=True)
    sys.exit(status)


class Count(click.IntRange):
    """An integer in a range, with an error that states the range."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Any:
        """The integer."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            until = "of at least {}" if self.max is None else "from {} to {}"
            allowed = until.format(self.min, self.max)
            self.fail(f"must be an integer {allowed}, got {value!r}", param, ctx)


def unknown(kind: str, name: str, known: Sequence[str] | Mapping[str, Any]) -> str:
    """The error for an unknown name, with the nearest known one."""
    near = difflib.get_close_matches(name, [*known], 1)
    hint = f"did you mean {near[0]!r}?" if near else f"one of: {', '.join(known)}"
    return f"unknown {kind} {name!r}; {hint}"


def _line_of(error: click.ClickException) -> str:
    """An error of click as one line, with the command that explains its usage."""
    message = " ".join(error.format_message().split())
    if not isinstance(error, click.UsageError):
        return message
    if isinstance(error, click.NoSuchOption):
        near = error.possibilities or ()
        message = f"no such option {error.option_name!r}"
        message += f"; did you mean {near[0]!r}?" if near else ""
    elif message[1:2].islower():
        message = message[:1].lower() + message[1:]
    context = error.ctx
    if context is None:
        return message.rstrip(".")
    called = context.command_path.partition(" ")[2]
    message = message.rstrip(".")
    message += "" if message.endswith("?") else ";"
    return (
        f"{called + ': ' if called else ''}{message} see {context.command_path} --help"
    )
