"""The reference of behaviors in ``docs/behaviors.md``, from the declarations.

``python -m mocksmtp.behaviors.reference docs/behaviors.md`` writes it there.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from mocksmtp.behaviors.condition import MAX_CONDITIONS, MAX_DEPTH
from mocksmtp.behaviors.counts import MAX_KEYS
from mocksmtp.behaviors.delay import KINDS as DELAYS
from mocksmtp.behaviors.miss import Reason
from mocksmtp.behaviors.pattern import (
    MAX_CLASSES,
    MAX_PATTERN,
    MAX_PROGRAM,
    MAX_SEARCHED,
)
from mocksmtp.behaviors.point import DISCARDING, Command
from mocksmtp.behaviors.response import MAX_MESSAGE, RESPONSE_IN_TURN, Effect, Then
from mocksmtp.behaviors.scenarios import MAX_SCENARIOS
from mocksmtp.behaviors.smtp import CONDITIONS, SMTP
from mocksmtp.behaviors.target import KNOWN_AT, Subject, natural_subject, shown_target
from mocksmtp.documents.units import MAX_DURATION

BEGIN = "<!-- begin: made by python -m mocksmtp.behaviors.reference -->"
END = "<!-- end -->"

_EFFECTS = {
    Effect.APPLY: "the command is executed",
    Effect.NONE: "the command is not executed",
    Effect.DISCARD: "the session continues as if it was, and the data is not kept; for "
    + ", ".join(f"`{c.value}`" for c in Command if c in DISCARDING),
}
_THEN = {
    Then.CONTINUE: "the session continues",
    Then.CLOSE: "the server closes the connection (FIN)",
    Then.RESET: "the server resets the connection (RST), after the reply was sent",
    Then.HANG: "the server neither reads nor writes",
}
_REASONS = {
    Reason.DISABLED: "`enabled` is false",
    Reason.PROTOCOL: "it uses `recipient` at `DATA`, which only LMTP decides for each "
    "recipient; on SMTP it is not evaluated",
    Reason.SCENARIO: "its scenario is in another state",
    Reason.CONDITION: "its condition is not true",
    Reason.SKIP: "it is one of the first `skip` matches",
    Reason.ACTIVE_FOR: "the key's first match is longer ago than `activeFor`",
    Reason.EXHAUSTED: "the key has used up its answers",
    Reason.PROBABILITY: "the random number was above `probability`",
}


def reference() -> str:
    """The whole reference, in Markdown."""
    return "\n".join(_parts()) + "\n"


def _parts() -> Iterator[str]:
    yield from _section("A behavior", "field default meaning", _rows(SMTP.rows()))
    yield from _section("Commands", "command when subject", _command_rows())
    yield from _section("Conditions", "operator fields true", _operator_rows())
    yield from (
        "",
        "`ignoreCase` (default false) ignores the case of ASCII letters, and of other "
        "letters (Unicode's simple case folding) if `matchingValue` contains some. "
        f"Regular expressions are RE2's, of at most {MAX_PATTERN:,} "
        f"characters and {MAX_PROGRAM:,} steps when compiled (`\\pL` is 1,200, `.` 8), "
        f"with at most {MAX_CLASSES} classes such as `\\pL`, and search "
        f"the first {MAX_SEARCHED:,} octets; large expressions search fewer. "
        f"Combinators take up to {MAX_CONDITIONS} conditions, nested {MAX_DEPTH} deep.",
    )
    yield from _section("Targets", "target meaning where", _target_rows())
    yield from _section(
        "A response", "field default meaning", _rows(RESPONSE_IN_TURN.rows())
    )
    yield from _section(
        "Effects", "effect meaning", _rows((e.value, m) for e, m in _EFFECTS.items())
    )
    yield from (
        "",
        "The default is `apply` if the code is a success code of the command (2xx; 354 "
        "for `DATA COMMAND`), or if only the message is set; otherwise `none`.",
    )
    yield from _section(
        "Ends", "then meaning", _rows((t.value, m) for t, m in _THEN.items())
    )
    yield from _section("Delays", "type fields meaning", _delay_rows())
    yield from _section(
        "Why one did not fire",
        "reason meaning",
        _rows((r.value, m) for r, m in _REASONS.items()),
    )
    yield from _section("Limits", "of limit", _limit_rows())


def _section(title: str, heads: str, rows: Iterable[str]) -> Iterator[str]:
    names = heads.split()
    yield from ("", f"### {title}", "")
    yield f"| {' | '.join(names)} |"
    yield "|" + "---|" * len(names)
    yield from rows


def _rows(cells: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """Rows of a table, whose first cell is code."""
    for first, *others in cells:
        yield f"| `{first}` | " + " | ".join(others) + " |"


def _command_rows() -> Iterator[str]:
    for command in Command:
        subject = natural_subject(command)
        looked = "none" if subject is None else f"`{subject.value}`"
        if command is Command.ANY:
            looked = "that of the command"
        yield from _rows([(command.value, command.meaning, looked)])


def _operator_rows() -> Iterator[str]:
    for name, document in CONDITIONS.operators.variants.items():
        fields = ", ".join(f"`{field}`" for field in document.fields)
        yield from _rows([(name, fields, _first_line(document.cls))])


def _first_line(kind: type) -> str:
    """The first line of a docstring, in the middle of a sentence."""
    line = (kind.__doc__ or "").strip().split("\n")[0].rstrip(".")
    return line[:1].lower() + line[1:]


def _target_rows() -> Iterator[str]:
    for subject in Subject:
        known = KNOWN_AT[subject]
        yield from _rows([(shown_target(subject), subject.meaning, _where(known))])


def _where(known: frozenset[Command]) -> str:
    """At which commands, the short way."""
    unknown = [command for command in Command if command not in known]
    if not unknown:
        return "everywhere"
    if len(unknown) < len(known):
        return "not at " + ", ".join(f"`{command.value}`" for command in unknown)
    return ", ".join(f"`{command.value}`" for command in Command if command in known)


def _delay_rows() -> Iterator[str]:
    for name, document in DELAYS.variants.items():
        fields = ", ".join(f"`{field}`" for field in document.fields)
        yield from _rows([(name, fields, _first_line(document.cls))])


def _limit_rows() -> Iterator[str]:
    yield f"| keys of all behaviors of a host; the oldest are removed | {MAX_KEYS:,} |"
    yield f"| scenarios that are not in the state `Started` | {MAX_SCENARIOS:,} |"
    yield f"| octets of a message, or of `raw` | {MAX_MESSAGE:,} |"
    yield f"| any duration | {MAX_DURATION} |"


def insert(text: str) -> str:
    """`text` with the reference between its marks."""
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n{reference()}\n{END}{tail}"


if __name__ == "__main__":
    for name in sys.argv[1:]:
        path = Path(name)
        path.write_text(insert(path.read_text("utf-8")), "utf-8")
    if not sys.argv[1:]:
        sys.stdout.write(reference())
