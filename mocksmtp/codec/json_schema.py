"""Schemas of what documents of behaviors and hosts have in common."""

from __future__ import annotations

from mocksmtp.documents.schema import TEXT, Schema
from mocksmtp.documents.units import duration_pattern

LINES: Schema = {**TEXT, "pattern": "^(?:[^\\r]|\\r\\n)*$"}

NAMED: Schema = {**TEXT, "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]{1,100}$"}
"""The name of a scenario or of a state, or a tag."""

STATES: Schema = {
    "type": "object",
    "propertyNames": NAMED,
    "additionalProperties": NAMED,
}
"""The states of scenarios, by name."""

LASTING: Schema = {**TEXT, "pattern": f"^{duration_pattern(0.001)}$"}
"""A duration of a millisecond or more."""

DURATION: Schema = {**TEXT, "pattern": f"^{duration_pattern()}$"}
"""Any duration."""
