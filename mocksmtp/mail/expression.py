r"""The syntax of search expressions: ``from:bob "two words" -has:attachment``.

A term is a word, a phrase in quotes, or a keyword with its value::

    expression  ["-"] term, separated by white space; all must match
    term        word | phrase | keyword ":" (word | phrase)
                | "header:" name [":" (word | phrase)]
    phrase      '"' text '"', in which \" is a quote and \\ a backslash

Only ``[a-z-]+:`` at the start of a word, and not followed by ``//``, is a keyword:
``10:30``, ``Re:`` and ``http://x`` are words. `keywords` defines the keywords.
"""

from __future__ import annotations

import re

import attrs

MAX_TERMS = 100
"""Maximum terms of an expression, because each is evaluated for each mail."""

HEADER_KEYWORD = "header"
"""The keyword whose value begins with the name of a header field."""

_SPACE = re.compile(r"\s*+")
_KEYWORD = re.compile(r"([a-z-]++):(?!//)")
_NAME = re.compile(r"([!#-9;-~]++)(:?+)")
_PHRASE = re.compile(r'"((?:[^"\\]|\\.)*+)(")?', re.DOTALL)
_WORD = re.compile(r"\S*+")
_ESCAPED = re.compile(r'\\(["\\])')
_TO_ESCAPE = re.compile(r'["\\]')
_PLAIN = re.compile(r'(?!")\S+')


class QueryError(ValueError):
    """
    A syntax error in an expression.

    :ivar position: the index of the character at which the error is, from 0
    """

    def __init__(self, message: str, position: int) -> None:
        super().__init__(f"{message} (at position {position})")
        self.position = position


@attrs.frozen
class Term:
    """One part of an expression.

    :ivar text: the text to search for, or the value of the keyword, which may be ""
    :ivar keyword: without its colon; None for a word or a phrase
    :ivar name: the name of a header field; ``""`` if the keyword has none
    :ivar negated: whether a mail must not match
    :ivar position: the index of its first character in the expression
    """

    text: str
    keyword: str | None = None
    name: str = ""
    negated: bool = False
    position: int = attrs.field(default=0, eq=False)

    def __str__(self) -> str:
        text = self.text if self._is_plain() else _quoted(self.text)
        if self.keyword == HEADER_KEYWORD:
            text = f"{self.name}:{text}" if self.text else self.name
        prefix = "-" if self.negated else ""
        return prefix + (text if self.keyword is None else f"{self.keyword}:{text}")

    def _is_plain(self) -> bool:
        """Whether its text needs no quotes."""
        if not _PLAIN.fullmatch(self.text):
            return False
        reads_otherwise = self.text.startswith("-") or _KEYWORD.match(self.text)
        return self.keyword is not None or not reads_otherwise


def _quoted(text: str) -> str:
    return '"' + _TO_ESCAPE.sub(r"\\\g<0>", text) + '"'


def parse_terms(expression: str) -> list[Term]:
    """
    Parse an expression; return its terms in order.

    :raises QueryError: a phrase is not closed or empty, or there are more than
        `MAX_TERMS`
    """
    terms: list[Term] = []
    at = _skip_space(expression, 0)
    while at < len(expression):
        if len(terms) == MAX_TERMS:
            raise QueryError(f"must have at most {MAX_TERMS} terms", at)
        term, at = _term(expression, at)
        terms.append(term)
        at = _skip_space(expression, at)
    return terms


def _skip_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    assert match is not None  # it matches the empty text as well
    return match.end()


def _term(text: str, start: int) -> tuple[Term, int]:
    """The term at `start`, and where it ends."""
    at = start
    negated = text[at] == "-" and text[at + 1 : at + 2].strip() != ""
    if negated:
        at += 1
    found = _KEYWORD.match(text, at)
    if found is None:
        value, at = _value(text, at)
        if not value:
            raise QueryError("a phrase must not be empty", start)
        return Term(value, negated=negated, position=start), at
    keyword, at, name = found[1], found.end(), ""
    colon = True
    if keyword == HEADER_KEYWORD:
        name, colon, at = _header_name(text, at)
    value, at = _value(text, at) if colon else ("", at)
    return Term(value, keyword, name, negated, start), at


def _header_name(text: str, at: int) -> tuple[str, bool, int]:
    """The name of a field, whether a colon follows, and where they end."""
    found = _NAME.match(text, at)
    if found is None:
        raise QueryError("header: must be followed by the name of a field", at)
    if not found[2] and _WORD.match(text, found.end())[0]:  # type: ignore[index]
        raise QueryError("not a character of a field name", found.end())
    return found[1], bool(found[2]), found.end()


def _value(text: str, at: int) -> tuple[str, int]:
    """The word or phrase at an index, and where it ends."""
    phrase = _PHRASE.match(text, at)
    if phrase is None:
        word = _WORD.match(text, at)
        assert word is not None  # it matches the empty text as well
        return word[0], word.end()
    if phrase[2] is None:
        raise QueryError("a phrase is not closed", at)
    return _ESCAPED.sub(r"\1", phrase[1]), phrase.end()
