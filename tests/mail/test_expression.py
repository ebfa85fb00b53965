"""The syntax of search expressions"""

from __future__ import annotations

import contextlib

from hypothesis import example, given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.mail.expression import (
    MAX_TERMS,
    QueryError,
    Term,
    parse_terms,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from('a-:"\\ /'))
NAMES = st.from_regex(r"[!#-9;-~]+", fullmatch=True)
KEYWORDS = st.from_regex(r"[a-z-]+", fullmatch=True).filter(lambda k: k[0] != "-")
TERMS = (
    st.builds(Term, TEXTS.filter(bool), negated=st.booleans())
    | st.builds(
        Term,
        TEXTS.filter(bool),
        KEYWORDS.filter(lambda keyword: keyword != "header"),
        negated=st.booleans(),
    )
    | st.builds(Term, TEXTS, st.just("header"), NAMES, st.booleans())
)


class ParseTests(SynchronousTestCase):
    """Terms, and where they are"""

    def test_terms(self) -> None:
        """Words, phrases, keywords, and those that must not hold."""
        for expression, expected in (
            ("", []),
            (" \t", []),
            ("hello", [Term("hello")]),
            ("two  words ", [Term("two"), Term("words")]),
            ('"a phrase"', [Term("a phrase")]),
            (r'"a \"b\" \\ \c"', [Term('a "b" \\ \\c')]),
            ("-not", [Term("not", negated=True)]),
            ('-"not this"', [Term("not this", negated=True)]),
            ("-", [Term("-")]),
            ("a - b", [Term("a"), Term("-"), Term("b")]),
            ("a-b", [Term("a-b")]),
            ("--x", [Term("-x", negated=True)]),
            ("from:bob", [Term("bob", "from")]),
            ("-from:bob", [Term("bob", "from", negated=True)]),
            ('reply-to:"Bob B"', [Term("Bob B", "reply-to")]),
            ("subject:10:30", [Term("10:30", "subject")]),
            ("10:30", [Term("10:30")]),
            ("http://x", [Term("http://x")]),
            ("-http://x", [Term("http://x", negated=True)]),
            ("Re: hi", [Term("Re:"), Term("hi")]),
            (":x", [Term(":x")]),
            ("é:x", [Term("é:x")]),
            ("from:http://x", [Term("http://x", "from")]),
            ('5" disk', [Term('5"'), Term("disk")]),
            ('"a"b', [Term("a"), Term("b")]),
            ("header:X-Spam:yes", [Term("yes", "header", "X-Spam")]),
            ('header:X-Spam:"y es"', [Term("y es", "header", "X-Spam")]),
            ("header:X-Spam", [Term("", "header", "X-Spam")]),
            ("header:X-Spam: a", [Term("", "header", "X-Spam"), Term("a")]),
        ):
            self.assertEqual(parse_terms(expression), expected, expression)

    def test_positions(self) -> None:
        """Each term knows where it begins, with its minus."""
        terms = parse_terms('ab  -from:x "y z" c')
        self.assertEqual([term.position for term in terms], [0, 4, 12, 18])

    def test_errors(self) -> None:
        """They name the character."""
        for expression, position, message in (
            ('ab "c', 3, "a phrase is not closed"),
            ('from:"c', 5, "a phrase is not closed"),
            ('"c\\"', 0, "a phrase is not closed"),
            ('a ""', 2, "a phrase must not be empty"),
            ("header:", 7, "header: must be followed by the name of a field"),
            ("header::x", 7, "header: must be followed by the name of a field"),
            ("header:é:x", 7, "header: must be followed by the name of a field"),
            ("header:Aé:x", 8, "not a character of a field name"),
            ("a " * MAX_TERMS + "b", 2 * MAX_TERMS, "must have at most 100 terms"),
        ):
            error = self.assertRaises(QueryError, parse_terms, expression)
            self.assertEqual(error.position, position, expression)
            self.assertEqual(str(error), f"{message} (at position {position})")

    def test_a_hundred_terms(self) -> None:
        """As many as there may be."""
        self.assertEqual(len(parse_terms("a " * MAX_TERMS)), MAX_TERMS)

    @given(TEXTS)
    def test_any_text_has_terms_or_a_position(self, expression: str) -> None:
        """No other exception, and a position within the text."""
        try:
            terms = parse_terms(expression)
        except QueryError as error:
            self.assertLessEqual(error.position, len(expression))
        else:
            self.assertEqual(parse_terms(" ".join(map(str, terms))), terms)

    @given(st.lists(TERMS, max_size=MAX_TERMS))
    @example([Term("-", negated=True)])
    @example([Term("-a"), Term("a:b"), Term("http://x"), Term("\\")])
    def test_what_is_written_is_read(self, terms: list[Term]) -> None:
        """Any terms survive being written and read."""
        self.assertEqual(parse_terms(" ".join(map(str, terms))), terms)

    def test_long_expressions(self) -> None:
        """None takes more than linear time, or the test would not end."""
        for unit in '"', '\\"', "-", "a:", ":", " ", "a", 'header:"', "é":
            with contextlib.suppress(QueryError):
                parse_terms(unit * 2**18)
