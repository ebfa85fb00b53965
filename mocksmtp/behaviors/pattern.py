"""Regular expressions that can stall nobody (RE2's syntax and engine).

RE2 takes time linear in what it searches. How many steps each octet takes depends on
the expression where its automaton does not fit in memory, so both are bounded, and so
is how much of a large content is searched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import re2

MAX_PATTERN = 1000
"""Characters of an expression."""

MAX_CLASSES = 32
"""Classes of Unicode's letters (``\\pL``) in an expression, each of which takes 0.1 ms
to be read, also in an expression that is refused then."""

MAX_PROGRAM = 20_000
"""Steps of an expression's program; compiling so many takes some 4 ms."""

MAX_SEARCHED = 1024 * 1024
"""Octets that an expression is searched in, from the beginning."""

MAX_STEPS = 8 * 1024 * 1024
"""Octets times the size of the expression's program: of large expressions, which
have thousands of steps, less than `MAX_SEARCHED` is searched. Some 100 ms."""

_OCTETS = 1024 * 1024

_TOO_LARGE = f"compiles to more than {MAX_PROGRAM:,} steps; use smaller repetitions"

_NOWHERE = (-1, -1)

Search = Callable[[bytes], bool]


def compile_pattern(pattern: str, ignore_case: bool = False) -> Search:
    """
    What tells whether the expression is found in octets.

    :raises ValueError: it is none of RE2's, or too large
    """
    if len(pattern) > MAX_PATTERN:
        raise ValueError(f"must have {MAX_PATTERN} characters at most")
    if pattern.count(r"\p") + pattern.count(r"\P") > MAX_CLASSES:
        raise ValueError(rf"must have at most {MAX_CLASSES} classes such as \pL")
    compiled = _compile(pattern, ignore_case=ignore_case)
    if compiled.programsize > MAX_PROGRAM:
        raise ValueError(_TOO_LARGE)
    found = compiled.search
    limit = min(MAX_SEARCHED, MAX_STEPS // max(1, compiled.programsize))

    def search(octets: bytes) -> bool:
        if len(octets) > limit:
            octets = octets[:limit]
        return found(octets) is not None

    return search


def compile_literal(text: str, begin: str = "", end: str = "") -> Search:
    """
    What tells whether `text` is found in octets, whatever the case of its letters.

    :param begin: what goes before it in the expression, as an anchor
    :param end: what goes behind it
    :raises ValueError: it is too large
    """
    if len(text) > MAX_PATTERN:
        raise ValueError(f"must have {MAX_PATTERN} characters at most")
    import re2

    found = _compile(begin + re2.escape(text) + end, ignore_case=True).search
    return lambda octets: found(octets) is not None


def compile_any(texts: Iterable[str]) -> Search:
    """What tells whether any of `texts`, none of which is empty, is found in octets."""
    import re2

    compiled = _compile("|".join(map(re2.escape, texts)), octets=8 * _OCTETS)
    found = _matcher(compiled)
    return lambda octets: bool(octets) and found(octets)


def _matcher(compiled: re2._Regexp) -> Search:
    """
    What tells whether an expression is found in octets.

    The library makes a generator and an object for each search, which takes as long
    again as the search of an address; so what it calls itself is called, where there
    is such a thing.
    """
    import re2

    try:
        match, anywhere = compiled._regexp.Match, re2._Anchor.UNANCHORED  # noqa: SLF001 - guarded here, with a fallback
        match(anywhere, b"", 0, 0)
    except (AttributeError, TypeError):
        search = compiled.search
        return lambda octets: search(octets) is not None
    return lambda octets: match(anywhere, octets, 0, len(octets))[0] != _NOWHERE


def _compile(
    pattern: str, ignore_case: bool = False, octets: int = _OCTETS
) -> re2._Regexp:
    # Imported with the first expression: it takes 2.3 MiB.
    import re2

    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    options.case_sensitive = not ignore_case
    options.max_mem = octets
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        told = error.args[0]
        text = told.decode(errors="replace") if isinstance(told, bytes) else str(told)
        raise ValueError(f"not a regular expression of RE2: {text[:100]}") from None
