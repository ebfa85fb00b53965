"""Gates of behaviors: documents to model and back."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from mocksmtp.codec.leniency import at, number, seconds
from mocksmtp.documents.problems import MAX_SHOWN, Refused, listed
from mocksmtp.documents.structure import strict_dict, strict_list, strict_str
from mocksmtp.documents.units import milliseconds
from mocksmtp.model.gate import GLOBAL, Gate, ScenarioStep
from mocksmtp.model.target import CONNECTION, TRANSACTION, Target, parse_target

MAX_PER = 8
"""By how many things at once its answers may be counted."""

MAX_NAME = 100
"""Characters of a scenario's name, a state, or a tag."""

_NAME = re.compile(rf"[\x20-\x7e\xa0-\U0010ffff]{{1,{MAX_NAME}}}")


def gate_document(gate: Gate) -> dict[str, Any]:
    """What a document says of a gate; what is as usual is empty or None."""
    per = [str(part) for part in gate.per]
    lasting = {"activeFor": gate.active_for, "window": gate.window}
    return {
        "skip": gate.skip,
        "per": per[0] if len(per) == 1 else per,
        **{name: milliseconds(value) for name, value in lasting.items() if value},
        "probability": gate.probability if gate.probability < 1 else None,
        "scenario": gate.scenario and _scenario_document(gate.scenario),
    }


def _scenario_document(step: ScenarioStep) -> dict[str, str]:
    document = {"name": step.name, "state": step.state, "next": step.next}
    return {name: value for name, value in document.items() if value is not None}


def structure_per(
    value: Any, _: Any, read: Callable[[Any], Target | str] | None = None
) -> tuple[Target | str, ...]:
    """
    What splits the counts: a name, or a list of names.

    :param read: what one name stands for; what it does for SMTP, unless it is given
    """
    if value == GLOBAL:
        return ()
    names = [value] if isinstance(value, str) else strict_list(value)
    if not 1 <= len(names) <= MAX_PER:
        raise Refused(f"must have from 1 to {MAX_PER} names")
    many = isinstance(value, list)
    parts = tuple(
        at(f"[{index}]" if many else "", read or _part, name)
        for index, name in enumerate(names)
    )
    if len(set(parts)) < len(parts):
        raise Refused("has a name twice")
    return parts


def _part(value: Any) -> Target | str:
    name = strict_str(value)
    if name in (CONNECTION, TRANSACTION):
        return name
    if name == GLOBAL:
        raise Refused("global stands on its own")
    return parse_target(name)


def structure_lasting(value: Any, _: Any) -> float | None:
    """Seconds, from a duration that is not nothing."""
    return None if value is None else seconds(value, 1e-3)


def structure_probability(value: Any, _: Any) -> float:
    """A number above 0, up to 1."""
    chance = number(value)
    if not 0 < chance <= 1:
        raise Refused("must be above 0, and 1 at most")
    return chance


def structure_name(value: Any) -> str:
    """
    The name of a scenario or of a state, or a tag.

    :raises Refused: it can be none
    """
    text = strict_str(value)
    if not _NAME.fullmatch(text):
        raise Refused(f"must be one line of 1 to {MAX_NAME} characters")
    return text


def structure_scenario(value: Any, _: Any) -> ScenarioStep | None:
    """A place in a scenario, which leads to another state if anywhere."""
    if value is None:
        return None
    document = strict_dict(value)
    fields = ("name", "state", "next")
    for name in document:
        if name not in fields:
            known = listed(list(fields))
            raise Refused(f"unknown field; {known}", name[:MAX_SHOWN])
    if "name" not in document:
        raise Refused("required, but missing", "name")
    read = [
        at(f".{name}", structure_name, document[name])
        if document.get(name) is not None or name == "name"
        else None
        for name in fields
    ]
    step = ScenarioStep(read[0] or "", read[1], read[2])
    if step.next is not None and step.next == step.state:
        raise Refused("must be another state", "next")
    return step
