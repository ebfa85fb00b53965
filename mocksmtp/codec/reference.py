"""The reference of behaviors in ``docs/behaviors.md``, made from the model.

``python -m mocksmtp.codec.reference docs/behaviors.md`` writes it between its marks.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import attrs

from mocksmtp.codec.behaviors import BehaviorFields
from mocksmtp.codec.conditions import MAX_CONDITIONS, fields_of
from mocksmtp.codec.responses import DELAYS, ResponseFields
from mocksmtp.core.keys import MAX_KEYS
from mocksmtp.core.scenarios import MAX_SCENARIOS
from mocksmtp.documents.problems import camel_case
from mocksmtp.model.condition import COMBINATORS, COMPARISONS, MAX_DEPTH, PRESENCES
from mocksmtp.model.fault import MAX_SECONDS, Then
from mocksmtp.model.miss import Reason
from mocksmtp.model.pattern import MAX_PATTERN, MAX_SEARCHED
from mocksmtp.model.point import DISCARDING, Command
from mocksmtp.model.response import MAX_MESSAGE, Effect
from mocksmtp.model.target import KNOWN_AT, Subject, natural_subject, shown_target

BEGIN = "<!-- begin: made by python -m mocksmtp.codec.reference -->"
END = "<!-- end -->"

BEHAVIOR_FIELDS = {
    "command": "the reply point, see below",
    "condition": "when it fires; without one, always",
    "response": "what it does",
    "responses": "in the place of `response`: several, one after the other. After the "
    "last one the key is exhausted",
    "numberOfAnswer": "how many times it fires for each key; null is for ever",
    "skip": "the first so many matches of a key pass by",
    "per": '`"global"`, or what splits the counts, one name or up to 8: `connection`, '
    "`transaction`, or a target that is known at the command",
    "activeFor": "fires only this long after the key's first match",
    "window": "the key is forgotten this long after its first match",
    "probability": "above 0; drawn last, and the same in each run of the same matches",
    "scenario": '`{"name", "state"?, "next"?}`: fires in that state, and brings about '
    'the next one. A scenario starts in `"Started"`; see `/scenarios`',
    "id": "by which it is found: letters, digits, `.`, `_`, `-`",
    "tag": "groups behaviors for `?tag=` on GET and DELETE",
}

RESPONSE_FIELDS = {
    "code": "200 to 599. Without `code`, `message` and `raw`, a `then` other than "
    "`continue` sends no reply at all",
    "message": r"as it is; `\n` begins a further line. Without one the text suits "
    "the code",
    "effect": "whether the command also takes place",
    "enhancedCode": "put before each line, as `4.7.1`",
    "raw": 'octets (characters up to U+00FF) in the place of a reply; `""` says '
    "nothing and goes on reading",
    "delay": "before the reply: a duration, or one by chance, see below",
    "drip": '`{"bytes": 1, "interval": "200ms"}`: the reply a few octets at a time',
    "then": "what becomes of the connection when the reply has left",
    "thenDelay": "waits before that",
    "template": "whether `{{target}}` in the message is filled in; controls become "
    "spaces, and 512 octets at most are taken",
    "times": "in `responses` only: how often before the next; null, on the last, is "
    "for ever",
}

_EFFECTS = {
    Effect.APPLY: "it takes place",
    Effect.NONE: "it does not",
    Effect.DISCARD: "the session goes on as if it had, and the data is not kept; for "
    + ", ".join(f"`{c.value}`" for c in Command if c in DISCARDING),
}
_THEN = {
    Then.CONTINUE: "the session goes on",
    Then.CLOSE: "an orderly end (FIN)",
    Then.RESET: "a hard one (RST), after the reply has left",
    Then.HANG: "nothing is read or written any more",
}
_DELAYS = {
    "fixed": "the same each time",
    "uniform": "anything between as likely",
    "lognormal": "mostly about `median`, with a long tail; more is cut to `maxValue`",
}
_REASONS = {
    Reason.PROTOCOL: "it names `recipient` at `DATA`, where only LMTP decides for each "
    "recipient; it is not evaluated on SMTP",
    Reason.SCENARIO: "its scenario is in another state",
    Reason.CONDITION: "its condition is not true",
    Reason.SKIP: "it is one of the first matches, which pass by",
    Reason.ACTIVE_FOR: "its key's first match was too long ago",
    Reason.EXHAUSTED: "its key has had all answers",
    Reason.PROBABILITY: "chance was against it",
}


def reference() -> str:
    """The whole reference, in Markdown."""
    return "\n".join(_parts()) + "\n"


def _parts() -> Iterator[str]:
    yield from _section("A behavior", "field default meaning", _behavior_rows())
    yield from _section("Commands", "command when subject", _command_rows())
    yield from _section("Conditions", "operator fields true", _operator_rows())
    yield from (
        "",
        "`ignoreCase` (false) takes letters for the same in either case: those of "
        "ASCII, and with a `matchingValue` that has others, those by Unicode's simple "
        f"folding. Regular expressions are RE2's, of {MAX_PATTERN:,} characters at "
        f"most, and look at the first {MAX_SEARCHED:,} octets; large ones at fewer. "
        f"Combinators take up to {MAX_CONDITIONS} conditions, nested {MAX_DEPTH} deep.",
    )
    yield from _section("Targets", "target meaning where", _target_rows())
    yield from _section("A response", "field default meaning", _response_rows())
    yield from _section(
        "Effects", "effect meaning", _rows((e.value, m) for e, m in _EFFECTS.items())
    )
    yield from (
        "",
        "The default is `apply` on a code of the command's own kind of success (2xx; "
        "354 for `DATA COMMAND`), and where only the message is given; else `none`.",
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


def _behavior_rows() -> Iterator[str]:
    defaults = {"response": "required", "responses": "none", "id": "assigned"}
    defaults |= {"per": '`"global"`', "condition": "always", "tag": "none"}
    defaults |= {"scenario": "none"}
    return _field_rows(BehaviorFields, BEHAVIOR_FIELDS, defaults)


def _response_rows() -> Iterator[str]:
    defaults = {"code": "the server's own", "message": "stock text"}
    defaults |= {"effect": "see below", "enhancedCode": "none", "raw": "none"}
    defaults |= {"drip": "none", "delay": "`0`"}
    return _field_rows(ResponseFields, RESPONSE_FIELDS, defaults)


def _field_rows(
    kind: type[attrs.AttrsInstance], meanings: dict[str, str], defaults: dict[str, str]
) -> Iterator[str]:
    for field in attrs.fields(kind):
        name = camel_case(field.name)
        yield from _rows(
            [(name, defaults.get(name) or _default(field.default), meanings[name])]
        )


def _default(value: object) -> str:
    match value:
        case attrs.NOTHING:
            return "required"
        case None:
            return "null"
        case Then():
            return f"`{value.value}`"
        case bool():
            return f"`{str(value).lower()}`"
        case _:
            return f"`{value:g}`"


def _command_rows() -> Iterator[str]:
    for command in Command:
        subject = natural_subject(command)
        looked = "none" if subject is None else f"`{subject.value}`"
        if command is Command.ANY:
            looked = "that of the command"
        yield from _rows([(command.value, command.meaning, looked)])


def _operator_rows() -> Iterator[str]:
    kinds = {**COMPARISONS, **PRESENCES, **COMBINATORS}
    for name, kind in kinds.items():
        fields = [f for f in fields_of(name) if f != "matchingValue"]
        if name in COMPARISONS:
            fields.insert(0, "matchingValue")
        meaning = (kind.__doc__ or "").split("\n")[0].rstrip(".")
        meaning = meaning.removeprefix("True ").removeprefix("where ")
        meaning = meaning.replace("Always true", "always")
        yield from _rows([(name, ", ".join(f"`{f}`" for f in fields), meaning)])


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
    for name, fields in DELAYS.items():
        shown = ", ".join(f"`{field}`" for field in fields)
        yield from _rows([(name, shown, _DELAYS[name])])


def _limit_rows() -> Iterator[str]:
    yield f"| keys of all behaviors of a host; the oldest go | {MAX_KEYS:,} |"
    yield f"| scenarios that are not in their first state | {MAX_SCENARIOS:,} |"
    yield f"| octets of a message, or of `raw` | {MAX_MESSAGE:,} |"
    yield f"| any duration | {MAX_SECONDS / 3600:g}h |"


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
