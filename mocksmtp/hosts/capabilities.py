"""The extensions that EHLO lists (RFC 5321 §4.1.1.1), without and under TLS."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs

from mocksmtp.documents.document import Document, field, parse
from mocksmtp.documents.kinds import Array, Kind, Named, Text
from mocksmtp.documents.schema import Schema, any_of

DEFAULT_KEYWORDS = (
    "PIPELINING",
    "8BITMIME",
    "SMTPUTF8",
    "ENHANCEDSTATUSCODES",
    "CHUNKING",
)
"""The extensions of a host that configures none."""


def keyword_of(line: str) -> str:
    """The keyword of an EHLO line, in upper case, without its parameters."""
    return line.split(None, 1)[0].upper() if line.strip() else ""


def keywords_of(lines: Iterable[str]) -> frozenset[str]:
    """The keywords of EHLO lines, in upper case."""
    return frozenset(map(keyword_of, lines))


MAX_LINE = 500
"""Maximum characters of a line."""

MAX_EXTENSIONS = 1000
"""Maximum number of additional EHLO lines that a test can set."""

MAX_EXTENSION = 2000
"""Maximum octets of such a line; clients must accept fewer (RFC 5321 §4.5.3.1.5)."""

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
    The configured EHLO lines of a host, each a keyword with its parameters.

    SIZE, STARTTLS and AUTH follow from the host's limits, TLS and users, and are added
    unless the list contains them.
    """

    before_tls: tuple[str, ...] = field(
        _LINES, "the lines before TLS", default=DEFAULT_KEYWORDS, always=True
    )
    under_tls: tuple[str, ...] = field(
        _LINES, "the lines under TLS", default=DEFAULT_KEYWORDS, always=True
    )


CAPABILITIES_BY_TLS = Document(Capabilities, "Capabilities", example={})


class _CapabilitiesKind(Kind[Capabilities]):
    """An array of lines, or an object with one array without and one under TLS."""

    samples = (["X"], [], {"beforeTls": ["X"]}, {"underTls": []}, {})
    misfits = (["a\nb"], [""], {"underTls": "X"}, {"more": []}, "X", 5)

    def read(self, value: Any, _: object = None) -> Capabilities:
        """Return the capabilities; an array applies without and under TLS."""
        if isinstance(value, dict):
            return CAPABILITIES_BY_TLS.read(value)
        lines = _LINES.read(value)
        return Capabilities(lines, lines)

    def write(self, value: Capabilities) -> Any:
        """Return an array if both lists are equal, else an object."""
        if value.before_tls == value.under_tls:
            return list(value.before_tls)
        return CAPABILITIES_BY_TLS.write(value)

    def accepted_schema(self, named: Named) -> Schema:
        """One of the two."""
        return any_of(
            _LINES.accepted_schema(named), CAPABILITIES_BY_TLS.accepted_schema(named)
        )

    def written_schema(self, named: Named) -> Schema:
        """One of the two."""
        return any_of(
            _LINES.written_schema(named), CAPABILITIES_BY_TLS.written_schema(named)
        )


CAPABILITIES = _CapabilitiesKind()
"""The kind of the field ``capabilities`` of a host."""


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
"""The kind of the list of additional EHLO lines."""


def parse_extensions(document: Any) -> tuple[str, ...]:
    """
    Read additional EHLO lines from an array of strings.

    :raises DocumentError: it is not an array, or a string is not a single line
    """
    return parse(EXTENSIONS, document)
