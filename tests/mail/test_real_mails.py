"""Mails as real senders write them, which are easily displayed incorrectly"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.mail.documents import mime_fields
from mocksmtp.mail.fields import ParsedMessage
from mocksmtp.mail.mime import Structure, read_structure
from mocksmtp.mail.part import Part
from mocksmtp.mail.summary import summary_of

MIME = b"Subject: x\r\nMIME-Version: 1.0\r\n"


def plain(content: bytes) -> str:
    """The text that a reader sees."""
    part = read_structure(content).plain
    assert part is not None
    return part.text


def in_base64(charset: bytes, octets: bytes) -> str:
    """The text of a mail in that charset."""
    return plain(
        MIME + b"Content-Type: text/plain; charset=" + charset + b"\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n" + octets + b"\r\n"
    )


def only_part(content: bytes) -> Part:
    """The part of a mail that has one."""
    (part,) = read_structure(content).parts
    return part


class CharsetTests(SynchronousTestCase):
    """Charsets under the names that mailers give them"""

    def test_windows_31j(self) -> None:
        """Python has no codec of that name."""
        self.assertEqual(in_base64(b"windows-31j", b"k/qWe4dA"), "日本①")

    def test_gb2312(self) -> None:
        """A name with a character that only GBK has."""
        self.assertEqual(in_base64(b"gb2312", b"1uzpRrv5"), "朱镕基")

    def test_us_ascii(self) -> None:
        """It is UTF-8 in fact."""
        self.assertEqual(in_base64(b"us-ascii", b"Y2Fmw6k="), "café")


class TypeTests(SynchronousTestCase):
    """Content-Type and Content-Transfer-Encoding"""

    def test_spaces_in_a_type(self) -> None:
        """They are ignored; a type that is none is text/plain (RFC 2045 §5.2)."""
        for kind in b"text / plain", b"text/", b"text":
            content = MIME + b"Content-Type: " + kind + b"\r\n\r\nhi\r\n"
            self.assertEqual(plain(content), "hi\r\n")

    def test_base64_in_pieces(self) -> None:
        """Each with its padding: decoding continues behind it."""
        self.assertEqual(in_base64(b"utf-8", b"aGVsbG8=\r\nIHdvcmxk"), "hello world")

    def test_the_line_of_a_mailbox(self) -> None:
        """It is skipped."""
        content = b"From a@b Fri Nov 28 2026\r\nSubject: mboxed\r\n\r\nbody\r\n"
        self.assertEqual(summary_of(content).subject, "mboxed")
        self.assertEqual(plain(content), "body\r\n")
        headers = read_structure(content).headers
        self.assertEqual([field.name for field in headers], ["Subject"])


class MultipartTests(SynchronousTestCase):
    """Multiparts that are not as specified"""

    def test_a_boundary_that_never_occurs(self) -> None:
        """The text is shown."""
        content = (
            MIME + b"Content-Type: multipart/alternative;\r\n"
            b' boundary="Apple=_DDA9"\r\n\r\nsometext\r\n'
        )
        self.assertEqual(plain(content), "sometext\r\n")

    def test_a_boundary_without_a_semicolon(self) -> None:
        """It is found."""
        content = (
            MIME + b"Content-Type: multipart/mixed boundary=b\r\n\r\n"
            b"--b\r\n\r\nhi\r\n--b--\r\n"
        )
        self.assertEqual(plain(content), "hi")

    def test_a_digest(self) -> None:
        """Its parts are mails where they do not say otherwise (RFC 2046 §5.1.5)."""
        part = only_part(
            MIME + b"Content-Type: multipart/digest; boundary=b\r\n\r\n"
            b"--b\r\n\r\nSubject: one\r\n\r\nbody1\r\n--b--\r\n"
        )
        self.assertEqual(part.content_type, "message/rfc822")
        self.assertEqual(b"".join(part.windows), b"Subject: one\r\n\r\nbody1")

    def test_a_digest_of_other_types(self) -> None:
        """They are as they say; a multipart in it has its own default."""
        structure = read_structure(
            b"Content-Type: multipart/digest; boundary=b\r\n\r\n"
            b"--b\r\nContent-Type: text/plain\r\n\r\none\r\n"
            b"--b\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n"
            b"--i\r\n\r\ntwo\r\n--i--\r\n--b--\r\n"
        )
        kinds = [part.content_type for part in structure.parts]
        self.assertEqual(kinds, ["text/plain", "text/plain"])


class FileNameTests(SynchronousTestCase):
    """File names"""

    def name(self, *lines: bytes) -> str:
        """That of an attachment with these lines in its header."""
        return only_part(MIME + b"\r\n".join(lines) + b"\r\n\r\nx\r\n").file_name

    def test_spaces_without_quotes(self) -> None:
        """The name ends at the semicolon, or at the end of the field."""
        self.assertEqual(
            self.name(
                b"Content-Type: application/pdf; name=filename with spaces.pdf",
                b"Content-Disposition: attachment; filename=filename with spaces.pdf;",
            ),
            "filename with spaces.pdf",
        )
        disposition = b"Content-Disposition: attachment; filename="
        self.assertEqual(self.name(disposition + b"My Report 1.pdf"), "My Report 1.pdf")

    def test_single_quotes(self) -> None:
        """They are ordinary characters."""
        line = b"Content-Disposition: attachment; filename='x y.pdf'"
        self.assertEqual(self.name(line), "'x y.pdf'")

    def test_encoded_words_in_continuations(self) -> None:
        """Cut anywhere, even within a character."""
        self.assertEqual(
            self.name(
                b"Content-Type: application/x",
                b"Content-Disposition: attachment;",
                b' filename*0="=?UTF-8?Q?a_=F0=9F=98=81?=',
                b' =?UTF-8?Q?=F0=9F=98=8";',
                b' filename*1="1.docx?="',
            ),
            "a 😁😁.docx",
        )


class HeaderTests(SynchronousTestCase):
    """Long headers"""

    def check(self, content: bytes) -> Structure:
        """What is behind it is found, by conditions and in the structure."""
        message = ParsedMessage(content)
        self.assertEqual(message.values("message-id"), (b"<a@b>",))
        self.assertEqual(message.body, b"hi\r\n")
        self.assertEqual(plain(content), "hi\r\n")
        return read_structure(content)

    def test_1001_fields(self) -> None:
        """All are read."""
        fields = b"".join(b"X-%d: a\r\n" % n for n in range(1001))
        structure = self.check(fields + b"Message-ID: <a@b>\r\n\r\nhi\r\n")
        self.assertEqual(len(structure.headers), 1002)

    def test_6000_recipients(self) -> None:
        """A field of 144 KB."""
        users = b",\r\n ".join(b"user%05d@there.test" % n for n in range(6000))
        content = b"To: " + users + b"\r\nSubject: late one\r\n"
        structure = self.check(content + b"Message-ID: <a@b>\r\n\r\nhi\r\n")
        self.assertEqual(structure.headers[0].text.count("@"), 6000)
        self.assertEqual(summary_of(content).subject, "late one")


class SizeTests(SynchronousTestCase):
    """A part that is too long to be shown as text"""

    def test_html_of_5_mb(self) -> None:
        """It alone is null, with the reason; the PDF beside it is present."""
        fields = mime_fields(
            MIME + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
            b"--b\r\nContent-Type: text/html\r\n\r\n"
            b'<img src="data:image/png;base64,' + b"A" * 5_000_000 + b'">\r\n'
            b"--b\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\nP\r\n--b--\r\n"
        )
        mime = fields["mime"]
        html, pdf = mime["parts"]
        self.assertIsNone(mime["html"])
        self.assertEqual(html["reason"], "part 1 has over 4,194,304 octets of text")
        self.assertEqual(fields["mimeReason"], html["reason"])
        self.assertEqual((pdf["fileName"], pdf["size"]), ("a.pdf", 1))
        self.assertEqual(mime["attachments"], [pdf])
        self.assertNotIn("reason", pdf)
