"""Replies on the wire, and the texts of those that the server gives by itself."""

from __future__ import annotations

import re

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.grammar import reply
from mocksmtp.grammar.reply import Reply, extended_hello, greeting, hello, stock_text

NAMED = {name: value for name, value in vars(reply).items() if isinstance(value, Reply)}
"""The server's own replies by their names."""

_ENHANCED = re.compile(r"([245])\.\d{1,3}\.\d{1,3} ")


class WireTests(SynchronousTestCase):
    """`Reply.wire`"""

    def test_one_line_has_a_space_behind_its_code(self) -> None:
        """Code, space, text, CRLF (RFC 5321 §4.2)."""
        self.assertEqual(Reply(250, "OK").wire, b"250 OK\r\n")

    def test_each_further_line_has_the_code_too(self) -> None:
        """All lines but the last have a hyphen (RFC 5321 §4.2.1)."""
        wire = Reply(550, "5.1.1 No\n5.1.1 such\n5.1.1 user").wire
        self.assertEqual(wire, b"550-5.1.1 No\r\n550-5.1.1 such\r\n550 5.1.1 user\r\n")

    def test_lines_may_be_empty(self) -> None:
        """A line without text still has its separator (RFC 5321 §4.2)."""
        for text, wire in (
            ("", b"250 \r\n"),
            ("a\n", b"250-a\r\n250 \r\n"),
            ("\na", b"250-\r\n250 a\r\n"),
            ("a\n\nb", b"250-a\r\n250-\r\n250 b\r\n"),
        ):
            self.assertEqual(Reply(250, text).wire, wire, repr(text))

    def test_text_is_utf8(self) -> None:
        """What is not ASCII goes out as UTF-8 (RFC 6531 §3.7.4.2)."""
        self.assertEqual(Reply(550, "größer").wire, "550 größer\r\n".encode())

    def test_only_a_line_feed_begins_a_line(self) -> None:
        """What Python takes for line ends besides is text."""
        text = "a\x0bb\x0cc\x85d\u2028e"
        self.assertEqual(Reply(250, text).wire, f"250 {text}\r\n".encode())

    @settings(deadline=None)
    @given(st.integers(200, 599), st.text().filter(lambda text: "\r" not in text))
    def test_a_client_reads_the_text_back(self, code: int, text: str) -> None:
        """Whatever the text, its lines come back, and only the last has a space."""
        *lines, end = Reply(code, text).wire.split(b"\r\n")
        self.assertEqual(end, b"")
        self.assertEqual(b"\n".join(line[4:] for line in lines), text.encode())
        starts = [line[:4] for line in lines]
        expected = [b"%d-" % code] * (len(lines) - 1) + [b"%d " % code]
        self.assertEqual(starts, expected)


class ReplyTests(SynchronousTestCase):
    """`Reply`"""

    def test_it_is_a_value(self) -> None:
        """Replies are equal by code and text, and never change."""
        self.assertEqual(Reply(250, "OK"), Reply(250, "OK"))
        self.assertEqual(hash(Reply(250, "OK")), hash(Reply(250, "OK")))
        self.assertNotEqual(Reply(250, "OK"), Reply(251, "OK"))
        self.assertNotEqual(Reply(250, "OK"), Reply(250, "ok"))
        with self.assertRaises(attrs.exceptions.FrozenInstanceError):
            reply.OK.text = "no"  # type: ignore[misc]

    def test_it_shows_what_it_says(self) -> None:
        """A failing test shows the code and the text, once."""
        self.assertEqual(repr(Reply(250, "OK")), "Reply(code=250, text='OK')")

    def test_another_text_makes_another_wire(self) -> None:
        """The encoded form follows when a reply is made from another one."""
        self.assertEqual(attrs.evolve(reply.OK, text="fine").wire, b"250 fine\r\n")


class HelloTests(SynchronousTestCase):
    """`greeting`, `hello` and `extended_hello`"""

    def test_the_greeting_begins_with_the_hostname(self) -> None:
        """The banner is 220, the name, and what is spoken (RFC 5321 §4.3.1)."""
        self.assertEqual(greeting("mx.test").wire, b"220 mx.test ESMTP mocksmtp\r\n")

    def test_hello_says_the_hostname(self) -> None:
        """HELO is answered in one line (RFC 5321 §4.1.1.1)."""
        self.assertEqual(hello("mx.test").wire, b"250 mx.test\r\n")

    def test_ehlo_has_a_line_for_each_keyword(self) -> None:
        """The name, the keywords in their order, and HELP last (§4.1.1.1)."""
        for keywords, wire in (
            ((), b"250-mx.test\r\n250 HELP\r\n"),
            (("PIPELINING",), b"250-mx.test\r\n250-PIPELINING\r\n250 HELP\r\n"),
            (
                ("SIZE 1000", "X-B"),
                b"250-mx.test\r\n250-SIZE 1000\r\n250-X-B\r\n250 HELP\r\n",
            ),
        ):
            self.assertEqual(extended_hello("mx.test", keywords).wire, wire)


class NamedReplyTests(SynchronousTestCase):
    """The server's own replies"""

    def test_codes_have_their_range(self) -> None:
        """First digit 2 to 5, second 0 to 5 (RFC 5321 §4.2)."""
        for name, value in NAMED.items():
            self.assertIn(value.code // 100, (2, 3, 4, 5), name)
            self.assertIn(value.code // 10 % 10, range(6), name)

    def test_each_line_has_an_enhanced_code_of_its_class(self) -> None:
        """All but 3xx carry one, in every line (RFC 2034 §4)."""
        for name, value in NAMED.items():
            if value.code // 100 == 3:
                self.assertNotRegex(value.text, _ENHANCED, name)
                continue
            for line in value.text.split("\n"):
                match = _ENHANCED.match(line)
                assert match is not None, name
                self.assertEqual(match[1], str(value.code // 100), name)

    def test_lines_are_ascii_and_not_too_long(self) -> None:
        """A line has 512 octets at the most (RFC 5321 §4.5.3.1.5)."""
        for name, value in NAMED.items():
            self.assertTrue(value.wire.isascii(), name)
            for line in value.wire.splitlines(keepends=True):
                self.assertLessEqual(len(line), 512, name)

    def test_replies_in_one_situation_have_the_code_of_the_rfc(self) -> None:
        """The codes that clients go by (RFC 5321 §4.2.2, §4.3.2)."""
        for code, names in (
            (354, "START_CONTENT"),
            (250, "OK SENDER_OK RECIPIENT_OK MAIL_KEPT"),
            (252, "CANNOT_VERIFY"),
            (221, "BYE"),
            (214, "HELP"),
            (421, "IDLE_TOO_LONG TOO_MANY_CONNECTIONS SHUTTING_DOWN"),
            (451, "LOCAL_ERROR"),
            (452, "STORAGE_FULL TOO_MANY_RECIPIENTS"),
            (454, "TLS_NOT_AVAILABLE"),
            (500, "UNKNOWN_COMMAND BAD_SYNTAX LINE_TOO_LONG"),
            (501, "MAIL_SYNTAX RCPT_SYNTAX BAD_SENDER BAD_RECIPIENT HELO_SYNTAX"),
            (501, "NO_ARGUMENT_EXPECTED EHLO_SYNTAX VRFY_SYNTAX"),
            (502, "NOT_IMPLEMENTED"),
            (503, "NESTED_MAIL NEEDS_MAIL NEEDS_RECIPIENT AUTH_NOT_AVAILABLE"),
            (552, "MESSAGE_TOO_BIG"),
            (553, "NEEDS_SMTPUTF8"),
            (554, "NO_VALID_RECIPIENTS"),
            (555, "BAD_PARAMETER"),
        ):
            for name in names.split():
                self.assertEqual(NAMED[name].code, code, name)


class StockTextTests(SynchronousTestCase):
    """`stock_text`"""

    def test_every_code_has_a_text(self) -> None:
        """A behavior may have any code from 200 to 599, without a message."""
        for code in range(200, 600):
            text = stock_text(code)
            self.assertTrue(text and text.isascii() and text.isprintable(), code)

    def test_an_enhanced_code_is_of_the_codes_class(self) -> None:
        """RFC 2034 §4 forbids another first digit, and any in 220 and 3xx."""
        for code in range(200, 600):
            match = _ENHANCED.match(stock_text(code))
            if code == 220 or code // 100 == 3:
                self.assertIsNone(match, code)
            else:
                assert match is not None, code
                self.assertEqual(match[1], str(code // 100), code)

    def test_a_code_of_the_rfc_has_its_own_text(self) -> None:
        """The codes of RFC 5321 §4.2.3 do not get the text of their class."""
        for code, text in (
            (250, "2.0.0 OK"),
            (251, "2.1.5 User not local; will forward"),
            (421, "4.3.2 Service not available"),
            (452, "4.3.1 Insufficient system storage"),
            (550, "5.1.1 Mailbox unavailable"),
            (554, "5.0.0 Transaction failed"),
        ):
            self.assertEqual(stock_text(code), text)

    def test_another_code_has_the_text_of_its_class(self) -> None:
        """A code that the RFC does not list is read by its first digit (§4.3.2)."""
        for code, text in (
            (299, "2.0.0 OK"),
            (399, "Continue"),
            (499, "4.0.0 Temporary failure"),
            (599, "5.0.0 Permanent failure"),
        ):
            self.assertEqual(stock_text(code), text)
