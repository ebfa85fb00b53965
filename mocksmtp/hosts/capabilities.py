"""What EHLO offers (RFC 5321 §4.1.1.1), before TLS and under it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs

from mocksmtp.documents.document import Document, field, parse
from mocksmtp.documents.kinds import Array, Kind, Named, Text
from mocksmtp.documents.schema import Schema, any_of

USUAL = ("PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "CHUNKING")
"""What EHLO offers unless a host is told otherwise."""


def keyword_of(line: str) -> str:
    """The keyword of a line of EHLO, in upper case, without its parameters."""
    return line.split(None, 1)[0].upper() if line.strip() else ""


def keywords_of(lines: Iterable[str]) -> frozenset[str]:
    """The keywords of lines of EHLO, in upper case."""
    return frozenset(map(keyword_of, lines))


MAX_LINE = 500
"""How many characters a line may have."""

MAX_EXTENSIONS = 1000
"""How many further lines an answer to EHLO may have."""

MAX_EXTENSION = 2000
"""Octets of one of them; more than clients must accept (RFC 5321 §4.5.3.1.5)."""

_ONE_LINE = "must be one line of text, and not empty"
_LINES = Array(
    Text(
        rf"[^\u0000-\u001f\u007f]{{1,{MAX_LINE}}}",
        _ONE_LINE,
        samples=("AUTH PLAIN", "X-1"),
        misfits=("", "a\nb"),
    )
)


@attrs.frozen
class Capabilities:
    """
    The lines of EHLO that a host is told to offer, keyword and parameters.

    SIZE, STARTTLS and AUTH come from the host's limits, TLS and users, and are added
    where a list does not name them itself.
    """

    before_tls: tuple[str, ...] = field(
        _LINES, "the lines before TLS", default=USUAL, always=True
    )
    under_tls: tuple[str, ...] = field(
        _LINES, "the lines under TLS", default=USUAL, always=True
    )


CAPABILITIES_BY_TLS = Document(Capabilities, "Capabilities", example={})


class _CapabilitiesKind(Kind[Capabilities]):
    """An array of lines, or an object with those before TLS and under it."""

    samples = (["X"], [], {"beforeTls": ["X"]}, {"underTls": []}, {})
    misfits = (["a\nb"], [""], {"underTls": "X"}, {"more": []}, "X", 5)

    def read(self, value: Any, _: object = None) -> Capabilities:
        """The capabilities; an array is for both."""
        if isinstance(value, dict):
            return CAPABILITIES_BY_TLS.read(value)
        lines = _LINES.read(value)
        return Capabilities(lines, lines)

    def write(self, value: Capabilities) -> Any:
        """An array where both are alike, else an object."""
        if value.before_tls == value.under_tls:
            return list(value.before_tls)
        return CAPABILITIES_BY_TLS.write(value)

    def taken(self, named: Named) -> Schema:
        """One of the two."""
        return any_of(_LINES.taken(named), CAPABILITIES_BY_TLS.taken(named))

    def told(self, named: Named) -> Schema:
        """One of the two."""
        return any_of(_LINES.told(named), CAPABILITIES_BY_TLS.told(named))


CAPABILITIES = _CapabilitiesKind()
"""What a document says of the capabilities of a host."""


def parse_capabilities(document: Any) -> Capabilities:
    """
    The capabilities that a document describes.

    :raises DocumentError: it is neither an array of lines nor an object
    """
    return parse(CAPABILITIES, document)


EXTENSIONS = Array(
    Text("[^\\u0000-\\u001f\\u007f]+", _ONE_LINE, most=MAX_EXTENSION),
    most=MAX_EXTENSIONS,
    noun="lines",
)
"""The further lines of an answer to EHLO."""


def parse_extensions(document: Any) -> tuple[str, ...]:
    """
    The further lines of an answer to EHLO, from an array of strings.

    :raises DocumentError: it is none, or one of them could not be one line
    """
    return parse(EXTENSIONS, document)
