"""The pages on the command line say what it does"""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
from twisted.trial.unittest import SkipTest, SynchronousTestCase

from mocksmtp.cli import main
from mocksmtp.cli.program import Exit
from tests.cli.test_program import commands as all_commands
from tests.commands.case import ServiceCase
from tests.installed import BIN, clean_environment
from tests.markdown import ROOT, blocks, commands
from tests.test_programs import ProgramCase

_FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


class PageCase(ProgramCase):
    """Runs what a page contains, in a folder of its own."""

    def shell(self, line: str, **environment: str) -> str:
        """What a command prints."""
        path = f"{BIN}:{os.environ.get('PATH', os.defpath)}"
        return subprocess.run(
            ["bash", "-c", line],
            cwd=self.folder,
            env=clean_environment(PATH=path, **environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        ).stdout

    def assert_page(self, page: str, **environment: str) -> None:
        """Each command prints what the page says."""
        for command in commands(page):
            said = self.shell(command.line, **environment)
            self.assertTrue(
                doctest.OutputChecker().check_output(command.output, said, _FLAGS),
                f"$ {command.line}\n{said}",
            )


class ReferenceTests(ServiceCase, PageCase):
    """The examples of docs/cli.md"""

    def test_its_examples(self) -> None:
        """In order, with one service."""
        self.assert_page("docs/cli.md", MOCKSMTP_URL=self.url)


class CompletenessTests(SynchronousTestCase):
    """The lists of docs/cli.md"""

    PAGE = "docs/cli.md"

    def test_all_commands_and_options_are_listed(self) -> None:
        """In the part of their command; those of all commands are listed once."""
        text = (ROOT / self.PAGE).read_text()
        for path, command in all_commands(main):
            *_, group, name = path.split()
            named = name if group == "mocksmtp" else f"{group} {name}"
            self.assertRegex(
                text, rf"`{named}\b|`{group}`\]?[^|]*\|[^|]*`{name}`", path
            )
            for parameter in command.params:
                if isinstance(parameter, click.Option) and not parameter.hidden:
                    names = [one for one in parameter.opts if f"`{one}`" in text]
                    if name not in ("ingest", "wait"):
                        self.assertTrue(names, (path, parameter.opts))

    def test_all_exit_statuses_are_listed(self) -> None:
        """In their table."""
        text = (ROOT / self.PAGE).read_text()
        table = text.partition("## Exit statuses")[2].partition("##")[0]
        found = {int(number) for number in re.findall(r"\b\d+\b", table)} - {128}
        self.assertEqual(found, {int(one) for one in Exit})


class ProvidersPageTests(ServiceCase, PageCase):
    """docs/providers.md"""

    def test_its_example(self) -> None:
        """A provider's reply, by the name of its recipe."""
        self.assert_page("docs/providers.md", MOCKSMTP_URL=self.url)


class ShellPageTests(PageCase):
    """docs/testing/shell.md"""

    PAGE = "docs/testing/shell.md"

    def test_its_tests_pass_and_fail(self) -> None:
        """As the page shows."""
        for text in blocks(self.PAGE, "sh"):
            named = re.match(r"#!.*\n# ([\w-]+): ", text)
            if named is not None:
                path = self.folder / named[1]
                path.write_text(text)
                path.chmod(0o755)
        self.assert_page(self.PAGE)
        self.assertIn("bob@x.test", (self.folder / "mocksmtp-report.html").read_text())

    def test_its_assertions(self) -> None:
        """Each command is valid: it finds nothing, or does it."""
        text = (ROOT / self.PAGE).read_text()
        lines = re.findall(r"^\|[^|]+\| `(!? ?mocksmtp [^`|]*)`", text, re.MULTILINE)
        self.assertGreater(len(lines), 8)
        script = "\n".join(
            f"{re.sub('--(timeout|settle) 2s', '', line)} "
            + ("--timeout 1ms" if " wait" in line else "")
            + '; test $? -le 1 || echo "failed"'
            for line in lines
        )
        self.write("script", script)
        said = self.shell("mocksmtp run -- bash script")
        self.assertNotIn("failed", said)


class CiPageTests(PageCase):
    """docs/testing/ci.md"""

    PAGE = "docs/testing/ci.md"

    def test_its_example(self) -> None:
        """It prints what the page says."""
        self.assert_page(self.PAGE)

    def test_files_are_valid(self) -> None:
        """By the schemas of the services, as far as the tool has them."""
        if find_spec("check_jsonschema") is None:
            raise SkipTest("check-jsonschema is not installed")
        schemas = {
            ".github/workflows/test.yml": "vendor.github-workflows",
            ".gitlab-ci.yml": "vendor.gitlab-ci",
            ".circleci/config.yml": "vendor.circle-ci",
            "azure-pipelines.yml": "vendor.azure-pipelines",
        }
        for name, text in self.files().items():
            path = self.folder / Path(name).name
            path.write_text(text)
            done = subprocess.run(
                [
                    *(sys.executable, "-m", "check_jsonschema"),
                    *("--builtin-schema", schemas.pop(name), str(path)),
                ],
                capture_output=True,
                text=True,
            )
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(schemas, {})

    def test_commands_work(self) -> None:
        """The steps of each service, with a suite that fails: a report is left."""
        import yaml

        self.write("Makefile", "test:\n\t@mocksmtp health && exit 3\n")
        for name, text in self.files().items():
            steps = list(_steps(yaml.safe_load(text)))
            self.assertIn("pip install mocksmtp", steps, name)
            (tested,) = [step for step in steps if step != "pip install mocksmtp"]
            said = self.shell(f"{tested}; echo status $?")
            self.assertIn("status 2\n", said)
            report = self.folder / "mail.html"
            self.assertIn("<html", report.read_text())
            report.unlink()

    def files(self) -> dict[str, str]:
        """The YAML files of the page, by their names."""
        found = {}
        for text in blocks(self.PAGE, "yaml"):
            first = text.partition("\n")[0]
            found[first.removeprefix("# ")] = text
        return found


def _steps(document: Any) -> Any:
    """The commands of a CI file, wherever it has them."""
    if isinstance(document, dict):
        for name, value in document.items():
            if name in ("run", "script", "before_script"):
                yield from [value] if isinstance(value, str) else value
            else:
                yield from _steps(value)
    elif isinstance(document, list):
        for value in document:
            yield from _steps(value)
