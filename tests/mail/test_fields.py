"""Header fields"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.mail.fields import (
    PARAMETERS_LIMIT,
    WORDS_LIMIT,
    HeaderField,
    ParsedMessage,
    decode_words,
    field_matches,
    field_value,
    media_type,
    mime_parameters,
    unfolded,
)


def typed(body: str | bytes) -> HeaderField:
    """A Content-Type."""
    octets = body.encode() if isinstance(body, str) else body
    return HeaderField("Content-Type", octets)


class MessageTests(SynchronousTestCase):
    """The header of a mail (RFC 5322 §2.2)"""

    def test_fields_and_body(self) -> None:
        """Fields end at an empty line, which is nobody's, or before what is none."""
        for content, fields, body in (
            (b"", [], b""),
            (b"\r\nx", [], b"x"),
            (b"A: b\r\n\r\nx", [(b"A", b"b")], b"x"),
            (b"A: b\n\nx", [(b"A", b"b")], b"x"),
            (b"A: b", [(b"A", b"b")], b""),
            (b"A:b\r\nC : d\r\n\r\n\r\n", [(b"A", b"b"), (b"C", b"d")], b"\r\n"),
            (b"A: b\r\n c\r\n\td\r\n\r\n", [(b"A", b"b c\td")], b""),
            (b"A: b\r\nno field\r\n\r\n", [(b"A", b"b")], b"no field\r\n\r\n"),
            (b" A: b\r\n\r\n", [], b" A: b\r\n\r\n"),
            (b"A:\r\n\r\nx", [(b"A", b"")], b"x"),
            (b": x\r\n\r\n", [], b": x\r\n\r\n"),
            (b"\xc3\xa9: x\r\n", [], b"\xc3\xa9: x\r\n"),
        ):
            message = ParsedMessage(content)
            self.assertEqual(message.body, body, content)
            for name, value in fields:
                found = message.values(name.decode().lower())
                self.assertEqual(found, (value,), content)
            matches = field_matches(content, 0, len(content))
            self.assertEqual([(m[1], unfolded(m[2])) for m in matches], fields)

    def test_the_line_of_a_mailbox_is_skipped(self) -> None:
        """``From …`` before the header, also where it was quoted once."""
        for line in b"From a@b Fri Nov 28 2026\r\n", b">From a@b\n":
            message = ParsedMessage(line + b"Subject: x\r\n\r\nbody")
            self.assertEqual(
                (message.values("subject"), message.body), ((b"x",), b"body")
            )
        field = ParsedMessage(b"From : a@b\r\n\r\n")
        self.assertEqual(field.values("from"), (b"a@b",))

    def test_the_fields_of_a_name(self) -> None:
        """Found without case, in order, and in the header only."""
        content = (
            b"X: y\r\n Subject: folded\r\nsubject: 1\r\nSubject-X: 3\r\n"
            b"SUBJECT : =?utf-8?q?2?=\r\n"
            b"\r\nTo: x\r\n"
        )
        message = ParsedMessage(content)
        self.assertEqual(message.values("subject"), (b"1", b"2"))
        self.assertEqual(message.values("x"), (b"y Subject: folded",))
        self.assertEqual(message.values("to"), ())
        field = next(message.fields("subject"))
        self.assertEqual(field.text, "1")
        self.assertEqual(list(message.fields("to")), [])

    def test_the_whole_header_is_read(self) -> None:
        """Whatever its size, and the number of its fields and lines."""
        for before in (
            b"A: b\r\n" * 200_000,
            b"A: " + b"x" * 2**22 + b"\r\n",
            b"A:" + b" x\r\n" * 200_000,
        ):
            message = ParsedMessage(before + b"Last: one\r\n\r\nbody")
            self.assertEqual(
                (message.values("last"), message.body), ((b"one",), b"body")
            )

    def test_values_are_decoded_once(self) -> None:
        """Whoever asks again gets the same."""
        message = ParsedMessage(b"A: b\r\n\r\nbody")
        self.assertIs(message.values("a"), message.values("a"))
        self.assertIs(message.body, message.body)

    @settings(deadline=None)
    @given(st.binary() | st.text(st.sampled_from("a: \r\n\t=?")).map(str.encode))
    def test_any_octets_have_a_header(self, content: bytes) -> None:
        """No exception, and the body is the end of the content."""
        message = ParsedMessage(content)
        self.assertTrue(content.endswith(message.body))
        for match in field_matches(content, 0, len(content)):
            field = HeaderField(match[1].decode(), unfolded(match[2]))
            self.assertIn(field.text.encode(), message.values(field.name.lower()))
            field_value(field).encode()
            media_type(field).encode()
            str(mime_parameters(field)).encode()


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
            ("=?utf-8?q?=C3?= =?utf-8?q?=A9?=", "é"),
            ("=?utf-8*en?q?x?=", "x"),
            ("=?utf-8?q??=", ""),
            ("=?utf-8?x?a?=", "=?utf-8?x?a?="),
            ("=?utf-8?q?a", "=?utf-8?q?a"),
            ("=?=?utf-8?q?a?=", "=?a"),
            ("é=?utf-8?q?a?=é", "éaé"),
        ):
            self.assertEqual(decode_words(text), expected)

    def test_words_that_cannot_be_decoded(self) -> None:
        """They are left unchanged, as is the white space around them."""
        for text in (
            "=?x-none?q?=C3=A9?=",
            "=?x-none?q?a?= =?x-none?q?b?=",
            "=?utf-8?b?%%%?=",
            "=?utf-8?b?Z?=",
            "=?utf-8?z?a?=",
            "=?x user?q?a?=",
        ):
            self.assertEqual(decode_words(text), text)
        words = "=?utf-8?b?w6?= =?utf-8?b?k=?="
        self.assertEqual(decode_words(words), "\ufffd =?utf-8?b?k=?=")
        self.assertEqual(
            decode_words("=?utf-8?q?a?= =?x?q?b?= =?utf-8?q?c?="), "a =?x?q?b?= c"
        )

    def test_octets_that_are_no_text(self) -> None:
        """They are replaced."""
        self.assertEqual(decode_words("=?utf-8?q?caf=E9?="), "caf\ufffd")

    def test_a_word_with_spaces(self) -> None:
        """Some senders do not encode them."""
        self.assertEqual(decode_words("=?utf-8?Q?a b=C3=A9?= x"), "a bé x")

    def test_words_are_bounded(self) -> None:
        """Those beyond the limit are left unchanged."""
        word = "=?utf-8?q?a?= "
        decoded = decode_words(word * (WORDS_LIMIT + 2))
        self.assertEqual(decoded, "a" * WORDS_LIMIT + (" " + word * 2)[:-1] + " ")

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
            ('"base64"', "base64"),
            ("", ""),
            (";", ""),
        ):
            self.assertEqual(field_value(typed(body)), value)

    def test_types(self) -> None:
        """Two tokens, in lower case; what is none is text/plain (RFC 2045 §5.2)."""
        for body, type_ in (
            ("TEXT/Html; charset=x", "text/html"),
            ("text / html", "text/html"),
            ("text/html(comment)", "text/html"),
            ("text/html, charset=x", "text/html"),
            ("multipart/mixed boundary=b", "multipart/mixed"),
            ("text", "text/plain"),
            ("text/", "text/plain"),
            ("text/ ;charset=x", "text/plain"),
            ("html", "text/plain"),
            ("/pdf", "text/plain"),
            ("a/b/c", "text/plain"),
            ("", "text/plain"),
        ):
            self.assertEqual(media_type(typed(body)), type_, body)

    def test_parameters(self) -> None:
        """Tokens, quoted strings, and the ways to write what is not ASCII."""
        for body, parameters in (
            ("a/b", {}),
            ("a/b; x=y", {"x": "y"}),
            ("a/b;X=y ; z = w", {"x": "y", "z": "w"}),
            ('a/b; x="y; z=\\"w\\""', {"x": 'y; z="w"'}),
            ('a/b; x="unclosed', {"x": "unclosed"}),
            ("a/b; x=y z", {"x": "y z"}),
            ("a/b x=y; z=w", {"x": "y", "z": "w"}),
            ("a/b; x=y z=w", {"x": "y", "z": "w"}),
            ("a/b; x=y (comment)", {"x": "y"}),
            ("a/b; x='y z'", {"x": "'y z'"}),
            ("a/b; name=My Report 1.pdf", {"name": "My Report 1.pdf"}),
            (
                "a/b; filename=a b=c (1).pdf ; x=y",
                {"filename": "a b=c (1).pdf", "x": "y"},
            ),
            ("a/b; filename='x y.pdf'", {"filename": "'x y.pdf'"}),
            ("a/b; x*0==?utf-8?q?=C3; x*1==A9?=", {"x": "é"}),
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
            self.assertEqual(mime_parameters(typed(body)), parameters, body)

    def test_parameters_are_bounded(self) -> None:
        """Of endless continuations the first thousand are read."""
        body = "a/b" + "".join(f"; x*{n}=a" for n in range(10_000))
        self.assertEqual(mime_parameters(typed(body)), {"x": "a" * PARAMETERS_LIMIT})

    def test_long_bodies(self) -> None:
        """None of them takes more than linear time, or the test would not end."""
        for unit in (
            " ",
            ";",
            "; ",
            "x=",
            " x=",
            ";x=(",
            "(",
            '"',
            '\\"',
            "=?a?q?",
            "=?",
            "a/",
            "' ",
        ):
            body = "a/b; x=" + unit * (2**20 // len(unit))
            mime_parameters(typed(body))
            media_type(typed(body))
            decode_words(body)

    @settings(deadline=None)
    @given(st.text(st.sampled_from("a;=*'\"\\%0C3é ")))
    def test_any_body_has_parameters(self, body: str) -> None:
        """No exception."""
        mime_parameters(typed("a/b;" + body))
