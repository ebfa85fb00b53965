"""Octets to text"""

from __future__ import annotations

from encodings.aliases import aliases

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase
from webencodings.labels import LABELS

from mocksmtp.mail.charset import WINDOW, codec_name, decode_text, windows_of

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
            ("utf-16", b"\xff\xfee\x00", "e"),
            ("utf-16", b"\xfe\xff\x00e", "e"),
            ("utf-16", b"e\x00", "e"),
            ("utf-16", b"`O}Y", "你好"),
            ("utf-16", b"\x00e", "e"),
            ("utf-16le", b"e\x00", "e"),
            ("utf-32", b"\x00\x00\x00e", "e"),
        ):
            self.assertEqual(decode_text(octets, charset), text, charset)

    def test_an_unknown_charset_is_read_as_utf8(self) -> None:
        """So are those that are no charset, or that take quadratic time."""
        for charset in "x-unknown", "", "zlib", "idna", "punycode", "cp99999":
            self.assertEqual(
                decode_text(b"\xc3\xa9-+AOk-\xff", charset), "é-+AOk-\ufffd"
            )

    def test_labels_of_the_web(self) -> None:
        """Every label of the WHATWG's table is known, but one that no mail uses."""
        unknown = [label for label in LABELS if codec_name(label) is None]
        self.assertEqual(unknown, ["x-user-defined"])

    def test_larger_charsets_under_the_names_of_smaller_ones(self) -> None:
        """Mailers name the standard, and send the characters of its extensions."""
        for charset, octets, text in (
            ("shift_jis", b"\x87\x40", "①"),
            ("windows-31j", b"\x93\xfa\x96\x7b\x87\x40", "日本①"),
            ("x-sjis", b"\x87\x40", "①"),
            ("euc-kr", b"\x8c\x63", "똠"),
            ("ks_c_5601-1987", b"\x8c\x63", "똠"),
            ("gb2312", b"\xd6\xec\xe9\x46\xbb\xf9", "朱镕基"),
            ("gbk", b"\x81\x30\x81\x30", "\x80"),
            ("big5", b"\xa3\xe1", "€"),
            ("big5-hkscs", b"\x87\x40", "䏰"),
            ("iso-2022-jp", b"\x1b(I1\x1b(B", "ｱ"),
            ("iso-2022-jp", b'\x1b$B-!$"-j\x1b(Ba', "①あ㈱a"),
            ("euc-jp", b"\xad\xa1\xa4\xa2", "①あ"),
            ("iso-8859-1", b"\x93\xe9\x94", "“é”"),
            ("iso-8859-9", b"\x93\xf0", "“ğ"),
            ("iso-8859-11", b"\xa1", "ก"),
        ):
            self.assertEqual(decode_text(octets, charset), text, charset)

    def test_charsets_that_only_python_knows(self) -> None:
        """Where the WHATWG's table has no such label."""
        for charset, octets, text in (
            ("utf-7", b"caf+AOk-", "café"),
            ("unicode-1-1-utf-7", b"+2D3eAA-", "\U0001f600"),
            ("cp437", b"\x82", "é"),
            ("IBM850", b"\xd0", "ð"),
            ("cp850", b"\x82", "é"),
            ("hz", b"~{<:Ky~}", "己所"),
            ("hz-gb-2312", b"~{<:Ky~}", "己所"),
            ("iso-2022-kr", b"\x1b$)C\x0e0!\x0f", "가"),
            ("cp949", b"\xb0\xa1", "가"),
        ):
            self.assertEqual(decode_text(octets, charset), text, charset)

    def test_hebrew_in_logical_order(self) -> None:
        """ISO-8859-8-I (RFC 1556) has the octets of ISO-8859-8."""
        self.assertEqual(decode_text(b"\xf9\xec\xe5\xed", "iso-8859-8-i"), "שלום")

    def test_ascii_that_is_none(self) -> None:
        """It is UTF-8 where it can be, or windows-1252."""
        self.assertEqual(decode_text("café".encode(), "us-ascii"), "café")
        self.assertEqual(decode_text(b"caf\xe9", "US-ASCII"), "café")

    def test_a_byte_order_mark_is_removed(self) -> None:
        """That of UTF-8 takes precedence over the charset."""
        octets = b"\xef\xbb\xbf" + "é".encode()
        self.assertEqual(decode_text(octets), "é")
        self.assertEqual(decode_text(octets, "iso-8859-1"), "é")

    def test_no_surrogates(self) -> None:
        """UTF-7 can encode half of a pair, which no document can contain."""
        self.assertEqual(decode_text(b"a+2D0-b", "utf-7"), "a\ufffdb")

    def test_what_is_no_text_is_replaced(self) -> None:
        """U+FFFD stands for it."""
        self.assertEqual(decode_text(b"a\xffb"), "a\ufffdb")
        self.assertEqual(decode_text(b"\x81\x20a", "shift_jis"), "\ufffd a")

    def test_long_text_is_the_same(self) -> None:
        """A character that is cut by a window is put together."""
        text = "aé" * WINDOW
        self.assertEqual(decode_text(text.encode()), text)
        for charset in "utf-7", "iso-2022-jp", "gb18030", "utf-16be":
            text = "word あ\n" * WINDOW
            self.assertEqual(decode_text(text.encode(charset), charset), text, charset)
        self.assertEqual(decode_text(b"\xff" * (WINDOW + 1)), "\ufffd" * (WINDOW + 1))

    @settings(deadline=None)
    @given(
        st.binary(),
        st.sampled_from(CHARSETS)
        | st.sampled_from(sorted({*LABELS, *aliases}))
        | st.text(max_size=20),
    )
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
