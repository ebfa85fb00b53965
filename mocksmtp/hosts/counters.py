"""What has happened since the start, counted: plain numbers, read by whoever asks.

They stand where every command and query passes, so one more costs no more than an
increment. They only grow, through every reset.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TypeAlias

import attrs

OTHER = 0
"""The type of a query for what has no name, or for nothing at all."""

Queries: TypeAlias = dict[tuple[int, int], int]
"""How many DNS queries there were, by the type asked for and the rcode told."""


def new_queries() -> Queries:
    """None so far."""
    return defaultdict(int)


@attrs.define(eq=False)
class Counters:
    """
    The sessions of a host.

    :ivar sessions: how many connections were made
    :ivar open: how many of them last
    :ivar refusing: how many last that are past the limit, until they were told so
    :ivar replies: how many replies were given, by code
    """

    sessions: int = 0
    open: int = 0
    refusing: int = 0
    replies: dict[int, int] = attrs.Factory(lambda: defaultdict(int))
