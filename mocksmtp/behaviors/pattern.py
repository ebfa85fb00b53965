"""Regular expressions in bounded time (RE2's syntax and engine).

RE2 searches in time linear in the size of the text. If the automaton of an expression
does not fit in memory, the time per octet grows with the size of the expression.
Therefore the size of expressions and the number of searched octets are limited.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import re2

MAX_PATTERN = 1000
"""The maximum length of an expression, in characters."""

MAX_CLASSES = 32
"""The maximum number of Unicode classes (``\\pL``) in an expression. RE2 needs 0.1 ms
to parse each, also in an expression that it refuses."""

MAX_PROGRAM = 20_000
"""The maximum size of a compiled expression, in steps; it compiles in about 4 ms."""

MAX_SEARCHED = 1024 * 1024
"""The number of octets that an expression searches, from the beginning of a value."""

MAX_STEPS = 8 * 1024 * 1024
"""The maximum product of searched octets and steps of the compiled expression, about
100 ms: an expression of thousands of steps searches less than `MAX_SEARCHED`."""

_OCTETS = 1024 * 1024

_TOO_LARGE = f"compiles to more than {MAX_PROGRAM:,} steps; use smaller repetitions"

_NOWHERE = (-1, -1)

Search = Callable[[bytes], bool]


def compile_pattern(pattern: str, ignore_case: bool = False) -> Search:
    """
    Return a function that tests whether octets contain a match of an expression.

    :raises ValueError: it is not an expression of RE2, or is too large
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
    Return a function that tests whether octets contain `text`, ignoring case.

    :param begin: an expression to match before it, for example an anchor
    :param end: an expression to match after it
    :raises ValueError: the text is longer than `MAX_PATTERN`
    """
    if len(text) > MAX_PATTERN:
        raise ValueError(f"must have {MAX_PATTERN} characters at most")
    import re2

    found = _compile(begin + re2.escape(text) + end, ignore_case=True).search
    return lambda octets: found(octets) is not None


def compile_any(texts: Iterable[str]) -> Search:
    """
    Return a function that tests whether octets contain at least one of `texts`.

    :param texts: the texts; none is empty
    """
    import re2

    compiled = _compile("|".join(map(re2.escape, texts)), octets=8 * _OCTETS)
    found = _matcher(compiled)
    return lambda octets: bool(octets) and found(octets)


def _matcher(compiled: re2._Regexp) -> Search:
    """
    Return a function that tests whether octets contain a match of an expression.

    The library creates a generator and an object for each search, which doubles the
    time of searching an address. Therefore this calls the library's internal function
    if it exists, else its public one.
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
        reason = error.args[0]
        if isinstance(reason, bytes):
            reason = reason.decode(errors="replace")
        text = str(reason)
        raise ValueError(f"not a regular expression of RE2: {text[:100]}") from None
