"""Hooks for fields that the documents of hosts have in common."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum
from typing import Any, TypeVar

from cattrs import Converter

from mocksmtp.documents.kinds import Duration
from mocksmtp.documents.problems import Refused, listed, shown
from mocksmtp.documents.structure import Hook, strict_int, strict_str
from mocksmtp.documents.units import parse_size

E = TypeVar("E", bound=Enum)

MAX_COUNT = 10**9
"""How many of a thing a limit may allow."""


class Unsaid(Enum):
    """A document says nothing of a field, not even that it is null."""

    UNSAID = 0


UNSAID = Unsaid.UNSAID


def text(pattern: re.Pattern[str], message: str) -> Hook:
    """Texts that match `pattern` as a whole; others are refused with `message`."""

    def structure_text(value: Any, _: Any) -> str:
        if not pattern.fullmatch(strict_str(value)):
            raise Refused(message)
        return str(value)

    return structure_text


def optional(hook: Hook) -> Hook:
    """What `hook` reads, or null."""
    return lambda value, kind: None if value is None else hook(value, kind)


def number(least: int, most: int) -> Hook:
    """Whole numbers of a range, both ends within."""

    def structure_number(value: Any, _: Any) -> int:
        if not least <= strict_int(value) <= most:
            raise Refused(f"must be from {least} to {most}, not {value}"[:100])
        return int(value)

    return structure_number


LASTING = Duration(0.001)
"""A duration of a millisecond or more."""

count = number(1, MAX_COUNT)
"""How many of a thing there may be."""

_octets = number(1, 2**62)


def size(value: Any, kind: Any) -> int:
    """Octets, as a number or as a text such as ``10MiB``."""
    octets: int = _octets(parse_size(value) if isinstance(value, str) else value, kind)
    return octets


def duration(value: Any, _: Any) -> float:
    """Seconds, from a number of milliseconds or a text such as ``30s``."""
    return LASTING.read(value)


def member(kind: type[E], name: str, *but: E) -> Callable[[Any, Any], E]:
    """
    Members of an enumeration, by their values.

    :param name: what one of them is called in an error
    :param but: those that are not taken
    """
    known = {one.value: one for one in kind if one not in but}

    def structure_member(value: Any, _: Any = None) -> E:
        if strict_str(value) not in known:
            raise Refused(f"unknown {name} {shown(value)}; {listed(list(known))}")
        return known[value]

    return structure_member


def array(converter: Converter, kind: Any, most: int) -> Hook:
    """Arrays that are not too long."""

    def structure_array(value: Any, _: Any) -> tuple[Any, ...]:
        if isinstance(value, list) and len(value) > most:
            raise Refused(f"must have {most} at most, not {len(value)}")
        items: tuple[Any, ...] = converter.structure(value, tuple[kind, ...])
        return items

    return structure_array
