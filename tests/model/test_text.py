"""Octets to text"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.model.text import WINDOW, decode_text, windows_of

CHARSETS = (
    *("utf-8", "us-ascii", "iso-8859-1", "ISO-8859-15", "windows-1252", "koi8-r"),
    *("gb2312", "gb18030", "big5", "shift_jis", "iso-2022-jp", "euc-kr", "hz"),
    *("utf-16", "utf-16le", "utf-32", "utf-7", "punycode", "idna", "zlib", "hex"),
    *("unicode_escape", "undefined", "mbcs", "x-unknown", "", "a" * 1000, "é", "\0"),
)


class DecodeTests(SynchronousTestCase):
    """From a charset's name and octets"""

    def test_charsets(self) -> None:
        """A charset is found by the names that mails give it."""
        for charset, octets, text in (
            ("utf-8", b"\xc3\xa9", "é"),
            ("UTF-8", b"\xc3\xa9", "é"),
            ("utf8", b"\xc3\xa9", "é"),
            ("us-ascii", b"e", "e"),
            ("iso-8859-1", b"\xe9", "é"),
            ("ISO_8859-1:1987", b"\xe9", "é"),
            ("latin1", b"\xe9", "é"),
            ("iso-8859-15", b"\xa4", "€"),
            ("Windows-1252", b"\x80", "€"),
            ("cp1252", b"\x80", "€"),
            ("koi8-r", b"\xc1", "а"),  # noqa: RUF001 - Cyrillic is what is tested
            ("shift_jis", b"\x82\xa0", "あ"),
            ("iso-2022-jp", b'\x1b$B$"\x1b(B', "あ"),
            ("gb2312", b"\xc4\xe3", "你"),
            ("utf-16", b"\xff\xfee\x00", "\ufeffe"),
            ("utf-16", b"\x00e", "e"),
            ("utf-16le", b"e\x00", "e"),
            ("utf-32", b"\x00\x00\x00e", "e"),
        ):
            self.assertEqual(decode_text(octets, charset), text, charset)

    def test_an_unknown_charset_is_taken_for_utf8(self) -> None:
        """So are those that stand for no text, or for work without end."""
        for charset in "x-unknown", "", "zlib", "idna", "utf-7", "cp99999":
            self.assertEqual(decode_text(b"\xc3\xa9-+AOk-", charset), "é-+AOk-")

    def test_what_is_no_text_is_replaced(self) -> None:
        """U+FFFD stands for it."""
        self.assertEqual(decode_text(b"a\xffb"), "a\ufffdb")
        self.assertEqual(decode_text(b"\xe9", "us-ascii"), "\ufffd")

    def test_long_text_is_the_same(self) -> None:
        """A character that is cut by a window is put together."""
        text = "aé" * WINDOW
        self.assertEqual(decode_text(text.encode()), text)
        self.assertEqual(decode_text(b"\xff" * (WINDOW + 1)), "\ufffd" * (WINDOW + 1))

    @settings(deadline=None)
    @given(st.binary(), st.sampled_from(CHARSETS) | st.text(max_size=20))
    def test_any_octets_are_text(self, octets: bytes, charset: str) -> None:
        """No exception, and nothing that a document can't hold."""
        decode_text(octets, charset).encode()
        decode_text(octets + b"x" * WINDOW, charset).encode()


class WindowTests(SynchronousTestCase):
    """Octets in pieces"""

    def test_windows_are_all_of_it(self) -> None:
        """In order, none too large."""
        for size in 0, 1, WINDOW, WINDOW + 1, 3 * WINDOW:
            octets = bytes(range(251)) * (size // 251 + 1)
            windows = list(windows_of(octets[:size]))
            self.assertEqual(b"".join(windows), octets[:size])
            self.assertTrue(all(len(window) <= WINDOW for window in windows))
