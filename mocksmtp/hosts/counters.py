"""Counters of sessions, replies and queries since the start, for the metrics.

They are plain integers, so that counting a command or a query costs one increment. A
reset does not clear them.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TypeAlias

import attrs

OTHER = 0
"""The type under which queries of unknown types, or without a question, are counted."""

Queries: TypeAlias = dict[tuple[int, int], int]
"""The number of DNS queries, by query type and rcode of the response."""


def new_queries() -> Queries:
    """Return counters of queries, all 0."""
    return defaultdict(int)


@attrs.define(eq=False)
class Counters:
    """
    The counters of a host.

    :ivar sessions: connections accepted
    :ivar open: connections open now
    :ivar refusing: open connections above the limit, which are being refused
    :ivar replies: replies sent, by code
    """

    sessions: int = 0
    open: int = 0
    refusing: int = 0
    replies: dict[int, int] = attrs.Factory(lambda: defaultdict(int))
