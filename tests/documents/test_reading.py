"""From bytes to JSON values"""

from __future__ import annotations

import json
import tomllib
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.documents.problems import DocumentError
from mocksmtp.documents.reading import (
    MAX_VALUES,
    Real,
    TooManyValues,
    parse_json,
    spelling,
)


def values_of(document: Any) -> int:
    """How many JSON values a document has, itself included."""
    if isinstance(document, dict):
        return 1 + sum(map(values_of, document.values()))
    if isinstance(document, list):
        return 1 + sum(map(values_of, document))
    return 1


class ParseTests(SynchronousTestCase):
    """JSON (RFC 8259)"""

    def test_any_value_is_a_document(self) -> None:
        """Not arrays and objects only; white space around it is nothing."""
        for text in b"null", b" 1.5\n", b'"x"', b"true", b"[]", b'{"a": [1, {}]}':
            self.assertEqual(parse_json(text), json.loads(text))

    def test_what_is_no_json(self) -> None:
        """The error is at the document, and says in which line and column."""
        for text in (
            *(b"", b"{", b"[1,]", b"{a: 1}", b"'x'", b"NaN", b"\xff", b'"\xff"'),
            *(b'"\\ud800"', b'"\\uDC00x"', b"[" * 5000, b"01", b"[] []"),
            *(b"[Infinity]", b"\xef\xbb\xbf", b"\xef\xbb\xbf\xef\xbb\xbf[]"),
            *(b"1" * 5000, b"1_0", b"+1", b".5", b'"a\nb"'),
        ):
            with self.assertRaises(DocumentError) as raised:
                parse_json(text)
            (problem,) = raised.exception.problems
            self.assertEqual(problem.path, "$", text)
            self.assertIn("line 1, column", problem.message)

    def test_values_are_bounded(self) -> None:
        """As many as are allowed are taken, one more is refused, in any shape."""
        for item, values in (
            (b"1", 1),
            (b"[]", 1),
            (b"[ \n]", 1),
            (b"{}", 1),
            (b"[[]]", 2),
            (b'"a,b[{"', 1),
            (b'"\\",[["', 1),
            (b'"\\\\"', 1),
            (b'{"a,":[1,"]"]}', 4),
        ):
            limit = 1 + 20 * values
            text = b"[" + b" , ".join([item] * 20) + b"]"
            self.assertEqual(len(parse_json(text, limit)), 20, item)
            self.assertRaises(TooManyValues, parse_json, text, limit - 1)
        self.assertRaises(TooManyValues, parse_json, b"[" + b"1," * MAX_VALUES + b"1]")

    def test_what_is_refused_is_refused_soon(self) -> None:
        """Brackets, quotes and commas without end cost neither time nor memory."""
        for text in (
            b"[]" * 2**20,
            b"[" * 2**20,
            b"," * MAX_VALUES + b'"' * 2**20,
            b"," * MAX_VALUES + b'"\\' * 2**20,
            b"[[],[" * 2**18,
        ):
            self.assertRaises(TooManyValues, parse_json, text)

    @settings(deadline=None)
    @given(
        st.recursive(
            st.none() | st.integers(-9, 9) | st.text(st.sampled_from('a,[]{}"\\: é')),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner),
        ),
        st.booleans(),
    )
    def test_the_count_is_exact(self, document: Any, spaced: bool) -> None:
        """A document has just as many values as it has."""
        text = json.dumps(document, indent=1 if spaced else None).encode()
        values = values_of(document)
        self.assertEqual(parse_json(text, values), document)
        if values > 1:
            self.assertRaises(TooManyValues, parse_json, text, values - 1)


class MembersTests(SynchronousTestCase):
    """Objects, byte order marks and numbers"""

    def test_a_byte_order_mark_is_ignored(self) -> None:
        """One, before the document (RFC 8259 §8.1)."""
        self.assertEqual(parse_json(b"\xef\xbb\xbf [1]"), [1])

    def test_a_duplicate_key_is_refused(self) -> None:
        """Of two values the reader could only guess which was meant."""
        for text, path in (
            (b'{"a": 1, "a": 1}', "$.a"),
            (b'[1, {"b": [{"c": 1, "d": {}, "c": 2}]}]', "$[1].b[0].c"),
            (b'{"a": {"x": 1}, "b": {"\\u0078": 1, "x": 2}}', "$.b.x"),
        ):
            with self.assertRaises(DocumentError) as raised:
                parse_json(text)
            (problem,) = raised.exception.problems
            self.assertEqual((problem.path, problem.message), (path, "duplicate key"))

    def test_numbers_keep_their_spelling(self) -> None:
        """For texts; where a number is needed they are numbers."""
        spelled = "5.10", "1e3", "1E+3", "-0", "0.0", "12345678901234567890123", "7"
        numbers = parse_json(f"[{','.join(spelled)}]".encode())
        self.assertEqual(tuple(map(spelling, numbers)), spelled)
        self.assertEqual(numbers, [5.1, 1000, 1000, 0, 0, 12345678901234567890123, 7])

    def test_so_do_those_of_a_config_file(self) -> None:
        """TOML has them as well."""
        self.assertEqual(
            spelling(tomllib.loads("a = 5.10", parse_float=Real)["a"]), "5.10"
        )

    def test_halves_of_a_pair_are_refused_and_pairs_are_read(self) -> None:
        """As RFC 8259 §8.2 warns."""
        self.assertEqual(parse_json(b'"\\ud83d\\ude00"'), "\U0001f600")
