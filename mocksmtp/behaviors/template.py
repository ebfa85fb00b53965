"""Messages that contain ``{{target}}``, which is replaced for each attempt."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import attrs

from mocksmtp.behaviors.condition import Values
from mocksmtp.behaviors.target import Target, parse_target

MAX_VALUE = 512
"""The maximum length of an inserted value, in octets; the rest is cut off."""

_PLACE = re.compile(r"\{\{([^{}\n]*)\}\}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@attrs.frozen
class Template:
    """
    A text with placeholders.

    :ivar pieces: the literal texts and the targets, in order
    """

    pieces: tuple[str | Target, ...]

    @property
    def targets(self) -> Iterator[Target]:
        """The targets whose values it inserts."""
        return (piece for piece in self.pieces if isinstance(piece, Target))

    def fill(self, attempt: Values) -> str:
        """
        Return the text for an attempt.

        An absent value is empty, and several values are separated by commas. Control
        characters in values become spaces, so that they cannot begin another line.
        """
        return "".join(
            piece if isinstance(piece, str) else _value(attempt.values(piece))
            for piece in self.pieces
        )


def _value(values: Sequence[bytes]) -> str:
    octets = bytearray()
    for value in values:
        octets += (b", " if octets else b"") + value[:MAX_VALUE]
        if len(octets) >= MAX_VALUE:
            break
    return _CONTROL.sub(" ", octets[:MAX_VALUE].decode("utf-8", "replace"))


def parse_template(text: str) -> Template:
    """
    Parse a text with placeholders ``{{target}}``.

    :raises ValueError: a placeholder names no target
    """
    pieces: list[str | Target] = []
    at = 0
    for match in _PLACE.finditer(text):
        pieces += [text[at : match.start()], parse_target(match[1].strip())]
        at = match.end()
    return Template((*(piece for piece in [*pieces, text[at:]] if piece != ""),))
