"""Follows a page of docs/testing: writes its files and runs its commands, in order."""

from __future__ import annotations

import re
from pathlib import Path

from tests.kits.toolchain import run_any
from tests.markdown import ROOT

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NAME = re.compile(r"// (\S+)\n")
_COMMAND = re.compile(r"\$ ([^\n]+)\n(.*)", re.DOTALL)


def follow(page: str, language: str, folder: Path) -> list[bool]:
    """
    Do what a page says after its installation.

    :param language: of the blocks that are files; the first line of each is its name
    :param folder: where the files are written and the commands run
    :return: whether each command of a console block succeeded
    :raises AssertionError: a command prints something else than the page, in which
        ``...`` stands for any text
    """
    succeeded = []
    for kind, text in _BLOCK.findall((ROOT / page).read_text()):
        if kind == language and (named := _NAME.match(text)):
            (folder / named[1]).write_text(text[named.end() :])
        elif kind == "console" and (command := _COMMAND.match(text)):
            succeeded.append(_run(folder, command[1], command[2]))
    return succeeded


def _run(folder: Path, command: str, output: str) -> bool:
    # go completes go.mod: the test replaces the module instead of downloading it.
    ran = run_any(folder, "sh", "-c", command, GOFLAGS="-mod=mod")
    parts = [part.strip("\n") for part in output.split("...")]
    if not re.search(".*?".join(map(re.escape, parts)), ran.stdout, re.DOTALL):
        raise AssertionError(f"{command} printed:\n{ran.stdout}\nnot:\n{output}")
    return ran.returncode == 0
