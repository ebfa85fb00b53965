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

ShownDocument: TypeAlias = dict[str, Any]

MAX_SHOWN_TEXT = 300
"""Characters of a text that are shown."""

_MAX_COMPARED = 100
"""Characters of two values up to which their differences are marked: comparing them
takes time with the product of their lengths."""

_LAST = (0xFFFE, 0xFFFF)

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
