"""The MIME structure of a mail as a document."""

from __future__ import annotations

from typing import Any

from mocksmtp.mail.mime import Structure, read_structure
from mocksmtp.mail.part import Part, TooComplex


def mime_fields(content: bytes) -> dict[str, Any]:
    """
    The fields that show the structure of a mail; work that grows with its size.

    :return: ``mime``; past a bound ``mime``, its ``text`` or its ``html`` is null, and
        ``mimeReason`` names the bound
    """
    try:
        structure = read_structure(content)
    except TooComplex as error:
        return {"mime": None, "mimeReason": str(error)}
    reasons: dict[Part, str] = {}
    fields: dict[str, Any] = {"mime": _structure_document(structure, reasons)}
    if reasons:
        fields["mimeReason"] = "; ".join(reasons.values())
    return fields


def _structure_document(
    structure: Structure, reasons: dict[Part, str]
) -> dict[str, Any]:
    """
    The structure.

    :param reasons: receives why the text of a part is null
    """
    bodies = {
        "text": _text(structure.plain, reasons),
        "html": _text(structure.html, reasons),
    }
    attached = set(structure.attachments)
    parts = [
        (part, _part_document(part, reasons.get(part))) for part in structure.parts
    ]
    return {
        "headers": [{"name": f.name, "value": f.text} for f in structure.headers],
        **bodies,
        "parts": [document for _, document in parts],
        "attachments": [document for part, document in parts if part in attached],
    }


def _text(part: Part | None, reasons: dict[Part, str]) -> str | None:
    if part is None:
        return None
    try:
        return part.text
    except TooComplex as error:
        reasons[part] = str(error)
        return None


def _part_document(part: Part, reason: str | None) -> dict[str, Any]:
    """A part without its octets, which are at ``/parts/`` and its number."""
    document = {
        "part": part.number,
        "contentType": part.content_type,
        "charset": part.charset or None,
        "disposition": part.disposition or None,
        "fileName": part.file_name or None,
        "contentId": part.content_id or None,
        "size": part.size,
    }
    return document if reason is None else {**document, "reason": reason}
