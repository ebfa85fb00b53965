"""What EHLO offers (RFC 5321 §4.1.1.1), before TLS and under it."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

USUAL = ("PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "CHUNKING")
"""What EHLO offers unless a host is told otherwise."""


def keyword_of(line: str) -> str:
    """The keyword of a line of EHLO, in upper case, without its parameters."""
    return line.split(None, 1)[0].upper() if line.strip() else ""


def keywords_of(lines: Iterable[str]) -> frozenset[str]:
    """The keywords of lines of EHLO, in upper case."""
    return frozenset(map(keyword_of, lines))


@attrs.frozen
class Capabilities:
    """
    The lines of EHLO that a host is told to offer, keyword and parameters.

    SIZE, STARTTLS and AUTH come from the host's limits, TLS and users, and are added
    where a list does not name them itself.
    """

    before_tls: tuple[str, ...] = USUAL
    under_tls: tuple[str, ...] = USUAL
