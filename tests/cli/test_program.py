"""What all commands have in common"""

from __future__ import annotations

import subprocess
import sys
from unittest import mock

import click
from click.testing import CliRunner
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.cli import main
from mocksmtp.cli.mails import FILTERS
from mocksmtp.cli.program import LazyGroup
from mocksmtp.cli.remote import print_table

HEAVY = ("twisted", "attrs", "urllib3", "json", "ssl", "smtplib", "subprocess", "dns")


class HelpTests(SynchronousTestCase):
    """``--help``"""

    def test_it_imports_click_only(self) -> None:
        """Neither a command nor what commands need: 0.15 s of CPU are the limit."""
        program = (
            # The measurement of coverage has imported modules before.
            "import sys\nbefore = set(sys.modules)\n"
            "from mocksmtp.cli import main\n"
            "try: main(['--help'])\nexcept SystemExit: pass\n"
            "print(*sorted(set(sys.modules) - before))"
        )
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        )
        imported = done.stdout.splitlines()[-1].split()
        own = {name for name in imported if name.startswith("mocksmtp")}
        self.assertEqual(own, {"mocksmtp", "mocksmtp.cli", "mocksmtp.cli.program"})
        self.assertEqual([name for name in HEAVY if name in imported], [])

    def test_each_command_is_described(self) -> None:
        """And so is each of its options."""
        for path, command in commands(main):
            shown = command.get_help(click.Context(command, info_name=path))
            self.assertNotIn("\\b", shown)
            self.assertTrue(command.help, path)
            for parameter in command.params:
                if isinstance(parameter, click.Option) and not parameter.hidden:
                    self.assertTrue(parameter.help, (path, parameter.name))

    def test_no_arguments(self) -> None:
        """The program alone prints its help."""
        result = CliRunner().invoke(main, [])
        self.assertEqual(result.exit_code, 2)
        self.assertIn("mocksmtp run -- pytest", result.output)

    def test_defaults_of_groups(self) -> None:
        """A group without a command lists; its help is its own."""
        result = CliRunner().invoke(main, ["dns", "--help"])
        self.assertIn("\n    mocksmtp dns route bob@x.test\n", result.output)

    def test_filters_are_described_once(self) -> None:
        """Options that filter have the same help everywhere."""
        self.assertTrue(all(text.endswith(".") for text in FILTERS.values()))


class ErrorTests(SynchronousTestCase):
    """Errors that no command expects"""

    def test_an_internal_error(self) -> None:
        """One line, and how to get more."""
        program = (
            "from unittest import mock\nfrom mocksmtp.cli import main\n"
            "name = 'mocksmtp.cli.checking.wait'\n"
            "with mock.patch(name, side_effect=KeyError(1)):\n"
            "    main(['health', '127.0.0.1:1'])\n"
        )
        command = [sys.executable, "-c", program]
        done = subprocess.run(command, capture_output=True)
        expected = b"mocksmtp: internal error: KeyError: 1; set MOCKSMTP_TRACEBACK=1"
        self.assertTrue(done.stderr.startswith(expected), done.stderr)
        self.assertEqual((done.returncode, done.stderr.count(b"\n")), (70, 1))

    def test_an_interrupt(self) -> None:
        """130, as a shell reports it."""
        with mock.patch("mocksmtp.cli.checking.wait", side_effect=KeyboardInterrupt):
            error = self.assertRaises(SystemExit, main, ["health", "127.0.0.1:1"])
        self.assertEqual(error.code, 130)


class UsageTests(SynchronousTestCase):
    """Errors of the command line"""

    def assert_said(self, expected: str, *arguments: str, **environment: str) -> None:
        result = CliRunner().invoke(main, arguments, env=environment)
        self.assertEqual(result.stderr, f"mocksmtp: {expected}\n")
        self.assertEqual(result.exit_code, 2)

    def test_an_unknown_option(self) -> None:
        """The nearest one is named."""
        where = "see mocksmtp mails --help"
        expected = (
            f"mails: no such option '--subjct'; did you mean '--subject'? {where}"
        )
        self.assert_said(expected, "mails", "--subjct", "x")
        self.assert_said(f"mails: no such option '--zz'; {where}", "mails", "--zz")

    def test_integers(self) -> None:
        """What is allowed, and what was given."""
        for allowed, value, *arguments in (
            ("of at least 1", "0", "wait", "--count"),
            ("of at least 0", "x", "mails", "-n"),
            ("from 1 to 65535", "70000", "send", "--port"),
        ):
            result = CliRunner().invoke(main, [*arguments, value])
            expected = f": must be an integer {allowed}, got '{value}'; see mocksmtp "
            self.assertIn(expected, result.stderr)

    def test_a_message_that_begins_with_a_name(self) -> None:
        """Names keep their capitals."""
        for text, said in ("{", "DOCUMENT: invalid JSON"), (" ", "a document is empty"):
            result = CliRunner().invoke(main, ["behaviors", "add", text])
            self.assertIn(f"behaviors add: {said}", result.stderr)

    def test_an_option_without_its_value(self) -> None:
        """One sentence without a period, as the other errors."""
        expected = "option '--report' requires an argument"
        self.assert_said(expected, "run", "--report", "--", "true")

    def test_an_invalid_url(self) -> None:
        """The option or the variable is named."""
        for url in "ftp://127.0.0.1", "http://", "http://127.0.0.1:x", "http://a:0":
            must = f"must be a URL such as http://127.0.0.1:8000, got {url!r}"
            where = "see mocksmtp mails --help"
            self.assert_said(f"mails: --url: {must}; {where}", "mails", "-u", url)
            expected = f"mails: MOCKSMTP_URL: {must}; {where}"
            self.assert_said(expected, "mails", MOCKSMTP_URL=url)


class TableTests(SynchronousTestCase):
    """`print_table`"""

    def shown(self, *rows: tuple[object, ...]) -> list[str]:
        @click.command()
        def command() -> None:
            print_table(("A", "B"), rows, "nothing")

        return CliRunner().invoke(command).stdout.splitlines()

    def test_columns(self) -> None:
        """Each is as wide as its widest value, in columns of the terminal."""
        self.assertEqual(
            self.shown(("x", 1), ("日本", None), ("e\u0301e", "y\nz")),
            ["A     B", "x     1", "日本", "e\u0301e    y / z"],
        )

    def test_no_rows(self) -> None:
        """A message for people; nothing for programs."""
        self.assertEqual(self.shown(), [])


def commands(
    group: click.Group, path: str = "mocksmtp"
) -> list[tuple[str, click.Command]]:
    """All commands below a group, by their names."""
    context = click.Context(group)
    found: list[tuple[str, click.Command]] = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        found.append((f"{path} {name}", command))
        if isinstance(command, click.Group) and not isinstance(command, LazyGroup):
            found += commands(command, f"{path} {name}")
    return found
