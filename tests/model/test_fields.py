"""Header fields"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.model.fields import (
    FIELDS_LIMIT,
    HEADER_LIMIT,
    Field,
    HeaderTooLarge,
    decode_words,
    first_field,
    parameters_of,
    read_fields,
    value_of,
)


def typed(body: str | bytes) -> Field:
    """A Content-Type."""
    octets = body.encode() if isinstance(body, str) else body
    return Field("Content-Type", octets)


class ReadTests(SynchronousTestCase):
    """The header of a mail (RFC 5322 §2.2)"""

    def test_fields_and_body(self) -> None:
        """Fields end at an empty line, which is nobody's, or before what is none."""
        for content, fields, body in (
            (b"", [], b""),
            (b"\r\nx", [], b"x"),
            (b"A: b\r\n\r\nx", [("A", b"b")], b"x"),
            (b"A: b\n\nx", [("A", b"b")], b"x"),
            (b"A: b", [("A", b"b")], b""),
            (b"A:b\r\nC : d\r\n\r\n\r\n", [("A", b"b"), ("C", b"d")], b"\r\n"),
            (b"A: b\r\n c\r\n\td\r\n\r\n", [("A", b"b c\td")], b""),
            (b"A: b\r\nno field\r\n\r\n", [("A", b"b")], b"no field\r\n\r\n"),
            (b" A: b\r\n\r\n", [], b" A: b\r\n\r\n"),
            (b"A:\r\n\r\nx", [("A", b"")], b"x"),
            (b": x\r\n\r\n", [], b": x\r\n\r\n"),
            (b"\xc3\xa9: x\r\n", [], b"\xc3\xa9: x\r\n"),
        ):
            found, at = read_fields(content)
            self.assertEqual([(f.name, f.body) for f in found], fields, content)
            self.assertEqual(content[at:], body)

    def test_a_range_can_be_read(self) -> None:
        """From a place, up to another."""
        found, at = read_fields(b"xxA: b\r\nC: d\r\n", 2, 8)
        self.assertEqual(([f.name for f in found], at), (["A"], 8))

    def test_bounds(self) -> None:
        """A header that goes past one is refused, not cut."""
        for content in (
            b"A: " + b"x" * HEADER_LIMIT,
            b"A: " + b"x\r\n " * HEADER_LIMIT,
            b"A: x\r\n" * HEADER_LIMIT,
            b"A:\n" * (FIELDS_LIMIT + 1),
        ):
            self.assertRaises(HeaderTooLarge, read_fields, content)
        fields, _ = read_fields(b"A:\n" * FIELDS_LIMIT)
        self.assertEqual(len(fields), FIELDS_LIMIT)

    def test_the_first_of_a_name(self) -> None:
        """Found without case, and in the header only."""
        content = b"X: y\r\nsubject: 1\r\nSubject: 2\r\n\r\nTo: x\r\n"
        field = first_field(content, b"subject")
        assert field is not None
        self.assertEqual(field.text, "1")
        self.assertIsNone(first_field(content, b"to"))

    @settings(deadline=None)
    @given(st.binary())
    def test_any_octets_have_a_header(self, content: bytes) -> None:
        """No exception, and the body is a part of the content."""
        fields, body = read_fields(content)
        self.assertLessEqual(body, len(content))
        for field in fields:
            field.text.encode()
            value_of(field).encode()
            str(parameters_of(field)).encode()


class WordsTests(SynchronousTestCase):
    """Encoded words (RFC 2047)"""

    def test_words(self) -> None:
        """Both encodings, any case, and white space between words that goes."""
        for text, expected in (
            ("plain", "plain"),
            ("=?utf-8?Q?a=C3=A9_b?=", "aé b"),
            ("=?UTF-8?b?w6k=?=", "é"),
            ("=?iso-8859-1?q?=E9?= x =?utf-8?q?=C3=A9?=", "é x é"),
            ("a =?utf-8?q?b?= =?utf-8?q?c?= d", "a bc d"),
            ("=?utf-8?q?b?= \t =?latin1?q?=E9?=", "bé"),
            ("=?utf-8?b?w6?= =?utf-8?b?k=?=", "\ufffd"),
            ("=?utf-8?q?=C3?= =?utf-8?q?=A9?=", "é"),
            ("=?utf-8*en?q?x?=", "x"),
            ("=?utf-8?q??=", ""),
            ("=?utf-8?x?a?=", "=?utf-8?x?a?="),
            ("=?utf-8?q?a", "=?utf-8?q?a"),
            ("=?=?utf-8?q?a?=", "=?a"),
            ("=?x-none?q?=C3=A9?=", "é"),
            ("é=?utf-8?q?a?=é", "éaé"),
        ):
            self.assertEqual(decode_words(text), expected)

    @settings(deadline=None)
    @given(st.text(st.sampled_from("=?utf-8qQbB_ é.C3A9")))
    def test_any_text_is_decoded(self, text: str) -> None:
        """No exception."""
        decode_words(text).encode()


class ParametersTests(SynchronousTestCase):
    """Parameters (RFC 2045 §5.1, RFC 2231)"""

    def test_values(self) -> None:
        """The word before the parameters, without comments, in lower case."""
        for body, value in (
            ("text/plain", "text/plain"),
            ("TEXT/Html; charset=x", "text/html"),
            ("text/plain (a comment)", "text/plain"),
            ("text/plain;charset=x", "text/plain"),
            ("", ""),
            (";", ""),
        ):
            self.assertEqual(value_of(typed(body)), value)

    def test_parameters(self) -> None:
        """Tokens, quoted strings, and the ways to write what is not ASCII."""
        for body, parameters in (
            ("a/b", {}),
            ("a/b; x=y", {"x": "y"}),
            ("a/b;X=y ; z = w", {"x": "y", "z": "w"}),
            ('a/b; x="y; z=\\"w\\""', {"x": 'y; z="w"'}),
            ('a/b; x="unclosed', {"x": "unclosed"}),
            ("a/b; x=y z", {"x": "y"}),
            ("a/b; x=1; x=2", {"x": "1"}),
            ('a/b; x="=?utf-8?q?=C3=A9?="', {"x": "é"}),
            ("a/b; x=é", {"x": "é"}),
            ("a/b; x*=utf-8''%C3%A9", {"x": "é"}),
            ("a/b; x*=iso-8859-1'en'%E9", {"x": "é"}),
            ("a/b; x=plain; x*=utf-8''%C3%A9", {"x": "é"}),
            ("a/b; x*0=a; x*1=b", {"x": "ab"}),
            ("a/b; x*1=b; x*0=a", {"x": "ab"}),
            ("a/b; x*0*=utf-8''%C3; x*1*=%A9; x*2=%41", {"x": "é%41"}),
            ("a/b; x*0=a; x*2=c", {"x": "a"}),
            ("a/b; x*1=b", {"x": ""}),
            ("a/b; x*=%C3%A9", {"x": "é"}),
            ("a/b; x*=utf-8''%zz", {"x": "%zz"}),
            ("a/b; *=x; =y; ; z", {}),
        ):
            self.assertEqual(parameters_of(typed(body)), parameters, body)

    def test_parameters_are_bounded(self) -> None:
        """Of endless continuations the first hundred are read."""
        body = "a/b" + "".join(f"; x*{n}=a" for n in range(10_000))
        self.assertEqual(parameters_of(typed(body)), {"x": "a" * 100})

    @settings(deadline=None)
    @given(st.text(st.sampled_from("a;=*'\"\\%0C3é ")))
    def test_any_body_has_parameters(self, body: str) -> None:
        """No exception."""
        parameters_of(typed("a/b;" + body))
