"""Durations and sizes as people write them."""

from __future__ import annotations

import re

_DURATION = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)(ms|s|m|h)?", re.ASCII)
_SECONDS = {None: 0.001, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}

_SIZE = re.compile(r"(\d{1,15})([KMGT]i?B?|B)?", re.ASCII)
_POWERS = {"K": 1, "M": 2, "G": 3, "T": 4}


def parse_duration(text: str) -> float:
    """
    Seconds from ``250ms``, ``2s``, ``5m``, ``1h``, or milliseconds without a unit.

    :raises ValueError: it is no duration
    """
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError(f"not a duration: {text!r}; as in 250ms, 2s, 5m")
    return float(match[1]) * _SECONDS[match[2]]


def parse_size(text: str) -> int:
    """
    Bytes from ``1000``, ``64KiB``, ``64MB``, ``1GiB``.

    Units with an ``i``, and those of a letter only, are powers of 1,024 (IEC
    80000-13); ``KB``, ``MB``, ``GB``, ``TB`` are powers of 1,000.

    :raises ValueError: it is no size
    """
    match = _SIZE.fullmatch(text)
    if match is None:
        raise ValueError(f"not a size: {text!r}; as in 1000, 64KiB, 1GiB")
    unit = match[2] or "B"
    base = 1000 if len(unit) == 2 and unit[1] == "B" else 1024
    return int(match[1]) * int(base ** _POWERS.get(unit[0], 0))
