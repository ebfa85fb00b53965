"""The limits of a host: documents to model and back."""

from __future__ import annotations

from typing import Any

import attrs

from mocksmtp.documents.fields import UNSAID, Unsaid, count, duration, optional, size
from mocksmtp.documents.structure import class_hook, new_converter
from mocksmtp.documents.units import milliseconds
from mocksmtp.hosts.host import Limits


@attrs.frozen(kw_only=True)
class LimitsFields:
    """
    What a document says of limits.

    Null is as usual where there is always a limit, and no limit where there may be
    none.
    """

    message_size: int | None = None
    recipients: int | None = None
    connections: int | None = None
    idle_time: float | None = None
    total_time: float | Unsaid | None = UNSAID
    messages: int | Unsaid | None = UNSAID
    bad_commands: int | Unsaid | None = UNSAID

    def over(self, usual: Limits) -> Limits:
        """These, and what is `usual` where nothing is said."""
        given = attrs.asdict(self, filter=_is_said)
        advertise = usual.advertise_size or self.message_size is not None
        return attrs.evolve(usual, **given, advertise_size=advertise)


def _is_said(field: attrs.Attribute[Any], value: object) -> bool:
    return value is not field.default


def limits_document(limits: Limits) -> dict[str, float | None]:
    """The document of `limits`: octets and milliseconds."""
    return {
        # A size that was not set is not told to clients either.
        "messageSize": limits.message_size if limits.advertise_size else None,
        "recipients": limits.recipients,
        "connections": limits.connections,
        "idleTime": milliseconds(limits.idle_time),
        "totalTime": _optional(limits.total_time),
        "messages": limits.messages,
        "badCommands": limits.bad_commands,
    }


def _optional(seconds: float | None) -> float | None:
    return None if seconds is None else milliseconds(seconds)


structure_limits = class_hook(
    new_converter(),
    LimitsFields,
    message_size=optional(size),
    recipients=optional(count),
    connections=optional(count),
    idle_time=optional(duration),
    total_time=optional(duration),
    messages=optional(count),
    bad_commands=optional(count),
)
"""Reads `LimitsFields`."""
