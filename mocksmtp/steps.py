"""Long work as a generator of short steps, which returns what it makes.

Whoever runs it may do something else between two steps, as the reactor must: SMTP
waits while one step lasts. A step takes a millisecond at most.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeAlias, TypeVar

T = TypeVar("T")

Steps: TypeAlias = Generator[None, None, T]
"""Work that returns a `T` in the end."""


def finish(steps: Steps[T]) -> T:
    """Do all the work at once; returns what it makes."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            made: T = end.value
            return made
