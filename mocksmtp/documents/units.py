"""Durations and sizes: one grammar for documents, options and query parameters.

A JSON number is a duration in milliseconds, or a size in bytes. A string has a unit:
``250ms``, ``2s``, ``5m``, ``300h``, ``64KiB``. A duration as a string without a unit is
an error, because ``10`` could mean seconds or milliseconds.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime

from mocksmtp.documents.problems import json_type, shown

MAX_SECONDS = 30 * 24 * 3600.0
"""The longest duration."""

MAX_DURATION = "720h"
"""`MAX_SECONDS` as a text."""

_DURATION = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)(ms|s|m|h)?", re.ASCII)
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}

_SIZE = re.compile(r"(\d{1,15})([KMGT]i?B?|B)?", re.ASCII)
_POWERS = {"K": 1, "M": 2, "G": 3, "T": 4}


def parse_duration(text: str) -> float:
    """
    Parse a duration such as ``250ms``, ``2s``, ``5m``, ``1h``; 0 needs no unit.

    :return: seconds
    :raises ValueError: `text` is not a duration, or has no unit
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError(
            f"must be a duration such as 250ms, 2s, 5m, 1h, got {shown(text)}"
        )
    number = float(match[1])
    if match[2] is None:
        if number:
            raise ValueError(
                f"a duration must have a unit, such as {match[1]}ms or {match[1]}s, "
                f"got {shown(text)}"
            )
        return 0.0
    return number * _SECONDS[match[2]]


def duration(value: object) -> float:
    """
    Convert a number of milliseconds, or a string with a unit.

    :return: seconds, rounded to microseconds
    :raises ValueError: it is neither, or exceeds `MAX_SECONDS`
    """
    if isinstance(value, str):
        length = parse_duration(value)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        # An integer may be too large for a float.
        length = float(value) / 1000 if value <= 1e300 else math.inf
    else:
        raise ValueError(
            f"must be a number of milliseconds or a text such as 2s, "
            f"got {json_type(value)}"
        )
    if not 0 <= length <= MAX_SECONDS:
        raise ValueError(f"must be from 0 to {MAX_DURATION}, got {_shown(value)}")
    return round(length * 1e6) / 1e6


def _shown(value: object) -> str:
    """A duration as given, with its unit."""
    return shown(value) if isinstance(value, str) else f"{value!s:.40}ms"


def milliseconds(seconds: float) -> float:
    """A duration in milliseconds, as an integer if it is one."""
    value = round(seconds * 1e6) / 1000
    return int(value) if value.is_integer() else value


def shown_duration(seconds: float) -> str:
    """A duration as a string with the largest unit in which it is an integer."""
    for unit in "h", "m", "s":
        if seconds and not seconds % _SECONDS[unit]:
            return f"{seconds / _SECONDS[unit]:g}{unit}"
    return f"{milliseconds(seconds):g}ms"


def parse_size(text: str) -> int:
    """
    Parse a size such as ``1000``, ``64KiB``, ``64MB``, ``1GiB``; return bytes.

    Units with an ``i``, and those of one letter, are powers of 1,024 (IEC
    80000-13); ``KB``, ``MB``, ``GB``, ``TB`` are powers of 1,000.

    :raises ValueError: `text` is not a size
    """
    match = _SIZE.fullmatch(text)
    if match is None:
        raise ValueError(f"must be a size such as 1000, 64KiB, 1GiB, got {shown(text)}")
    unit = match[2] or "B"
    base = 1000 if len(unit) == 2 and unit[1] == "B" else 1024
    return int(match[1]) * int(base ** _POWERS.get(unit[0], 0))


def duration_pattern(least: float = 0.0) -> str:
    """
    A regular expression (ECMA 262) that matches durations as strings.

    :param least: the minimum in seconds: 0, or up to a millisecond
    """
    kinds = []
    for unit, in_unit in _SECONDS.items():
        most = round(MAX_SECONDS / in_unit)
        kinds.append(f"(?:{_below(most)}(?:[.][0-9]{{1,6}})?|{most}){unit}")
    nonzero = "(?=[0-9]*[1-9])" if least else ""
    zero = "" if least else "|0"
    return f"{nonzero}(?:{'|'.join(kinds)}{zero})"


def _below(most: int) -> str:
    """A regular expression for integers below `most`, which ends in zeros."""
    digits = str(most)
    choices = [f"[0-9]{{1,{len(digits) - 1}}}"]
    for place, digit in enumerate(digits):
        if digit > "0":
            least = "1" if place == 0 else "0"
            rest = len(digits) - place - 1
            if digit > least:
                tail = f"[0-9]{{{rest}}}" if rest else ""
                choices.append(f"{digits[:place]}[{least}-{int(digit) - 1}]{tail}")
    return f"(?:{'|'.join(choices)})"


SIZE_OR_ZERO_PATTERN = (
    "(?:[0-9]{1,15}(?:B|Ki?B?)?|[0-9]{1,12}Mi?B?|[0-9]{1,9}Gi?B?|[0-9]{1,6}Ti?B?)"
)
"""A regular expression (ECMA 262) that matches sizes as strings."""

SIZE_PATTERN = f"(?!0+(?![0-9])){SIZE_OR_ZERO_PATTERN}"
"""A regular expression (ECMA 262) that matches sizes above 0."""


_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d(?:\.\d{1,9})?)([Zz]|[+ -]\d\d:\d\d)",
    re.ASCII,
)
_DATE = re.compile(r"(\d{4})[-/](\d\d)[-/](\d\d)", re.ASCII)

TIME_SHOWN = "2026-11-28T10:00:00Z"


def parse_time(text: str) -> float:
    """
    Parse a time (RFC 3339); return seconds since the epoch.

    A space before its offset is read as ``+``, which was not escaped in a URL.

    :raises ValueError: `text` is not a time
    """
    match = _TIME.fullmatch(text)
    if match is not None:
        zone = match[3].upper().replace("Z", "+00:00").replace(" ", "+")
        try:
            return datetime.fromisoformat(f"{match[1]}T{match[2]}{zone}").timestamp()
        except (ValueError, OverflowError):
            pass
    raise ValueError(
        f"must be a time (RFC 3339) such as {TIME_SHOWN}, got {shown(text)}"
    )


def parse_time_or_date(text: str) -> float:
    """
    Parse a time, or a date, which means the start of that day in UTC.

    :raises ValueError: `text` is neither
    """
    match = _DATE.fullmatch(text)
    if match is None:
        return parse_time(text)
    try:
        return parse_time(f"{match[1]}-{match[2]}-{match[3]}T00:00:00Z")
    except ValueError:
        raise ValueError(
            f"must be a date such as 2026-11-28, got {shown(text)}"
        ) from None


def timestamp(seconds: float) -> str:
    """Format a time in UTC with milliseconds (RFC 3339)."""
    text = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
