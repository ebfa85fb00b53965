"""Texts as they are shown: safe in HTML and on a terminal, cut, and in words.

Subjects, HELO names, command lines and replies come from anyone. Control characters are
replaced by visible ones; in HTML each text is escaped and in its own ``<bdi>``, so that
its direction changes nothing around it.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from html import escape
from typing import Any, TypeAlias

from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.target import natural_subject

ShownDocument: TypeAlias = dict[str, Any]

MAX_SHOWN_TEXT = 300
"""Characters of a text that are shown."""

_MAX_COMPARED = 100
"""Characters of two values up to which their differences are marked: comparing them
takes time with the product of their lengths."""

MAX_WORDS = 20
"""Conditions of a behavior that are described."""

_LAST = (0xFFFE, 0xFFFF)
_NATURAL = {
    command.value: subject.value
    for command in Command
    if (subject := natural_subject(command)) is not None
}
"""What conditions without a target look at, by command."""

# Controls, which HTML does not allow, and code points that are no characters.
_NONE = "".join(
    chr(end + last) for end in range(0, 0x110000, 1 << 16) for last in _LAST
)
_CONTROL = re.compile(f"[\0-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef{_NONE}]")
_DIRECTION = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def visible(text: str, limit: int | None = MAX_SHOWN_TEXT) -> str:
    """A text without control characters, and of a long one the beginning."""
    cut = text if limit is None or len(text) <= limit else text[:limit] + "…"
    cut = cut.replace("\r\n", "\n").replace("\t", " ")
    return _CONTROL.sub(_picture, cut)


def _picture(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else "\ufffd"


def plain_text(text: str, limit: int | None = MAX_SHOWN_TEXT) -> str:
    """A text for a terminal: one line, of which no character changes the direction."""
    return _DIRECTION.sub("\ufffd", visible(text, limit).replace("\n", " / "))


def isolated(text: str, limit: int | None = MAX_SHOWN_TEXT) -> str:
    """A text as HTML."""
    return f"<bdi>{escape(visible(text, limit))}</bdi>"


def duration_words(milliseconds: float) -> str:
    """A time span, in the unit that a reader expects."""
    if milliseconds < 1000:
        return f"{milliseconds:.0f} ms"
    seconds = milliseconds / 1000
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def counted(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def differences(found: str, wanted: str, operator: str) -> tuple[str, str]:
    """
    Two values as HTML, with what keeps them from being equal in ``<mark>``.

    :param operator: of the condition; one that looks for a part of the value allows
        more before or behind it
    """
    if max(len(found), len(wanted)) > _MAX_COMPARED:
        return isolated(found), isolated(wanted)
    parts = SequenceMatcher(None, found, wanted, autojunk=False).get_opcodes()
    left, right = [], []
    for tag, start, end, wanted_start, wanted_end in parts:
        allowed = tag == "delete" and (
            (start == 0 and operator in ("contains", "endsWith"))
            or (end == len(found) and operator in ("contains", "startsWith"))
        )
        differs = tag != "equal" and not allowed
        left.append(_marked(found[start:end], differs))
        right.append(_marked(wanted[wanted_start:wanted_end], differs))
    return f"<bdi>{''.join(left)}</bdi>", f"<bdi>{''.join(right)}</bdi>"


def _marked(text: str, differs: bool) -> str:
    shown = escape(visible(text, None))
    if not differs or not shown:
        return shown
    # A space is only seen if it is not one.
    return f"<mark>{shown.replace(' ', '␣')}</mark>"


def reply_words(reply: ShownDocument | None) -> str:
    """A reply, or that there was none."""
    return "no reply" if reply is None else f"{reply['code']:03} {reply['text']}"


def behavior_words(document: ShownDocument) -> str:
    """
    What a behavior does: ``RCPT TO where recipient contains bob@ → 450 Busy``.

    :param document: as the API has it
    """
    at = document.get("command") or document.get("query") or "any query"
    subject = _NATURAL.get(at, "name")
    condition = document.get("condition")
    words = [str(at)]
    if condition is not None and condition.get("operator") != "matchAll":
        words.append("where " + _condition_words(condition, subject, [MAX_WORDS]))
    responses = document.get("responses") or [document.get("response") or {}]
    words.append("→ " + ", then ".join(map(_response_words, responses[:3])))
    limit = document.get("numberOfAnswer")
    if limit is not None:
        words.append(f"({counted(limit, 'time')})")
    if document.get("enabled") is False:
        words.append("(disabled)")
    return " ".join(words)


def _condition_words(condition: ShownDocument, subject: str, room: list[int]) -> str:
    room[0] -= 1
    if room[0] < 0:
        return "…"
    operator = condition.get("operator")
    each = condition.get("conditions")
    if each is not None:
        joint = " or " if operator in ("any", "anyOf") else " and "
        shown = [_condition_words(one, subject, room) for one in each[: room[0] + 1]]
        return f"({joint.join(shown)})"
    inner = condition.get("condition")
    if inner is not None:
        return f"not {_condition_words(inner, subject, room)}"
    words = [condition.get("target", subject), operator, condition.get("matchingValue")]
    if condition.get("ignoreCase"):
        words.append("(ignoring case)")
    return " ".join(str(word)[:MAX_SHOWN_TEXT] for word in words if word is not None)


def _response_words(response: ShownDocument) -> str:
    words = []
    code, message = response.get("code"), response.get("message")
    if code is not None or message is not None:
        words.append(" ".join(str(w) for w in (code, message) if w is not None))
    for name, value in response.items():
        if name == "delay" and isinstance(value, int | float):
            words.append(f"delayed by {duration_words(value)}")
        elif name not in ("code", "message") and value not in (None, "continue"):
            words.append(f"{name} {value if isinstance(value, str | int) else '…'}")
    return ", ".join(words) or "the server's own reply"
