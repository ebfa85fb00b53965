"""Searching octets, at the speed of memory.

`bytes.find` takes 30 µs on 64 KiB of mail for a needle of more than one octet;
stringzilla, which uses the processor's wide registers, takes 2 µs. Content is
searched for its end, for stuffed dots and for what conditions name, so that this
is most of what a large mail costs.
"""

from __future__ import annotations

from collections.abc import Callable

import stringzilla

find: Callable[..., int] = stringzilla.find
"""``find(octets, part, start=0)``: the index of the first `part`, or -1."""

SHORT = 256
"""Octets up to which Python's own ``in`` is quicker than the call of a library."""


def contains(octets: bytes, part: bytes) -> bool:
    """Whether `part` occurs in `octets`, by the faster of the two searches."""
    if len(octets) < SHORT:
        return part in octets
    return find(octets, part) >= 0
