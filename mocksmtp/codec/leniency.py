"""Single values of behaviors' documents, read as their clients write them.

Lenient where clients of James's mock server are: ``code`` and ``numberOfAnswer``
as digit strings, ``numberOfAnswer`` null, absent or ``""`` for ever, a number as
``matchingValue`` or ``message``, CRLF in a ``message``. Strict everywhere else.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from enum import Enum
from typing import Any, TypeVar

from mocksmtp.documents.problems import Refused, json_type, listed, shown
from mocksmtp.documents.reading import spelling
from mocksmtp.documents.structure import strict_int, strict_str
from mocksmtp.documents.units import duration

E = TypeVar("E", bound=Enum)
T = TypeVar("T")

MAX_COUNT = 10**9
"""How often something may be skipped, or answered in turn."""

_DIGITS = re.compile(r"[0-9]{1,18}", re.ASCII)


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


def lenient_text(value: Any) -> str:
    """A string, or a number as its digits."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return spelling(value)
    return strict_str(value)


def lenient_int(value: Any) -> int:
    """A whole number, or the digits of one."""
    if isinstance(value, str):
        if not _DIGITS.fullmatch(value):
            raise Refused(f"expected a whole number, not {value!r}"[:100])
        return int(value)
    return strict_int(value)


def whole(value: Any, least: int, most: int = MAX_COUNT) -> int:
    """A whole number between these."""
    number = strict_int(value)
    if not least <= number <= most:
        raise Refused(f"must be from {least} to {most:,}, not {number}"[:100])
    return number


def number(value: Any) -> float:
    """A number that is one."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Refused(f"expected a number, not {json_type(value)}")
    if not math.isfinite(value):
        raise Refused("must be finite")
    return float(value) if isinstance(value, float) else value


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


def within(error: Refused, *place: str) -> Refused:
    """The same error in a document that has the refused one at `place`."""
    error.place = "".join(place) + error.place
    return error


def at(place: str, read: Callable[[Any], T], value: Any) -> T:
    """What `read` makes of a value, whose place the error tells if there is one."""
    try:
        return read(value)
    except Refused as error:
        raise within(error, place) from None
    except ValueError as error:
        raise within(Refused(str(error)), place) from None
