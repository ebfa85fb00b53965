"""The states of scenarios: documents to model."""

from __future__ import annotations

from typing import Any

from mocksmtp.codec.gates import structure_name
from mocksmtp.core.scenarios import MAX_SCENARIOS
from mocksmtp.documents.problems import (
    MAX_SHOWN,
    DocumentError,
    Problem,
    Refused,
    json_type,
)


def parse_states(document: Any) -> dict[str, str]:
    """
    States by the names of scenarios, from an object.

    :raises DocumentError: it is none, or has what can be neither
    """
    if not isinstance(document, dict):
        message = f"expected an object, not {json_type(document)}"
        raise DocumentError(Problem("$", message))
    if len(document) > MAX_SCENARIOS:
        message = f"must have {MAX_SCENARIOS:,} scenarios at most"
        raise DocumentError(Problem("$", message))
    problems = []
    for name, state in document.items():
        try:
            structure_name(name)
            structure_name(state)
        except Refused as error:
            problems.append(Problem(f"$.{name[:MAX_SHOWN]}", str(error)))
    if problems:
        raise DocumentError(*problems[:100])
    return document
