"""Messages with ``{{target}}`` in them, filled in when they are sent."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import attrs

from mocksmtp.behaviors.condition import Values
from mocksmtp.behaviors.target import Target, parse_target

MAX_VALUE = 512
"""Octets of a value that are filled in."""

_PLACE = re.compile(r"\{\{([^{}\n]*)\}\}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@attrs.frozen
class Template:
    """A text in pieces: what stands as it is, and targets whose values it gets."""

    pieces: tuple[str | Target, ...]

    @property
    def targets(self) -> Iterator[Target]:
        """Those that it asks for."""
        return (piece for piece in self.pieces if isinstance(piece, Target))

    def fill(self, attempt: Values) -> str:
        """
        The text for an attempt.

        A value that is not there is empty, and several are divided by commas.
        Controls in them become spaces, lest they begin a line of their own.
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
    The template that `text` is.

    :raises ValueError: between braces is no target
    """
    pieces: list[str | Target] = []
    at = 0
    for match in _PLACE.finditer(text):
        pieces += [text[at : match.start()], parse_target(match[1].strip())]
        at = match.end()
    return Template((*(piece for piece in [*pieces, text[at:]] if piece != ""),))
