"""A part of a mail"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.mail import part
from mocksmtp.mail.fields import HeaderField
from mocksmtp.mail.part import Part, TooComplex, make_part


def made(raw: bytes = b"", **fields: str) -> Part:
    """A part with these fields, ``_`` in their names for ``-``."""
    named = {
        name.replace("_", "-"): HeaderField(name, body.encode())
        for name, body in fields.items()
    }
    return make_part(1, named, memoryview(raw))


class PartTests(SynchronousTestCase):
    """What a part says of itself"""

    def test_defaults(self) -> None:
        """Without fields it is plain text, not encoded (RFC 2045 §5.2)."""
        plain = made("é".encode())
        self.assertEqual(
            (plain.content_type, plain.charset, plain.disposition, plain.file_name),
            ("text/plain", "", "", ""),
        )
        self.assertEqual((plain.text, plain.size, plain.content_id), ("é", 2, ""))

    def test_fields(self) -> None:
        """Words in lower case, names as they were sent."""
        full = made(
            b"w6k=",
            content_type="TEXT/Html; Charset=ISO-8859-1",
            content_transfer_encoding="BASE64",
            content_disposition='Inline; filename="A b.HTML"',
            content_id="<X@y>",
        )
        self.assertEqual((full.content_type, full.charset), ("text/html", "ISO-8859-1"))
        self.assertEqual((full.disposition, full.file_name), ("inline", "A b.HTML"))
        self.assertEqual((full.content_id, full.encoding), ("X@y", "base64"))
        self.assertEqual((full.size, full.text), (2, "\u00c3\u00a9"))

    def test_file_names(self) -> None:
        """That of the disposition comes before that of the type."""
        for disposition, kind, name in (
            ("attachment; filename=a", "x/y; name=b", "a"),
            ("attachment", "x/y; name=b", "b"),
            ("attachment; filename=", "x/y", ""),
        ):
            named = made(content_disposition=disposition, content_type=kind)
            self.assertEqual(named.file_name, name)

    def test_which_is_a_body(self) -> None:
        """What is of the type, and neither attached nor named."""
        self.assertTrue(made().is_body("text/plain"))
        self.assertFalse(made().is_body("text/html"))
        self.assertTrue(made(content_disposition="inline").is_body("text/plain"))
        for disposition in "attachment", "inline; filename=x":
            attached = made(content_disposition=disposition)
            self.assertFalse(attached.is_body("text/plain"))

    def test_a_text_is_bounded(self) -> None:
        """A longer one is not decoded; its octets can be had."""
        self.patch(part, "MAX_PART_TEXT", 10)
        self.assertEqual(made(b"x" * 10).text, "x" * 10)
        long = made(b"x" * 11)
        self.assertRaises(TooComplex, lambda: long.text)
        self.assertEqual(b"".join(long.windows), b"x" * 11)
