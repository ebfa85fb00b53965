"""The MIME structure of a mail as a document."""

from __future__ import annotations

from typing import Any

from mocksmtp.model.mime import read_structure
from mocksmtp.model.part import Part, TooComplex


def mime_fields(content: bytes) -> dict[str, Any]:
    """
    The fields that tell the structure of a mail; work that grows with its size.

    :return: ``mime``, and where it is null, why that is, as ``mimeReason``
    """
    try:
        return {"mime": _structure_document(content)}
    except TooComplex as error:
        return {"mime": None, "mimeReason": str(error)}


def _structure_document(content: bytes) -> dict[str, Any]:
    structure = read_structure(content)
    attached = set(structure.attachments)
    parts = [(part, _part_document(part)) for part in structure.parts]
    return {
        "headers": [{"name": f.name, "value": f.text} for f in structure.headers],
        "text": _text(structure.plain),
        "html": _text(structure.html),
        "parts": [document for _, document in parts],
        "attachments": [document for part, document in parts if part in attached],
    }


def _text(part: Part | None) -> str | None:
    return None if part is None else part.text


def _part_document(part: Part) -> dict[str, Any]:
    """What is told of a part; its octets are at ``/parts/`` and its number."""
    return {
        "part": part.number,
        "contentType": part.content_type,
        "charset": part.charset or None,
        "disposition": part.disposition or None,
        "fileName": part.file_name or None,
        "contentId": part.content_id or None,
        "size": part.size,
    }
