"""Content-Transfer-Encodings"""

from __future__ import annotations

import base64
import quopri

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.mail.charset import WINDOW
from mocksmtp.mail.transfer import decode_base64, decoded


def decode(raw: bytes, encoding: str) -> bytes:
    """All of it at once."""
    return b"".join(decoded(memoryview(raw), encoding))


class Base64Tests(SynchronousTestCase):
    """RFC 2045 §6.8"""

    def test_lenient_base64(self) -> None:
        """What is no digit is passed over, and a missing end is made up."""
        for text, octets in (
            (b"", b""),
            (b"Zm9v", b"foo"),
            (b"Zm9vYg==", b"foob"),
            (b"Zm9vYg", b"foob"),
            (b"Zm9v\r\nYg==\r\n", b"foob"),
            (b"Z m*9\xffv", b"foo"),
            (b"Zm9vY", b"foo"),
            (b"Zm9vYg==Zm9v", b"foobfoo"),
            (b"Zm9vYg==\r\nZm9v\r\nYg=", b"foobfoob"),
            (b"Zm9vY=Zm9v", b"foofoo"),
            (b"====", b""),
            (b"Z", b""),
        ):
            self.assertEqual(decode_base64(text), octets, text)
            self.assertEqual(decode(text, "base64"), octets, text)

    def test_large_ones(self) -> None:
        """Windows may cut a group of digits anywhere."""
        octets = bytes(range(256)) * (WINDOW // 100)
        for text in base64.b64encode(octets), base64.encodebytes(octets):
            self.assertEqual(decode(text, "base64"), octets)
            self.assertEqual(
                decode(text + b"Zg==" + text, "base64"), octets + b"f" + octets
            )
        self.assertEqual(decode(b"Zg==" * 4000, "base64"), b"f" * 4000)


class QuotedPrintableTests(SynchronousTestCase):
    """RFC 2045 §6.7"""

    def test_lenient_quoted_printable(self) -> None:
        """What makes no sense stays as it is."""
        for text, octets in (
            (b"a=C3=A9b", b"a\xc3\xa9b"),
            (b"a=c3=a9b", b"a\xc3\xa9b"),
            (b"a=\r\nb", b"ab"),
            (b"a=\nb", b"ab"),
            (b"a=ZZ", b"a=ZZ"),
            (b"\xff_", b"\xff_"),
        ):
            self.assertEqual(decode(text, "quoted-printable"), octets, text)

    def test_large_ones(self) -> None:
        """No escape and no soft line break is cut, with line ends and without."""
        octets = b"\xe9a=" * WINDOW
        for text in (
            quopri.encodestring(octets),
            b"".join(b"=%02X" % octet for octet in octets),
            b"=E9a=3D" * WINDOW,
        ):
            self.assertEqual(decode(text, "quoted-printable"), octets)


class OtherTests(SynchronousTestCase):
    """All the rest"""

    def test_others_are_left_as_they_are(self) -> None:
        """7bit, 8bit, binary, and what nobody knows."""
        for encoding in "", "7bit", "binary", "x-uuencode":
            octets = b"=3D\xff\r\n" * WINDOW
            self.assertEqual(decode(octets, encoding), octets)

    @settings(deadline=None)
    @given(st.binary(), st.sampled_from(["base64", "quoted-printable", "7bit"]))
    def test_any_octets_are_decoded(self, octets: bytes, encoding: str) -> None:
        """No exception, whatever they are."""
        decode(octets, encoding)
