"""Single values of the documents of policies."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, TypeVar

from mocksmtp.documents.problems import Refused, listed, shown
from mocksmtp.documents.structure import strict_int, strict_str
from mocksmtp.documents.units import duration

E = TypeVar("E", bound=Enum)
T = TypeVar("T")

MAX_COUNT = 10**9
"""How often something may be skipped, or answered in turn."""


def enum_hook(name: str) -> Callable[[Any, type[E]], E]:
    """A hook for an enumeration whose values are the strings of a document."""

    def structure_enum(value: Any, kind: type[E]) -> E:
        try:
            return kind(strict_str(value))
        except ValueError as error:
            if isinstance(error, Refused):
                raise
            known = listed([member.value for member in kind])
            raise Refused(f"unknown {name} {shown(value)}; {known}") from None

    return structure_enum


def whole(value: Any, least: int, most: int = MAX_COUNT) -> int:
    """A whole number between these."""
    number = strict_int(value)
    if not least <= number <= most:
        raise Refused(f"must be from {least} to {most:,}, not {number}"[:100])
    return number


def seconds(value: Any, least: float = 0.0) -> float:
    """
    A duration: milliseconds, or a string such as ``2s``; to the microsecond.

    :param least: seconds that it must be at least
    """
    try:
        length = duration(value)
    except ValueError as error:
        raise Refused(str(error)) from None
    if length < least:
        raise Refused(f"must be {least * 1000:g}ms at least")
    return length
