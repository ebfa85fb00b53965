"""What a reader of documents says of one that it refuses."""

from __future__ import annotations

from typing import Any

from mocksmtp.documents.document import parse
from mocksmtp.documents.kinds import Kind
from mocksmtp.documents.problems import DocumentError


def refusal(kind: Kind[Any], document: Any) -> str:
    """The first error of `document`, with its path."""
    try:
        parse(kind, document)
    except DocumentError as error:
        first = error.problems[0]
        return f"{first.path}: {first.message}"
    raise AssertionError(f"not refused: {document!r}")
