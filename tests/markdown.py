"""Commands and programs in Markdown documents, to be run as they are written."""

from __future__ import annotations

import re
from pathlib import Path

import attrs

ROOT = Path(__file__).parent.parent

_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@attrs.frozen
class Command:
    """A command of a console block, and what it is said to print."""

    line: str
    output: str


def blocks(document: str, language: str) -> list[str]:
    """The text of each fenced block of `language` in a document of the project."""
    text = (ROOT / document).read_text()
    return [block for name, block in _FENCE.findall(text) if name == language]


def commands(document: str) -> list[Command]:
    """The commands of all console blocks, in order."""
    return [one for block in blocks(document, "console") for one in commands_of(block)]


def commands_of(block: str) -> list[Command]:
    """The commands of a console block."""
    found = []
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        line, _, output = part.partition("\n")
        found.append(Command(line, output))
    return found


def fences(document: str) -> list[tuple[str, str]]:
    """All fenced blocks of a document in order: their languages and texts."""
    return _FENCE.findall((ROOT / document).read_text())
