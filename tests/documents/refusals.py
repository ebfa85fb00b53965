"""What a reader of documents says of one that it refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cattrs import Converter

from mocksmtp.documents.problems import DocumentError
from mocksmtp.documents.structure import structure


def refusal(read: Callable[[Any, Any], Any], document: Any) -> str:
    """The first thing that is wrong with `document`, with its path."""
    converter = Converter()
    converter.register_structure_hook(object, read)
    try:
        structure(converter, document, object)
    except DocumentError as error:
        first = error.problems[0]
        return f"{first.path}: {first.message}"
    raise AssertionError(f"not refused: {document!r}")
