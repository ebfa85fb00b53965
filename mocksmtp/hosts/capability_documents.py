"""What a host offers in EHLO: documents to model and back.

An array of lines is for a connection before TLS and under it; an object tells the
two apart.
"""

from __future__ import annotations

import re
from typing import Any

from mocksmtp.documents.document import parse
from mocksmtp.documents.fields import text
from mocksmtp.documents.kinds import Array, Text
from mocksmtp.documents.structure import class_hook, new_converter, structure
from mocksmtp.hosts.capabilities import Capabilities

MAX_LINE = 500
"""How many characters a line may have."""

_LINE = re.compile(rf"[\x20-\x7e\x80-\U0010ffff]{{1,{MAX_LINE}}}")


def parse_capabilities(document: Any) -> Capabilities:
    """
    What is offered.

    :raises DocumentError: the document is neither an array of lines nor an object
    """
    read: Capabilities = structure(_converter, document, Capabilities)
    return read


def capabilities_document(capabilities: Capabilities) -> list[str] | dict[str, Any]:
    """The document of `capabilities`: an array where both states are alike."""
    before, under = list(capabilities.before_tls), list(capabilities.under_tls)
    if before == under:
        return before
    return {"beforeTls": before, "underTls": under}


def structure_capabilities(value: Any, kind: Any) -> Capabilities:
    """Reads `Capabilities`."""
    if isinstance(value, dict):
        read: Capabilities = _structure_object(value, kind)
        return read
    lines = _converter.structure(value, tuple[str, ...])
    return Capabilities(lines, lines)


_converter = new_converter()
_converter.register_structure_hook(
    str, text(_LINE, "must be one line of text, and not empty")
)
_structure_object = class_hook(_converter, Capabilities)
_converter.register_structure_hook(Capabilities, structure_capabilities)


def parse_extensions(document: Any) -> tuple[str, ...]:
    """
    The further lines of an answer to EHLO, from an array of strings.

    :raises DocumentError: it is none, or one of them could not be one line
    """
    return parse(_EXTENSIONS, document)


MAX_EXTENSIONS = 1000
"""How many further lines an answer to EHLO may have."""

MAX_EXTENSION = 2000
"""Octets of one of them; more than clients must accept (RFC 5321 §4.5.3.1.5)."""

_EXTENSIONS = Array(
    Text(
        "[^\\u0000-\\u001f\\u007f]+",
        "must be one line of text, and not empty",
        most=MAX_EXTENSION,
    ),
    most=MAX_EXTENSIONS,
    noun="lines",
)
